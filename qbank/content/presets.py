"""The presets file: the dated format of each exam. A change of format is a new row, never an edit in code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from qbank import paths
from qbank.content.reading import ClassCode, ContentError, Day, Name, Note, Shape, Truth, read_model

Count = Annotated[int, Field(gt=0, le=10_000)]


@dataclass(frozen=True, slots=True)
class PresetRecord:
    """The format of one exam between two dates (both included; None is open). Counts are None where unknown."""

    code: str
    exam: str
    name: str
    valid_from: date | None
    valid_to: date | None
    blocks: int | None
    minutes_per_block: int | None
    items_per_block_min: int | None
    items_per_block_max: int | None
    items_total: int | None
    seconds_per_item: int
    time_up_policy: str  # "lock", "grace", "soft"
    pause_allowed: bool
    pretest_share: float
    note: str
    source: str
    source_date: date | None


class _Preset(Shape):
    code: ClassCode
    exam: Name
    name: Name
    valid_from: Day | None
    valid_to: Day | None
    blocks: Count | None
    minutes_per_block: Count | None
    items_per_block_min: Count | None
    items_per_block_max: Count | None
    items_total: Count | None
    seconds_per_item: Count
    time_up_policy: Literal["lock", "grace", "soft"]
    pause_allowed: Truth
    pretest_share: float = Field(ge=0, le=0.5, allow_inf_nan=False)
    note: Note
    source: Name
    source_date: Day | None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> _Preset:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("'valid_to' lies before 'valid_from'")
        self._check_counts()
        if self.minutes_per_block and self.items_per_block_max:
            pace = self.minutes_per_block * 60 // self.items_per_block_max
            if self.seconds_per_item != pace:
                raise ValueError(f"'seconds_per_item' must be {pace}: minutes times 60 over the most items of a block")
        return self

    def _check_counts(self) -> None:
        low, high = self.items_per_block_min, self.items_per_block_max
        if low and high and high < low:
            raise ValueError("'items_per_block_max' is less than 'items_per_block_min'")
        if self.items_total and self.blocks and high and self.items_total > self.blocks * high:
            raise ValueError("'items_total' is more than the blocks can hold")
        if self.items_total and self.blocks and low and self.items_total < self.blocks * low:
            raise ValueError("'items_total' is less than the blocks hold at the least")


class _Presets(Shape):
    presets: tuple[_Preset, ...]


def load_presets(path: Path | None = None) -> tuple[PresetRecord, ...]:
    """Return the presets in the order of the file (the shipped file unless another is given).

    Every key is written out in every row; an empty value means "not known" or "open". Raises `ContentError` with
    file and line for an unknown key, a code given twice, or a row whose figures contradict one another.
    """
    path = path or paths.questions_dir() / "presets.yaml"
    content, document = read_model(path, _Presets)
    seen: set[str] = set()
    for index, preset in enumerate(content.presets):
        if preset.code in seen:
            line = document.line_of(("presets", index))
            cause = f"the code '{preset.code}' is given twice"
            raise ContentError(path.name, line, cause, cure="Give each preset a code of its own.")
        seen.add(preset.code)
    return tuple(PresetRecord(**preset.model_dump()) for preset in content.presets)
