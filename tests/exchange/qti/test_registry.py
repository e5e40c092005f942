"""QTI and Anki are found, read and written through the registry of formats."""

from __future__ import annotations

import pytest

from qbank.exchange.files import MemoryFiles
from qbank.exchange.formats import FORMATS, find_format
from qbank.exchange.report import collect
from qbank.items.record import ItemRecord, OptionRecord
from tests.exchange.qti.packing import PNG, fixture, packed

ITEM = ItemRecord("See ![a](a.png).", (OptionRecord("x", True), OptionRecord("y")), external_id="x", media=("a.png",))


@pytest.mark.parametrize("name", ["canvas_quiz.xml", "blackboard_pool.dat", "tao_2_1.xml", "item_3_0.xml"])
def test_a_document_is_known_by_its_beginning(name: str) -> None:
    found = find_format("standard input", fixture(name))
    assert found is not None
    assert found.name == "qti"


def test_a_package_is_known_by_its_name_or_its_beginning() -> None:
    package = packed({"a.xml": fixture("tao_2_1.xml")})
    for found in (find_format("Export.ZIP"), find_format("course.imscc"), find_format("-", package)):
        assert found is not None
        assert found.name == "qti"


@pytest.mark.parametrize("name", ["qti21", "qti22", "qti30"])
def test_images_travel_through_the_registry(name: str) -> None:
    files, found = MemoryFiles(), MemoryFiles()
    files.put("a.png", PNG)
    package = b"".join(FORMATS[name].write([ITEM], files))
    assert collect(FORMATS["qti"].read(package, "", found)).items == [ITEM]
    assert found.data == {"a.png": PNG}
    assert FORMATS[name].carries_files
    assert FORMATS[name].loses(ITEM, files) == []
    assert FORMATS[name].loses(ITEM, MemoryFiles()) == ["the image 'a.png', which is not at hand"]


def test_what_a_format_cannot_do_is_said() -> None:
    assert not FORMATS["qti"].can_write
    assert not FORMATS["anki"].can_read
    with pytest.raises(ValueError, match="does not read it"):
        FORMATS["anki"].read(b"")
    with pytest.raises(ValueError, match="does not write it"):
        FORMATS["qti"].write([])
    assert FORMATS["anki"].loses(ITEM, MemoryFiles()) == ["the image 'a.png', which is not at hand"]
