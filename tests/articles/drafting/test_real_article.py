"""What drafting gives for the real article."""

from __future__ import annotations

import json

from qbank.articles.document import Article
from qbank.articles.drafting import DraftReport
from qbank.articles.drafting.as_json import report_to_dict


def test_it_gives_at_least_thirty_drafts_from_at_least_twenty_four_statements(real_report: DraftReport) -> None:
    assert len(real_report.items) >= 30
    assert len({name for item in real_report.items for name in item.statements}) >= 24


def test_its_own_item_is_among_them(real_article: Article, real_report: DraftReport) -> None:
    item = next(item for item in real_report.items if item.rule == "contrast")
    assert item.stem == real_article.title
    assert item.key.text == "Estrogen deficiency"
    assert {option.text for option in item.options if not option.key} == {
        "Prolactin deficiency",
        "Progesterone deficiency",
        "Dental extractions",
    }
    assert real_article.statement("s30").text in item.explanation
    assert (
        item.objective
        == "Recognise estrogen deficiency as the primary cause of bone resorption in postmenopausal women."
    )


def test_a_marker_without_entry_is_said_and_gives_no_reference(real_report: DraftReport) -> None:
    items = [item for item in real_report.items if item.statements == ("s22",)]
    assert items
    for item in items:
        assert "marker 6 has no entry" in item.explanation
        assert item.references == ()


def test_what_may_be_right_outside_the_article_is_never_offered(real_report: DraftReport) -> None:
    for item in real_report.items:
        offered = {option.text for option in item.options if not option.key}
        if "bisphosphonates" in item.stem and item.rule == "list-member":
            assert not {"Osteonecrosis of the jaw", "Atypical femur fractures", "Hypocalcemia", "Esophagitis"} & offered
        if "hip fractures" in item.stem and item.rule == "subject":
            assert not {"Denosumab", "Zoledronic acid", "Estrogen", "Risedronate"} & offered
        if item.rule == "threshold":
            assert "-2.5" not in offered


def test_every_statement_without_item_has_a_reason_of_its_own(real_report: DraftReport) -> None:
    reasons = dict(real_report.without_item)
    assert reasons["s10"] == "it only introduces what follows"
    assert all(reasons.values())


def test_the_report_as_plain_values_has_the_keys_that_others_rely_on(real_report: DraftReport) -> None:
    report = json.loads(json.dumps(report_to_dict(real_report)))
    assert set(report) >= {"items", "without_item", "problems"}
    for item in report["items"]:
        assert set(item) >= {
            "id", "rule", "stem", "lead_in", "options", "objective", "explanation", "statements", "references",
            "enemy_set", "confidence",
        }  # fmt: skip
        for option in item["options"]:
            assert set(option) >= {"text", "key", "rationale", "origin", "needs_expert"}
    assert all(set(one) >= {"statement", "reason"} for one in report["without_item"])


def test_a_row_that_holds_other_rows_is_no_option_beside_them(real_report: DraftReport) -> None:
    for item in real_report.items:
        if item.rule == "table-row" and item.stem.startswith("For which"):
            assert "Nonvertebral fractures" not in {option.text for option in item.options}


def test_recurrence_of_what_is_not_left_open(real_report: DraftReport) -> None:
    assert not any("recurrence" in item.stem for item in real_report.items)


def test_one_of_a_numbered_series_is_asked_for_once(real_report: DraftReport) -> None:
    assert len([item for item in real_report.items if item.rule == "list-member" and item.statements == ("s06",)]) == 1


def test_short_forms_of_a_heading_are_spelled_out_in_the_questions(real_report: DraftReport) -> None:
    stems = [item.stem for item in real_report.items if "HRT" in item.stem]
    assert stems
    assert all("hormone replacement therapy (HRT)" in stem for stem in stems)
