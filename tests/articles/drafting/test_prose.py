"""Six short texts of other specialties and styles: what they give was judged draft by draft, and stays so.

The texts and their references are invented test data.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from qbank.articles.document import Article, CitationStatus
from qbank.articles.drafting import DraftReport, draft_items
from qbank.articles.reading import read_article
from tests.articles.drafting.test_invariants import everything_holds

FOLDER = Path(__file__).parents[1] / "fixtures" / "prose"
NAMES = sorted(path.name for path in FOLDER.iterdir())


def read(name: str) -> Article:
    return read_article((FOLDER / name).read_text(encoding="utf-8"), name=name)


def report_of(name: str) -> DraftReport:
    return draft_items(read(name))


def test_there_are_six_texts() -> None:
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_each_text_is_read_with_every_statement_cited(name: str) -> None:
    article = read(name)
    assert len(article.references) == 2
    for statement in article.statements:
        assert statement.citations, statement.text
        assert all(citation.status is CitationStatus.BY_NUMBER for citation in statement.citations)


@pytest.mark.parametrize("name", NAMES)
def test_each_text_keeps_every_invariant(name: str) -> None:
    article = read(name)
    everything_holds(article, draft_items(article))


@pytest.mark.parametrize(
    ("name", "stem", "key"),
    [
        ("cardiology-textbook.md", "Which of the following is a beta blocker?", "Metoprolol"),
        ("cardiology-textbook.md", "The starting dose of bisoprolol is usually how many mg once daily?", "1.25 mg"),
        (
            "infection-abstract.txt",
            "Which of the following is the most common cause of community-acquired pneumonia in adults?",
            "Streptococcus pneumoniae",
        ),
        (
            "nephrology-guideline.txt",
            "Metformin is not recommended for patients with an estimated glomerular filtration rate (eGFR) below which "
            "value?",
            "30 mL/min",
        ),
        ("nephrology-guideline.txt", "Dietary sodium should be limited to how many g per day?", "2 g"),
        (
            "neurology-textbook.md",
            "Which of the following is the most common cause of cardioembolic stroke in older adults?",
            "Atrial fibrillation",
        ),
        (
            "paediatrics-guideline.txt",
            "Which of the following is the most common cause of bronchiolitis in infants?",
            "Respiratory syncytial virus",
        ),
        (
            "pharmacology-abstract.md",
            "Compared with warfarin, apixaban has which of the following?",
            "Fewer drug interactions",
        ),
    ],
)  # fmt: skip
def test_what_the_texts_say_outright_is_asked(name: str, stem: str, key: str) -> None:
    assert key in [item.key.text for item in report_of(name).items if item.stem == stem]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("neurology-textbook.md", "Preventive drugs include"),  # against what, the sentence does not say
        ("neurology-textbook.md", "more common in women than in men"),  # holds for many diseases
        ("neurology-textbook.md", "4.5 hours of onset"),  # onset of what
        ("paediatrics-guideline.txt", "Salbutamol is not recommended"),  # says nothing of other diseases
        ("nephrology-guideline.txt", "in advanced disease"),  # of what
        ("infection-abstract.txt", "whereas doxycycline"),  # two claims
    ],
)
def test_what_would_make_a_poor_question_is_left_alone_with_a_reason(name: str, text: str) -> None:
    (statement,) = [one for one in read(name).statements if text in one.text]
    assert dict(report_of(name).without_item)[statement.id]


def test_a_turned_combination_uses_verbs_that_fit_what_they_act_on() -> None:
    items = [item for item in report_of("pharmacology-abstract.md").items if item.rule == "polarity-grid"]
    assert {option.text for item in items for option in item.options} >= {
        "Induces CYP2C9 and increases the INR",
        "Inhibits CYP2C9 and reduces the INR",
        "Induces CYP2C9 and reduces the INR",
    }


def test_a_limit_in_per_cent_has_no_value_beyond_the_scale() -> None:
    (item,) = [item for item in report_of("paediatrics-guideline.txt").items if item.rule == "threshold"]
    assert all(0 < float(option.text.rstrip("%")) <= 100 for option in item.options)


def test_known_true_effects_of_a_drugs_class_are_not_offered_as_wrong() -> None:
    for item in report_of("cardiology-textbook.md").items:
        offered = {option.text for option in item.options if not option.key}
        if "lisinopril" in item.stem:
            assert not {"Agranulocytosis", "Thrombocytopenia", "Hyponatremia", "Dry cough"} & offered
