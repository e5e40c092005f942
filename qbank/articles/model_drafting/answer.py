"""A model's answer, read strictly: one JSON object, known fields only, every text short and plain."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from qbank.articles.model_drafting.client import ModelError

MAX_PROPOSALS = 400
MAX_SHOWN = 60  # characters of a model's words in a report
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(?P<inside>.*?)\n?\s*```\s*\Z", re.DOTALL)
# "< 65 years" and "> 2 mg" are medicine; a tag, a quotation and Markdown's signs are not.
_MARKUP = re.compile(r"<(?![\s\d=])|\A>|[\[\]{}|`*_#\\]|://|www\.", re.IGNORECASE)
_CURE = "Try again, or use a model that can answer in JSON."


def _plain(text: str) -> str:
    """Refuse what no stem and no option holds: control characters, lone surrogates, markup, addresses."""
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co") for char in text):
        raise ValueError("holds characters that cannot be printed")
    if _MARKUP.search(text):
        raise ValueError("holds markup or an address")
    if text != text.strip() or not text:
        raise ValueError("is empty or has spaces at its ends")
    return text


Short = Annotated[str, Field(max_length=120), AfterValidator(_plain)]


class Proposal(BaseModel):
    """One item as a model proposes it; ``statement`` is the id of the statement it says it rests on."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    statement: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
    stem: Annotated[str, Field(max_length=500), AfterValidator(_plain)]
    key: Short
    distractors: Annotated[list[Short], Field(min_length=2, max_length=8)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What could be read of an answer, and why the rest could not."""

    proposals: tuple[Proposal, ...]
    refused: tuple[str, ...] = ()


def read_answer(text: str) -> Answer:
    """Return the proposals of an answer; an item that breaks the schema is refused by itself.

    Raises ModelError where the whole is not one JSON object with a list of items.
    """
    whole = _parse(text)
    if set(whole) != {"items"} or not isinstance(whole["items"], list):
        raise ModelError('The model\'s answer is not {"items": [...]}.', cure=_CURE)
    return check_proposals(whole["items"])


def check_proposals(entries: list[Any]) -> Answer:
    """Return the entries that are proposals, and why the others are none."""
    proposals: list[Proposal] = []
    refused: list[str] = []
    for number, entry in enumerate(entries[:MAX_PROPOSALS], start=1):
        try:
            proposals.append(Proposal.model_validate(entry))
        except ValidationError as error:
            refused.append(f"item {number} of the answer: {_first(error)}")
    if len(entries) > MAX_PROPOSALS:
        refused.append(f"only the first {MAX_PROPOSALS} of {len(entries)} proposed items were looked at")
    return Answer(tuple(proposals), tuple(refused))


def shown(text: str) -> str:
    """Return a model's words as a report may show them: on one line, short, printable."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable if len(printable) <= MAX_SHOWN else printable[: MAX_SHOWN - 1] + "…"


def _parse(text: str) -> dict[str, Any]:
    fenced = _FENCE.match(text)
    try:
        value = json.loads(
            fenced["inside"] if fenced else text, object_pairs_hook=_no_repeats, parse_constant=_no_constants
        )
    except (ValueError, RecursionError):
        raise ModelError("The model's answer is not valid JSON.", cure=_CURE) from None
    if not isinstance(value, dict):
        raise ModelError("The model's answer is not a JSON object.", cure=_CURE)
    return value


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated name")
    return found


def _no_constants(name: str) -> NoReturn:
    raise ValueError(name)


def _first(error: ValidationError) -> str:
    """Return the first fault with its place, without the model's own words."""
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(shown(str(part)) for part in fault["loc"][:3]) or "the item"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
