"""QTI 2.1, 2.2 and 3.0 as other programs write them."""

from __future__ import annotations

import pytest

from qbank.exchange.files import MemoryFiles
from qbank.exchange.qti.reading import read
from qbank.exchange.report import Unsupported, collect
from tests.exchange.qti.packing import PNG, fixture, packed


def test_an_item_of_2_1_keeps_its_key_and_its_modal_feedback() -> None:
    result = collect(read(fixture("tao_2_1.xml")))
    item = result.items[0]
    assert item.external_id == "i5f0001"
    assert item.lead_in == "Which planet has the most visible rings?"
    assert item.stem == "The picture shows a planet. a ring"
    assert item.shuffle
    assert [(option.text, option.key) for option in item.options] == [
        ("Mars", False), ("**Saturn**", True), ("Venus", False),
    ]  # fmt: skip
    assert [option.rationale for option in item.options] == [
        None, "Even a small telescope shows them.", "Venus has none.",
    ]  # fmt: skip
    assert item.explanation == "Look for the gas giants."
    messages = [problem.message for problem in result.problems]
    assert any("ring.png" in message for message in messages)
    assert any("every wrong answer" in message for message in messages)


def test_a_mapping_inline_feedback_and_rubrics_are_read() -> None:
    result = collect(read(fixture("inline_feedback_2_2.xml")))
    item = result.items[0]
    assert item.vignette == "Think of the sky at dusk."
    assert item.stem == "Which body is the brightest star-like object?"
    assert item.lead_in is None
    assert [(option.text, option.key) for option in item.options] == [
        ("Sirius", False), ("Venus", True), ("Mars", False),
    ]  # fmt: skip
    assert [option.rationale for option in item.options] == ["The brightest true star.", "It is a *planet*.", None]
    assert item.explanation == "Seen in the evening or the morning."
    messages = [problem.message for problem in result.problems]
    assert "a rubric for scorer was left out" in messages
    assert any("points other than all or nothing" in message for message in messages)


def package_3_0() -> dict[str, bytes]:
    return {
        "imsmanifest.xml": fixture("manifest_3_0.xml"),
        "test.xml": b"<qti-assessment-test/>",
        "items/tides one.xml": fixture("item_3_0.xml"),
        "passages/tides.xml": fixture("stimulus_3_0.xml"),
        "passages/img/sea.png": PNG + b"sea",
        "pictures/tide.png": PNG,
    }


def test_a_package_of_3_0_keeps_stimulus_images_and_metadata() -> None:
    files = MemoryFiles()
    result = collect(read(packed(package_3_0()), "", files))
    item = result.items[0]
    assert item.vignette == "## Twice a day\n\nThe sea rises and falls. ![The sea](sea.png)"
    assert item.stem == "Read the passage.\n\n![Low tide](tide.png)"
    assert item.lead_in == "What pulls the water?"
    assert [(option.key, option.rationale) for option in item.options] == [
        (True, "Its gravity does."), (False, "Wind makes waves."),
    ]  # fmt: skip
    assert item.tags == ("sea",)
    assert item.difficulty == "hard"
    assert set(item.media) == {"sea.png", "tide.png"}
    assert files.get("sea.png") == PNG + b"sea"
    assert files.get("tide.png") == PNG


def test_an_item_that_the_package_lacks_is_refused_by_name() -> None:
    result = collect(read(packed(package_3_0())))
    assert [entry.cause for entry in result.refused] == [
        "the package lacks the item file 'items/gone.xml': export it again"
    ]
    assert result.found == 2


def test_a_stimulus_that_is_missing_is_remarked_on() -> None:
    result = collect(read(fixture("item_3_0.xml")))
    assert result.items[0].vignette is None
    assert any("stimulus '../passages/tides.xml'" in problem.message for problem in result.problems)


def test_a_package_without_a_manifest_is_read_all_the_same() -> None:
    result = collect(read(packed({"b.xml": fixture("tao_2_1.xml"), "a.txt": b"x", "c.xml": b"<other/>"})))
    assert [item.external_id for item in result.items] == ["i5f0001"]
    assert any("no imsmanifest.xml" in problem.message for problem in result.problems)


def test_a_manifest_that_declares_only_the_test_is_read_all_the_same() -> None:
    manifest = (
        b"<manifest><resources><resource type='imsqti_test_xmlv2p1' href='t.xml'><file href='t.xml'/></resource>"
        b"</resources></manifest>"
    )
    members = {"imsmanifest.xml": manifest, "t.xml": b"<assessmentTest/>", "i/x.xml": fixture("tao_2_1.xml")}
    assert len(collect(read(packed(members))).items) == 1


def _item(body: str, attributes: str = "", before: str = "") -> bytes:
    return (
        f'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="x" title="t" {attributes}>'
        f"{before}<itemBody>{body}</itemBody></assessmentItem>"
    ).encode()


CHOICE = '<choiceInteraction responseIdentifier="R"><simpleChoice identifier="A">a</simpleChoice></choiceInteraction>'


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (_item('<orderInteraction responseIdentifier="R"/>'), "orderInteraction"),
        (_item('<p><textEntryInteraction responseIdentifier="R"/></p>'), "textEntryInteraction"),
        (_item("<p>Read this.</p>"), "no interaction (information only)"),
        (_item(CHOICE + CHOICE), "several interactions in one item: 2 of choiceInteraction"),
        (_item(CHOICE, 'adaptive="true"'), "adaptive item"),
        (_item(CHOICE, "", '<templateDeclaration identifier="T"/>'), "item template"),
        (
            b'<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="x"><qti-item-body>'
            b"<qti-match-interaction/></qti-item-body></qti-assessment-item>",
            "matchInteraction",
        ),
    ],
)
def test_other_interactions_are_reported_by_name(source: bytes, kind: str) -> None:
    assert list(read(source)) == [Unsupported(1, 1, kind)]


def test_an_item_without_a_key_is_read_and_remarked_on() -> None:
    result = collect(read(_item(CHOICE)))
    assert not result.items[0].options[0].key
    assert [problem.message for problem in result.problems] == [
        "the file does not say which option is right: choose the key"
    ]


def test_a_formula_becomes_text_and_the_editor_is_told() -> None:
    math = '<p>So <m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mi>x</m:mi><m:mn>2</m:mn></m:math>.</p>'
    result = collect(read(_item(math + CHOICE)))
    assert result.items[0].stem == "So x 2."
    assert any("MathML" in problem.message for problem in result.problems)


def test_an_embedded_image_is_kept() -> None:
    files = MemoryFiles()
    result = collect(read(_item(f'<p><img alt="dot" src="data:image/png;base64,iVBORw=="/></p>{CHOICE}'), "", files))
    name = result.items[0].media[0]
    assert result.items[0].stem == f"![dot]({name})"
    assert files.get(name) == b"\x89PNG"
