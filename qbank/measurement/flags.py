"""What in an item's statistics asks for a person's look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qbank.measurement.options import FUNCTIONAL, OptionRow, possible_miskey


class Flag(StrEnum):
    """One reason to look at an item."""

    TOO_FEW = "too_few"
    TOO_HARD = "too_hard"
    TOO_EASY = "too_easy"
    LOW_DISCRIMINATION = "low_discrimination"
    CHECK_KEY = "check_key"
    RARE_DISTRACTOR = "rare_distractor"
    POSSIBLE_MISKEY = "possible_miskey"
    CONSTANT = "constant"
    NOT_CALIBRATED = "not_calibrated"
    UNBOUNDED = "unbounded"


MEANING = {
    Flag.TOO_FEW: "too few answers",
    Flag.TOO_HARD: "very hard",
    Flag.TOO_EASY: "very easy",
    Flag.LOW_DISCRIMINATION: "discriminates weakly",
    Flag.CHECK_KEY: "check the key",
    Flag.RARE_DISTRACTOR: "a distractor that hardly anybody chose",
    Flag.POSSIBLE_MISKEY: "a distractor does better than the key",
    Flag.CONSTANT: "all right or all wrong",
    Flag.NOT_CALIBRATED: "left out of calibration",
    Flag.UNBOUNDED: "the answers do not bound its parameters",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Where flags begin."""

    n: int = 26
    hard: float = 0.30
    easy: float = 0.90
    discrimination: float = 0.20
    distractor: float = FUNCTIONAL


def flag_item(
    n: int,
    p: float | None,
    r_rest: float | None,
    options: Sequence[OptionRow] = (),
    limits: Limits | None = None,
) -> tuple[Flag, ...]:
    """Return the flags of one item, the most general first.

    Fewer than 26 answers; p below .30 or above .90; corrected point-biserial below .20, and below 0 as well "check the
    key"; a distractor chosen by fewer than 5 %; a distractor that does better than the key. An item with few answers
    keeps its other flags: whoever shows them shows that too.
    """
    limit = limits or Limits()
    found = [Flag.TOO_FEW] if n < limit.n else []
    if p is not None:
        found += [Flag.TOO_HARD] if p < limit.hard else [Flag.TOO_EASY] if p > limit.easy else []
        found += [Flag.CONSTANT] if p in (0, 1) else []
    if r_rest is not None:
        found += [Flag.LOW_DISCRIMINATION] if r_rest < limit.discrimination else []
        found += [Flag.CHECK_KEY] if r_rest < 0 else []
    if any(not row.key and row.share is not None and row.share < limit.distractor for row in options):
        found.append(Flag.RARE_DISTRACTOR)
    if possible_miskey(options):
        found.append(Flag.POSSIBLE_MISKEY)
    return tuple(found)
