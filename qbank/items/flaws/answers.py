"""The one check that needs answers: a distractor that hardly anybody chooses does no work."""

from __future__ import annotations

from collections.abc import Sequence

from qbank.items.flaws.finding import Finding, Hit, Severity, finding, letter
from qbank.items.record import ItemRecord

CODE = "implausible_distractor"
MIN_ANSWERS = 26  # with fewer, a share says little
MIN_SHARE = 0.05


def check_answers(record: ItemRecord, chosen: Sequence[int]) -> list[Finding]:
    """Return the distractors that fewer than 5 % chose. ``chosen`` counts first answers for each option.

    Nothing is said below 26 answers. Raises ValueError where counts and options differ in number, or a count is
    negative.
    """
    if len(chosen) != len(record.options) or min(chosen, default=0) < 0:
        raise ValueError("there must be one count, not negative, for each option")
    total = sum(chosen)
    if total < MIN_ANSWERS:
        return []
    return [
        finding(CODE, Severity.HINT, record.name, _hit(record, index, count, total))
        for index, count in enumerate(chosen)
        if count / total < MIN_SHARE and not record.options[index].key
    ]


def _hit(record: ItemRecord, index: int, count: int, total: int) -> Hit:
    return Hit(
        f"Option {letter(index)} was chosen by {count} of {total}: it distracts almost nobody.",
        "Replace it by a plausible error, or do with one option less.",
        f"options[{index}].text",
        0,
        len(record.options[index].text),
        index,
    )
