"""The YAML head of a Markdown article: title, status, updated, headline, disclaimer."""

from __future__ import annotations

import re
from datetime import date, datetime

import yaml

from qbank.articles.document import Problem
from qbank.articles.reading.errors import ArticleError
from qbank.articles.reading.limits import MAX_FRONT_MATTER

_OPEN = re.compile(r"\ufeff?---[ \t]*(?:\r\n|\n|\r)")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_KEYS = ("title", "status", "updated", "headline", "disclaimer")
_DEEPEST = 20  # nested flow brackets; a head of five lines of text needs none
_CURE = "Write lines such as 'title: ...' between the two --- lines; put a text that holds ': ' in quotes."


def read_front_matter(source: str) -> tuple[dict[str, str], int, list[Problem]]:
    """Return the head's values as text, the offset where the body begins, and problems.

    No head gives an empty mapping and offset 0. Raises `ArticleError` for a head that is no mapping.
    """
    opening = _OPEN.match(source)
    if opening is None:
        return {}, 0, []
    closing = _CLOSE.search(source, opening.end(), opening.end() + MAX_FRONT_MATTER)
    if closing is None:
        return {}, 0, []  # a thematic break, not a head
    values = _load(source[opening.end() : closing.start()])
    meta: dict[str, str] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            problems.append(
                Problem(1, "unknown_key", f"the head's key {str(key)[:40]!r} is not used; known are {known}.")
            )
        elif isinstance(value, (date, datetime)):
            meta[str(key)] = value.isoformat()[:10]
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            meta[str(key)] = " ".join(str(value).split())
        elif value is not None:
            raise ArticleError(1, "front_matter", f"the head's {key!r} is not a line of text.", cure=_CURE)
    return {key: value for key, value in meta.items() if value}, closing.end(), problems


def _load(text: str) -> dict[object, object]:
    if text.count("[") + text.count("{") > _DEEPEST or re.search(r"(?:^|\s)[&*]\w", text):
        raise ArticleError(1, "front_matter", "the head holds nested lists or YAML anchors.", cure=_CURE)
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise ArticleError(
            line, "front_matter", "the head between the --- lines is no valid YAML.", cure=_CURE
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ArticleError(1, "front_matter", "the head between the --- lines holds no keys.", cure=_CURE)
    return values
