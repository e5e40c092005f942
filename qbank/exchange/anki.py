"""Anki packages (.apkg), written through genanki: one note and one card an item.

A note's guid comes from the item's id, so a second import updates the note and keeps what its owner has learned. The
front shows vignette, stem, lead-in and options; the back the key, every rationale, the explanation and the
references. Marks, scores and schedules stay in the bank.
"""

from __future__ import annotations

import hashlib
import html
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nh3

from qbank import clock
from qbank.exchange.files import Files, safe_name
from qbank.exchange.qti.xhtml import has_bad_characters, images_lacking, rendered, without_bad_characters
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord

DECK_ID = 1_716_033_117  # constants of this program: Anki knows deck and note type again by them
MODEL_ID = 1_716_033_118
DECK_NAME = "Question bank"
FIELDS = ("ID", "Vignette", "Stem", "Lead-in", "Options", "Key", "Rationales", "Explanation", "References")
_FRONT = (
    '{{#Vignette}}<div class="vignette">{{Vignette}}</div>{{/Vignette}}<div class="stem">{{Stem}}</div>'
    '{{#Lead-in}}<div class="lead-in">{{Lead-in}}</div>{{/Lead-in}}{{Options}}'
)
_BACK = (
    '{{FrontSide}}<hr id="answer"><div class="key">{{Key}}</div>{{Rationales}}'
    "{{#Explanation}}<div>{{Explanation}}</div>{{/Explanation}}"
    '{{#References}}<div class="references">{{References}}</div>{{/References}}'
)
_CSS = (
    ".card { font-family: sans-serif; font-size: 18px; text-align: left; max-width: 40em; margin: auto; }"
    " .vignette { border-left: 3px solid #0072b2; padding-left: .7em; } .lead-in, .key { font-weight: bold; }"
    " .references { font-size: 14px; } img { max-width: 100%; } td, th { border: 1px solid; padding: .2em .5em; }"
)
_COMMAND = re.compile(r"\[(?=sound:|anki:|/?latex\]|/?\$\$?\])")  # what Anki itself acts on inside a field
_CHUNK = 65_536


def write(items: Iterable[ItemRecord], files: Files | None = None) -> Iterator[bytes]:
    """Yield the parts of one package; nothing where there are no items.

    An image that ``files`` lacks is shown by its description. Half characters raise `ValueError` with the item's
    name, and so does a missing genanki.
    """
    incoming = iter(items)
    first = next(incoming, None)
    if first is None:
        return
    genanki = _genanki()
    with tempfile.TemporaryDirectory(prefix="qbank-anki-") as folder:
        media = _Media(Path(folder), files)
        package = genanki.Package([_deck(genanki, _chain(first, incoming), media)])
        package.media_files = media.paths  # fills while the notes are written
        target = Path(folder) / "deck.apkg"
        package.write_to_file(target, timestamp=clock.now().timestamp())
        with target.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


def _genanki() -> Any:
    try:
        import genanki
    except ImportError:
        raise ValueError("Anki packages need the package genanki: install qbank with its 'exchange' extra") from None
    return genanki


def _chain(first: ItemRecord, rest: Iterator[ItemRecord]) -> Iterator[ItemRecord]:
    yield first
    yield from rest


def _deck(genanki: Any, items: Iterator[ItemRecord], media: _Media) -> Any:
    """Return a deck that makes its notes while they are written, so that memory stays flat."""
    fields = [{"name": name} for name in FIELDS]
    templates = [{"name": "Question", "qfmt": _FRONT, "afmt": _BACK}]
    model = genanki.Model(MODEL_ID, "Question bank item", fields, templates, _CSS, sort_field_index=2)

    class Deck(genanki.Deck):  # type: ignore[misc]
        def write_to_db(self, cursor: Any, timestamp: float, id_gen: Any) -> None:
            super().write_to_db(cursor, timestamp, id_gen)  # the deck and its note type
            for item in items:
                note = genanki.Note(model, _fields(item, media), tags=_tags(item), guid=guid(item))
                note.write_to_db(cursor, timestamp, self.deck_id, id_gen)

    deck = Deck(DECK_ID, DECK_NAME)
    deck.add_model(model)
    return deck


def guid(item: ItemRecord) -> str:
    """Return the note's guid: from the item's id; from what it asks where it has none."""
    name = item.external_id or item.id or "\0".join((item.stem, *(option.text for option in item.options)))
    return hashlib.sha256(f"qbank\0{name}".encode("utf-8", "replace")).hexdigest()[:20]


class _Media:
    """Puts the images that texts show into a folder, once each."""

    def __init__(self, folder: Path, files: Files | None) -> None:
        self.folder = folder
        self.files = files
        self.paths: list[str] = []  # genanki names the files inside the package by their last part
        self.known: dict[str, bool] = {}

    def has(self, name: str) -> bool:
        """Say whether the package will hold this image."""
        if name not in self.known:
            data = self.files.get(name) if self.files is not None and safe_name(name) == name else None
            if data is not None:
                path = self.folder / "media" / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
                self.paths.append(str(path))
            self.known[name] = data is not None
        return self.known[name]


