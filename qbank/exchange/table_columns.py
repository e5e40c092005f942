"""The columns of a table of items: which header means which field, and what a new table's head says.

Headers are found whatever their case, spaces and signs: "Option A", "option_1", "Answer choice 1" are one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qbank.exchange.shape import MAX_OPTIONS

MAX_COLUMNS = 500
MIN_OPTIONS = 5  # columns for options in a new table
TEXTS = ("vignette", "stem", "lead_in", "objective", "explanation", "doubt")
CODES = ("systems", "disciplines", "tasks", "tags", "enemies", "media")
ONES = ("id", "external_id", "status", "difficulty", "rule", "shuffle")
STRUCTURED = ("references", "statements", "option_notes")

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "external_id": ("externalid", "itemid", "questionid", "code", "identifier", "itemcode", "reference id", "ref"),
    "id": ("bankid", "internalid"),
    "status": ("state",),
    "stem": ("question", "questiontext", "item", "itemtext", "prompt", "text", "questionstem", "questiontitle"),
    "lead_in": ("leadin", "leadinquestion"),
    "vignette": ("case", "scenario", "clinicalvignette", "casevignette", "stimulus"),
    "key": ("key", "answerkey"),
    "answer": (
        "answer", "answers", "correct", "correctanswer", "correctanswers", "correctoption", "correctoptions",
        "rightanswer", "solution", "correctchoice", "correctresponse",
    ),
    "objective": ("educationalobjective", "learningobjective", "keypoint", "takehomemessage"),
    "explanation": ("explanations", "rationale", "feedback", "generalfeedback", "discussion", "comment", "comments"),
    "references": ("reference", "source", "sources", "citation", "citations", "bibliography"),
    "statements": ("statement",),
    "systems": ("system", "organsystem", "organsystems"),
    "disciplines": ("discipline", "subject", "subjects"),
    "tasks": ("task", "physiciantask", "competency", "competencies"),
    "tags": ("tag", "keywords", "keyword", "topic", "topics", "category", "categories"),
    "difficulty": ("level", "difficultylevel"),
    "media": ("image", "images", "picture", "file", "files"),
    "enemies": ("enemy",),
    "shuffle": ("shuffleoptions", "randomise", "randomize"),
    "doubt": ("doubts",),
    "rule": ("draftingrule",),
    "option_notes": ("optionnotes",),
}  # fmt: skip
_PLACE = r"(\d{1,2}|[a-z])"
_NUMBERED = (
    ("option", re.compile(rf"(?:answer)?(?:option|choice|alternative|response)s?(?:text)?{_PLACE}")),
    ("option", re.compile(r"(?:answer|ans)(\d{1,2}|[a-z])")),
    ("option", re.compile(r"([a-h])")),
    ("rationale", re.compile(rf"(?:option|choice|answer)?(?:rationale|feedback|explanation|comment){_PLACE}")),
    ("rationale", re.compile(rf"(?:option|choice|answer){_PLACE}(?:rationale|feedback|explanation|comment)")),
    ("distractor", re.compile(rf"(?:distractor|(?:incorrect|wrong)(?:answer|option|choice)?){_PLACE}")),
)


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds; ``place`` counts the options from 1, 0 for other fields."""

    field: str
    place: int = 0


@dataclass(slots=True)
class HeaderMap:
    """The columns of a file's first row; ``unknown`` are headers without a meaning, ``faults`` refuse the file."""

    columns: dict[int, Column] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def header(self, name: str, place: int = 0) -> str:
        """Return what the file calls a field, the field's own name where it has no column."""
        for index, column in self.columns.items():
            if column == Column(name, place):
                return self.headers[index]
        return f"{name}_{place}" if place else name


def _known() -> dict[str, str]:
    known = {_bare(name): name for name in (*TEXTS, *CODES, *ONES, *STRUCTURED)}
    for name, aliases in _ALIASES.items():
        known |= {_bare(alias): name for alias in aliases}
    return known


def _bare(header: str) -> str:
    plain = unicodedata.normalize("NFKC", header).casefold()
    return re.sub(r"[\W_]+", "", plain)


_KNOWN = _known()


def find_column(header: str) -> Column | None:
    """Return what a header means, None where it means nothing."""
    bare = _bare(header[:200])
    if bare in _KNOWN:
        return Column(_KNOWN[bare])
    for name, pattern in _NUMBERED:
        found = pattern.fullmatch(bare)
        if found:
            place = int(found[1]) if found[1].isdecimal() else ord(found[1]) - ord("a") + 1
            return Column(name, place) if 1 <= place <= MAX_OPTIONS else None
    return None


def map_headers(headers: Sequence[str], chosen: Mapping[str, str] | None = None) -> HeaderMap:
    """Return the columns of a first row.

    ``chosen`` maps headers to fields by hand, ``{"Frage": "stem", "Antwort 1": "option_1"}``; a field of "" leaves
    the column out. Faults: no column for the stem or the options, two columns of one meaning, too many columns.
    """
    result = HeaderMap(headers=[header.strip() for header in headers[:MAX_COLUMNS]])
    if len(headers) > MAX_COLUMNS:
        result.faults.append(f"there are more than {MAX_COLUMNS} columns")
    taken: dict[Column, str] = {}
    for index, header in enumerate(result.headers):
        if not header:
            continue
        name = (chosen or {}).get(header)
        if name == "":
            continue
        column = find_column(name or header)
        if column is None:
            result.unknown.append(header)
        elif column in taken:
            result.faults.append(f"the columns '{taken[column][:60]}' and '{header[:60]}' mean the same: rename one")
        else:
            taken[column] = header
            result.columns[index] = column
    result.faults += _missing(set(taken))
    return result


def _missing(columns: set[Column]) -> list[str]:
    faults = []
    names = {column.field for column in columns}
    if "stem" not in names:
        faults.append("no column holds the question: call one 'stem' or 'question'")
    if not names & {"option", "distractor"}:
        faults.append("no column holds options: call them 'option_1', 'option_2' and so on")
    return faults


def heads(options: int) -> list[str]:
    """Return the first row of a new table with that many options."""
    places = range(1, max(options, MIN_OPTIONS) + 1)
    pairs = [name for place in places for name in (f"option_{place}", f"rationale_{place}")]
    middle = ["key", "objective", "explanation", "references"]
    end = ["systems", "disciplines", "tasks", "tags", "difficulty", "status", "enemies", "media", "shuffle"]
    return ["external_id", "vignette", "stem", "lead_in", *pairs, *middle, *end,
            "statements", "option_notes", "doubt", "rule", "id"]  # fmt: skip
