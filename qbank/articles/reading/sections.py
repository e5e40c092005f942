"""The headings above a block. Markdown and HTML say their levels; for plain text they are estimated."""

from __future__ import annotations

import re

from qbank.articles.reading.blocks import Block
from qbank.articles.reading.markers import find_marks, take_out

# A heading with one of these opens a main section of a clinical article ...
_MAIN = re.compile(
    r"\b(?:introduction|background|overview|definitions?|epidemiology|(?:patho)?physiology|pathogenesis"
    r"|a?etiology|mechanisms?|diagnos[it]\w*|evaluation|assessment|screening|prevention|management|treatment"
    r"|monitoring|follow-?up|prognosis|complications|considerations|conclusions?|summary|recommendations?"
    r"|discussion|methods|results|evidence|limitations|key points|clinical (?:features|presentation|context))\b",
    re.IGNORECASE,
)
# ... unless it is qualified as one branch of it.
_BRANCH = re.compile(
    r"(?:non-?\s?)?(?:pharmacolog|surgical|medical|drug|lifestyle|first-line|second-line|initial|acute|long-term"
    r"|other|additional|alternative)",
    re.IGNORECASE,
)
_DEEPEST = 6


class SectionPath:
    """The current path of headings, from the outermost inward."""

    def __init__(self) -> None:
        self._stack: list[tuple[int, str]] = []
        self._fresh = False  # nothing but headings since the last heading
        self.guessed: list[Block] = []  # headings placed under another by estimate

    @property
    def empty(self) -> bool:
        """Say whether no section has begun."""
        return not self._stack

    @property
    def path(self) -> tuple[str, ...]:
        """Return the headings above what comes next."""
        return tuple(name for _, name in self._stack)

    def content(self) -> None:
        """Note that the current section has content."""
        self._fresh = False

    def begin(self, block: Block) -> None:
        """Enter the section of a heading."""
        passage = block.passage.squeeze()
        name = take_out(passage, find_marks(passage.text)).text
        level = block.level or self._estimate(name)
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()
        if not block.level and self._stack:
            self.guessed.append(block)
        self._stack.append((level, name))
        self._fresh = True

    def _estimate(self, name: str) -> int:
        """Estimate a level: under a heading that has no content yet, else main by its words, else beside it."""
        if not self._stack:
            return 1
        here = self._stack[-1][0]
        if self._fresh:
            return min(here + 1, _DEEPEST)
        if _MAIN.search(name) and not _BRANCH.match(name):
            return 1
        return here
