"""The YAML head of an item in bank Markdown, written so that any YAML reader sees the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./()-]*(?: [A-Za-z0-9_./()-]+)*\Z")
_NOT_TEXT = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # to one YAML reader or another
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # line breaks or not allowed in YAML


def head_lines(head: Mapping[str, Any]) -> list[str]:
    """Return the lines of a head, one value a line: lists of words in brackets, lists of mappings as a block."""
    lines: list[str] = []
    for key, value in head.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            lines.append(f"{key}:")
            lines += [line for entry in value for line in _entry(entry)]
        else:
            lines.append(f"{key}: {flow(value)}")
    return lines


def _entry(entry: Mapping[str, Any]) -> list[str]:
    if set(entry) <= {"article", "id", "quote"}:
        return [f"  - {flow(entry)}"]
    pairs = [f"{key}: {flow(value)}" for key, value in entry.items()]
    return [("  - " if index == 0 else "    ") + pair for index, pair in enumerate(pairs)]


def flow(value: object) -> str:
    """Return a value on one line of YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(flow(entry) for entry in value) + "]"
    raise TypeError(f"a head holds no {type(value).__name__}")


def _text(text: str) -> str:
    if _PLAIN.match(text) and text.lower() not in _NOT_TEXT:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
