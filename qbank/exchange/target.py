"""Where imported items go: what the file's codes mean in this bank, and what every item of the file gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qbank.items.record import ItemRecord

DIMENSIONS = ("systems", "disciplines", "tasks")  # the fields of a record, as the mapping names them
LEFT_OUT = ""  # what a code is mapped to that means nothing here


@dataclass(frozen=True, slots=True)
class Target:
    """The choices of one import. Codes are those of the bank's taxonomy.

    ``codes`` maps (field, the file's code) to the bank's code, or to `LEFT_OUT`; for the field ``tags`` it maps a tag
    to a field and a code, "systems:renal-urinary", which the item gets besides the tag. ``systems``,
    ``disciplines`` and ``tasks`` are for items that have none after that; ``tags`` are added to every item.
    ``columns`` says what the columns of a table mean, by their heads, where the reader found it wrong.
    """

    codes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    systems: tuple[str, ...] = ()
    disciplines: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes_nothing(self) -> bool:
        """Say whether records pass as they are."""
        return not (self.codes or self.systems or self.disciplines or self.tasks or self.tags)

    def apply(self, record: ItemRecord) -> ItemRecord:
        """Return the record as this bank classifies it."""
        if self.changes_nothing:
            return record
        mapped: dict[str, Any] = {}
        meant = [self.codes.get(("tags", tag), LEFT_OUT).partition(":") for tag in record.tags]
        for name in DIMENSIONS:
            codes = [self.codes.get((name, code), code) for code in getattr(record, name)]
            codes += [code for field_name, _, code in meant if field_name == name]
            mapped[name] = tuple(dict.fromkeys(code for code in codes if code)) or getattr(self, name)
        return replace(record, tags=tuple(dict.fromkeys((*record.tags, *self.tags))), **mapped)

    def to_json(self) -> dict[str, Any]:
        """Return the choices as a run keeps them."""
        codes = [[name, code, meant] for (name, code), meant in self.codes.items()]
        return {
            "codes": codes,
            "columns": dict(self.columns),
            **{name: list(getattr(self, name)) for name in (*DIMENSIONS, "tags")},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Target:
        """Return the choices that `to_json` gave."""
        codes = {(name, code): meant for name, code, meant in value.get("codes", ())}
        columns = value.get("columns", {})
        return cls(codes=codes, columns=columns, **{name: tuple(value.get(name, ())) for name in (*DIMENSIONS, "tags")})


AS_IS = Target()
