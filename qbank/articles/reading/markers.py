"""Citation markers that show themselves: [1], [1-3], superscripts, (Author, 2023), [@doi:...], [^1].

Bare trailing numbers need judgement and have a module of their own (`bare.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qbank.articles.reading.limits import MAX_RANGE
from qbank.articles.reading.passage import LOWERED, RAISED, Builder, Passage
from qbank.articles.reading.vocabulary import words

_TO_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻˒", "0123456789-,")
_TO_RAISED = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_EXPONENT = re.compile(r"[0-9]{0,6}[+−–-]?")
_DIGIT = "⁰¹²³⁴⁵⁶⁷⁸⁹"

_BRACKET = re.compile(r"\[([^\[\]\n]{1,300})\]")
_RAISED = re.compile(rf"{RAISED}([^{RAISED}{LOWERED}]{{0,80}}){LOWERED}")
_RAISED_DIGITS = re.compile(rf"[{_DIGIT}](?:[{_DIGIT},˒⁻–-]{{0,40}}[{_DIGIT}])?")
_PARENTHESIS = re.compile(r"\(([^()\n]{6,300})\)")
_NUMBER_LIST = re.compile(r"\s*\d{1,3}(?:\s*[,;–—-]\s*\d{1,3}){0,40}\s*")
_KEY = re.compile(r"@([^\s;,\]]{1,200})")
_JOINER = re.compile(r"\s*[,;–—-]?\s*")
_WHO = r"[A-Z][\w'’-]{1,40}(?:,? (?:et al\.?|and|&|of|for|[A-Z][\w'’-]{0,40})){0,6}"
_AUTHOR_YEAR = re.compile(
    rf"(?:see |see also |e\.g\.,? |cf\. )?({_WHO})(,| )\s?((?:19|20)\d\d[a-z]?)(?:[,:] ?pp?\. ?[\d–-]+)?"
)
# A capitalised word before a year that names no author.
_NO_AUTHOR = words(
    "after approximately around before between by during from in mean median since until as updated published"
    " january february march april may june july august september october november december spring summer"
    " autumn winter"
)
# A raised digit behind one of these is a power, not a marker; so is one behind a plain 10 or a unit after "/".
_UNITS = words("m cm mm km dm nm µm μm s ft in R r χ")
_BEFORE_RAISED = re.compile(r"([^\s(/×·*]*)$")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a marker stands in a passage, and the single markers it is made of."""

    begin: int
    end: int
    markers: tuple[str, ...]
    style: str  # "bracket", "raised", "author", "key", "footnote", "bare"


def expand_numbers(body: str) -> tuple[str, ...]:
    """Return the numbers of ``1, 3-5`` one by one; empty where it is no list of numbers from 1 to 999.

    A range runs upwards and covers at most `MAX_RANGE` numbers.
    """
    if not _NUMBER_LIST.fullmatch(body):
        return ()
    numbers: list[str] = []
    for part in re.split(r"[,;]", body):
        ends = [int(n) for n in re.findall(r"\d+", part)]
        first, last = ends[0], ends[-1]
        if first == 0 or len(ends) > 2 or not first <= last < first + MAX_RANGE:
            return ()
        numbers += [str(n) for n in range(first, last + 1)]
    return tuple(dict.fromkeys(numbers))


def _bracket(match: re.Match[str]) -> Mark | None:
    body = match.group(1).strip()
    if body.startswith("^"):
        label = body[1:].strip()
        return Mark(match.start(), match.end(), (label,), "footnote") if label else None
    if body.startswith("@"):
        parts = [part.strip() for part in body.split(";")]
        keys = [_KEY.match(part) for part in parts]
        if all(keys):
            return Mark(match.start(), match.end(), tuple(f"@{k.group(1)}" for k in keys if k), "key")
        return None
    numbers = expand_numbers(body)
    return Mark(match.start(), match.end(), numbers, "bracket") if numbers else None


def _is_power(text: str, begin: int, end: int) -> bool:
    """Say whether raised digits from ``begin`` to ``end`` are a power, a charge or a mass number."""
    after = text[end : end + 1]
    if after and (after.isalpha() or after in "⁺⁻+ᵐ"):
        return True
    before = text[max(0, begin - 30) : begin]
    token = _BEFORE_RAISED.search(before)
    word = token.group(1) if token else ""
    return word in _UNITS or word == "10" or (word.isalpha() and before[: len(before) - len(word)].endswith("/"))