def _fields(item: ItemRecord, media: _Media) -> list[str]:
    try:
        texts = [
            html.escape(item.external_id or item.id or ""),
            _html(item.vignette, media),
            _html(item.stem, media),
            _html(item.lead_in, media),
            _options(item, media),
            _key(item),
            _rationales(item, media),
            _html(item.objective, media) + _html(item.explanation, media),
            _references(item),
        ]
        return [_COMMAND.sub("&#91;", without_bad_characters(text)) for text in texts]
    except ValueError as error:
        raise ValueError(f"item {item.name} cannot be written: {error}") from None


def _html(text: str | None, media: _Media) -> str:
    """Return a field's Markdown as HTML that shows only images of the package."""
    if not text or not text.strip():
        return ""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            source = unquote(value)
            return source if media.has(source) else None
        return value if name in {"alt", "href"} else None

    return nh3.clean(rendered(text), attribute_filter=attribute, url_schemes={"http", "https", "mailto"}).strip()


def _inline(text: str, media: _Media) -> str:
    found = _html(text, media)
    inner = found.removeprefix("<p>").removesuffix("</p>")
    return inner if "<p>" not in inner else found


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def _options(item: ItemRecord, media: _Media) -> str:
    entries = "".join(f"<li>{_inline(option.text, media)}</li>" for option in item.options)
    return f'<ol type="A">{entries}</ol>' if entries else ""


def _key(item: ItemRecord) -> str:
    keys = [_letter(index) for index, option in enumerate(item.options) if option.key]
    return f"Key: {', '.join(keys)}" if keys else ""


def _rationales(item: ItemRecord, media: _Media) -> str:
    if not any(option.rationale or option.statements for option in item.options):
        return ""
    entries = "".join(_rationale(option, media) for option in item.options)
    return f'<ol type="A">{entries}</ol>'


def _rationale(option: OptionRecord, media: _Media) -> str:
    sign = "✓" if option.key else "✗"
    quotes = "".join(f"<blockquote>{html.escape(link.quote)}</blockquote>" for link in option.statements if link.quote)
    return f"<li>{sign} {_inline(option.rationale or '', media)}{quotes}</li>"


def _references(item: ItemRecord) -> str:
    entries = "".join(f"<li>{_reference(reference)}</li>" for reference in item.references)
    return f"<ol>{entries}</ol>" if entries else ""


def _reference(reference: ReferenceRecord) -> str:
    """Return a reference in the usual order: authors, title, container, year, identifiers."""
    parts = [reference.authors, reference.title, reference.container, str(reference.year or "") or None]
    words = [part.strip().rstrip(".") for part in parts if part and part.strip()]
    marks = [f"doi:{reference.doi}" if reference.doi else "", f"PMID {reference.pmid}" if reference.pmid else ""]
    text = ". ".join(words) + "." + "".join(f" {mark}" for mark in marks if mark)
    link = reference.url or ""
    shown = html.escape(text)
    return f'{shown} <a href="{html.escape(link)}">{html.escape(link)}</a>' if link.startswith("http") else shown


def _tags(item: ItemRecord) -> list[str]:
    """Return the note's tags; Anki's have no blanks, and ``::`` makes levels."""
    named = (("system", item.systems), ("discipline", item.disciplines), ("task", item.tasks), ("tag", item.tags))
    tags = [f"qbank::{name}::{code}" for name, codes in named for code in codes]
    if item.difficulty:
        tags.append(f"qbank::difficulty::{item.difficulty}")
    return [re.sub(r"[\s\x00-\x1f]+", "_", tag) for tag in tags]


def loses(item: ItemRecord, files: Files | None = None) -> list[str]:
    """Return what an Anki package cannot hold of this item, each as one phrase; with ``files``, what they lack too."""
    texts = [text for text in (item.vignette, item.stem, item.lead_in, item.objective, item.explanation) if text]
    texts += [text for option in item.options for text in (option.text, option.rationale) if text]
    given = {
        "its status": item.status != "draft",
        "its enemies": item.enemies,
        "that its options may be shuffled": item.shuffle,
        "the doubt, why it stays a draft": item.doubt,
        "the drafting rule": item.rule,
        "its links to statements": item.statements,
        "where distractors come from": any(option.origin for option in item.options),
        "which options need an expert": any(option.needs_expert for option in item.options),
        "control characters in its texts": any(has_bad_characters(text) for text in texts),
    }
    absent = images_lacking(texts, files) if files is not None else []
    return [what for what, lost in given.items() if lost] + [
        f"the image '{name}', which is not at hand" for name in absent
    ]
