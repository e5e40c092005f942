"""Each drafting rule: what fires it, what it asks, what it offers, and when it keeps silent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from qbank.articles.drafting import DraftItem, DraftReport

Draft = Callable[..., DraftReport]


def only(report: DraftReport) -> DraftItem:
    assert len(report.items) == 1, [item.stem for item in report.items]
    return report.items[0]


def texts(item: DraftItem) -> set[str]:
    return {option.text for option in item.options}


def wrong(item: DraftItem) -> set[str]:
    return {option.text for option in item.options if not option.key}


def test_contrast_asks_for_the_thing_set_apart_with_the_others_as_written(draft: Draft) -> None:
    item = only(draft("contrast", "Cortisol excess, not insulin excess or aldosterone excess, is the cause of striae."))
    assert item.stem == "Which of the following is the cause of striae?"
    assert item.key.text == "Cortisol excess"
    assert wrong(item) == {"Insulin excess", "Aldosterone excess"}
    assert not any(option.needs_expert for option in item.options)


def test_contrast_uses_the_title_where_it_asks_the_same(draft: Draft) -> None:
    title = "What is the main cause of striae, leading to referral?"
    text = "Cortisol excess, not insulin excess or aldosterone excess, is the main cause of striae"
    assert only(draft("contrast", text, title=title)).stem == title
    other = only(draft("contrast", text, title="What is the main cause of acne?"))
    assert other.stem == "Which of the following is the main cause of striae?"


def test_contrast_with_a_single_alternative_gives_no_item(draft: Draft) -> None:
    report = draft("contrast", "Cortisol excess, not insulin excess, is the main cause of striae.")
    assert report.items == ()
    assert "fewer than three" in report.without_item[0][1]


def test_cause_prefers_what_the_article_sets_apart(draft: Draft) -> None:
    report = draft(
        "cause",
        "Vitamin D deficiency is the most common cause of rickets in infants.",
        "Vitamin D deficiency, not vitamin C deficiency or iron deficiency, is the most common cause of rickets.",
    )
    item = report.items[0]
    assert item.stem == "Which of the following is the most common cause of rickets in infants?"
    assert {"Vitamin C deficiency", "Iron deficiency"} <= wrong(item)
    assert {option.needs_expert for option in item.options if option.text == "Iron deficiency"} == {False}


def test_cause_without_a_rank_asks_nothing(draft: Draft) -> None:
    assert draft("cause", "Vitamin D deficiency is a cause of rickets.").items == ()


def test_rather_than_offers_the_rejected_thing_and_keeps_the_place(draft: Draft) -> None:
    item = only(draft("rather-than", "Loop diuretics can cause hypokalemia rather than hyperkalemia in adults."))
    assert item.stem == "Loop diuretics can cause which of the following in adults?"
    assert item.key.text == "Hypokalemia"
    assert "Hyperkalemia" in wrong(item)


POLAR = (
    ("Actions", "Estrogen has several effects:", "Suppresses RANKL"),
    ("Actions", "Estrogen has several effects:", "Activates Wnt/β-catenin signaling"),
    ("Actions", "Estrogen has several effects:", "Upregulates BMP signaling"),
)


def test_polarity_asks_for_the_suppressed_with_the_promoted_as_distractors(draft: Draft) -> None:
    item = draft("polarity", *POLAR).items[0]
    assert item.stem == "Which of the following is suppressed by estrogen?"
    assert item.key.text == "RANKL"
    assert wrong(item) == {"Wnt/β-catenin signaling", "BMP signaling"}
    assert all("contradicts" in option.rationale for option in item.options if not option.key)


def test_polarity_never_offers_another_object_of_the_same_direction(draft: Draft) -> None:
    item = draft("polarity", *POLAR).items[1]
    assert item.key.text == "Wnt/β-catenin signaling"
    assert "BMP signaling" not in texts(item)


def test_polarity_keeps_the_modal_verb_and_the_people(draft: Draft) -> None:
    report = draft(
        "polarity", "Calcitriol may increase serum calcium in older adults.", "Calcitriol reduces serum phosphate."
    )
    stems = [item.stem for item in report.items]
    assert "Which of the following may be increased by calcitriol in older adults?" in stems


def test_polarity_does_not_read_a_negated_verb(draft: Draft) -> None:
    report = draft("polarity", "Estrogen does not suppress RANKL.", *POLAR[1:])
    assert all(item.key.text != "RANKL" for item in report.items)
    assert all("RANKL" not in wrong(item) for item in report.items)


def test_polarity_grid_offers_the_four_combinations(draft: Draft) -> None:
    item = only(draft("polarity-grid", "Calcitonin reduces bone resorption and increases calcium excretion."))
    assert item.stem == "Calcitonin has which of the following combinations of effects?"
    assert texts(item) == {
        "Reduces bone resorption and increases calcium excretion",
        "Increases bone resorption and reduces calcium excretion",
        "Reduces bone resorption and reduces calcium excretion",
        "Increases bone resorption and increases calcium excretion",
    }


def test_polarity_grid_reads_nouns_of_change_too(draft: Draft) -> None:
    item = only(
        draft("polarity-grid", "Immobility leads to a decrease in bone mass and an increase in urinary calcium.")
    )
    assert item.key.text == "A decrease in bone mass and an increase in urinary calcium"
    assert "An increase in bone mass and a decrease in urinary calcium" in texts(item)


def test_polarity_grid_needs_two_directions(draft: Draft) -> None:
    assert draft("polarity-grid", "Calcitonin reduces bone resorption and reduces serum calcium.").items == ()


LIMITS = (
    "Bisphosphonates",
    "Recommended for women with T-scores below -2 without risk factors or below -1.5 with risk factors",
)


def test_threshold_asks_each_value_under_its_condition(draft: Draft) -> None:
    first, second = draft("threshold", LIMITS).items
    assert (
        first.stem == "Bisphosphonates are recommended for women without risk factors with T-scores below which value?"
    )
    assert (first.key.text, second.key.text) == ("-2", "-1.5")
    assert "-1.5" in wrong(first)
    assert "-2" in wrong(second)
    assert first.enemy_set == second.enemy_set is not None


def test_threshold_refuses_a_condition_that_points_elsewhere(draft: Draft) -> None:
    report = draft(
        "threshold",
        (
            "Bisphosphonates",
            "Recommended for women with T-scores below -1.5 with risk factors, or below -2 without them",
        ),
    )
    assert [item.key.text for item in report.items] == ["-1.5"]


SITES = (("Vertebral", 40), ("Wrist", 61), ("Hip", 36), ("Pelvic", 20))
ROWS = tuple(
    ("Sites", "Fracture sites include:", f"{site} fractures ({value}% risk reduction with HRT)")
    for site, value in SITES
)


def test_table_row_asks_for_the_value_and_for_the_label(draft: Draft) -> None:
    report = draft("table-row", *ROWS)
    assert len(report.items) == 8
    value, label = report.items[0], report.items[1]
    assert value.stem == "What is the risk reduction with HRT for vertebral fractures?"
    assert value.key.text == "40%"
    assert label.stem == "For which of the following is there a 40% risk reduction with HRT?"
    assert wrong(label) == {"Wrist fractures", "Hip fractures", "Pelvic fractures"}
    assert len({item.enemy_set for item in report.items}) == 1


def test_table_rows_with_the_same_value_are_not_asked_for(draft: Draft) -> None:
    twin = ("Sites", "Fracture sites include:", "Rib fractures (40% risk reduction with HRT)")
    keys = {item.key.text for item in draft("table-row", *ROWS, twin).items}
    assert "40%" not in keys
    assert "Vertebral fractures" not in keys


def test_two_rows_are_no_table(draft: Draft) -> None:
    assert draft("table-row", *ROWS[:2]).items == ()


def test_range_offers_disjoint_ranges_of_like_width(draft: Draft) -> None:
    item = only(draft("range", ("Prevention strategies", "Calcium-enriched diet (1000-1200 mg daily)")))
    assert item.stem == "Which daily amount is appropriate for a calcium-enriched diet?"
    assert item.key.text == "1000-1200 mg"
    pairs = [tuple(int(part) for part in option.text.removesuffix(" mg").split("-")) for option in item.options]
    assert pairs == sorted(pairs)
    assert all(high - low == 200 for low, high in pairs)
    assert all(before[1] < after[0] for before, after in pairwise(pairs))


def test_quantity_keeps_hedge_and_condition_and_sorts_its_values(draft: Draft) -> None:
    item = draft("quantity", "Bone loss in older women is approximately 2% per year after menopause.").items[0]
    assert item.stem == "Bone loss in older women is approximately what percentage per year after menopause?"
    values = [float(option.text.removesuffix("%")) for option in item.options]
    assert values == sorted(values)
    assert item.key.text == "2%"


def test_quantity_asks_dose_and_interval_of_a_bracketed_regimen(draft: Draft) -> None:
    dose, interval = draft("quantity", "Denosumab (60 mg every 6 months) can prevent bone loss in women.").items
    assert dose.stem == "At which dose, given every 6 months, can denosumab prevent bone loss in women?"
    assert interval.key.text == "Every 6 months"
    assert dose.enemy_set == interval.enemy_set is not None


def test_quantity_offers_the_value_of_another_condition_only_where_the_stem_hides_it(draft: Draft) -> None:
    text = "Bone loss is approximately 2% per year for the first 5 years, followed by about 1% annually thereafter."
    by_key = {item.key.text: item for item in draft("quantity", text).items}
    assert "1%" in wrong(by_key["2%"])
    assert "1%" not in by_key["2%"].stem
    assert "2%" not in texts(by_key["1%"])


def test_comparison_keeps_the_hedge_and_offers_the_inverses(draft: Draft) -> None:
    item = only(draft("comparison", "Transdermal HRT may have fewer adverse effects than oral HRT."))
    assert item.stem == "Compared with oral HRT, transdermal HRT may have which of the following?"
    assert texts(item) == {"Fewer adverse effects", "More adverse effects", "The same number of adverse effects"}


def test_class_member_takes_distractors_from_sibling_headings(draft: Draft) -> None:
    report = draft(
        "class-member",
        ("Bisphosphonates", "Alendronate is taken weekly"),
        ("Other Agents", "Denosumab is injected"),
        ("Other Agents", "Teriparatide is injected daily"),
    )
    item = only(report)
    assert item.stem == "Which of the following is a bisphosphonate?"
    assert {"Denosumab", "Teriparatide"} <= wrong(item)
    assert not {"Risedronate", "Ibandronate"} & texts(item)


def test_list_member_never_offers_another_member(draft: Draft) -> None:
    text = "Monitor for potential side effects of warfarin, including hypocalcemia, hyperkalemia, and hypoglycemia"
    report = draft("list-member", text)
    assert report.items
    for item in report.items:
        assert item.stem == "Which of the following is among the potential side effects of warfarin?"
        assert not {"Hypocalcemia", "Hyperkalemia", "Hypoglycemia"} & wrong(item)


def test_list_member_sees_a_member_that_shares_its_head_noun(draft: Draft) -> None:
    text = "Moderate exercise, particularly resistance and weight-bearing exercise"
    item = only(draft("list-member", ("Prevention strategies", text)))
    assert item.key.text == "Weight-bearing exercise"
    assert "Resistance exercise" not in texts(item)


def test_list_member_keeps_the_condition_of_the_lead_in(draft: Draft) -> None:
    made = ("Menopause", "When estrogen levels decline:", "Increased secretion of inflammatory cytokines (IL-1, IL-6)")
    item = draft("list-member", made).items[0]
    assert item.stem == (
        "When estrogen levels decline, there is increased secretion of which of the following inflammatory cytokines?"
    )


def test_parts_asks_for_the_missing_part(draft: Draft) -> None:
    item = only(draft("parts", "FRAX combines clinical risk factors and femoral neck BMD."))
    assert item.stem == "FRAX combines clinical risk factors and which of the following?"
    assert item.key.text == "Femoral neck BMD"


def test_definition_asks_which_thing_it_is(draft: Draft) -> None:
    item = only(draft("definition", "Osteopenia is defined as bone density between the normal and the osteoporotic."))
    assert item.stem == "Which of the following is defined as bone density between the normal and the osteoporotic?"
    assert item.key.text == "Osteopenia"


def test_indication_asks_for_the_disease_under_the_headings_subject(draft: Draft) -> None:
    made = (
        "Hormone Replacement Therapy (HRT)",
        "Should be considered for treatment of osteoporosis in appropriate candidates",
    )
    item = only(draft("indication", made))
    assert item.stem == (
        "Hormone replacement therapy should be considered for treatment of which of the following "
        "in appropriate candidates?"
    )
    assert item.key.text == "Osteoporosis"


def test_subject_asks_only_where_the_claim_is_specific(draft: Draft) -> None:
    item = only(draft("subject", "Denosumab (60 mg every 6 months) can prevent bone loss in women with breast cancer."))
    assert item.stem.startswith("Which of the following, given at 60 mg every 6 months, can prevent bone loss")
    report = draft("subject", "Denosumab can be used.")
    assert report.items == ()


def test_cloze_is_off_unless_asked_for_and_has_its_blank_at_the_end(make: Callable[..., object], draft: Draft) -> None:
    text = "In this pathway the cells that resorb bone are osteoclasts"
    item = only(draft("cloze", text))
    assert item.stem.endswith("____?")
    assert item.key.text == "Osteoclasts"
    from qbank.articles.drafting import draft_items

    assert not any(one.rule == "cloze" for one in draft_items(make(text)).items)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["quantity", "range", "polarity", "list-member", "contrast", "subject", "cloze"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "()",
        "1",
        "a" * 1000,
        "and and and, and",
        "(((((1%",
        "is is is not, , is",
        "2% 2% 2%",
        "Effects {x} include {y}, IL-1, and IL-6",
    ],
)
def test_no_rule_stumbles_over_odd_text(draft: Draft, rule: str, text: str) -> None:
    report = draft(rule, text)
    assert len(report.items) + len(report.without_item) >= 1
