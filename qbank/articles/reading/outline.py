"""What each block is for: title, headline, sections, reference list, disclaimer, or page furniture."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from qbank.articles.document import Problem
from qbank.articles.reading import furniture
from qbank.articles.reading.blocks import Block, BlockKind, Source
from qbank.articles.reading.sections import SectionPath
from qbank.articles.reading.vocabulary import words

_WORD = re.compile(r"[^\W\d_]{3,}")
_FINITE_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|can|may|should|must|does|do|causes?|reduces?|increases?|prevents?|leads?"
    r"|improves?|requires?)\b",
    re.IGNORECASE,
)
_STOP = words("the and for with what which when how does why who are that this from into than")
_BACK_TO_BODY = re.compile(r"(?:appendix|supplement|glossary|key points|summary)\b", re.IGNORECASE)
_AFTER_LIST = re.compile(
    r"(?:about (?:the|this|us)|author|conflicts? of interest|competing interests|funding|acknowledge?ments?"
    r"|related )",
    re.IGNORECASE,
)
_LONGEST_TITLE = 400
_BRACKET_ENTRY = re.compile(r"\[\d{1,3}\]\s+\S")


@dataclass(slots=True)
class Outline:
    """An article's parts. ``body`` holds each block with the headings above it."""

    title: str | None = None
    title_line: int = 1
    status: str | None = None
    status_line: int | None = None  # where the page speaks of a status
    updated: str | None = None
    headline: str | None = None
    disclaimer: str | None = None
    body: list[tuple[tuple[str, ...], Block]] = field(default_factory=list)
    references: list[Block] = field(default_factory=list)
    references_line: int | None = None
    problems: list[Problem] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)  # lines of page furniture


def _words(text: str) -> set[str]:
    return {w for w in (m.lower() for m in _WORD.findall(text[:1000])) if w not in _STOP}


def answers(title: str, heading: str) -> bool:
    """Say whether a heading is the headline answer to the title: a clause, or half of its words the title's."""
    if heading.endswith("?"):
        return False
    said, asked = _words(heading), _words(title)
    if not said:
        return False
    shared = len(said & asked) / len(said)
    return (shared >= 0.5 and (len(said) >= 3 or heading.endswith("."))) or (
        shared > 0 and _FINITE_VERB.search(heading) is not None
    )


