"""The text of a Markdown line without its markup, each character still tied to the source.

Citation markers ([1], [^1], [@doi:...]) are left for the marker reader. One pass, each rule bounded.
"""

from __future__ import annotations

import html
import re

from qbank.articles.reading.passage import LOWERED, RAISED, Builder, Passage

_TOKEN = re.compile(
    r"(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<entity>&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
    r"|(?P<comment><!--[^<>]{0,5000}-->)"
    r"|(?P<sup><sup\b[^<>]{0,200}>(?P<raised>[^<>]{0,80})</sup\s?>|\^(?P<caret>[^\s^\[\]]{1,40})\^)"
    r"|(?P<tag></?[A-Za-z][^<>]{0,1000}>)"
    r"|(?P<auto><(?P<url>https?://[^\s<>]{1,1000})>)"
    r"|(?P<code>`(?P<literal>[^`]{1,500})`)"
    r"|(?P<image>!\[[^\[\]]{0,500}\]\([^()\s]{0,1000}(?:\s+\"[^\"]{0,200}\")?\))"
    r"|(?P<link>\[(?P<label>[^\[\]]{1,500})\]\((?P<target>[^()\s]{0,1000})(?:\s+\"[^\"]{0,200}\")?\))"
    r"|(?P<strong>\*{1,3}|_{1,3}|~~)",
    re.DOTALL,
)
_NUMBER_LINK = re.compile(r"\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,9}$")


def _is_emphasis(text: str, begin: int, end: int) -> bool:
    """Say whether a run of ``*``, ``_`` or ``~`` can open or close emphasis; "5 * 3" and "a_b" cannot."""
    before = text[begin - 1 : begin] or " "
    after = text[end : end + 1] or " "
    if before.isspace() and after.isspace():
        return False
    return text[begin] != "_" or not (before.isalnum() and after.isalnum())


class _Stripper:
    def __init__(self, passage: Passage, keep_urls: bool) -> None:
        self.passage = passage
        self.keep_urls = keep_urls
        self.out = Builder()

    def strip(self, begin: int, end: int) -> None:
        at = begin
        for match in _TOKEN.finditer(self.passage.text, begin, end):
            self.out.add(self.passage.piece(at, match.start()))
            self._token(match)
            at = match.end()
        self.out.add(self.passage.piece(at, end))

    def _token(self, match: re.Match[str]) -> None:
        whole = self.passage.piece(match.start(), match.end())
        kind = match.lastgroup
        if kind == "escape":
            self.out.add(whole.piece(1, 2))
        elif kind == "entity":
            self.out.put(html.unescape(match.group()), whole.start, whole.end)
        elif kind == "strong":
            if not _is_emphasis(self.passage.text, match.start(), match.end()):
                self.out.add(whole)
        elif kind == "link":
            self._link(match, whole)
        elif kind in ("sup", "auto", "code"):
            self._inner(match, kind)

    def _inner(self, match: re.Match[str], kind: str) -> None:
        group = {"auto": "url", "code": "literal"}.get(kind, "raised" if match["raised"] is not None else "caret")
        inner = self.passage.piece(*match.span(group))
        if kind != "sup":
            self.out.add(inner)
        elif inner.text:
            self.out.put(RAISED, inner.start, inner.start)
            self.out.add(inner)
            self.out.put(LOWERED, inner.end, inner.end)

    def _link(self, match: re.Match[str], whole: Passage) -> None:
        label = match["label"]
        if _NUMBER_LINK.match(label.strip()):  # [1](#ref1) cites entry 1
            begin, end = match.span("label")
            self.out.add(self.passage.piece(begin - 1, end + 1))
            return
        self.strip_label(*match.span("label"))
        if self.keep_urls:
            self.out.put(" ", whole.end, whole.end)
            self.out.add(self.passage.piece(*match.span("target")))

    def strip_label(self, begin: int, end: int) -> None:
        """Strip the text of a link, which itself holds no link."""
        inner = _Stripper(self.passage, False)
        inner.strip(begin, end)
        self.out.add(inner.out.done())


def strip_inline(passage: Passage, *, keep_urls: bool = False) -> Passage:
    """Return a Markdown passage without emphasis, links, images, code signs, tags, escapes and entities.

    ``keep_urls`` writes a link's address behind its text, as reference lists need it.
    """
    stripper = _Stripper(passage, keep_urls)
    stripper.strip(0, len(passage.text))
    return stripper.out.done()
