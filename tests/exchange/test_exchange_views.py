"""The pages of import and export: a file comes in, its preview, the decision, the report; what leaves."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Role
from qbank.exchange import uploads
from qbank.exchange.models import ImportRun, RunState
from qbank.items.models import Item
from tests.conftest_web import Visitor, check_page
from tests.exchange.bank import add_taxa, line, visible

Sessions = sessionmaker[Session]
GIFT = b"""::q1:: Which hormone lowers calcium? {=Calcitonin#Yes. ~Parathyroid hormone#No.}

::q2:: Match them. {=a -> b =c -> d =e -> f}
"""


@pytest.fixture
def educator(sessions: Sessions, make_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    add_taxa(sessions)
    return sign_in(make_person(role=Role.EDUCATOR, name="Eve Educator"))


def jsonl(*lines: dict[str, Any]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in lines).encode()


def send(visitor: Visitor, content: bytes, name: str = "items.jsonl", **fields: str) -> str:
    """Upload a file from the import page and wait for its preview."""
    visitor.get("/exchange")
    return settled(visitor, visitor.post("/exchange/imports", file=(io.BytesIO(content), name), format="", **fields))


def settled(visitor: Visitor, html: str) -> str:
    for _ in range(200):
        if "data-progress-of" not in html:
            break
        visitor.client.get(visitor.path + "/progress")
        html = visitor.get(visitor.path)
    return html


def decide(visitor: Visitor, what: str = "import", **fields: str) -> str:
    values = {"format": "jsonl", "system": "", "task": "", "tags": ""} | fields
    return settled(visitor, visitor.post(visitor.path + "/decide", what=what, **values))


def test_a_file_goes_from_preview_to_import_to_undo(educator: Visitor, sessions: Sessions) -> None:
    html = send(educator, jsonl(line(1), line(2, options="none"), line(3)))
    assert educator.status == 200
    check_page(html)
    assert "Preview of items.jsonl" in html
    assert "Patient number 3" in html
    assert "options must be a list" in html
    assert visible(sessions) == set()
    html = decide(educator)
    check_page(html)
    assert "Imported as new items" in html
    assert visible(sessions) == {"x-1", "x-3"}
    html = settled(educator, educator.post(educator.path + "/undo"))
    check_page(html)
    assert "The import was undone" in html
    assert visible(sessions) == set()


def test_the_format_is_found_from_the_content_and_types_not_held_are_named(educator: Visitor) -> None:
    html = send(educator, GIFT, "questions.txt")
    check_page(html)
    assert '<option selected value="gift">GIFT</option>' in html
    assert "The bank does not hold items of the type matching." in html


def test_a_wrong_guess_of_the_format_can_be_corrected(educator: Visitor) -> None:
    html = send(educator, GIFT, "questions.md")
    assert "The bank does not hold items of the type matching." not in html
    html = decide(educator, what="import", format="gift")
    check_page(html)
    assert "Preview of questions.md" in html  # another format is another preview, never an import at once
    assert "The bank does not hold items of the type matching." in html


def test_a_code_that_the_bank_lacks_can_be_mapped(educator: Visitor, sessions: Sessions) -> None:
    html = send(educator, jsonl(line(1, systems=["Kidney"])))
    check_page(html)
    assert "no system has the code" in html
    html = decide(educator, what="preview", **{"map-systems-0": "renal"})
    check_page(html)
    assert "no system has the code" not in html
    decide(educator, **{"map-systems-0": "renal"}, task="diagnosis", tags="spring, 2026")
    with sessions() as session:
        from qbank.exchange.exporting import Selection, selected

        (record,) = selected(session, Selection())
    assert (record.systems, record.tasks, record.tags) == (("renal",), ("diagnosis",), ("made", "spring", "2026"))


def test_columns_of_a_table_can_be_mapped_by_hand_and_are_shown_again_before_the_import(
    educator: Visitor, sessions: Sessions
) -> None:
    table = "Vraag,Goed,Fout 1,Les\nWhat lowers calcium?,Calcitonin,Cortisol,Nothing\n"
    html = send(educator, table.encode(), "items.csv")
    check_page(html)
    assert "no column holds the question" in html
    mapped = {"column-0": "stem", "column-1": "option_1", "column-2": "option_2", "column-3": ""}
    html = decide(educator, format="csv", **mapped)
    check_page(html)
    assert "Preview of items.csv" in html
    assert "Calcitonin" in html
    assert visible(sessions) == set()
    decide(educator, format="csv")
    assert len(visible(sessions)) == 1


def test_a_template_can_be_filled_in_and_imported(educator: Visitor, sessions: Sessions) -> None:
    for name in ("csv", "xlsx"):
        content = educator.client.get(f"/exchange/templates/{name}").data
        html = send(educator, content, f"mine.{name}")
        check_page(html)
        assert "heart-001" in html
    assert educator.client.get("/exchange/templates/gift").status_code == 404


def test_the_report_can_be_downloaded_and_no_cell_of_it_is_a_formula(educator: Visitor) -> None:
    send(educator, jsonl(line(1, external_id="=1+1"), line(2, stem=5)))
    page = educator.path
    decide(educator)
    table = educator.client.get(page + "/report.csv")
    assert table.headers["Content-Disposition"].startswith("attachment")
    rows = table.text.lstrip("\ufeff").splitlines()
    assert rows[1] == "1,1,imported,'=1+1,"
    assert rows[2].startswith("2,2,refused,x-2,")
    report = educator.client.get(page + "/report.json").get_json()
    assert (report["found"], report["imported"], report["refused"][0]["record"]) == (2, 1, 2)


def test_a_name_of_a_file_is_escaped_and_a_token_is_its_only_path(
    educator: Visitor, app: Flask, sessions: Sessions
) -> None:
    html = send(educator, jsonl(line(1)), "../../<b>x</b>.jsonl")
    check_page(html)
    assert "<b>x</b>" not in html
    folder = uploads.folder(app.extensions["qbank.settings"])
    with sessions() as session:
        assert [path.name for path in folder.iterdir()] == [session.scalars(sa.select(ImportRun.token)).one()]
    decide(educator)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_file_of_items_is_refused_on_the_page(educator: Visitor, sessions: Sessions) -> None:
    html = send(educator, b"\x00\x01\x02", "picture.bin")
    check_page(html)
    assert educator.status == 422
    assert "the format is not known" in html or "choose one of" in html
    educator.get("/exchange")
    html = educator.post("/exchange/imports", format="")
    assert educator.status == 422
    assert "Choose a file." in html
    with sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 0


def test_a_large_file_comes_in_parts_and_a_part_sent_again_is_taken_once(educator: Visitor, sessions: Sessions) -> None:
    content = jsonl(*(line(number) for number in range(30)))
    page = educator.get("/exchange")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    headers = {"X-CSRFToken": found.group(1), "Accept": "application/json"}
    client = educator.client
    told = client.post("/exchange/imports/parts", json={"name": "big.jsonl", "size": len(content)}, headers=headers)
    assert told.status_code == 201
    url, token = told.get_json()["url"], told.get_json()["token"]
    for offset in (0, 0, 3000, 6000, 3000):
        part = content[offset : offset + 3000]
        sent = client.post(url, query_string={"offset": offset}, data=part, headers=headers)
        assert sent.status_code == 200
    hole = client.post(url, query_string={"offset": 12000}, data=b"x", headers=headers)
    assert hole.status_code == 409
    html = educator.post("/exchange/imports", upload=token, format="")
    assert educator.status == 422
    assert "Choose it again" in html
    client.post(url, query_string={"offset": 9000}, data=content[9000:], headers=headers)
    educator.get("/exchange")
    html = settled(educator, educator.post("/exchange/imports", upload=token, format=""))
    assert "Preview of big.jsonl" in html
    assert "30" in html


def test_what_is_announced_too_large_or_badly_is_refused(educator: Visitor) -> None:
    found = re.search(r'name="csrf_token" value="([^"]+)"', educator.get("/exchange"))
    assert found
    headers = {"X-CSRFToken": found.group(1)}
    for body in (
        {"name": "x", "size": uploads.MAX_FILE + 1},
        {"name": "x", "size": "1"},
        {"size": 1},
        [],
        {"name": "x", "size": 0},
    ):
        assert educator.client.post("/exchange/imports/parts", json=body, headers=headers).status_code == 422


def test_a_file_can_be_decided_against(educator: Visitor, app: Flask, sessions: Sessions) -> None:
    send(educator, jsonl(line(1)))
    educator.post(educator.path + "/discard")
    assert educator.path == "/exchange"
    assert list(uploads.folder(app.extensions["qbank.settings"]).iterdir()) == []
    with sessions() as session:
        assert session.scalars(sa.select(ImportRun.state)).one() is RunState.DISCARDED


def test_an_import_is_its_senders_to_decide_and_every_authors_to_see(
    educator: Visitor, make_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    send(educator, jsonl(line(1)))
    other = sign_in(make_person(role=Role.EDUCATOR, name="Another"))
    html = other.get(educator.path)
    check_page(html)
    assert "Who sent the file decides on it." in html
    for what in ("decide", "discard", "undo"):
        other.get(educator.path)
        other.post(f"{educator.path}/{what}", format="jsonl")
        assert other.status == 404
        other.path = educator.path


def test_an_import_whose_item_was_used_says_so_instead_of_undoing(educator: Visitor, sessions: Sessions) -> None:
    send(educator, jsonl(line(1)))
    decide(educator)
    with sessions() as session:
        item = session.scalars(sa.select(Item)).one()
        item.draft_version_id = None
        session.commit()
    html = educator.post(educator.path + "/undo")
    assert educator.status == 409
    assert "x-1 has been used since" in html


# --- export ------------------------------------------------------------------------------------------------------


def test_an_export_says_what_would_be_lost_and_then_downloads(educator: Visitor) -> None:
    send(educator, jsonl(line(1, objective="Know it."), line(2)))
    decide(educator)
    check_page(educator.get("/exchange/export"))
    html = educator.get("/exchange/export", look="1", format="aiken")
    check_page(html)
    assert "cannot hold everything" in html
    assert "the references" in html
    html = educator.get("/exchange/export", look="1", format="jsonl", text="number 2")
    check_page(html)
    assert "loses nothing" in html
    sent = educator.client.get("/exchange/export/file?format=jsonl&text=number+2")
    assert sent.headers["Content-Disposition"] == "attachment; filename=items-2026-03-02.jsonl"
    assert [json.loads(each)["external_id"] for each in sent.data.splitlines()] == ["x-2"]


def test_what_is_exported_is_imported_again_without_a_change(educator: Visitor) -> None:
    send(educator, jsonl(line(1), line(2, enemies=["x-1"], vignette="A case.")))
    decide(educator)
    for name in ("jsonl", "markdown"):
        content = educator.client.get(f"/exchange/export/file?format={name}").data
        send(educator, content, f"again.{'md' if name == 'markdown' else name}")
        report = educator.client.get(educator.path + "/report.json").get_json()
        assert (report["found"], report["unchanged"], report["problems"]) == (2, 2, [])


def test_a_selection_of_nothing_and_a_format_of_nothing_are_refused(educator: Visitor) -> None:
    for query in ("format=jsonl&text=zebra", "format=nope", "format=jsonl&states=asleep", "format=jsonl&systems=nope"):
        assert educator.client.get(f"/exchange/export/file?{query}").status_code == 422
    check_page(educator.get("/exchange/export", look="1", format="jsonl", text="zebra"))


def test_a_paper_form_has_no_answers_and_its_key_has_them_in_the_same_order(educator: Visitor) -> None:
    odd = line(2, options=[{"text": "Wrong"}, {"text": "Right", "key": True, "rationale": "Because of it."}])
    send(educator, jsonl(line(1), odd))
    decide(educator)
    paper = educator.get("/exchange/export/paper", format="markdown")
    check_page(paper)
    assert "It <em>works</em>" not in paper
    assert "Because of it." not in paper
    assert "x-2" not in paper
    key = educator.get("/exchange/export/key", format="markdown")
    check_page(key)
    assert re.findall(r"<td><strong>(\w)</strong></td><td>(x-\d)</td>", key) == [("A", "x-1"), ("B", "x-2")]
    assert "Because of it." in key


def test_a_paper_form_and_its_key_are_files_as_well_and_the_preview_counts_flaws_by_rule(educator: Visitor) -> None:
    html = send(educator, jsonl(line(1), line(2)))
    check_page(html)
    assert "What the flaw checks found, by rule" in html
    decide(educator)
    for name, shown in (("html-paper", "Patient number 2"), ("html-key", "x-2")):
        sent = educator.client.get(f"/exchange/export/file?format={name}")
        assert sent.headers["Content-Disposition"].endswith(f".{name.removeprefix('html-')}.html")
        assert shown in sent.text
    assert educator.client.head("/exchange/export/file?format=html-paper").status_code == 200


def test_no_page_of_the_exchange_is_a_learners(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    learner = sign_in(make_person())
    for path in ("", "/export", "/export/file", "/export/paper", "/export/key", "/imports/x", "/imports/x/report.csv"):
        assert learner.client.get(f"/exchange{path}").status_code == 403
    assert "/exchange" not in learner.get("/")
