"""The answer key of a paper form, an HTML document of its own: first all keys in one table, then why. Written only.

The numbers and letters are those that `qbank.exchange.html_paper` gives the same items.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from qbank.exchange import printing
from qbank.exchange.files import Files
from qbank.exchange.printing import Texts, cannot_hold
from qbank.items.markers import split_marks
from qbank.items.record import ItemRecord, ReferenceRecord

__all__ = ["cannot_hold", "loses", "write"]

_IN_MEMORY = 1_000_000  # bytes of explanations that wait for the table's end; more of them wait on disk
_CHUNK = 65_536
_TABLE = (
    '<p class="quiet">Not for learners.</p>\n<table>\n<thead><tr><th class="num" scope="col">Question</th>'
    '<th scope="col">Key</th><th scope="col">Item</th></tr></thead>\n<tbody>\n'
)


def write(items: Iterable[ItemRecord], files: Files | None = None) -> Iterator[bytes]:
    """Yield the parts of one document, a line an item, then the explanations; nothing where there are no items.

    Half characters raise `ValueError` with the item's name.
    """
    texts, number = Texts(files), 0
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as later:
        for number, item in enumerate(items, start=1):
            if number == 1:
                yield (printing.head("Answer key") + _TABLE).encode("utf-8")
            yield printing.encoded(item, _line(item, number))
            later.write(printing.encoded(item, _why(item, number, texts)))
        if number:
            yield b'</tbody>\n</table>\n<h2 class="part">Why</h2>\n'
            yield from _all_of(later)
            yield printing.END.encode("utf-8")


def _all_of(later: IO[bytes]) -> Iterator[bytes]:
    later.seek(0)
    while chunk := later.read(_CHUNK):
        yield chunk


def _keys(item: ItemRecord) -> str:
    return ", ".join(printing.letter(index) for index, option in enumerate(item.options) if option.key) or "none"


def _line(item: ItemRecord, number: int) -> Iterator[str]:
    yield f'<tr><td class="num">{number}</td><td><strong>{_keys(item)}</strong></td>'
    yield f"<td>{printing.plain(item.external_id or item.id or '')}</td></tr>\n"


def _why(item: ItemRecord, number: int, texts: Texts) -> Iterator[str]:
    yield f'<section class="item">\n<h3>{number}.</h3>\n<div>\n<p><strong>Key: {_keys(item)}</strong></p>\n'
    yield '<ol class="options">\n'
    for index, option in enumerate(item.options):
        if option.key or (option.rationale and option.rationale.strip()):
            said = f"<div>{texts.line(option.text)}</div>{texts.block(split_marks(option.rationale or '')[0])}"
            yield f"<li><span>{printing.letter(index)}{' ✓' if option.key else '.'}</span> <div>{said}</div></li>\n"
    yield "</ol>\n"
    yield f"{texts.block(split_marks(item.explanation or '')[0])}\n{texts.block(item.objective)}\n"
    if item.references:
        yield f'<ol class="quiet">{"".join(f"<li>{_cited(each)}</li>" for each in item.references)}</ol>\n'
    yield "</div>\n</section>\n"


def _cited(reference: ReferenceRecord) -> str:
    """Return a reference in the usual order: authors, title, container, year, identifiers."""
    parts = [reference.authors, reference.title, reference.container, str(reference.year or "")]
    marks = [
        f"doi:{reference.doi}" if reference.doi else "",
        f"PMID {reference.pmid}" if reference.pmid else "",
        reference.url or "",
    ]
    words = [part.strip().rstrip(".") for part in parts if part and part.strip()]
    return printing.plain(" ".join([". ".join(words) + ".", *(mark for mark in marks if mark)]))


def loses(item: ItemRecord, files: Files | None = None) -> list[str]:
    """Return what an answer key does not hold of this item, each as one phrase; with ``files``, what they lack too."""
    texts = [text for text in (item.objective, item.explanation) if text]
    texts += [text for option in item.options for text in (option.text, option.rationale) if text]
    return ["the question: the paper form has it", *printing.lost(item, texts, files)]
