"""Input made to break the reader: it is refused with a message, and costs little."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbank.exchange.qti import packages
from qbank.exchange.qti.packages import Package, PackageError
from qbank.exchange.qti.reading import read
from qbank.exchange.report import Refused, collect
from tests.exchange.qti.packing import fixture, packed, unpacked

ITEM = fixture("tao_2_1.xml")


def refusal(source: bytes) -> str:
    outcomes = list(read(source))
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], Refused)
    return outcomes[0].cause


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE questestinterop SYSTEM "ims_qtiasiv1p2p1.dtd">',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    ],
)
@pytest.mark.parametrize("root", [b"<questestinterop/>", b"<assessmentItem/>"])
def test_a_doctype_is_refused(declaration: bytes, root: bytes) -> None:
    assert "DOCTYPE" in refusal(declaration + root)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"<assessmentItem", "not well-formed"),
        (b"PK\x03\x04 and no more", "no complete zip archive"),
        (b"Dear all,", "not well-formed"),
        (b"<html/>", "no QTI item"),
        (b"<assessmentItem>" + b"<p>" * 200, "nested more than"),
        (b"<questestinterop/>", "holds no items"),
        (b"\xff\xfe\x00", "not well-formed"),
    ],
)
def test_what_is_no_item_is_refused_with_its_cause(source: bytes, said: str) -> None:
    assert said in refusal(source)


def test_an_empty_file_holds_no_records() -> None:
    assert list(read(b"")) == []
    assert list(read(b" \n")) == []


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "a/../../evil.xml", "C:/evil.xml", "..\\evil.xml"])
def test_a_name_that_leaves_the_archive_is_refused(name: str) -> None:
    assert "outside the archive" in refusal(packed({name: ITEM}))


def test_a_symbolic_link_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("item.xml")
        info.create_system = 3
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert "symbolic link" in refusal(stream.getvalue())


def test_a_name_used_twice_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.xml", ITEM)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.xml", ITEM)
    assert "used twice" in refusal(stream.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_a_bound_are_refused(method: int) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a.xml", ITEM)
    assert "rare method" in refusal(stream.getvalue())


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to() -> None:
    bomb = packed({"imsmanifest.xml": b" " * 30_000_000})
    assert len(bomb) < 100_000
    assert "times its size" in refusal(bomb)


def test_one_bad_member_does_not_take_the_others_along() -> None:
    result = collect(read(packed({"a.xml": b"\0" * 30_000_000, "b.xml": ITEM})))
    assert [item.external_id for item in result.items] == ["i5f0001"]
    assert len(result.refused) == 1


def _with_size(data: bytes, size: int) -> bytes:
    """Let the archive's directory state another unpacked size of its one member."""
    at = data.rfind(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<L", size) + data[at + 28 :]


@pytest.mark.parametrize("size", [10, 4_000_000_000])
def test_a_size_that_lies_is_refused(size: int) -> None:
    with pytest.raises(PackageError):
        Package(_with_size(packed({"a.xml": ITEM}), size)).read("a.xml", 1_000_000)


def test_a_directory_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_DIRECTORY_BYTES", 100)
    assert "directory is larger" in refusal(packed({f"{number}.txt": b"x" for number in range(10)}))


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_MEMBERS", 5)
    assert "more than 5 files" in refusal(packed({f"{number}.txt": b"x" for number in range(10)}))


@pytest.mark.parametrize("at", ["archive", "member"])
def test_a_damaged_archive_is_refused(at: str) -> None:
    data = bytearray(packed({"a.xml": ITEM}))
    place = 60 if at == "member" else len(data) - 70
    data[place : place + 8] = b"\xff" * 8
    assert collect(read(bytes(data))).refused


def _options(count: int) -> bytes:
    choices = "".join(f'<simpleChoice identifier="c{number}">x</simpleChoice>' for number in range(count))
    return (
        f"<assessmentItem identifier='x'><itemBody><p>q</p><choiceInteraction>{choices}</choiceInteraction></itemBody>"
        "</assessmentItem>"
    ).encode()


def _feedbacks(count: int) -> bytes:
    texts = "".join(f"<modalFeedback identifier='f{number}'>text {number}</modalFeedback>" for number in range(count))
    return _options(2).replace(b"</assessmentItem>", texts.encode() + b"</assessmentItem>")


@pytest.mark.parametrize("make", [_options, _feedbacks])
def test_an_item_with_thousands_of_parts_is_refused_early(make: Callable[[int], bytes]) -> None:
    assert "more than" in refusal(make(20_000))


def test_two_options_of_one_identifier_are_refused() -> None:
    assert "two options" in refusal(_options(2).replace(b"c1", b"c0"))


def test_thousands_of_brackets_are_read_as_text() -> None:
    source = _options(2).replace(b"<p>q</p>", b"<p>" + b"[" * 8_000 + b"</p>")
    assert collect(read(source)).items[0].stem.count("[") == 8_000


class _Pipe(io.RawIOBase):
    """A stream that cannot go back, as standard input cannot."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(size)

    def seekable(self) -> bool:
        return False


def test_a_package_can_come_through_a_pipe() -> None:
    assert len(collect(read(_Pipe(packed({"b.xml": ITEM})))).items) == 1  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_ends_in_outcomes_never_in_an_exception(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(["tao_2_1.xml", "canvas_quiz.xml", "blackboard_pool.dat", "item_3_0.xml"]))
    source = bytearray(fixture(good))
    if data.draw(st.booleans()):
        source = bytearray(packed({"imsmanifest.xml": fixture("manifest_3_0.xml"), "items/gone.xml": bytes(source)}))
    for _ in range(data.draw(st.integers(1, 4))):  # never more than a small part of the file
        at = data.draw(st.integers(0, len(source) - 1))
        source[at : at + data.draw(st.integers(1, 40))] = data.draw(st.binary(max_size=6))
    assert collect(read(bytes(source))).found


def test_the_archive_that_the_tests_make_is_a_good_one() -> None:
    assert unpacked(packed({"a.xml": ITEM})) == {"a.xml": ITEM}
