"""The pages of articles: loading, the article with its evidence, the drafting desk."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from qbank.articles.models import Article
from qbank.items.models import Item, ItemState, ItemVersion
from qbank.items.taxonomy import Dimension, Taxon
from tests.articles.test_drafts import SHORT
from tests.conftest_web import Visitor, Write, check_page

SignIn = Callable[[int], Visitor]
SLUG = "what-does-estrogen-do"


@pytest.fixture
def people(write: Write) -> dict[str, int]:
    """An educator, another, and a student; and a class of each dimension."""
    found = {}
    with write() as session:
        for name, role in (("eve", Role.EDUCATOR), ("ian", Role.EDUCATOR), ("ada", Role.STUDENT)):
            person = Person(email=f"{name}@example.org", name=name.title(), created_at=clock.now())
            person.role_rows = [PersonRole(role=role, granted_at=clock.now())]
            session.add(person)
            session.flush()
            found[name] = person.id
        session.add_all(Taxon(dimension=each, code="x", name=f"Some {each}", ordinal=0) for each in Dimension)
    return found


@pytest.fixture
def eve(people: dict[str, int], sign_in: SignIn) -> Visitor:
    return sign_in(people["eve"])


@pytest.fixture
def desk(eve: Visitor) -> Visitor:
    """The first educator at the desk of a short article."""
    eve.get("/articles/new")
    eve.post("/articles/new", text=SHORT, article="")
    assert (eve.status, eve.path) == (200, f"/articles/{SLUG}/desk")
    return eve


def _first(html: str, step: str) -> str:
    """Return the address of the first form of this step on the desk."""
    found = re.search(rf'action="(/articles/[^"]+/{step})"', html)
    assert found, f"nothing to {step}"
    return found.group(1)


def _scalar(write: Write, query: sa.Select[tuple[int]]) -> int:
    with write() as session:
        return session.scalar(query) or 0


def _classes(write: Write) -> dict[str, int]:
    with write() as session:
        ids = {taxon.dimension: taxon.id for taxon in session.scalars(sa.select(Taxon))}
    return {
        "system": ids[Dimension.SYSTEM],
        "task": ids[Dimension.TASK],
        "disciplines": ids[Dimension.DISCIPLINE],
    }


def test_a_pasted_article_leads_to_its_desk_with_drafts(desk: Visitor) -> None:
    check_page(desk.html)
    assert re.search(r"Read 3 statements and drafted \d+ items", desk.html)
    assert "Resolved by number" in desk.html
    assert "data-draft" in desk.html


def test_an_uploaded_article_is_read_too(eve: Visitor) -> None:
    eve.get("/articles/new")
    eve.post("/articles/new", file=(io.BytesIO(SHORT.encode()), "bones.md"), article="")
    assert (eve.status, eve.path) == (200, f"/articles/{SLUG}/desk")


def test_the_same_text_again_says_that_nothing_was_changed(desk: Visitor, write: Write) -> None:
    before = _scalar(write, sa.select(sa.func.count()).select_from(ItemVersion))
    desk.get("/articles/new")
    assert "loaded already; nothing was changed" in desk.post("/articles/new", text=SHORT, article="")
    assert _scalar(write, sa.select(sa.func.count()).select_from(ItemVersion)) == before


def test_a_new_text_of_a_known_article_is_its_next_revision(desk: Visitor) -> None:
    desk.get("/articles/new")
    html = desk.post("/articles/new", text=SHORT + "\nMore words here.\n", article=SLUG)
    assert "as revision 2" in html
    page = desk.get(f"/articles/{SLUG}")
    check_page(page)
    assert f"/articles/{SLUG}/revisions/1" in page
    old = desk.get(f"/articles/{SLUG}/revisions/1")
    check_page(old)
    assert "An earlier revision" in old
    assert "Confirm" not in old


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # most of it is refused before
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"text": ""}, "Paste the article"),
        ({"text": "  \n\t "}, "Paste the article"),
        ({"file": (io.BytesIO(b""), "empty.txt")}, "there is no text"),
        ({"file": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}, "PDF"),
        ({"file": (io.BytesIO(b"\x89PNG\r\n\x1a\n"), "a.png")}, "an image, not text"),
        ({"file": (io.BytesIO(b"text \x00 text"), "a.txt")}, "NUL"),
        ({"text": "Some text", "file": (io.BytesIO(b"Some text"), "a.txt")}, "not both"),
    ],
)
def test_what_cannot_be_read_is_refused_beside_its_field(
    eve: Visitor, write: Write, fields: dict[str, object], says: str
) -> None:
    eve.get("/articles/new")
    fresh = {
        name: (io.BytesIO(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value
        for name, value in fields.items()
    }
    html = eve.post("/articles/new", article="", **fresh)
    assert eve.status == 422
    check_page(html)
    assert says in html
    assert "field__error" in html
    assert _scalar(write, sa.select(sa.func.count()).select_from(Article)) == 0


def _send_raw(visitor: Visitor, text: bytes) -> int:
    """Send the form with a text that is percent-encoded already; returns the status, follows redirects."""
    visitor.get("/articles/new")
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.html)
    assert token
    body = f"csrf_token={token.group(1)}&article=&text=".encode() + text
    response = visitor.client.post(
        "/articles/new", data=body, content_type="application/x-www-form-urlencoded", follow_redirects=True
    )
    visitor.html = response.text
    return response.status_code


def test_a_text_with_a_nul_is_refused_by_the_name_of_its_field(eve: Visitor, write: Write) -> None:
    assert _send_raw(eve, b"bones%00bones") == 422
    assert "The field “text” holds a character that cannot be stored" in eve.html
    assert _scalar(write, sa.select(sa.func.count()).select_from(Article)) == 0


def test_half_a_character_never_reaches_the_database(eve: Visitor) -> None:
    text = quote(SHORT.replace("osteogenesis", "osteo!genesis")).replace("%21", "%ED%A0%80")
    assert _send_raw(eve, text.encode()) == 200
    page = eve.get(f"/articles/{SLUG}")
    assert "osteo%ED%A0%80genesis" in page, "what is no character stays as it was sent"


def test_a_page_that_is_only_an_image_says_so(eve: Visitor) -> None:
    eve.get("/articles/new")
    html = eve.post(
        "/articles/new",
        file=(io.BytesIO(b"<html><body><img src='scan.png' alt=''></body></html>"), "scan.html"),
        article="",
    )
    assert eve.status == 422
    check_page(html)
    assert "the page holds only images" in html


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # most of it is refused before
@pytest.mark.parametrize(
    "text",
    ["[" * 8000, "- " + "[" * 8000 + "\n", "word " * 1_000_000, "(" * 100_000, "- a\n" * 3000],
    ids=["brackets", "bracketed statement", "five megabytes", "parentheses", "many bullets"],
)
def test_a_monstrous_text_gets_a_page(eve: Visitor, text: str) -> None:
    eve.get("/articles/new")
    html = eve.post("/articles/new", text=text, article="")
    assert eve.status in (200, 422)
    check_page(html)


def test_more_than_fits_is_refused(eve: Visitor) -> None:
    eve.get("/articles/new")
    eve.post("/articles/new", text="x" * 9_000_000, article="")
    assert eve.status in (413, 422)


def test_hostile_words_in_an_article_stay_words_on_every_page(eve: Visitor) -> None:
    hostile = SHORT.replace("Bones and hormones", "<script>alert(1)</script>").replace(
        "- Activates", "- <img src=x onerror=alert(2)> activates"
    )
    eve.get("/articles/new")
    eve.post("/articles/new", text=hostile.replace("What does", "What <b>does</b>"), article="")
    assert eve.status == 200
    for path in ("/articles", eve.path, eve.path.removesuffix("/desk"), "/items?state=proposed", "/articles/new"):
        check_page(eve.get(path))
        assert "<script>alert" not in eve.html
        assert "<img src=x" not in eve.html
        assert "<b>does" not in eve.html


def test_an_accepted_draft_is_the_persons_own_and_leaves_the_waiting_ones(
    desk: Visitor, write: Write, people: dict[str, int]
) -> None:
    waiting = desk.html.count("data-draft")
    html = desk.post(_first(desk.html, "accept"), at="s01", system="", task="", disciplines="")
    assert desk.status == 200
    check_page(html)
    assert "the draft is yours" in html
    assert html.count("data-draft") == waiting - 1
    assert _scalar(write, sa.select(Item.owner_id).where(Item.owner_id.is_not(None))) == people["eve"]


def test_a_classified_draft_goes_straight_to_review(desk: Visitor, write: Write) -> None:
    html = desk.post(_first(desk.html, "accept"), at="s01", review="y", **_classes(write))
    assert "sent to review" in html
    review = desk.get("/items/review")
    check_page(review)
    assert "You wrote it" in review


def test_a_draft_that_lacks_parts_stays_untouched_and_the_desk_says_what_is_missing_beside_it(
    desk: Visitor, write: Write
) -> None:
    desk.get(f"/articles/{SLUG}/desk?at=s02")
    assert "It names no reference" in desk.html
    chosen = _classes(write) | {"task": ""}
    html = desk.post(_first(desk.html, "accept"), at="s02", review="y", **chosen)
    assert desk.status == 422
    check_page(html)
    draft = html.split("data-refused", 1)[1].split("</section>", 1)[0]
    assert "one task" in draft
    assert "at least one reference" in draft
    assert f'value="{chosen["system"]}" selected' in draft
    assert _scalar(write, sa.select(sa.func.count()).select_from(Item).where(Item.owner_id.is_not(None))) == 0
    assert _scalar(write, sa.select(sa.func.max(ItemVersion.number))) == 1


def test_the_second_of_two_people_gets_the_desk_as_it_stands_with_409(
    desk: Visitor, people: dict[str, int], sign_in: SignIn
) -> None:
    ian = sign_in(people["ian"])
    ian.get(f"/articles/{SLUG}/desk")
    accept, reject = _first(ian.html, "accept"), _first(ian.html, "reject")
    desk.post(accept, at="s01", system="", task="", disciplines="")
    for address, fields in ((accept, {"system": "", "task": ""}), (reject, {"reason": "No."})):
        html = ian.post(address, at="s01", **fields)
        assert ian.status == 409
        check_page(html)
        assert "decided on this draft already" in html
        assert "Drafting desk" in html


def test_a_rejected_draft_shows_its_reason_and_can_be_taken_back(desk: Visitor) -> None:
    address = _first(desk.html, "reject")
    html = desk.post(address, at="s01", reason="")
    assert desk.status == 422
    check_page(html)
    assert "Say why" in html
    html = desk.post(address, at="s01", reason="Trivial <i>fact</i>")
    check_page(html)
    assert "Trivial &lt;i&gt;fact" in html
    waiting = html.count("data-draft")
    html = desk.post(_first(html, "undo"), at="s01")
    assert html.count("data-draft") == waiting + 1
    html = desk.post(address.replace("reject", "undo"), at="s01")
    assert desk.status == 409
    check_page(html)


def test_too_long_a_reason_comes_back_with_the_desk(desk: Visitor) -> None:
    html = desk.post(_first(desk.html, "reject"), at="s01", reason="x" * 2001)
    assert desk.status == 422
    assert "2,000" in html


def test_a_choice_that_is_not_offered_is_refused(desk: Visitor, write: Write) -> None:
    for fields in ({"system": "999"}, {"task": "x"}, {"disciplines": "9" * 40}):
        desk.get(f"/articles/{SLUG}/desk")
        desk.post(_first(desk.html, "accept"), at="s01", **({"system": "", "task": ""} | fields))
        assert desk.status == 422
    assert _scalar(write, sa.select(sa.func.count()).select_from(Item).where(Item.owner_id.is_not(None))) == 0


def test_a_repaired_marker_gives_the_waiting_drafts_their_reference(desk: Visitor, write: Write) -> None:
    page = desk.get(f"/articles/{SLUG}")
    check_page(page)
    addresses = re.findall(r'action="(/articles/[^"]+/citations/\d+)"', page)
    for address in addresses[1:]:
        desk.get(f"/articles/{SLUG}")
        html = desk.post(address, reference="r1", anchor="s02")
        assert desk.status == 200
        assert "The drafts that rest on it follow" in html
    assert "Confirmed" in html
    assert "It names no reference" not in desk.get(f"/articles/{SLUG}/desk?at=s02")
    html = desk.post(_first(desk.html, "accept"), at="s02", review="y", **_classes(write))
    assert "sent to review" in html


def test_an_entry_that_the_article_lacks_is_refused(desk: Visitor) -> None:
    page = desk.get(f"/articles/{SLUG}")
    address = re.findall(r'action="(/articles/[^"]+/citations/\d+)"', page)[0]
    desk.post(address, reference="r77", anchor="s01")
    assert desk.status == 422
    desk.get(f"/articles/{SLUG}")
    desk.post(f"/articles/{SLUG}/citations/99999", reference="r1")
    assert desk.status == 404


def test_unknown_articles_statements_and_drafts_are_not_found(desk: Visitor) -> None:
    for path in ("/articles/nothing", "/articles/nothing/desk", f"/articles/{SLUG}/revisions/9"):
        desk.get(path)
        assert desk.status == 404
    check_page(desk.get(f"/articles/{SLUG}/desk?at=s99"))
    assert desk.status == 200
    for step in ("accept", "reject", "undo"):
        desk.get(f"/articles/{SLUG}/desk")
        desk.post(f"/articles/{SLUG}/drafts/99999/{step}", at="s01", reason="x", system="", task="")
        assert desk.status == 404


def test_a_student_reads_the_article_and_meets_no_item_and_no_staff_page(
    desk: Visitor, write: Write, people: dict[str, int], sign_in: SignIn
) -> None:
    desk.post(_first(desk.html, "accept"), at="s01", system="", task="", disciplines="")
    with write() as session:
        names = list(session.scalars(sa.select(Item.external_id)))
        stems = list(session.scalars(sa.select(ItemVersion.stem)))
    ada = sign_in(people["ada"])
    page = ada.get(f"/articles/{SLUG}")
    assert ada.status == 200
    check_page(page)
    assert "Promotes expression of osteoprotegerin" in page
    for hidden in (*names, *stems, "/items/", f"{SLUG}/desk", "Confirm or repair"):
        assert hidden not in page
    for path in ("/articles", "/articles/new", f"/articles/{SLUG}/desk"):
        ada.get(path)
        assert ada.status == 403, path
    ada.get("/account")
    for step in ("accept", "reject", "undo"):
        ada.post(f"/articles/{SLUG}/drafts/1/{step}", reason="x")
        assert ada.status == 403
    ada.get("/account")
    ada.post(f"/articles/{SLUG}/citations/1", reference="r1")
    assert ada.status == 403


def test_a_proposal_is_never_live(desk: Visitor, write: Write) -> None:
    with write() as session:
        states = set(session.scalars(sa.select(ItemVersion.state)))
    assert states == {ItemState.DRAFT}


def test_the_desk_works_for_an_article_without_references(eve: Visitor) -> None:
    eve.get("/articles/new")
    eve.post("/articles/new", text=SHORT.split("## References")[0], article="")
    assert eve.status == 200
    check_page(eve.html)
    page = eve.get(f"/articles/{SLUG}")
    check_page(page)
    assert "No references" in page
