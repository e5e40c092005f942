"""What a person typed into the search box, read. Pure: any text is a question, none is an error.

Words must all be there; the last one may be the beginning of a word. "Words in quotes" stand side by side. A hyphen
before a word or a quote, with a space before it, leaves out what holds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qbank.search.folding import tokens

LONGEST = 500  # characters that are read
MOST_TERMS = 16
MOST_TOKENS = 20  # of one phrase
SHORTEST_BEGINNING = 2  # one letter begins too many words
_QUOTES = '"“”„«»'
_PIECE = re.compile(
    rf"(?P<no>(?<!\S)-)?(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)(?:[{_QUOTES}]|\Z)|(?P<word>[^\s{_QUOTES}]+))"
)


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that must, or must not, be there: any of ``spellings``, each a run of folded words side by side.

    With ``begins`` the last word of the run is only the beginning of one.
    """

    spellings: tuple[tuple[str, ...], ...]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that was asked for."""

    present: tuple[Term, ...] = ()
    absent: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        """Say whether any word was given."""
        return bool(self.present or self.absent)


def read(text: str) -> Wanted:
    """Return what the text asks for. Beyond `MOST_TERMS` terms and `LONGEST` characters the rest is not read."""
    present: list[Term] = []
    absent: list[Term] = []
    pieces = [(found, _term(found)) for found in _PIECE.finditer(text[:LONGEST])]
    known = [(found, term) for found, term in pieces if term is not None][:MOST_TERMS]
    for place, (found, term) in enumerate(known):
        last = place == len(known) - 1 and found["word"] is not None
        if found["no"]:
            absent.append(term)
        elif last and all(len(run[-1]) >= SHORTEST_BEGINNING or len(run) > 1 for run in term.spellings):
            present.append(Term(term.spellings, begins=True))
        else:
            present.append(term)
    return Wanted(tuple(present), tuple(absent))


def _term(found: re.Match[str]) -> Term | None:
    """Return the term of one piece; None where it holds no letter or digit."""
    phrase = found["phrase"]
    run = tuple(tokens(phrase if phrase is not None else found["word"]))[:MOST_TOKENS]
    if not run:
        return None
    if phrase is not None or len(run) == 1:
        return Term((run,))
    return Term((run, ("".join(run),)))  # IL-6 is found as IL6, too
