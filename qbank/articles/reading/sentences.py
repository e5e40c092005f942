"""Splitting a paragraph into sentences, with the citation markers kept on the sentence they close."""

from __future__ import annotations

import re

import sentencex

from qbank.articles.reading.passage import LOWERED, RAISED, Passage
from qbank.articles.reading.vocabulary import words

# A stop behind one of these ends no sentence. All are compared in lower case, without the stop.
_ABBREVIATIONS = words(
    "al approx ca cf dept dr e.g eg eq et etc fig figs i.e ie incl jr mr mrs ms"
    " no nos pp prof ref refs resp sect st subsp suppl tab viz vol vs"
)
_CLOSES_ANYWAY = frozenset({"etc"})
_NUMBERS = r"\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,20}"
_MARK = rf"(?:\[[^\[\]]{{1,120}}\]|[⁰¹²³⁴⁵⁶⁷⁸⁹][⁰¹²³⁴⁵⁶⁷⁸⁹,⁻–]{{0,40}}|{RAISED}[^{RAISED}{LOWERED}]{{0,80}}{LOWERED})"
# A stop, its markers, then the next sentence: "... fractures. 1, 3 Estrogen ...", "... loss.[2] In ..."
_STOP_WITH_MARKS = re.compile(
    rf"[.!?][\"'”’)]{{0,2}}(?:(?>[ ]?{_MARK}){{1,10}}+|(?:[ ]|(?<=[^\W\d_][.])){_NUMBERS}(?=[ ][A-Z(“\"]|$))(?=[ ]|$)"
)
# A capital behind one of these names a kind and may close a sentence; elsewhere it is an initial.
_KIND = re.compile(
    r"\b(?:vitamins?|hepatitis|type|group|class|grade|stage|factor|protein|arm|level|influenza) [A-Z]\.(?= [A-Z])"
)
_LAST_WORD = re.compile(r"([^\s(\[]{1,20})[.]\s*$")
_LETTER = re.compile(r"[^\W\d_]")
_LONGEST = 20_000  # characters handed to the segmenter at once


def _is_abbreviation(before: str, after: str) -> bool:
    found = _LAST_WORD.search(before[-40:])
    if not found:
        return False
    word = found.group(1).lower()
    if word in _CLOSES_ANYWAY:
        return after[:1].islower()
    return word in _ABBREVIATIONS


def _segment_ends(text: str) -> list[int]:
    """Return where the segmenter ends each sentence, in slices so that no paragraph is too long for it."""
    ends: list[int] = []
    base = 0
    while base < len(text):
        stop = min(len(text), base + _LONGEST)
        if stop < len(text):
            space = text.rfind(" ", base, stop)
            stop = space + 1 if space > base else stop
        pieces = list(sentencex.segment("en", text[base:stop]))
        if sum(map(len, pieces)) != stop - base:  # the segmenter dropped something: keep the slice whole
            pieces = [text[base:stop]]
        at = base
        for piece in pieces:
            at += len(piece)
            ends.append(at)
        base = stop
    return ends


def split_sentences(passage: Passage) -> list[Passage]:
    """Return the sentences of a squeezed passage, in order; nothing is lost but the space between them.

    A sentence keeps the markers behind its stop. Abbreviations ("e.g.", "vs.", "Fig."), decimals ("-2.5")
    and names with digits ("IL-1, IL-6") end none.
    """
    text = passage.text
    marked = [
        (m.start(), m.end())
        for m in _STOP_WITH_MARKS.finditer(text)
        if not _is_abbreviation(text[max(0, m.start() - 40) : m.start() + 1], text[m.end() : m.end() + 2].strip())
    ]
    inside = iter([*marked, (len(text) + 1, len(text) + 1)])
    begin, end = next(inside)
    cuts = {stop for _, stop in marked} | {m.end() for m in _KIND.finditer(text)}
    for at in _segment_ends(text):
        while at > end + 1:
            begin, end = next(inside)
        if begin < at <= end + 1:
            continue
        after = text[at : at + 1]
        if after.islower() or _is_abbreviation(text[max(0, at - 40) : at], after):
            continue
        cuts.add(at)
    return _pieces(passage, [*sorted(cuts), len(text)])


def _pieces(passage: Passage, stops: list[int]) -> list[Passage]:
    """Cut at ``stops``; what holds no letter (a marker left alone) stays with the sentence before it."""
    spans: list[tuple[int, int]] = []
    at = 0
    for stop in stops:
        if stop <= at:
            continue
        if spans and not _LETTER.search(passage.text, at, stop):
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((at, stop))
        at = stop
    pieces = [passage.piece(begin, end).strip() for begin, end in spans]
    return [piece for piece in pieces if piece.text]
