"""Markdown to safe HTML. Pure; called once, on save.

CommonMark with tables, strike-through, sub- and superscript (``H~2~O``, ``10^9^``). Raw HTML in the source is
shown as text. What comes out is cleaned again under a list of our own: no remote images, no ``//host`` links.
"""

from __future__ import annotations

import html as entities
import re
from functools import cache

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.subscript import sub_plugin
from mdit_py_plugins.superscript import superscript_plugin

MAX_CHARS = 50_000  # of one field; far above any real stem, far below what slows rendering

_TAGS = {
    "p", "br", "em", "strong", "s", "sub", "sup", "code", "pre", "blockquote", "ul", "ol", "li", "hr",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "a", "img",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "th": {"class"},
    "td": {"class"},
}
_IMAGE = re.compile(r"/media/[0-9a-f]{64}\Z")  # only images that the bank itself holds
_ALIGN = re.compile(r"text-align:(left|center|right)")


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"])
    parser.use(sub_plugin).use(superscript_plugin)
    return parser


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if _IMAGE.match(value) else None
    if tag == "a" and name == "href":
        return value if re.match(r"(https?://[^/]|mailto:|/(?![/\\]))", value) else None
    if name == "class":
        return value if value in {"align-left", "align-center", "align-right"} else None
    return value


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def _demote(tokens: list) -> None:  # type: ignore[type-arg]
    """Turn headings into h3 and lower, and alignment styles into classes, which the page's policy allows."""
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
        if token.type in {"th_open", "td_open"} and (style := token.attrs.pop("style", None)):
            token.attrs["class"] = _ALIGN.sub(r"align-\1", str(style))


def render(text: str) -> str:
    """Return the Markdown text as safe HTML blocks; "" for "". Raises ValueError above MAX_CHARS."""
    if len(text) > MAX_CHARS:
        raise ValueError(f"{len(text)} characters: at most {MAX_CHARS} fit in one field")
    if not text.strip():
        return ""
    parser = _markdown()
    tokens = parser.parse(text)
    _demote(tokens)
    return _clean(parser.renderer.render(tokens, parser.options, {})).strip()


def render_inline(text: str) -> str:
    """Return one line of Markdown (an option, a lead-in) as safe HTML; a single paragraph loses its tags."""
    html = render(text)
    inner = html.removeprefix("<p>").removesuffix("</p>")
    return inner if "<p>" not in inner and html.startswith("<p>") else html


def plain(html: str) -> str:
    """Return the visible text of rendered HTML, white space folded."""
    return " ".join(entities.unescape(re.sub(r"<[^>]+>", " ", html)).split())
