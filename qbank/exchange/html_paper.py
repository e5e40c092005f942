"""A paper form: the questions of one HTML document, to print or to save as PDF from the browser. Written only.

It holds no key: that is a document of its own, `qbank.exchange.html_key`, whose numbers are the same for the same
items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qbank.exchange import printing
from qbank.exchange.files import Files
from qbank.exchange.printing import Texts, cannot_hold
from qbank.items.record import ItemRecord

__all__ = ["cannot_hold", "loses", "write"]

_WHO = '<p class="who">Name <span></span> Date <span></span></p>\n'


def write(items: Iterable[ItemRecord], files: Files | None = None) -> Iterator[bytes]:
    """Yield the parts of one document, an item at a time; nothing where there are no items.

    Half characters raise `ValueError` with the item's name.
    """
    texts, number = Texts(files), 0
    for number, item in enumerate(items, start=1):
        if number == 1:
            yield (printing.head("Questions") + _WHO).encode("utf-8")
        yield printing.encoded(item, _question(item, number, texts))
    if number:
        yield printing.END.encode("utf-8")


def _question(item: ItemRecord, number: int, texts: Texts) -> Iterator[str]:
    yield f'<section class="item">\n<h2>{number}.</h2>\n<div>\n'
    yield from (f"{texts.block(text)}\n" for text in (item.vignette, item.stem) if text)
    if item.lead_in and item.lead_in.strip():
        yield f'<div class="lead-in">{texts.block(item.lead_in)}</div>\n'
    yield '<ol class="options">\n'
    for index, option in enumerate(item.options):
        yield f"<li><span>{printing.letter(index)}.</span> <div>{texts.line(option.text)}</div></li>\n"
    yield "</ol>\n</div>\n</section>\n"


def loses(item: ItemRecord, files: Files | None = None) -> list[str]:
    """Return what a paper form does not hold of this item, each as one phrase; with ``files``, what they lack too."""
    given = {
        "the key: the answer key has it": any(option.key for option in item.options),
        "the rationales and the explanation: the answer key has them": item.explanation
        or any(option.rationale for option in item.options),
        "the objective": item.objective,
        "the references": item.references,
        "the id": item.external_id or item.id,
    }
    phrases = [what for what, is_lost in given.items() if is_lost]
    return phrases + printing.lost(item, printing.texts_of(item), files)
