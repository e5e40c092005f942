"""Terms by type: looking phrases up, and refusing files that are wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.lexicon import Lexicon, LexiconError, Term, load_lexicon, normalise

LEXICON = load_lexicon()


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("estrogen deficiency", "deficiency"),
        ("Prolactin deficiency", "deficiency"),
        ("dental extractions", "procedure"),
        ("alendronate", "drug"),
        ("Bisphosphonates", "drug class"),
        ("RANKL (nuclear factor-κβ ligand)", "cytokine"),
        ("the FRAX™", "risk score"),
        ("osteonecrosis of the jaw", "adverse effect"),
        ("mesenchymal stem cell differentiation to osteoblasts", "tissue process"),
        ("an ACTH assay", "test"),
        ("hip fracture", "fracture"),
        ("severe renal failure in women", "disease"),
    ],
)
def test_a_phrase_has_the_type_of_its_name_or_of_its_head_noun(phrase: str, kind: str) -> None:
    assert LEXICON.semantic_type(phrase) == kind


@pytest.mark.parametrize("phrase", ["", "   ", "the mother", "...", "x" * 5000])
def test_what_is_not_known_has_no_type(phrase: str) -> None:
    assert LEXICON.semantic_type(phrase) is None


def test_a_dental_extraction_is_not_alike_with_three_deficiencies() -> None:
    kinds = [LEXICON.semantic_type(f"{hormone} deficiency") for hormone in ("Estrogen", "Prolactin", "Progesterone")]
    assert set(kinds) == {"deficiency"}
    assert not LEXICON.alike("estrogen deficiency", "dental extractions")


def test_a_signal_is_alike_with_a_pathway_through_their_family() -> None:
    assert LEXICON.alike("RANKL", "BMP signaling")
    assert not LEXICON.alike("RANKL", "hip fracture")


def test_every_shipped_name_is_found_under_its_own_type() -> None:
    for term in LEXICON.terms:
        for name in term.names:
            assert term.semantic_type in LEXICON.semantic_types(name), name


def test_every_type_that_drafting_draws_on_has_enough_terms_for_four_options() -> None:
    for kind in {term.semantic_type for term in LEXICON.terms}:
        assert len(LEXICON.of_type(kind)) >= 4, kind


def test_terms_are_spotted_longest_first_with_their_places() -> None:
    text = "Vitamin D deficiency and vitamin D supplementation"
    found = [(spot.term.name, text[spot.start : spot.end]) for spot in LEXICON.spot(text)]
    assert found == [("vitamin D deficiency", "Vitamin D deficiency"), ("vitamin D", "vitamin D")]


def test_siblings_of_the_same_class_come_first_and_then_the_nearest() -> None:
    lexicon = Lexicon.of(
        [
            Term("a", "drug", (), "one"),
            Term("b", "drug", (), "two"),
            Term("c", "drug", (), "three"),
            Term("d", "drug", (), "one"),
        ]
    )
    term = lexicon.find("a")
    assert term is not None
    assert [other.name for other in lexicon.siblings(term)] == ["d", "b", "c"]


@given(st.lists(st.from_regex(r"[a-z]{1,9}(-[a-z]{1,5})?", fullmatch=True), max_size=5))
def test_case_spacing_and_sentence_marks_do_not_matter(words: list[str]) -> None:
    assert normalise(" ".join(words)) == normalise(f"  {'  '.join(words).upper()}, ")


@given(st.text(max_size=80))
def test_any_text_can_be_looked_up(text: str) -> None:
    for spot in LEXICON.spot(text):
        assert 0 <= spot.start < spot.end <= len(text)
    LEXICON.semantic_types(text)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("type: drug\nterms: [a]\n", "mapping"),
        ("type: drug\nterms:\n  c:\n    a: b\n", "list"),
        ("terms:\n  c:\n    a: []\n", "type must be text"),
        ("type: drug\ncolour: red\n", "colour"),
        ("type: drug\nterms:\n  c:\n    a: []\n    a: []\n", "line"),
        ("type: &x drug\nheads: [*x]\n", "line"),
        ("type: [unclosed\n", "line"),
    ],
)
def test_a_wrong_term_file_is_refused_with_its_name_and_the_cause(tmp_path: Path, content: str, cause: str) -> None:
    (tmp_path / "wrong.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError) as caught:
        load_lexicon(tmp_path)
    assert "wrong.yaml" in caught.value.message
    assert cause in caught.value.message


def test_a_folder_that_is_not_there_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="no folder"):
        load_lexicon(tmp_path / "nowhere")
    (tmp_path / "bytes.yaml").write_bytes(b"type: \xff\xfe\n")
    with pytest.raises(LexiconError, match="UTF-8"):
        load_lexicon(tmp_path)


def test_a_folder_of_ones_own_replaces_the_shipped_terms(tmp_path: Path) -> None:
    (tmp_path / "birds.yaml").write_text("type: bird\nterms:\n  owl:\n    tawny owl: [brown owl]\n", encoding="utf-8")
    lexicon = load_lexicon(tmp_path)
    assert lexicon.semantic_type("Brown owls") == "bird"
    assert lexicon.semantic_type("alendronate") is None
