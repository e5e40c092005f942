"""Bank Markdown loses nothing, and says where a file is wrong."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbank.exchange import bank_markdown
from qbank.exchange.report import Outcome, Refused, collect
from qbank.items.record import ItemRecord, OptionRecord, StatementLink
from tests.exchange.records import records

HEAD = b"---\nid: x\n---\n"
OPTIONS = b"# Options\n\n- [ ] Gout\n- [x] Scurvy\n"


def read(data: bytes) -> list[Outcome]:
    return list(bank_markdown.read(data))


def read_one(data: bytes) -> ItemRecord:
    (outcome,) = read(data)
    assert isinstance(outcome, ItemRecord), outcome
    return outcome


def refused(data: bytes) -> Refused:
    (outcome,) = read(data)
    assert isinstance(outcome, Refused), outcome
    return outcome


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(records(), max_size=2))
def test_what_is_written_reads_back_as_the_same_records(items: list[ItemRecord]) -> None:
    assert read(b"".join(bank_markdown.write(items))) == items


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records())
def test_a_second_export_is_byte_for_byte_the_first(item: ItemRecord) -> None:
    first = b"".join(bank_markdown.write([item]))
    assert b"".join(bank_markdown.write(collect(bank_markdown.read(first)).items)) == first


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(
    ["---", "id: a", "tags: [a", "- b", "# Stem", "# Options", "# Explanation", "- [x] a", "- [ ] b", "  > why",
     "  more", "x", "", "&a *a", "\\---", "\t> t", "# Nothing", "statements: [{id: s1}]", "  > why [@s1]"]
), max_size=25))  # fmt: skip
def test_any_file_is_read_or_refused_with_a_line_that_it_has(lines: list[str]) -> None:
    for outcome in read("\n".join(lines).encode()):
        if isinstance(outcome, Refused):
            assert 1 <= outcome.line <= len(lines) + 1
            assert outcome.cause


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_items_are_refused_and_never_raise(data: bytes) -> None:
    for outcome in read(data):
        assert isinstance(outcome, ItemRecord | Refused)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    data = HEAD + b"# Stem\n\nA stem.\nOn two lines.\n\n" + OPTIONS
    assert read_one(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")) == read_one(data)


def test_plain_words_of_the_head_stay_text() -> None:
    item = read_one(b"---\nid: 010\ntags: [No, 1:30, 2024-01-02, yes]\n---\n# Stem\nA\n" + OPTIONS)
    assert (item.external_id, item.tags) == ("010", ("No", "1:30", "2024-01-02", "yes"))


def test_an_option_named_no_stays_text() -> None:
    item = read_one(HEAD + b"# Stem\nA\n# Options\n- [x] No\n- [ ] 1:30\n")
    assert [option.text for option in item.options] == ["No", "1:30"]


def test_a_marker_at_the_end_of_a_rationale_becomes_the_statement_that_the_head_quotes() -> None:
    item = read_one(
        b"---\nstatements:\n  - {article: bone, id: s1, quote: Bone is lost.}\n---\n# Stem\nA\n"
        b"# Options\n- [x] Gout\n  > It is.\n  > [@s1]\n"
    )
    link = StatementLink("bone", "s1", "Bone is lost.")
    assert item.options[0] == OptionRecord("Gout", key=True, rationale="It is.", statements=(link,))


def test_a_marker_of_two_articles_needs_the_articles_name() -> None:
    head = b"---\nstatements: [{article: a, id: s1}, {article: b, id: s1}]\n---\n# Stem\nA\n# Options\n"
    assert "more than one statement" in refused(head + b"- [x] Gout\n  > It is. [@s1]\n").cause
    assert read_one(head + b"- [x] Gout\n  > It is. [@b/s1]\n").options[0].statements == (StatementLink("b", "s1"),)


def test_lists_quotes_and_tables_stand_in_options_and_rationales() -> None:
    option = OptionRecord("| a |\n|---|\n\n> quote\n\n    code", rationale="1. one\n2. two\n\n> deep")
    item = ItemRecord(stem="# Options\n---\n- [x] no", options=(option,))
    assert read(b"".join(bank_markdown.write([item]))) == [item]


@pytest.mark.parametrize(
    ("data", "line", "cause"),
    [
        (b"Hello\n", 1, "there is no head"),
        (b"\n---\nid: x\n", 2, "not closed"),
        (b"---\nid: x\nid: y\n---\n", 3, "'id' is given twice"),
        (b"---\nid: &a x\n---\n", 2, "anchors"),
        (b"---\nid: !!int 3\n---\n", 2, "tags (!)"),
        (b"---\n- a\n---\n", 2, "key: value"),
        (b"---\nid: [a\n---\n", 3, "not YAML"),
        (HEAD + b"text\n# Stem\nA\n" + OPTIONS, 4, "before the first section"),
        (HEAD + b"# Stem\nA\n# Optoins\n- [ ] a\n", 6, "did you mean '# Options'?"),
        (HEAD + b"# Stem\nA\n\n# Stem\nB\n" + OPTIONS, 7, "given twice"),
        (HEAD + OPTIONS, 4, "no section '# Stem'"),
        (HEAD + b"# Stem\nA\n# Options\n- Gout\n", 7, "an option begins with '- [ ] '"),
        (HEAD + b"# Stem\nA\n# Options\n- [ ] Gout\nor so\n", 8, "indent"),
        (HEAD + b"# Stem\nA\n# Options\n- [ ] Gout\n  > why\n  more\n", 9, "behind a rationale"),
        (HEAD + b"# Stem\nA\n# Options\n- [ ] Gout\n  > why [@s7]\n", 7, "[@s7] names no statement"),
        (b"---\nstem: A\n---\n# Stem\nA\n" + OPTIONS, 2, "'stem' is not a key of the head"),
        (b"---\nid: x\ncolour: red\n---\n# Stem\nA\n" + OPTIONS, 3, "colour is not a key"),
        (b"---\nid: [x]\n---\n# Stem\nA\n" + OPTIONS, 2, "id must be text, not a list"),
        (b"---\ntags: x\n---\n# Stem\nA\n" + OPTIONS, 2, "tags must be a list"),
        (b"---\nreferences:\n  - title: T\n    year: MMX\n---\n# Stem\nA\n" + OPTIONS, 4, "year must be a whole"),
        (b"---\nstatus: done\n---\n# Stem\nA\n" + OPTIONS, 2, "status is 'done'"),
        (HEAD + b"# Stem\nA\0\n" + OPTIONS, 4, "stem holds a NUL"),
        (HEAD + b"# Stem\n" + b"A" * 50_001 + b"\n" + OPTIONS, 4, "stem is longer than 50,000 characters"),
        (HEAD + b"# Stem\nA\n# Options\n- [ ] a\n- [ ] b\0\n", 8, "option 2: text holds a NUL"),
        (HEAD + b"# Stem\n\xff\n" + OPTIONS, 5, "not UTF-8"),
        (b"---\noption_notes: [{option: 3, origin: z}]\n---\n# Stem\nA\n" + OPTIONS, 2, "there is no option 3"),
        (b"---\noption_notes: [{option: 1, colour: z}]\n---\n# Stem\nA\n" + OPTIONS, 2, "'colour' is not one of"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_cause(data: bytes, line: int, cause: str) -> None:
    told = refused(data)
    assert cause in told.cause
    assert (told.record, told.line) == (1, line)


def test_all_faults_of_a_record_are_told_at_once() -> None:
    cause = refused(b"---\nstatus: done\ncolour: red\ntags: x\n---\n# Stem\nA\n" + OPTIONS).cause
    assert all(word in cause for word in ("status", "colour", "tags"))


def test_one_bad_record_leaves_the_others_readable() -> None:
    good = HEAD + b"# Stem\nA\n" + OPTIONS
    result = collect(bank_markdown.read(good + b"\n---\nid: [\n---\n# Stem\nB\n\n" + good))
    assert (len(result.items), len(result.refused), result.found) == (2, 1, 3)
    assert result.refused[0].record == 2
    assert result.items[1].line > result.refused[0].line


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    bomb = b"---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n# Stem\nA\n" + OPTIONS
    assert "anchors" in refused(bomb).cause


@pytest.mark.parametrize("depth", [9, 20, 5_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    assert "nest" in refused(b"---\na: " + b"[" * depth + b"]" * depth + b"\n---\n").cause


def test_a_rule_inside_a_text_is_explained_where_it_is_taken_for_an_item() -> None:
    result = collect(bank_markdown.read(HEAD + b"# Stem\nA\n" + OPTIONS + b"# Explanation\nB\n---\nC: D: E\n---\n"))
    assert "write a rule as '***'" in result.refused[0].cause


def test_an_endless_item_is_refused_without_being_kept() -> None:
    data = HEAD + b"# Stem\n" + (b"x" * 999 + b"\n") * 5_000
    assert "longer than 4,000,000 characters" in refused(data).cause


def test_reading_streams() -> None:
    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.block = HEAD + b"# Stem\nA\n" + OPTIONS
            self.given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            self.given += 1
            buffer[: len(self.block)] = self.block
            return len(self.block)

    endless = Endless()
    outcomes = bank_markdown.read(io.BufferedReader(endless))  # type: ignore[arg-type]
    assert all(isinstance(next(outcomes), ItemRecord) for _ in range(50))
    assert endless.given < 60


def test_half_characters_and_nul_cannot_be_written() -> None:
    item = ItemRecord(stem="A", options=(), external_id="x7")
    for stem in ("\ud800", "\0"):
        with pytest.raises(ValueError, match="item x7 cannot be written"):
            list(bank_markdown.write([replace(item, stem=stem)]))
