"""Images through every format that carries them, and those beside a file: in, out, and in again."""

from __future__ import annotations

import base64
import io
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.db.engine import begin_write, make_engine, make_sessions
from qbank.exchange import exporting, files, images, running, undoing
from qbank.exchange.exporting import Selection
from qbank.exchange.formats import FORMATS
from qbank.exchange.importing import Report, dry_run, import_file, import_run, preview_run
from qbank.exchange.models import ImportRun, RunState
from qbank.items.models import Item, ItemVersion, Media, MediaField, Option, VersionMedia
from qbank.media import service
from qbank.media.images import cleaned
from qbank.media.shelf import Shelf
from tests.media.pictures import SVG, noted, picture, png_of

Sessions = sessionmaker[Session]
SCAN, CHART, PHOTO = picture(), picture(hue=5), picture("JPEG", exif=noted())
CARRYING = ("markdown-zip", "moodle", "qti21", "qti22", "qti30")
BESIDE = ("markdown", "jsonl", "csv", "xlsx", "gift")


class Place:
    """A bank of its own: database, shelf and a folder for files."""

    def __init__(self, folder: Path, sessions: Sessions) -> None:
        self.folder, self.sessions, self.shelf = folder, sessions, Shelf(folder)
        folder.mkdir(exist_ok=True)

    def take(self, path: Path, **more: object) -> Report:
        return import_file(self.sessions, path, shelf=self.shelf, **more)  # type: ignore[arg-type]

    def give(self, name: str, path: Path) -> Path:
        entry = FORMATS[name]
        bank = images.Outgoing(self.shelf)
        with self.sessions() as session, path.open("wb") as target:
            exporting.export(session, Selection(), entry, target, images=bank, beside=files.beside(path)[0])
        return path

    def uses(self) -> list[tuple[str, str, str]]:
        query = sa.select(VersionMedia.field, VersionMedia.alt, Media.sha256).join(Media)
        with self.sessions() as session:
            return [tuple(row) for row in session.execute(query.order_by(VersionMedia.ordinal))]  # type: ignore[misc]

    def count(self, table: type) -> int:
        with self.sessions() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
def place(sessions: Sessions, tmp_path: Path) -> Place:
    return Place(tmp_path / "here", sessions)


@pytest.fixture
def elsewhere(tmp_path: Path, sqlite_template: Path) -> Iterator[Callable[[], Place]]:
    """Make other banks, each empty."""
    engines: list[sa.Engine] = []

    def make() -> Place:
        folder = tmp_path / f"bank{len(engines)}"
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "bank.sqlite3")
        engines.append(make_engine(f"sqlite:///{folder / 'bank.sqlite3'}"))
        return Place(folder, make_sessions(engines[-1]))

    yield make
    for engine in engines:
        engine.dispose()


def item(name: str = "q1", stem: str = "Look: ![A scan](scan.png)", **more: object) -> dict[str, object]:
    options = [
        {"text": "![A chart](chart.png)", "key": True, "rationale": "See ![The photo](photo.jpg) there."},
        {"text": "No", "rationale": "![A scan](scan.png)"},
    ]
    value: dict[str, object] = {"external_id": name, "stem": stem, "lead_in": "Which?", "options": options}
    return value | {"media": ["scan.png", "chart.png", "photo.jpg"]} | more


def written(folder: Path, *items: dict[str, object], **files: bytes) -> Path:
    """Write a file of JSON Lines with images in the folder of its name."""
    aside = folder / "items-files"
    aside.mkdir(exist_ok=True)
    found = {"scan.png": SCAN, "chart.png": CHART, "photo.jpg": PHOTO} | files
    for name, data in found.items():
        (aside / name.replace("__", ".")).write_bytes(data)
    path = folder / "items.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in items), encoding="utf-8")
    return path


def test_the_images_beside_a_file_come_in_with_the_texts_that_show_them(place: Place, tmp_path: Path) -> None:
    path = written(tmp_path, item())
    report = place.take(path, beside=files.beside(path))
    assert (report.counts["imported"], report.refused, report.problems) == (1, [], [])
    scan, chart, photo = (cleaned(data).sha256 for data in (SCAN, CHART, PHOTO))
    assert place.uses() == [
        (MediaField.STEM, "A scan", scan),
        (MediaField.OPTION, "A chart", chart),
        (MediaField.RATIONALE, "The photo", photo),
        (MediaField.RATIONALE, "A scan", scan),
    ]
    assert {sha256 for sha256, _at in place.shelf.all()} == {scan, chart, photo}
    with place.sessions() as session:
        assert f'src="/media/{scan}"' in session.scalars(sa.select(ItemVersion.stem_html)).one()
        assert set(session.scalars(sa.select(Media.file_name))) == {"scan.png", "chart.png", "photo.jpg"}
    again = place.take(path, beside=files.beside(path))
    assert (again.counts["unchanged"], place.count(ItemVersion), place.count(Media)) == (1, 1, 3)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [*CARRYING, *BESIDE])