class _Sorter:
    """Walks the blocks once; ``part`` is where the walk stands."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.out = Outline()
        self.part = "body"  # "body", "references", "disclaimer", "after"
        self.reference_level = 0
        self.sections = SectionPath()
        self.states: list[Block] = []
        self.in_widget = False
        self.disclaimer: list[str] = []

    def sort(self) -> Outline:
        meta = self.source.meta
        self.out.title = meta.get("title")
        self.out.headline = meta.get("headline")
        for at, block in enumerate(self.source.blocks):
            after = self.source.blocks[at + 1] if at + 1 < len(self.source.blocks) else None
            if not self._is_widget(block, after) and not self._is_page_furniture(block):
                self._place(block)
        self.out.disclaimer = meta.get("disclaimer") or " ".join(self.disclaimer) or None
        self._settle_status()
        self._settle_updated()
        self._find_unheaded_list()
        if self.sections.guessed:
            self._report(
                self.sections.guessed[0],
                "heading_levels_estimated",
                "plain text shows no heading levels; which heading stands under which was estimated from their"
                " order. Check the sections, or load Markdown with # and ##.",
            )
        return self.out

    def _report(self, block: Block, code: str, message: str) -> None:
        self.out.problems.append(Problem(self.source.line(block), code, message))

    def _is_widget(self, block: Block, after: Block | None) -> bool:
        """Take the review-status widget: its head, and the states it lists."""
        text = block.passage.text
        if block.kind is BlockKind.ROW or self.part == "references":
            return False
        if furniture.is_status_heading(text):
            self.in_widget = True
            self.out.status_line = self.source.line(block)
        elif furniture.state_named(text) and (self.in_widget or (after and furniture.state_named(after.passage.text))):
            self.in_widget = True
            self.states.append(block)
        elif (state := furniture.status_line(text)) is not None and len(text) <= 60:
            self.out.status_line = self.source.line(block)
            self.out.status = furniture.state_named(state)
        else:
            self.in_widget = False
            return False
        self.out.skipped.append(self.source.line(block))
        return True

    def _is_page_furniture(self, block: Block) -> bool:
        text = block.passage.text
        if (when := furniture.updated_text(text)) is not None and block.kind is not BlockKind.ROW:
            self.out.updated = self.out.updated or furniture.read_date(when)
            if self.out.updated is None:
                self._report(block, "date_unclear", _date_message(when))
        if furniture.closes_article(text) and (self.part != "body" or self.out.body):
            self.part = "after"
        if block.kind in (BlockKind.PARAGRAPH, BlockKind.HEADING) or furniture.plain(text) in furniture.LABELS:
            found = furniture.is_furniture(text)
        else:
            found = False
        if found or (self.part == "after" and not self._reopens(block)):
            self.out.skipped.append(self.source.line(block))
            return True
        return False

    def _reopens(self, block: Block) -> bool:
        """Say whether the article goes on after its closing furniture."""
        text = block.passage.text
        return furniture.is_references_heading(text) or furniture.is_disclaimer_heading(text)

    def _place(self, block: Block) -> None:
        text = block.passage.text
        if block.kind is BlockKind.NOTE:
            self.out.references.append(block)
        elif block.kind is not BlockKind.ROW and furniture.is_disclaimer_heading(text):
            self.part = "disclaimer"
        elif block.kind is BlockKind.HEADING and furniture.is_references_heading(text):
            self.part, self.reference_level = "references", block.level
            self.out.references_line = self.source.line(block)
        elif self.part == "references":
            self._place_reference(block)
        elif self.part == "disclaimer" and block.kind is not BlockKind.HEADING:
            self.disclaimer.append(block.passage.squeeze().text)
        else:
            self.part = "body"
            self._place_body(block)

    def _place_reference(self, block: Block) -> None:
        text = block.passage.text
        if block.kind is BlockKind.HEADING:
            marked = block.level and self.reference_level and block.level <= self.reference_level
            if marked or _BACK_TO_BODY.match(text):
                self.part = "body"
                self.sections.begin(block)
                return
            if _AFTER_LIST.match(text):
                self.part = "after"
                self.out.skipped.append(self.source.line(block))
                return
        self.out.references.append(block)

    def _place_body(self, block: Block) -> None:
        text = block.passage.squeeze().text
        if not self.out.body and self.sections.empty:
            if self.out.title is None and _may_be_title(block, text):
                self.out.title, self.out.title_line = text, self.source.line(block)
                return
            if block.kind is BlockKind.HEADING and self.out.title:
                if furniture.plain(text) == furniture.plain(self.out.title):
                    self.out.title_line = self.source.line(block)
                    return
                if self.out.headline is None and answers(self.out.title, text):
                    self.out.headline = text
                    return
                if self.out.headline and furniture.plain(text) == furniture.plain(self.out.headline):
                    return
        if block.kind is BlockKind.HEADING:
            self.sections.begin(block)
        else:
            self.sections.content()
            self.out.body.append((self.sections.path, block))

    def _settle_status(self) -> None:
        named = self.source.meta.get("status")
        if named is not None:
            self.out.status = furniture.state_named(named)
            if self.out.status is None:
                self.out.problems.append(Problem(1, "status_unknown", _bad_status_message(named)))
            return
        current = [block for block in self.states if block.current]
        chosen = current if len(current) == 1 else self.states
        if len({furniture.state_named(b.passage.text) for b in chosen}) == 1:
            self.out.status = furniture.state_named(chosen[0].passage.text)
        if self.out.status is None and (self.states or self.out.status_line):
            line = self.out.status_line or self.source.line(self.states[0])
            self.out.problems.append(Problem(line, "status_unknown", _WIDGET_MESSAGE))

    def _settle_updated(self) -> None:
        named = self.source.meta.get("updated")
        if named is not None:
            self.out.updated = furniture.read_date(named)
            if self.out.updated is None:
                self.out.problems.append(Problem(1, "date_unclear", _date_message(named)))

    def _find_unheaded_list(self) -> None:
        """Take a closing run of ``[1] ...`` blocks for the reference list where no heading announces one."""
        if self.out.references or self.out.references_line:
            return
        at = len(self.out.body)
        while at and _BRACKET_ENTRY.match(self.out.body[at - 1][1].passage.text):
            at -= 1
        if at < len(self.out.body):
            self.out.references = [block for _, block in self.out.body[at:]]
            self.out.references_line = self.source.line(self.out.references[0])
            del self.out.body[at:]


_WIDGET_MESSAGE = (
    "the review-status widget names several states and the text does not show which one holds, so the status"
    " is not known. Set it on the article's page."
)


def _bad_status_message(named: str) -> str:
    return f"status {named[:40]!r} is none of submitted, under_review, approved; it was left empty."


def _date_message(text: str) -> str:
    return f"the date {text[:40]!r} cannot be read for certain; write it as 2025-08-19."


def _may_be_title(block: Block, text: str) -> bool:
    if len(text) > _LONGEST_TITLE or block.kind not in (BlockKind.HEADING, BlockKind.PARAGRAPH):
        return False
    return block.kind is BlockKind.HEADING or text.endswith("?")


def sort_out(source: Source) -> Outline:
    """Return what each block of ``source`` is for."""
    return _Sorter(source).sort()
