"""The sections of an item in bank Markdown: lines to values, with every fault and its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from qbank.exchange.lines import Line
from qbank.exchange.markdown_escape import (
    is_margin_structure,
    is_quote,
    take_markers,
    unescape_option,
    unescape_section,
)

SECTIONS = {  # field of the item -> heading, in the order of writing
    "vignette": "Vignette",
    "stem": "Stem",
    "lead_in": "Lead-in",
    "options": "Options",
    "objective": "Objective",
    "explanation": "Explanation",
}
_FIELDS = {heading.lower(): name for name, heading in SECTIONS.items()}
_OPTION = re.compile(r"[-*+] \[([ xX])\](?:[ \t]|\Z)")
_QUOTED = re.compile(r"\s*> ?")


@dataclass(slots=True)
class Body:
    """What the sections hold. ``lines`` maps a field, or an option's index, to where it stands."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str | int, int] = field(default_factory=dict)
    markers: list[tuple[str, ...]] = field(default_factory=list)  # an option's statement markers
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_body(lines: Sequence[Line], start: int) -> Body:
    """Return the sections of one item that begins on line ``start``; faults are collected, not raised."""
    body = Body()
    for heading, content in _sections(lines, body):
        name = _field(heading, body)
        if name is None:
            continue
        body.lines[name] = heading.number
        if name == "options":
            body.values[name] = _options(content, body)
        else:
            body.values[name] = unescape_section([line.text for line in content])
    for name in ("stem", "options"):
        if name not in body.values:
            body.faults.append((lines[0].number if lines else start, f"there is no section '# {SECTIONS[name]}'"))
    return body


def _sections(lines: Sequence[Line], body: Body) -> list[tuple[Line, list[Line]]]:
    found: list[tuple[Line, list[Line]]] = []
    for line in lines:
        if is_margin_structure(line.text):
            found.append((line, []))
        elif found:
            found[-1][1].append(line)
        elif line.text.strip():
            body.faults.append((line.number, "there is text before the first section: put it under '# Stem'"))
            break
    return found


def _field(heading: Line, body: Body) -> str | None:
    words = re.sub(r"[\s_]+", "-", heading.text.lstrip("#").strip().lower())
    name = _FIELDS.get(words)
    if name is None:
        near = difflib.get_close_matches(words[:40], list(_FIELDS), n=1, cutoff=0.6)
        cure = f"did you mean '# {SECTIONS[_FIELDS[near[0]]]}'?" if near else "headings inside a text begin with '##'"
        body.faults.append((heading.number, f"'{heading.text.strip()[:60]}' is not a section of an item; {cure}"))
        return None
    if name in body.values:
        body.faults.append((heading.number, f"the section '# {SECTIONS[name]}' is given twice"))
        return None
    return name


def _options(lines: Sequence[Line], body: Body) -> list[dict[str, Any]]:
    groups: list[list[Line]] = []
    for line in lines:
        if _OPTION.match(line.text):
            groups.append([line])
        elif groups and (not line.text.strip() or line.text.startswith(("  ", "\t"))):
            groups[-1].append(line)
        elif line.text.strip():
            cure = "indent what belongs to an option by two spaces" if groups else "an option begins with '- [ ] '"
            body.faults.append((line.number, f"'{line.text.strip()[:60]}' is no option; {cure}"))
    return [_option(index, group, body) for index, group in enumerate(groups)]


def _option(index: int, group: Sequence[Line], body: Body) -> dict[str, Any]:
    box = _OPTION.match(group[0].text)
    assert box is not None
    body.lines[index] = group[0].number
    text, quoted = [group[0].text[box.end() :]], []
    for line in group[1:]:
        content = _dedent(line.text)
        if is_quote(content):
            quoted.append(_QUOTED.sub("", content, count=1))
        elif not quoted:
            text.append(content)
        elif content.strip():
            body.faults.append((line.number, "there is text behind a rationale: begin each of its lines with '> '"))
        else:
            quoted.append("")
    option: dict[str, Any] = {"text": unescape_option(text), "key": box[1] in "xX"}
    markers: tuple[str, ...] = ()
    if quoted:
        option["rationale"], markers = take_markers("\n".join(_without_layout(quoted, group)))
    body.markers.append(markers)
    return option


def _dedent(text: str) -> str:
    return text[1:] if text.startswith("\t") else text[2:]


def _without_layout(quoted: list[str], group: Sequence[Line]) -> list[str]:
    """Drop the blank lines between a rationale and the next option; quoted blank lines belong to the text."""
    for line in reversed(group):
        if line.text.strip():
            break
        quoted = quoted[:-1]
    return quoted