def test_export_import_export_is_a_fixed_point_with_the_same_images(
    name: str, place: Place, elsewhere: Callable[[], Place], tmp_path: Path
) -> None:
    start = written(tmp_path, item(), item("q2", stem="Another ![A scan](scan.png) here."))
    place.take(start, beside=files.beside(start))
    one = place.give(name, place.folder / "out")
    assert files.beside(one)[0].exists() == (name in BESIDE)
    there = elsewhere()
    report = there.take(one, format_name=name if name in FORMATS and FORMATS[name].can_read else "qti",
                        beside=files.beside(one))  # fmt: skip
    assert (report.counts["imported"], report.refused) == (2, [])
    assert {sha256 for sha256, _at in there.shelf.all()} == {sha256 for sha256, _at in place.shelf.all()}
    assert {(field, alt, sha) for field, alt, sha in there.uses()} == set(place.uses())
    two = there.give(name, there.folder / "out")
    back = elsewhere()
    back.take(two, format_name=name if FORMATS[name].can_read else "qti", beside=files.beside(two))
    assert back.uses() == there.uses()
    if name != "xlsx":  # whose head holds the time of writing
        assert _content(two) == _content(back.give(name, back.folder / "out"))


def _content(path: Path) -> object:
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_without_its_images_finds_those_that_this_bank_has(place: Place, tmp_path: Path) -> None:
    start = written(tmp_path, item())
    place.take(start, beside=files.beside(start))
    for name in BESIDE:
        out = place.give(name, place.folder / "out")
        assert place.take(out, format_name=name).counts["found"] == 1
    assert {sha for _field, _alt, sha in place.uses()} == {cleaned(data).sha256 for data in (SCAN, CHART, PHOTO)}
    assert place.count(Media) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_anki_package_holds_the_images_that_its_notes_show(place: Place, tmp_path: Path) -> None:
    start = written(tmp_path, item())
    place.take(start, beside=files.beside(start))
    with zipfile.ZipFile(place.give("anki", place.folder / "deck.apkg")) as archive:
        named = json.loads(archive.read("media"))
        assert {archive.read(number) for number in named} == {cleaned(data).data for data in (SCAN, CHART, PHOTO)}
        (tmp_path / "notes").write_bytes(archive.read("collection.anki2"))
    with closing(sqlite3.connect(tmp_path / "notes")) as notes:
        (fields,) = notes.execute("SELECT flds FROM notes").fetchone()
    assert all(f'src="{name}"' in fields for name in named.values())
    assert "/media/" not in fields


