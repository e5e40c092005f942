"""Telling plain text, Markdown and HTML apart by content; a file's name decides only where content does not."""

from __future__ import annotations

import re

_HEAD = 50_000  # characters looked at
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype html|html|head|body)\b", re.I | re.S
)
_ELEMENT = re.compile(
    r"</?(?:p|div|li|ul|ol|h[1-6]|table|tr|td|section|article|main|span|sup|br)(?:\s[^<>]{0,2000})?/?>", re.I
)
_MARKDOWN = re.compile(
    r"^(?:#{1,6}[ \t]+\S|\[\^[^\]\n]{1,80}\]:|\|?[ \t]*:?-{3,}:?[ \t]*\|[ \t|:-]*$|(?:={3,}|-{3,})[ \t]*$|```)", re.M
)
_STRONG = re.compile(r"\*\*[^*\n]{1,200}\*\*|\[\^[^\]\n]{1,80}\]|\]\(https?://")


def sniff(source: str, name: str | None = None) -> str:
    """Return "html", "markdown" or "text"."""
    head = source[:_HEAD].lstrip("\ufeff")
    if _PAGE.match(head):
        return "html"
    if head.lstrip().startswith("<") and len(_ELEMENT.findall(head)) >= 2:
        return "html"
    if head.startswith("---\n") or head.startswith("---\r") or _MARKDOWN.search(head) or _STRONG.search(head):
        return "markdown"
    suffix = (name or "").lower().rsplit(".", 1)[-1]
    if suffix in ("md", "markdown"):
        return "markdown"
    return "text"