def _raised(match: re.Match[str], text: str) -> Mark | None:
    body = match.group(1) if match.re is _RAISED else match.group().translate(_TO_DIGITS)
    body = body.strip().strip("[]()")
    numbers = expand_numbers(body.translate(_TO_DIGITS))
    if not numbers or _is_power(text, match.start(), match.end()):
        return None
    return Mark(match.start(), match.end(), numbers, "raised")


def _author_year(match: re.Match[str]) -> Mark | None:
    """Read ``(Smith et al., 2019; Jones and Lee, 2020a)``; each part needs an author and a year."""
    markers: list[str] = []
    for part in match.group(1).split(";"):
        found = _AUTHOR_YEAR.fullmatch(part.strip())
        if not found:
            return None
        who, comma, year = found.group(1).strip(), found.group(2), found.group(3)
        joined = "et al" in who or " and " in who or "&" in who
        if who.split()[0].lower() in _NO_AUTHOR or (comma != "," and not joined):
            return None
        markers.append(f"{who}, {year}" if comma == "," else f"{who} {year}")
    return Mark(match.start(), match.end(), tuple(markers), "author")


def find_marks(text: str) -> list[Mark]:
    """Return the markers that show themselves, in order, none overlapping another."""
    found = [_bracket(m) for m in _BRACKET.finditer(text)]
    found += [_raised(m, text) for m in _RAISED.finditer(text)]
    found += [_raised(m, text) for m in _RAISED_DIGITS.finditer(text)]
    found += [_author_year(m) for m in _PARENTHESIS.finditer(text)]
    marks: list[Mark] = []
    for mark in sorted((m for m in found if m), key=lambda m: m.begin):
        if marks and mark.begin < marks[-1].end:
            continue
        between = text[marks[-1].end : mark.begin] if marks else ""
        if marks and mark.begin - marks[-1].end <= 4 and _JOINER.fullmatch(between):
            marks[-1] = _joined(marks[-1], mark, between)
        else:
            marks.append(mark)
    return marks


def _joined(first: Mark, second: Mark, between: str) -> Mark:
    """Return two markers that stand together as one; a dash between single numbers makes a range."""
    markers = first.markers + second.markers
    if between.strip() in ("-", "–", "—") and len(first.markers) == len(second.markers) == 1:
        markers = expand_numbers(f"{first.markers[0]}-{second.markers[0]}") or markers
    return Mark(first.begin, second.end, tuple(dict.fromkeys(markers)), first.style)


def lower_raised(passage: Passage) -> Passage:
    """Return the passage with raised text that is no marker as plain characters: 10⁹, Ca²⁺, 5th, FRAX™."""
    if RAISED not in passage.text:
        return passage
    builder = Builder()
    at = 0
    for match in _RAISED.finditer(passage.text):
        builder.add(passage.piece(at, match.start()))
        inner = passage.piece(match.start() + 1, match.end() - 1)
        if inner.text and _EXPONENT.fullmatch(inner.text):
            inner = Passage(inner.text.translate(_TO_RAISED), inner.starts, inner.stops)
        builder.add(inner)
        at = match.end()
    builder.add(passage.piece(at, len(passage.text)))
    rest = builder.done()
    stray = [(i, i + 1) for i, c in enumerate(rest.text) if c in (RAISED, LOWERED)]
    return rest.without(stray)


def take_out(passage: Passage, marks: list[Mark]) -> Passage:
    """Return the passage without its markers and the space before each, ready to be read."""
    ranges: list[tuple[int, int]] = []
    for mark in marks:
        begin = mark.begin
        while begin > 0 and passage.text[begin - 1] in " \u00a0\u2009\t":
            begin -= 1
        # Between two words one space has to stay.
        follows = passage.text[mark.end : mark.end + 1]
        if ranges and begin < ranges[-1][1]:
            begin = ranges[-1][1]
        if begin < mark.begin and follows and follows not in " .,;:!?)]\u00a0":
            begin += 1
        ranges.append((begin, mark.end))
    return lower_raised(passage.without(ranges)).squeeze()


def bare_text(passage: Passage) -> str:
    """Return what a person reads of a passage, without the markers that show themselves."""
    return take_out(passage, find_marks(passage.text)).text
