"""What is exported is well formed, valid, complete, and the same when it is exported again."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from qbank.exchange.files import MemoryFiles
from qbank.exchange.html_markdown import to_markdown
from qbank.exchange.qti import xhtml
from qbank.exchange.qti.names import simplify
from qbank.exchange.report import ReadResult, collect
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord, StatementLink
from tests.exchange.qti import published_schemas
from tests.exchange.qti.packing import FIXTURES, PNG, unpacked
from tests.exchange.records import records

VERSIONS = ["2.1", "2.2", "3.0"]
GRAMMAR = etree.RelaxNG(etree.parse(str(FIXTURES.parent / "structure.rng")))
LOM = "{http://ltsc.ieee.org/xsd/LOM}lom"

RICH = ItemRecord(
    stem="Look at the sky.\n\n| body | moons |\n|---|---|\n| Mars | 2 |\n\n1. one\n2. two\n\n> quoted\n\n"
    "![Rings](ring.png) and ~~not~~ **bold** *slanted* `code` H~2~O 10^9^ [site](<https://example.org/a?b=1&c=2>)",
    options=(
        OptionRecord("Mars", rationale="Too *small*.", statements=(StatementLink("sky", "s1", "Mars is small."),)),
        OptionRecord("Saturn & its rings", True, "Right:\n\n- rings\n- moons"),
        OptionRecord("two\n\nparagraphs"),
    ),
    external_id="sky 1 β",
    status="live",
    lead_in="Which *planet* is it?",
    objective="Know the planets.",
    explanation="First.\n\nSecond. [@s1]",
    references=(
        ReferenceRecord("A title", "Author A", "Journal", 2010, "Research", "10.1/x", "12", "https://example.org"),
        ReferenceRecord("Only a title <b>"),
    ),
    statements=(StatementLink("sky", "s1", "Mars is small."), StatementLink("sky", "s2")),
    systems=("solar",),
    disciplines=("optics", "motion"),
    tasks=("observe",),
    tags=("rings", "with blank"),
    difficulty="hard",
    vignette="A clear night. ![Dome](dome.png)",
    media=("dome.png", "ring.png"),
    enemies=("sky 2",),
    shuffle=True,
)  # fmt: skip


def module(version: str) -> Any:
    return import_module("qbank.exchange.qti.version_" + version.replace(".", "_"))


def images() -> MemoryFiles:
    files = MemoryFiles()
    files.put("ring.png", PNG)
    files.put("dome.png", PNG + b"dome")
    return files


def written(version: str, *items: ItemRecord, files: MemoryFiles | None = None) -> bytes:
    return b"".join(module(version).write(items, files))


def read_back(version: str, data: bytes) -> tuple[ReadResult, MemoryFiles]:
    files = MemoryFiles()
    return collect(module(version).read(data, "", files)), files


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_the_format_holds_comes_back(version: str) -> None:
    result, files = read_back(version, written(version, RICH, files=images()))
    assert not result.refused
    assert not result.problems
    assert result.items == [RICH]
    assert files.get("ring.png") == PNG
    assert files.get("dome.png") == PNG + b"dome"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_second_export_is_the_same_to_the_byte(version: str) -> None:
    first = written(version, RICH, files=images())
    result, files = read_back(version, first)
    assert written(version, *result.items, files=files) == first


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(item=records())
def test_export_import_export_is_a_fixed_point(version: str, item: ItemRecord) -> None:
    first = written(version, item)
    result, files = read_back(version, first)
    assert len(result.items) == 1
    assert written(version, *result.items, files=files) == first


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(item=records().filter(lambda item: bool(item.options)))
def test_every_document_has_the_structure_of_its_standard(version: str, item: ItemRecord) -> None:
    for name, data in unpacked(written(version, item)).items():
        root = etree.fromstring(data)
        if name != "imsmanifest.xml":
            simplify(root)
            for key in [key for key in root.attrib if "}" in str(key)]:
                del root.attrib[key]
            assert GRAMMAR.validate(root), (name, GRAMMAR.error_log)


def test_the_structure_check_can_fail() -> None:
    root = etree.fromstring(unpacked(written("2.1", RICH))["items/item-000001.xml"])
    simplify(root)
    etree.SubElement(root.find("itemBody"), "marquee")  # type: ignore[arg-type]
    assert not GRAMMAR.validate(root)


@pytest.mark.skipif(not published_schemas.FOLDER, reason="QBANK_QTI_SCHEMAS names no folder with the published XSDs")
@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(item=records().filter(lambda item: bool(item.options)))
def test_what_is_exported_validates_against_the_published_schemas(version: str, item: ItemRecord) -> None:
    for chosen in (item, RICH):
        for name, data in unpacked(written(version, chosen, files=images())).items():
            if name.endswith(".xml"):
                _validate(version, name, data)


def _validate(version: str, name: str, data: bytes) -> None:
    root = etree.fromstring(data)
    names = published_schemas.MANIFEST_SCHEMAS if name == "imsmanifest.xml" else published_schemas.ITEM_SCHEMAS
    schema = published_schemas.schema(*names[version])
    assert schema is not None, f"the folder lacks {names[version]}"
    assert schema.validate(root), (name, schema.error_log)
    metadata = published_schemas.schema(*published_schemas.METADATA_SCHEMA)
    for element in root.iter(LOM):
        assert metadata is not None
        assert metadata.validate(etree.fromstring(etree.tostring(element))), metadata.error_log


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifest_names_every_file_of_the_package(version: str) -> None:
    members = unpacked(written(version, RICH, files=images()))
    root = etree.fromstring(members["imsmanifest.xml"])
    named = {element.get("href") for element in root.iter("{*}file")}
    assert named == set(members) - {"imsmanifest.xml"}


@pytest.mark.parametrize("version", ["2.2", "3.0"])
def test_items_of_one_vignette_share_one_stimulus(version: str) -> None:
    other = ItemRecord("Another?", RICH.options, external_id="sky-2", vignette=RICH.vignette)
    members = unpacked(written(version, RICH, other, files=images()))
    assert len([name for name in members if name.startswith("stimuli/")]) == 1
    result, _ = read_back(version, written(version, RICH, other, files=images()))
    assert [item.vignette for item in result.items] == [RICH.vignette] * 2


@given(st.from_regex(xhtml._PLAIN, fullmatch=True) | st.text("ab 1.,:;()'-/_%?h", max_size=20))
def test_the_short_way_for_plain_text_leads_where_the_long_one_does(text: str) -> None:
    element = etree.Element("p")
    element.text = text
    if xhtml._is_plain(text):
        assert xhtml.settled(text) == xhtml._render(text)
        assert xhtml.markdown_of(element, lambda _: None, print) == to_markdown(f"<p>{text}</p>").text == text


def test_no_items_make_no_file() -> None:
    assert written("3.0") == b""


def test_an_image_that_is_not_at_hand_is_not_packed_and_its_loss_shows_on_reading() -> None:
    result, files = read_back("2.1", written("2.1", RICH))
    assert files.data == {}
    assert any("ring.png" in problem.message for problem in result.problems)


def test_half_a_character_is_refused_with_the_items_name() -> None:
    bad = ItemRecord("a \ud800 b", RICH.options, external_id="bad-1")
    with pytest.raises(ValueError, match="bad-1"):
        written("2.1", bad)


def test_what_cannot_come_along_is_listed_before() -> None:
    loses = module("2.1").loses
    assert loses(RICH) == []
    item = ItemRecord(
        "# Heading\n\n![x](https://example.org/x.png) \x01",
        (OptionRecord("a", origin="a list", needs_expert=True),),
        id="7",
        external_id="x",
        doubt="Sure?",
        rule="contrast",
        media=("unused.png",),
    )
    said = " / ".join(loses(item))
    for word in ("own id", "doubt", "rule", "distractors", "expert", "unused.png", "formatting", "control characters"):
        assert word in said
    assert "no external id" in " ".join(loses(ItemRecord("q", ())))


def test_several_keys_are_written_as_several_correct_values() -> None:
    item = ItemRecord("q", (OptionRecord("a", True), OptionRecord("b"), OptionRecord("c", True)), external_id="k")
    document = unpacked(written("2.1", item))["items/item-000001.xml"].decode()
    assert 'cardinality="multiple"' in document
    result, _ = read_back("2.1", written("2.1", item))
    assert [option.key for option in result.items[0].options] == [True, False, True]


def test_items_are_sent_as_they_are_written() -> None:
    sent: list[str] = []

    def items() -> Any:
        for number in range(3):
            sent.append(f"item {number}")
            yield ItemRecord("q", RICH.options, external_id=f"x{number}")

    for _part in module("3.0").write(items()):
        sent.append("part")
    assert sent[:4] == ["item 0", "part", "item 1", "part"]
