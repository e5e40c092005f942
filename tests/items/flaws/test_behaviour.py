"""What authors see: golden cases, half-written items, and silence on good ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbank.items.flaws import CHECKS, Severity, check_bank, check_item
from qbank.items.flaws.finding import example
from qbank.items.record import ItemRecord, OptionRecord
from tests.exchange.records import records

CAUSE = (
    "What is the primary cause of bone resorption in postmenopausal women, leading to a higher incidence of fractures?"
)


def codes(record: ItemRecord) -> set[str]:
    return {found.code for found in check_item(record)}


def test_three_deficiencies_and_a_procedure_are_not_alike() -> None:
    record = example(
        "", CAUSE, "*estrogen deficiency", "prolactin deficiency", "progesterone deficiency", "dental extractions"
    )
    (found,) = [found for found in check_item(record) if found.code == "unlike_options"]
    assert found.option == 3
    assert "A, B and C are deficiencies" in found.message
    assert "D ('dental extractions') is a procedure" in found.message
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize("key", range(4))
def test_four_deficiencies_are_alike_whichever_is_the_key(key: int) -> None:
    names = ["estrogen deficiency", "prolactin deficiency", "progesterone deficiency", "vitamin D deficiency"]
    record = example("", CAUSE, *(f"*{name}" if index == key else name for index, name in enumerate(names)))
    assert codes(record) == set()


GOOD_ITEMS = [
    example(
        "A 67-year-old man is brought to the emergency department because of crushing chest pain for 2 hours. He has "
        "hypertension and does not smoke. His pulse is 104/min and blood pressure is 96/60 mm Hg. ECG shows ST-segment "
        "elevation in leads II, III, and aVF.",
        "Occlusion of which of the following arteries is the most likely cause of these findings?",
        "Left anterior descending artery",
        "Left circumflex artery",
        "*Right coronary artery",
        "Left main coronary artery",
    ),
    example(
        "A 24-year-old woman comes to the physician because of a 3-month history of palpitations and weight loss. She "
        "usually feels warm. Examination shows a diffuse goiter and exophthalmos.",
        "Which of the following sets of laboratory findings is most likely?",
        "*Decreased TSH and increased free T4",
        "Increased TSH and increased free T4",
        "Decreased TSH and decreased free T4",
        "Increased TSH and decreased free T4",
    ),
    example(
        "A 54-year-old woman has not had a menstrual period for 2 years. DEXA shows a T-score of -2.7 at the hip. Her "
        "serum calcium and creatinine are within the reference range.",
        "Which of the following is the most appropriate next step in management?",
        "*Alendronate",
        "Bone biopsy",
        "MRI of the hip",
        "Repeat DEXA in 1 year",
        "Reassurance",
    ),
    example(
        "A 3-year-old boy is not able to bear weight on his right leg since a fall yesterday. He never had a fracture "
        "before. His sclerae are blue.",
        "A mutation in a gene that encodes which of the following proteins is the most likely cause?",
        "Fibrillin-1",
        "*Type I collagen",
        "Type IV collagen",
        "Elastin",
        "Dystrophin",
    ),
    example(
        "A study of 400 women compares hip fractures under a new drug with those under placebo. The absolute risk "
        "falls from 4% to 2%.",
        "What is the number needed to treat?",
        "2",
        "20",
        "*50",
        "100",
        "200",
    ),
    example(
        "A 70-year-old woman with osteoporosis begins an agent that binds RANKL. The nurse asks how often it is given.",
        "Which of the following is the usual interval between doses?",
        "1 month",
        "3 months",
        "*6 months",
        "12 months",
    ),
    example(
        "An infant is jaundiced on the second day of life. The mother's blood group is O.",
        "Which of the following best explains why the infant does not have hydrops?",
        "*Few A and B antigens on fetal red cells",
        "Absence of maternal IgG",
        "Late expression of rhesus antigens",
        "Rapid clearance by the placenta",
    ),
    example(
        "The substance that rises first when the serum calcium concentration falls is",
        "",
        "*parathyroid hormone",
        "calcitonin",
        "cortisol",
        "prolactin",
    ),
]


@pytest.mark.parametrize("record", GOOD_ITEMS, ids=lambda record: record.stem[:30])
def test_good_board_items_are_left_in_peace(record: ItemRecord) -> None:
    assert [found.message for found in check_item(record)] == []


def test_good_items_together_are_left_in_peace() -> None:
    named = [replace(record, external_id=f"q{n}") for n, record in enumerate(GOOD_ITEMS)]
    assert [found.message for found in check_bank(named)] == []


def test_an_item_that_is_not_begun_has_no_traceback_and_no_false_alarm() -> None:
    assert codes(ItemRecord(stem="", options=())) == {"too_few_options", "no_question", "missing_reference"}
    blank = ItemRecord(stem=" ", options=(OptionRecord(""), OptionRecord("")))
    assert "duplicate_options" not in codes(blank)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(records())
def test_whatever_stands_in_an_item_every_finding_points_into_it(record: ItemRecord) -> None:
    for found in check_item(record) + check_bank([record, replace(record, external_id="other")]):
        assert found.message
        assert found.suggestion
        assert found.start <= found.end
        if found.option is not None:
            assert 0 <= found.option < len(record.options)


NOISE = st.sampled_from(
    [
        "a",
        "an",
        "not",
        "all of the above",
        "1-2 mg",
        "A and B",
        "only",
        "___",
        "[x](",
        "**",
        "I.",
        "?",
        "true",
        "is",
        "\n",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(NOISE, max_size=12), st.lists(st.lists(NOISE, max_size=5), max_size=6), st.integers(0, 5))
def test_words_that_checks_look_for_never_break_them(stem: list[str], options: list[list[str]], key: int) -> None:
    record = ItemRecord(
        stem=" ".join(stem),
        lead_in=" ".join(stem[:6]),
        options=tuple(OptionRecord(" ".join(words), key=n == key) for n, words in enumerate(options)),
    )
    for found in check_item(record):
        text = record.options[found.option].text if found.option is not None else None
        assert text is None or found.end <= max(len(text), 0)


@pytest.mark.parametrize("unit", ["[a](", "\n", "__ ", "(A) and ", "1-", ", ", '." A', "not is ", "a and ", "\\"])
def test_the_work_on_a_hostile_text_grows_with_its_length_only(unit: str) -> None:
    record = ItemRecord(
        stem=unit * 10_000,
        lead_in=unit * 10_000,
        options=tuple(OptionRecord(unit * 10_000 + str(n), key=n == 0) for n in range(5)),
    )
    assert isinstance(check_item(record), list)  # a check that backtracks would not come back


def test_an_item_finding_names_the_item_and_errors_come_first() -> None:
    record = replace(example("A.", "Which is it?", "One", "one", "Never"), external_id="q7", references=())
    found = check_item(record)
    assert {entry.item for entry in found} == {"q7"}
    weights = [[Severity.ERROR, Severity.WARNING, Severity.HINT].index(entry.severity) for entry in found]
    assert weights == sorted(weights)


def test_a_lexicon_of_ones_own_is_asked_for_kinds() -> None:
    class Kinds:
        def semantic_type(self, text: str) -> str | None:
            return "procedure" if text == "Blorp" else "hormone"

    record = example("", "Which of these is made here?", "*Flib", "Flob", "Flub", "Blorp")
    assert "unlike_options" not in codes(record)
    assert "unlike_options" in {found.code for found in check_item(record, lexicon=Kinds())}


CODES = """
all_of_the_above none_of_the_above duplicate_options negative_lead_in no_question absolute_term vague_term longest_key
word_repeat option_order overlapping_options mixed_units grammar_cue blank_not_at_end unlike_options complex_options
true_false_series convergence exhaustive_pair unfocused_stem long_stem hinged no_key several_keys too_few_options
missing_rationale missing_reference
"""


def test_every_documented_code_is_registered() -> None:
    assert {check.code for check in CHECKS} == set(CODES.split())
