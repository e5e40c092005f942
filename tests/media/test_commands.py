"""Images on the command line: import and export beside a file, backup and restore, what the doctor says, the sweep."""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from pathlib import Path

import pytest

from qbank.errors import InvalidError
from qbank.media import archive
from qbank.media.images import cleaned
from qbank.media.shelf import Shelf
from tests.cli.conftest import Run, data, run
from tests.media.pictures import picture

__all__ = ["data", "run"]
SCAN = cleaned(picture())


@pytest.fixture
def filled(run: Run, data: Path, tmp_path: Path) -> Path:
    """A bank with one item that shows one image; returns the file that it came from."""
    run("db", "upgrade")
    options = [{"text": "A", "key": True}, {"text": "B"}]
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({"id": "q1", "stem": "![A scan](scan.png)", "options": options, "media": ["scan.png"]}))
    (tmp_path / "scan.png").write_bytes(picture())
    done = run("import", path)
    assert done.returncode == 0, done.stderr
    return path


def test_a_backup_takes_the_images_along_and_a_restore_brings_them_back(
    run: Run, data: Path, tmp_path: Path, filled: Path
) -> None:
    shelf = Shelf(data)
    saved = tmp_path / "saved.sqlite3"
    done = run("backup", saved)
    assert done.returncode == 0
    assert f"backed up 1 images to {saved}.media.tar" in done.stderr
    assert archive.beside(saved).stat().st_mode & 0o077 == 0
    assert run("doctor").returncode == 0
    shelf.remove(SCAN.sha256)
    done = run("doctor")
    assert done.returncode == 1
    assert f"images without their file in {shelf.root}: {SCAN.sha256}: restore them from a backup" in done.stdout
    assert run("restore", saved).returncode == 0
    assert shelf.read(SCAN.sha256) == SCAN.data
    assert run("doctor").returncode == 0
    archive.beside(saved).write_bytes(b"no archive")
    before = (data / "qbank.sqlite3").read_bytes()
    done = run("restore", saved)
    assert (done.returncode, "cannot be read" in done.stderr) == (1, True)
    assert (data / "qbank.sqlite3").read_bytes() == before


@pytest.mark.parametrize("name", ["../../evil", SCAN.sha256, "0" * 64])
def test_an_archive_that_is_not_what_it_says_is_refused_and_nothing_of_it_kept(name: str, tmp_path: Path) -> None:
    source = tmp_path / "saved.media.tar"
    with tarfile.open(source, "w") as made:
        info = tarfile.TarInfo(name)
        info.size = 4
        made.addfile(info, io.BytesIO(b"evil"))
    for work in (lambda: archive.check(source), lambda: archive.unpack(tmp_path / "data", source)):
        with pytest.raises(InvalidError, match=re.escape(str(source))):
            work()
    assert not list(Shelf(tmp_path / "data").all())
    assert not list(tmp_path.rglob("evil"))


def test_an_export_puts_images_beside_its_file_and_a_sweep_takes_what_nothing_shows(
    run: Run, data: Path, tmp_path: Path, filled: Path
) -> None:
    out = tmp_path / "out" / "bank.md"
    out.parent.mkdir()
    done = run("export", "--format", "markdown", "-o", out)
    assert done.returncode == 0
    assert "image" not in done.stderr
    assert f"![A scan]({SCAN.sha256}.png)" in out.read_text()
    assert (out.parent / "bank-files" / f"{SCAN.sha256}.png").read_bytes() == SCAN.data
    done = run("import", out)
    assert "1 unchanged" in done.stdout
    shelf, loose = Shelf(data), cleaned(picture(hue=3))
    shelf.put(loose)
    assert run("media", "sweep").stdout == "0 files of unused images taken away\n"
    os.utime(shelf.path(loose.sha256), (0, 0))
    os.utime(shelf.path(SCAN.sha256), (0, 0))
    assert run("media", "sweep").stdout == "1 file of unused images taken away\n"
    assert [sha256 for sha256, _at in shelf.all()] == [SCAN.sha256]