HOSTILE = {
    "a bomb": (png_of(30_000, 30_000), "30,000 by 30,000 pixels"),
    "half an image": (SCAN[:-30], "damaged"),
    "an image that is a page too": (SCAN + b"<script>alert(1)</script>", "something else follows the picture"),
    "svg with a script": (SVG, "SVG, which can hold scripts"),
    "an archive called png": (b"PK\x03\x04" + b"\0" * 40, "it is an archive"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("data", "cause"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_image_turns_down_its_own_record_with_the_cause_and_no_other(
    data: bytes, cause: str, place: Place, tmp_path: Path
) -> None:
    path = written(
        tmp_path, item("good"), item("bad", stem="![x](bad.png)", media=["bad.png"]), item("too"), **{"bad.png": data}
    )
    for report in (
        dry_run(place.sessions, path, shelf=place.shelf, beside=files.beside(path)),
        place.take(path, beside=files.beside(path)),
    ):
        assert report.counts["imported"] == 2
        (refused,) = report.refused
        assert (refused.record, refused.line, refused.name) == (2, 2, "bad")
        assert "its image bad.png is not taken: " in refused.cause
        assert cause in refused.cause
    assert place.count(Item) == 2
    assert cleaned(SCAN).sha256 in {sha256 for sha256, _at in place.shelf.all()}
    assert len(list(place.shelf.all())) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hostile_images_inside_other_formats_are_refused_too(place: Place, tmp_path: Path) -> None:
    body = base64.b64encode(SVG).decode()
    (tmp_path / "quiz.xml").write_text(
        '<quiz><question type="multichoice"><name><text>q</text></name><questiontext format="html"><text><![CDATA['
        '<p>Look <img src="@@PLUGINFILE@@/a.png" alt="x"></p>]]></text>'
        f'<file name="a.png" path="/" encoding="base64">{body}</file></questiontext>'
        '<answer fraction="100"><text>A</text></answer><answer fraction="0"><text>B</text></answer></question></quiz>'
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("items.md", "---\nid: q1\n---\n\n# Stem\n\n![x](a.png)\n\n# Options\n\n- [x] A\n\n- [ ] B\n")
        archive.writestr("media/a.png", SVG)
        archive.writestr("other.txt", "who knows")
    (tmp_path / "items.qbank.zip").write_bytes(made.getvalue())
    for name in ("quiz.xml", "items.qbank.zip"):
        report = place.take(tmp_path / name)
        assert [entry.cause.split(":")[0] for entry in report.refused] == ["its image a.png is not taken"]
    assert any("other.txt" in each.message for each in report.problems)
    assert not list(place.shelf.all())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_at_hand_is_said_and_the_item_comes_all_the_same(place: Place, tmp_path: Path) -> None:
    path = written(
        tmp_path, item(stem="![x](lost.png) ![y](https://example.org/y.png)", media=["lost.png", "notes.pdf"])
    )
    report = place.take(path, beside=files.beside(path))
    assert report.counts["imported"] == 1
    assert [each.message.split(":")[0] for each in report.problems] == ["Files left out (lost.png, notes.pdf)"]
    bare = import_file(place.sessions, written(tmp_path, item("q2")))
    assert "Files left out (scan.png, chart.png, photo.jpg)" in bare.problems[0].message


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_dry_run_writes_no_file_and_a_preview_no_row(place: Place, tmp_path: Path) -> None:
    path = written(tmp_path, item())
    dry_run(place.sessions, path, shelf=place.shelf, beside=files.beside(path))
    assert not list(place.shelf.all())
    start = place.folder / "here"
    place.take(path, beside=files.beside(path))
    other = Place(tmp_path / "third", place.sessions)
    package = place.give("markdown-zip", start)
    with place.sessions() as session:
        begin_write(session)
        run = running.start(session, None, running.Upload("x", "markdown-zip"), RunState.READING).id
        session.commit()
    rows = place.count(Media)
    preview_run(place.sessions, run, package, other.shelf)
    assert len(list(other.shelf.all())) == 3
    assert place.count(Media) == rows
    with place.sessions() as session:
        stored = session.get_one(ImportRun, run)
        assert f"/media/{cleaned(SCAN).sha256}" in stored.sample[0]["item"]["stem"]
        begin_write(session)
        stored.state = RunState.IMPORTING
        session.commit()
    import_run(place.sessions, run, package, other.shelf)


def test_undoing_an_import_leaves_the_images_that_other_items_show(place: Place, tmp_path: Path) -> None:
    first = written(tmp_path, item("kept"))
    place.take(first, beside=files.beside(first))
    undone = item("undone", stem="![x](own.png) ![A scan](scan.png)", media=["scan.png", "own.png"])
    second = written(tmp_path, undone, **{"own.png": picture(hue=77)})
    place.take(second, beside=files.beside(second))
    with place.sessions() as session:
        begin_write(session)
        run = session.scalars(sa.select(ImportRun.id).order_by(ImportRun.id.desc()).limit(1)).one()
        undoing.begin_undo(session, run)
        session.commit()
    undoing.take_back(place.sessions, run, RunState.UNDONE, "")
    assert place.count(Item) == 1
    assert {sha for _field, _alt, sha in place.uses()} == {cleaned(data).sha256 for data in (SCAN, CHART, PHOTO)}
    with place.sessions() as session:
        assert service.missing(session, place.shelf) == []
        assert len(session.scalars(sa.select(Option.id)).all()) == 2


def test_an_import_that_fails_leaves_files_at_most_and_no_row(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qbank.exchange import publishing

    def broken(*_args: object) -> None:
        raise RuntimeError("the plug was pulled")

    monkeypatch.setattr(publishing, "publish", broken)
    path = written(tmp_path, item())
    with pytest.raises(RuntimeError, match="plug"):
        place.take(path, beside=files.beside(path))
    assert (place.count(Item), place.count(VersionMedia), place.count(Media)) == (0, 0, 0)
