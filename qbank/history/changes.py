"""Changed answers: what changing one's mind was worth, the first choice against the last."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """What became of a changed answer."""

    RIGHT_TO_WRONG = "right to wrong"
    WRONG_TO_RIGHT = "wrong to right"
    WRONG_TO_WRONG = "wrong to wrong"


def change(first: int | None, final: int | None, key: int | None) -> Change | None:
    """Return the kind of change between the first choice and the last, as option ids.

    None where there is none: never answered, cleared at the end (that is an omission), or back where it
    began (B, C, B is no change, though it took two).
    """
    if first is None or final is None or first == final:
        return None
    if first == key:
        return Change.RIGHT_TO_WRONG
    return Change.WRONG_TO_RIGHT if final == key else Change.WRONG_TO_WRONG
