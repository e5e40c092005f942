"""Generated articles and three ways to write one down, for reading back."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from hypothesis import strategies as st

WORDS = [
    *("bone", "loss", "estrogen", "therapy", "density", "turnover", "calcium", "women", "hip", "may", "not", "reduces"),
    *("(1000-1200 mg daily)", "e.g.", "vs.", "-2.5", "IL-1 and IL-6", "40-50%", "β-catenin", "T-score", "approx."),
]
LAST = ["osteoporosis", "fracture", "therapy", "HRT", "BMD", "(IL-1, IL-6, TNF)", "menopause", "daily", "onset"]
SURNAMES = ("Adams", "Baker", "Clark", "Davis", "Evans", "Frank", "Green", "Hayes")
HEADINGS = ("Bone biology", "Drug choice", "Dose", "Harms and Benefits", "Fracture sites", "Who gains")
STYLES = ("bare", "bracket", "raised", "author", "doi")


@dataclass(frozen=True)
class Said:
    text: str
    cited: tuple[int, ...] = ()
    lead_in: str | None = None
    depth: int = 0


@dataclass(frozen=True)
class Part:
    kind: str  # "bullets", "prose", "table"
    said: tuple[Said, ...]
    lead_in: str | None = None
    heads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    style: str
    numbered: bool
    entries: int
    sections: tuple[tuple[str, tuple[Part, ...]], ...] = field(default_factory=tuple)

    @property
    def statements(self) -> list[tuple[str, str, str | None, tuple[int, ...]]]:
        """(section, text, lead-in, cited entries) of each statement, in order."""
        found = []
        for heading, parts in self.sections:
            for part in parts:
                parents: list[Said] = []
                for said in part.said:
                    del parents[said.depth :]
                    lead_in = parents[-1].text if parents else part.lead_in
                    if part.kind == "table":
                        lead_in = " | ".join(part.heads)
                    found.append((heading, said.text, lead_in, said.cited))
                    parents.append(said)
        return found


def sentence(draw: st.DrawFn, end: str) -> str:
    middle = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=9))
    return " ".join(["Bone", *middle, draw(st.sampled_from(LAST))]) + end


@st.composite
def articles(draw: st.DrawFn, styles: tuple[str, ...] = STYLES) -> Written:
    style = draw(st.sampled_from(styles))
    entries = draw(st.integers(1, 8))
    numbered = draw(st.booleans()) if style in ("bare", "bracket", "raised") else False
    numbers = st.lists(st.integers(1, entries), max_size=3, unique=True).map(lambda n: tuple(sorted(n)))

    def part(kind: str) -> Part:
        count = draw(st.integers(1, 4))
        if kind == "prose":
            return Part(kind, tuple(Said(sentence(draw, "."), draw(numbers)) for _ in range(count)))
        if kind == "table":
            rows = (f"Site {chr(65 + i)} | {10 + i}% fewer {draw(st.sampled_from(LAST))}" for i in range(count))
            return Part(kind, tuple(Said(row, draw(numbers)) for row in rows), heads=("Site", "Reduction"))
        bullets: list[Said] = []
        for _ in range(count):
            depth = draw(st.integers(0, min(2, bullets[-1].depth + 1))) if bullets else 0
            bullets.append(Said(sentence(draw, ""), draw(numbers), depth=depth))
        return Part(kind, tuple(bullets), draw(st.sampled_from([None, "When estrogen falls:"])))

    headings = draw(st.lists(st.sampled_from(HEADINGS), min_size=1, max_size=3, unique=True))
    kinds = st.lists(st.sampled_from(["bullets", "prose", "table"]), min_size=1, max_size=2, unique=True)
    sections = tuple((heading, tuple(part(kind) for kind in draw(kinds))) for heading in headings)
    return Written(style, numbered, entries, sections)


def marker(style: str, cited: tuple[int, ...], *, html: bool = False) -> str:
    if not cited:
        return ""
    listed = ",".join(map(str, cited))
    if style == "bare":
        return " " + listed.replace(",", ", ")
    if style == "bracket":
        return f" [{listed}]"
    if style == "raised":
        return f"<sup>{listed}</sup>" if html else listed.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    if style == "author":
        return " (" + "; ".join(f"{SURNAMES[n - 1]}, {2000 + n}" for n in cited) + ")"
    return " [" + "; ".join(f"@doi:10.1000/{n}" for n in cited) + "]"


def expected_markers(style: str, cited: tuple[int, ...]) -> list[str]:
    named = {"author": lambda n: f"{SURNAMES[n - 1]}, {2000 + n}", "doi": lambda n: f"@doi:10.1000/{n}"}
    return [named.get(style, str)(n) for n in cited]


def cite(written: Written, said: Said, *, html: bool = False, stopped: bool = False) -> str:
    """The statement with its marker, which stands before the full stop unless it is raised or bare."""
    mark = marker(written.style, said.cited, html=html)
    text = escape(said.text, quote=False) if html else said.text
    if stopped and text.endswith(".") and written.style in ("bracket", "author", "doi"):
        return text[:-1] + mark + "."
    return text + mark


def entry(n: int) -> str:
    return f"{SURNAMES[n - 1]} AB. Study {n} of bone. Bone Journal. {2000 + n}. doi:10.1000/{n}"


def as_text(written: Written, *, markdown: bool = False) -> str:
    sign, sub = ("# ", "## ") if markdown else ("", "")
    lines = [f"{sign}What helps the bones?", ""]
    for heading, parts in written.sections:
        lines += [sub + heading, ""]
        for part in parts:
            lines += [*_text_part(written, part, markdown), ""]
    lines += [f"{sub}References", ""]
    for n in range(1, written.entries + 1):
        lines += [f"{n}. {entry(n)}"] if written.numbered else [entry(n), ""]
    return "\n".join(lines) + "\n"


def _text_part(written: Written, part: Part, markdown: bool) -> list[str]:
    if part.kind == "prose":
        return [" ".join(cite(written, said, stopped=True) for said in part.said)]
    if part.kind == "table":
        rows = [" | ".join(part.heads), *(cite(written, said) for said in part.said)]
        if not markdown:
            return [row.replace(" | ", "\t") for row in rows]
        rows.insert(1, "---|---")
        return [f"| {row} |" for row in rows]
    bullets = [f"{'    ' * said.depth}{'-' if markdown else '•'} {cite(written, said)}" for said in part.said]
    return [part.lead_in, "", *bullets] if part.lead_in else bullets


def as_html(written: Written) -> str:
    out = ["<!DOCTYPE html><html><head><title>x</title></head><body><h1>What helps the bones?</h1>"]
    for heading, parts in written.sections:
        out.append(f"<h2>{heading}</h2>")
        for part in parts:
            out.append(_html_part(written, part))
    items = "".join(f"<li>{entry(n)}</li>" for n in range(1, written.entries + 1))
    tag = "ol" if written.numbered else "ul"
    out.append(f"<h2>References</h2><{tag}>{items}</{tag}></body></html>")
    return "\n".join(out)


def _html_part(written: Written, part: Part) -> str:
    if part.kind == "prose":
        return "<p>" + " ".join(cite(written, said, html=True, stopped=True) for said in part.said) + "</p>"
    if part.kind == "table":
        rows = "".join(
            f"<tr><td>{cite(written, said, html=True).replace(' | ', '</td><td>')}</td></tr>" for said in part.said
        )
        return f"<table><tr><th>{'</th><th>'.join(part.heads)}</th></tr>{rows}</table>"
    out = f"<p>{part.lead_in}</p>" if part.lead_in else ""
    depth = -1
    for said in part.said:
        out += "<ul>" if said.depth > depth else "</li></ul>" * (depth - said.depth) + "</li>"
        out += f"<li>{cite(written, said, html=True)}"
        depth = said.depth
    return out + "</li></ul>" * (depth + 1)
