"""The list of items with words in its box, and the commands that look after the index."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run, data, run
from tests.conftest_web import Visitor, check_page
from tests.exchange.bank import line
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write

__all__ = ["app", "bank", "client", "data", "eve", "run", "sign_in", "write"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_list_shows_where_the_words_stand_and_keeps_them_in_box_and_tabs(bank: Bank, eve: Visitor) -> None:
    bank.new(eve)
    bank.new(eve, stem="A boy has <b>rickets</b>.", explanation="The TNF-α level.")
    html = eve.get("/items", q="tnf-alpha")
    check_page(html)
    assert "<mark>TNF-α</mark> level" in html
    assert 'value="tnf-alpha"' in html
    assert "q=tnf-alpha" in html
    assert html.count('class="item-link"') == 1
    html = eve.get("/items", q="rickets")
    assert "&lt;b&gt;<mark>rickets</mark>&lt;/b&gt;" in html
    html = eve.get("/items", q='"no such words"')
    check_page(html)
    assert "Nothing matches" in html


def test_doctor_notices_an_index_that_lacks_items_and_the_command_makes_it_anew(
    run: Run, data: Path, tmp_path: Path
) -> None:
    assert run("db", "upgrade").returncode == 0
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(line(number)) + "\n" for number in range(3)))
    assert run("import", file).returncode == 0
    assert run("doctor").returncode == 0
    with closing(sqlite3.connect(data / "qbank.sqlite3")) as connection:
        connection.execute("DELETE FROM search_entry WHERE rowid = (SELECT min(rowid) FROM search_entry)")
        connection.commit()
    noticed = run("doctor")
    assert noticed.returncode == 1
    assert "the search index lacks 1 version: run qbank search rebuild" in noticed.stdout
    done = run("search", "rebuild")
    assert (done.returncode, done.stderr.strip()) == (0, "3 versions can be searched")
    assert run("doctor").returncode == 0


def test_an_old_bank_can_be_searched_once_it_is_upgraded(run: Run, data: Path, tmp_path: Path) -> None:
    run("db", "upgrade")
    file = tmp_path / "items.jsonl"
    file.write_text(json.dumps(line(1, stem="The Sjögren case.", vignette="A lagoon.", tags=["IL-6"])) + "\n")
    run("import", file)
    with closing(sqlite3.connect(data / "qbank.sqlite3")) as connection:
        before = connection.execute("SELECT rowid, * FROM search_entry").fetchall()
    assert run("db", "downgrade", "0008").returncode == 0
    with closing(sqlite3.connect(data / "qbank.sqlite3")) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'search_%'").fetchall()
    assert run("db", "upgrade").returncode == 0
    with closing(sqlite3.connect(data / "qbank.sqlite3")) as connection:
        after = connection.execute("SELECT rowid, * FROM search_entry").fetchall()
    assert len(after) == 1
    assert [sorted(" ".join(map(str, row)).split()) for row in after] == [
        sorted(" ".join(map(str, row)).split()) for row in before
    ]
