"""What the printed forms have in common: one HTML document that needs no other file, and texts as they stand in it.

Style and images are inside the document, which forbids itself everything else: no script, nothing from elsewhere.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

import nh3

from qbank.exchange.files import Files, safe_name
from qbank.exchange.qti.xhtml import has_bad_characters, images_lacking, rendered, without_bad_characters
from qbank.items.record import ItemRecord

_TYPES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp"}
_SCHEMES = {"http", "https", "mailto"}
_STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
body { max-width: 46em; margin: 1.5em auto; padding: 0 1em; color: #111; background: #fff;
  font: 11pt/1.45 "Noto Sans", "DejaVu Sans", "Segoe UI", Arial, sans-serif; }
h1 { font-size: 1.5em; margin: 0 0 .4em; } h2, h3 { font-size: 1em; margin: 0; }
h2.part { font-size: 1.2em; margin: 1.2em 0 .6em; break-before: page; }
p, ul, ol, table, blockquote { margin: .4em 0; }
img { max-width: 100%; max-height: 14cm; }
table { border-collapse: collapse; break-inside: avoid; } th, td { border: 1px solid #777; padding: .2em .5em;
  text-align: left; vertical-align: top; } .num { text-align: right; }
.who { display: flex; gap: 1em; margin: 1em 0 2em; } .who span { flex: 1; border-bottom: 1px solid #111; }
.item { display: grid; grid-template-columns: 2.6em 1fr; margin: 0 0 1.6em; break-inside: avoid; }
.item > div { min-width: 0; overflow-wrap: anywhere; }
.item > div > :first-child { margin-top: 0; } sub, sup { line-height: 0; }
.lead-in { font-weight: bold; } .quiet { color: #444; font-size: .9em; }
.options { list-style: none; padding: 0; } .options > li { display: grid; grid-template-columns: 2.2em 1fr; }
.options > li > div > :first-child { margin-top: 0; } .options > li { margin: .3em 0; }
@media print { body { margin: 0; padding: 0; max-width: none; } h1, h2, h3 { break-after: avoid; } }
"""


def head(title: str) -> str:
    """Return the beginning of a document, its heading included."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{html.escape(title)}</h1>\n"
    )


END = "</main>\n</body>\n</html>\n"


def letter(index: int) -> str:
    """Return the letter of an option: 0 is A, 25 is Z, 26 is AA."""
    before, last = divmod(index, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)


def encoded(item: ItemRecord, parts: Iterable[str]) -> bytes:
    """Return the parts of one item as bytes. What no file can hold raises `ValueError` with the item's name."""
    try:
        return "".join(parts).encode("utf-8")
    except ValueError as error:
        raise ValueError(f"item {item.name} cannot be written: {error}") from None


class Texts:
    """Turns Markdown into HTML whose images lie in the document itself; one that ``files`` lacks shows its words."""

    def __init__(self, files: Files | None) -> None:
        self._files = files

    def block(self, text: str | None) -> str:
        """Return a text as paragraphs, lists and tables; "" for none."""
        if not text or not text.strip():
            return ""

        def attribute(tag: str, name: str, value: str) -> str | None:
            if tag == "img" and name == "src":
                return self._inside(unquote(value))
            return value if name in {"alt", "href", "start", "align"} else None

        return nh3.clean(rendered(text), attribute_filter=attribute, url_schemes=_SCHEMES).strip()

    def line(self, text: str | None) -> str:
        """Return a text without its paragraph where it is only one."""
        found = self.block(text)
        single = found.startswith("<p>") and found.find("</p>") == len(found) - len("</p>")
        return found[len("<p>") : -len("</p>")] if single else found

    def _inside(self, name: str) -> str | None:
        kind = _TYPES.get(name.rpartition(".")[2].lower())
        if self._files is None or kind is None or safe_name(name) != name or (data := self._files.get(name)) is None:
            return None
        return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def plain(text: str) -> str:
    """Return plain text as HTML."""
    return html.escape(without_bad_characters(text))


def texts_of(item: ItemRecord) -> Iterator[str]:
    """Yield the texts that a learner is asked with."""
    yield from (text for text in (item.vignette, item.stem, item.lead_in) if text)
    yield from (option.text for option in item.options)


def cannot_hold(item: ItemRecord) -> str:
    """Return why an item cannot be printed at all, "" where it can."""
    if any("\ud800" <= character <= "\udfff" for text in item.texts() for character in text):
        return "a text holds half of a character (a lone surrogate)"
    return ""


def lost(item: ItemRecord, texts: Iterable[str], files: Files | None) -> list[str]:
    """Return what neither printed form holds of an item, each as one phrase."""
    shown = list(texts)
    given = {
        "its status": item.status != "draft",
        "taxonomy, difficulty and tags": item.systems or item.disciplines or item.tasks or item.tags or item.difficulty,
        "its enemies": item.enemies,
        "its links to statements": item.statements or any(option.statements for option in item.options),
        "that its options may be shuffled": item.shuffle,
        "the doubt, why it stays a draft": item.doubt,
        "the drafting rule": item.rule,
        "where distractors come from": any(option.origin or option.needs_expert for option in item.options),
        "control characters in its texts": any(has_bad_characters(text) for text in shown),
    }
    absent = images_lacking(shown, files) if files is not None else []
    phrases = [what for what, is_lost in given.items() if is_lost]
    return phrases + [f"the image '{name}', which is not at hand" for name in absent]
