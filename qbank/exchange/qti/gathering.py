"""What every version's reader gathers of one item, and the record that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qbank.exchange.report import Outcome, Problem, Refused
from qbank.exchange.shape import MAX_TEXT, ShapeError, record_of, value_of
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord, StatementLink

_MAX_OPTIONS = 200  # far above what an item may have; keeps a hostile file from costing time
_MAX_FEEDBACKS = 500
_MAX_REMARKS = 20


class UnsupportedTypeError(ValueError):
    """The item is of a type that the bank does not hold; the message is the type's name."""


class UnreadableItemError(ValueError):
    """The item is broken; the message says how."""


@dataclass(slots=True)
class GatheredOption:
    """One option on its way."""

    identifier: str
    text: str
    key: bool = False
    rationale: str = ""
    statements: tuple[StatementLink, ...] = ()


@dataclass(slots=True)
class Gathered:
    """One item on its way: texts as Markdown, and the remarks that go to the report."""

    identifier: str = ""
    stem: list[str] = field(default_factory=list)
    lead_in: str = ""
    options: list[GatheredOption] = field(default_factory=list)
    objective: str = ""
    explanation: list[str] = field(default_factory=list)
    references: tuple[ReferenceRecord, ...] = ()
    statements: tuple[StatementLink, ...] = ()
    vignette: list[str] = field(default_factory=list)
    shuffle: bool = False
    media: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)  # from the manifest: by field name
    remarks: list[str] = field(default_factory=list)

    def remark(self, message: str) -> None:
        """Note something that was changed or left out; the same remark once."""
        if message not in self.remarks and len(self.remarks) < _MAX_REMARKS:
            self.remarks.append(message if len(self.remarks) < _MAX_REMARKS - 1 else "and more of this kind")

    def add_option(self, option: GatheredOption) -> None:
        """Add an option; raise `UnreadableItemError` for a second of its identifier and for far too many."""
        if self.option(option.identifier) is not None:
            raise UnreadableItemError(f"two options have the identifier '{option.identifier[:60]}': rename one")
        if len(self.options) >= _MAX_OPTIONS:
            raise UnreadableItemError(f"the item has more than {_MAX_OPTIONS} options: leave some out")
        self.options.append(option)

    def mark_keys(self, keys: set[str]) -> None:
        """Mark the options of these identifiers as keys, and remark on what an editor must look at."""
        for option in self.options:
            option.key = option.identifier in keys
        missing = keys - {option.identifier for option in self.options}
        if missing:
            self.remark(f"the key '{min(missing)[:60]}' is no option of the item: choose the key")
        elif not keys:
            self.remark("the file does not say which option is right: choose the key")
        if sum(option.key for option in self.options) > 1:
            self.remark("the item has several keys: keep one, or split the item")

    def option(self, identifier: str) -> GatheredOption | None:
        """Return the option of this identifier, None where there is none."""
        return next((option for option in self.options if option.identifier == identifier), None)

    def add_rationale(self, identifier: str, text: str) -> bool:
        """Add to an option's rationale; False where there is no such option."""
        option = self.option(identifier)
        if option is not None and text != option.rationale and len(option.rationale) <= MAX_TEXT:
            option.rationale = _joined([option.rationale, text])
        return option is not None

    def explain(self, text: str) -> None:
        """Add to the explanation; the same text once."""
        if text and text not in self.explanation:
            self.explanation.append(text)
        if len(self.explanation) > _MAX_FEEDBACKS:
            raise UnreadableItemError(f"the item has more than {_MAX_FEEDBACKS} feedback texts: leave some out")


def outcomes(gathered: Gathered, record: int, line: int) -> list[Outcome]:
    """Return the record, or why it is refused, and one problem for each remark."""
    item = _record(gathered, line)
    found: list[Outcome] = [Problem(record, line, message) for message in gathered.remarks]
    try:
        checked = record_of(value_of(item), line)
    except ShapeError as error:
        return [*found, Refused(record, line, error.cause, gathered.identifier)]
    return [*found, checked]


def _record(gathered: Gathered, line: int) -> ItemRecord:
    stem, lead_in = _joined(gathered.stem), gathered.lead_in
    if not stem:  # the question is all there is
        stem, lead_in = lead_in, ""
    options = tuple(
        OptionRecord(option.text, option.key, option.rationale or None, option.statements)
        for option in gathered.options
    )
    return ItemRecord(
        stem=stem,
        options=options,
        external_id=gathered.identifier or None,
        lead_in=lead_in or None,
        objective=gathered.objective or None,
        explanation=_joined(gathered.explanation) or None,
        references=gathered.references,
        statements=gathered.statements,
        vignette=_joined(gathered.vignette) or None,
        media=tuple(dict.fromkeys(gathered.media)),
        shuffle=gathered.shuffle,
        line=line,
        **gathered.extra,
    )


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text)
