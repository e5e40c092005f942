"""Which numbers are citations, in each style."""

import pytest

from qbank.articles.document import CitationStatus
from qbank.articles.reading import read_article
from qbank.articles.reading.bare import find_bare
from qbank.articles.reading.markers import expand_numbers, find_marks, take_out
from qbank.articles.reading.passage import cut


def marks(text: str) -> tuple[str, list[str]]:
    found = find_marks(text)
    return take_out(cut(text, 0, len(text)), found).text, [m for mark in found for m in mark.markers]


@pytest.mark.parametrize(
    ("text", "markers"),
    [
        ("Calcium-enriched diet (1000-1200 mg daily) 1, 3", ["1", "3"]),
        ("Calcium 1200 mg daily 1, 3", ["1", "3"]),
        ("Estrogen therapy reduces fracture risk 5", ["5"]),
        ("Loss slows with therapy 1-3", ["1", "2", "3"]),
        ("Loss slows with therapy 2.", ["2"]),
        ("Risk rises in women aged over 50. 1", ["1"]),
        ("Bone density is measured with DXA.1,2", ["1", "2"]),
        ("Cytokines rise (IL-1, IL-6, TNF) 2", ["2"]),
        ("combined with age over 50 4", ["4"]),
    ],
)
def test_a_trailing_number_is_a_marker_where_it_can_be_one(text: str, markers: list[str]) -> None:
    mark = find_bare(text, 20)
    assert mark is not None
    assert list(mark.markers) == markers


@pytest.mark.parametrize(
    "text",
    [
        "FRAX combined with age over 50",
        "FRAX combined with age over 12",
        "Diabetes mellitus type 2",
        "T-scores below -2",
        "a T-score of 2",
        "a threshold of -2.5",
        "raised IL-1 and IL-6",
        "vitamin B 12",
        "the score was 3",
        "Calcium intake reaches 400",
        "risk ratio < 1",
        "a ratio of 1, 3",
        "in 1990",
        "12",
        "Table 3",
    ],
)
def test_a_trailing_number_is_no_marker_where_the_words_call_for_it(text: str) -> None:
    assert find_bare(text, 20) is None


@pytest.mark.parametrize(
    ("text", "left", "markers"),
    [
        ("Loss rises [1].", "Loss rises.", ["1"]),
        ("Loss rises [1-3] in women.", "Loss rises in women.", ["1", "2", "3"]),
        ("Loss rises [1,3], then slows [2].", "Loss rises, then slows.", ["1", "3", "2"]),
        ("Loss rises [1], [2].", "Loss rises.", ["1", "2"]),
        ("Loss rises.¹,³", "Loss rises.", ["1", "3"]),
        ("Loss rises¹⁻³.", "Loss rises.", ["1", "2", "3"]),
        ("Loss rises (Smith, 2023).", "Loss rises.", ["Smith, 2023"]),
        ("Loss (Smith et al., 2019; Lee & Wu, 2020a).", "Loss.", ["Smith et al., 2019", "Lee & Wu, 2020a"]),
        ("Loss rises [@doi:10.1000/182].", "Loss rises.", ["@doi:10.1000/182"]),
        ("Loss rises.[^note]", "Loss rises.", ["note"]),
    ],
)
def test_a_marker_that_shows_itself_is_taken_out_of_the_text(text: str, left: str, markers: list[str]) -> None:
    assert marks(text) == (left, markers)


@pytest.mark.parametrize(
    "text",
    [
        "a density of 0.9 g/cm²",
        "5 × 10⁹ cells",
        "the isotope ¹³C",
        "Ca²⁺ enters",
        "women (in 2010)",
        "a loss (March, 2010)",
        "values [0.5-1.2] differ",
        "the interval [0, 1]",
        "estrogens [see below] help",
        "women (27% risk reduction with HRT)",
    ],
)
def test_powers_isotopes_dates_and_intervals_are_no_markers(text: str) -> None:
    assert marks(text) == (text, [])


@pytest.mark.parametrize("body", ["0", "3-1", "1-999", "1000", "1,,2", "", "a", "1-2-3", "1" * 5000])
def test_what_is_no_sound_list_of_numbers_gives_none(body: str) -> None:
    assert expand_numbers(body) == ()


def test_bare_numbers_are_left_alone_where_the_article_cites_in_brackets() -> None:
    article = read_article("What helps?\n\n- Exercise helps [1]\n- Calcium helps [2]\n- Take tablets twice, then 1\n")
    assert article.statements[2].text == "Take tablets twice, then 1"
    assert not article.statements[2].citations


def test_author_and_year_link_to_the_one_entry_they_fit_and_say_when_two_do() -> None:
    article = read_article(
        "What helps?\n\nExercise helps (Smith et al., 2019). Calcium helps (Kanis, 2008). Sun helps (Doe, 2001).\n\n"
        "References\n\n"
        "Smith AB, Jones CD. Exercise and bone. J Bone. 2019.\n\n"
        "Kanis JA. Calcium first. Lancet. 2008.\n\n"
        "Kanis JA. Calcium second. Lancet. 2008.\n"
    )
    found = [(c.marker, c.status, c.reference) for s in article.statements for c in s.citations]
    assert found == [
        ("Smith et al., 2019", CitationStatus.BY_NUMBER, "r1"),
        ("Kanis, 2008", CitationStatus.MISSING, None),
        ("Doe, 2001", CitationStatus.MISSING, None),
    ]
    codes = {p.code for p in article.problems}
    assert {"ambiguous_marker", "marker_without_entry"} <= codes
    assert "position_numbering_unsafe" not in codes


def test_names_in_a_sentence_cite_and_stay_in_it() -> None:
    article = read_article(
        "What helps?\n\nSmith et al. (2019) saw less bone loss. Kanis (2008) did not. Denmark (2019) pays for it."
        " Miller and Baker (2018) agree [@doi:10.1000/7].\n\n"
        "References\n\nSmith AB, Jones CD. Exercise and bone. J Bone. 2019.\n\n"
        "Kanis JA. Calcium first. Lancet. 2008. doi:10.1000/7\n"
    )
    assert [(s.text, [(c.marker, c.reference) for c in s.citations]) for s in article.statements] == [
        ("Smith et al. (2019) saw less bone loss.", [("Smith et al. (2019)", "r1")]),
        ("Kanis (2008) did not.", [("Kanis (2008)", "r2")]),
        ("Denmark (2019) pays for it.", []),
        ("Miller and Baker (2018) agree.", [("Miller and Baker (2018)", None), ("@doi:10.1000/7", "r2")]),
    ]
