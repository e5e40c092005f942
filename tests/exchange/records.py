"""Arbitrary item records, with texts that look like the formats' own structure."""

from __future__ import annotations

from hypothesis import strategies as st

from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord, StatementLink

TRICKY_LINES = [
    "", " ", "   ", "\t", "\\", "\\\\", "\\  ", "---", "--- ", "\\---", "***", "# Options", "# Stem", "#", "\\# Stem",
    "## Heading", "- [x] not an option", "- [ ]", "  - [x] indented", "> quote", ">", "  > deep", "\\> quote", "\\\\>",
    "```", "    code", "| a | b |", "|---|---|", "β-catenin ≥ 2 µg", "ends in spaces  ", "[@s30]", "\\[@s30]",
    "see [@a/s1] [@s2]", "[@s30] ", "key: value", "{a: 1}", "*x*", "&a", "!tag", "No", "null", "~", "1:30", "010",
    '"quoted"', "'", "\u2028", "\u0085", "\x0b", "\x7f", "\ufeff", "\ufffe", "𝛼", "# ", "-", "…", "\x1c", "\xa0",
]  # fmt: skip

characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0\r")
prose = st.one_of(
    st.lists(st.sampled_from(TRICKY_LINES), max_size=5).map("\n".join),
    st.lists(st.one_of(st.sampled_from(TRICKY_LINES), st.text(characters, max_size=12)), max_size=4).map("\n".join),
    st.text(characters, max_size=30),
)
printable = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn", "Co", "Cf", "Zs"))
codes = st.one_of(
    st.sampled_from(["s1", "s2", "a/s1", "a", "No", "010", "null", "a b", "#x", "x]", "β", "-", "yes", "é: "]),
    st.text(printable, min_size=1, max_size=8),
)
links = st.builds(
    StatementLink,
    article=st.one_of(st.sampled_from(["a", "b", ""]), codes),
    id=codes,
    quote=st.one_of(st.none(), prose),
)
references = st.builds(
    ReferenceRecord,
    title=prose,
    authors=st.none() | prose,
    container=st.none() | prose,
    year=st.none() | st.integers(0, 9999),
    kind=st.none() | codes,
    doi=st.none() | prose,
    pmid=st.none() | codes,
    url=st.none() | prose,
)


def _many(of: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=most).map(tuple)


@st.composite
def records(draw: st.DrawFn) -> ItemRecord:
    """Draw an item whose options rest on its own statements or on others."""
    statements = draw(_many(links))
    linked = _many(st.sampled_from(statements) | links) if statements else _many(links, 1)
    options = st.builds(
        OptionRecord,
        text=prose,
        key=st.booleans(),
        rationale=st.none() | prose | st.sampled_from(["Because.", "Because [@s1]", "Because. \\[@s1]"]),
        statements=linked,
        origin=st.none() | prose,
        needs_expert=st.booleans(),
    )
    text = st.none() | prose
    return draw(
        st.builds(
            ItemRecord,
            stem=prose,
            options=_many(options, 4),
            id=st.none() | codes,
            external_id=st.none() | codes,
            status=st.sampled_from(["draft", "live", "retired"]),
            lead_in=text,
            objective=text,
            explanation=text,
            references=_many(references, 2),
            statements=st.just(statements),
            systems=_many(codes),
            disciplines=_many(codes),
            tasks=_many(codes),
            tags=_many(codes),
            difficulty=st.sampled_from([None, "easy", "medium", "hard"]),
            vignette=text,
            media=_many(prose),
            enemies=_many(codes),
            shuffle=st.booleans(),
            doubt=text,
            rule=st.none() | codes,
        )
    )
