"""Who may see an image, and what is sent: nothing leaks before its time."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from qbank import clock
from qbank.blocks.models import Block, BlockState
from qbank.items.models import Item, ItemVersion, Media, MediaField, Option
from qbank.media import links, service
from qbank.media.images import cleaned
from qbank.media.shelf import Shelf
from qbank.settings import Settings
from tests.blocks.classroom import Desk, make_learner, sign_in, stock
from tests.conftest_web import Visitor, Write
from tests.items.bank import Bank
from tests.media.pictures import picture

# The pages on one database; `may_see` and the links are asked on both in `test_service`.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
QUESTION, EXPLAINED, RATIONALE, UNUSED = (cleaned(picture(hue=hue)) for hue in (1, 2, 3, 4))


def shown(sha256: str) -> str:
    return f'<p><img src="/media/{sha256}" alt="A scan"></p>'


@pytest.fixture
def learner(app: Flask, write: Write, settings: Settings) -> Desk:
    """A learner before a bank whose items all show one image in the stem, others in explanation and rationales."""
    shelf = Shelf(settings.data_dir)
    with write() as session:
        made = stock(session)
        service.note(session, [(each.facts, "a.png") for each in (QUESTION, EXPLAINED, RATIONALE, UNUSED)], None)
        for each in (QUESTION, EXPLAINED, RATIONALE, UNUSED):
            shelf.put(each)
        session.execute(
            sa.update(ItemVersion).values(stem_html=shown(QUESTION.sha256), explanation_html=shown(EXPLAINED.sha256))
        )
        session.execute(sa.update(Option).values(rationale_html=shown(RATIONALE.sha256)))
        session.expire_all()
        links.follow(session, [item.published_version_id for item in made.items if item.published_version_id])
        person_id = make_learner(session).id
    client = app.test_client()
    sign_in(app, client, person_id)
    return Desk(client)


def seen(desk: Desk) -> list[int]:
    return [desk.client.get(f"/media/{each.sha256}").status_code for each in (QUESTION, EXPLAINED, RATIONALE, UNUSED)]


def test_before_any_block_a_learner_sees_no_image(learner: Desk) -> None:
    assert seen(learner) == [404, 404, 404, 404]


def test_in_an_open_exam_block_the_images_of_explanation_and_rationales_are_not_there(learner: Desk) -> None:
    token = learner.start(count=3, feedback="exam")
    assert seen(learner) == [200, 404, 404, 404]
    for position in (1, 2, 3):
        learner.get(f"/blocks/{token}/{position}")
        learner.press("save", choice="A")
    assert seen(learner) == [200, 404, 404, 404]


def test_what_is_refused_looks_the_same_whether_or_not_it_exists(learner: Desk) -> None:
    learner.start(count=3, feedback="exam")
    there, nowhere = (learner.client.get(f"/media/{name}") for name in (EXPLAINED.sha256, "0" * 64))
    assert there.status_code == nowhere.status_code == 404
    headers = [{k: v for k, v in each.headers if k not in ("Set-Cookie", "Date")} for each in (there, nowhere)]
    assert headers[0] == headers[1]
    assert there.text == nowhere.text


def test_after_the_end_the_images_of_the_explanation_are_shown_too(learner: Desk) -> None:
    token = learner.start(count=3, feedback="exam")
    learner.get(f"/blocks/{token}/end")
    learner.post(f"/blocks/{token}/end", confirm="yes")
    assert learner.client.get(f"/blocks/{token}/result/1").status_code == 200
    assert seen(learner) == [200, 200, 200, 404]


def test_in_tutor_feedback_only_the_item_submitted_shows_its_explanation(learner: Desk, write: Write) -> None:
    token = learner.start(count=3, feedback="tutor")
    assert seen(learner) == [200, 404, 404, 404]
    learner.get(f"/blocks/{token}/1")
    learner.press("submit", choice="A")
    assert seen(learner) == [200, 200, 200, 404]


def test_while_a_block_is_paused_its_images_are_hidden_as_its_items_are(learner: Desk, write: Write) -> None:
    learner.start(count=3, feedback="exam")
    with write() as session:
        session.execute(sa.update(Block).values(state=BlockState.PAUSED, paused_at=clock.now()))
    assert seen(learner) == [404, 404, 404, 404]


def test_another_learner_does_not_see_what_was_put_to_this_one(app: Flask, learner: Desk, write: Write) -> None:
    learner.start(count=3, feedback="exam")
    with write() as session:
        other_id = make_learner(session, "Bea Other").id
    other = app.test_client()
    sign_in(app, other, other_id)
    assert other.get(f"/media/{QUESTION.sha256}").status_code == 404
    assert app.test_client().get(f"/media/{QUESTION.sha256}").status_code == 302


def test_an_educator_sees_every_image_and_what_is_sent_is_the_picture_and_private(
    bank: Bank, eve: Visitor, settings: Settings
) -> None:
    Shelf(settings.data_dir).put(UNUSED)
    answer = eve.client.get(f"/media/{UNUSED.sha256}")
    assert answer.data == UNUSED.data
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert set(answer.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}
    again = eve.client.get(f"/media/{UNUSED.sha256}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_right_that_has_ended_is_not_outlived_by_what_the_browser_keeps(learner: Desk, write: Write) -> None:
    learner.start(count=3, feedback="exam")
    mark = learner.client.get(f"/media/{QUESTION.sha256}").headers["ETag"]
    with write() as session:
        session.execute(sa.update(Block).values(state=BlockState.PAUSED, paused_at=clock.now()))
    again = learner.client.get(f"/media/{QUESTION.sha256}", headers={"If-None-Match": mark})
    assert again.status_code == 404


@pytest.mark.parametrize("name", ["..%2fsecret_key", "secret_key", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "%0a"])
def test_no_other_file_can_be_had_by_a_name(name: str, eve: Visitor) -> None:
    assert eve.client.get(f"/media/{name}").status_code == 404


def test_the_links_of_a_version_name_the_text_and_the_alternative_text(bank: Bank, eve: Visitor, write: Write) -> None:
    kept = cleaned(picture(hue=9))
    with write() as session:
        service.note(session, [(kept.facts, "x.png")], None)
    image = f'![A *wide* "scan" & more](/media/{kept.sha256})'
    reference = f"![Again][1]\n\n[1]: /media/{kept.sha256}"
    address = bank.new(
        eve,
        stem=f"Look. {image}",
        explanation=f"`{image}`",
        **{"options-1-rationale": reference, "options-0-text": image},
    )
    version = bank.newest(address)
    with write() as session:
        query = sa.select(links.VersionMedia.field, links.VersionMedia.alt).order_by(links.VersionMedia.ordinal)
        found = session.execute(query.where(links.VersionMedia.version_id == version.id)).all()
    words = 'A wide "scan" & more'
    assert [tuple(row) for row in found] == [
        (MediaField.STEM, words),
        (MediaField.OPTION, words),
        (MediaField.RATIONALE, "Again"),
    ]


def test_an_older_version_keeps_its_image_when_the_item_is_edited(bank: Bank, eve: Visitor, write: Write) -> None:
    kept = cleaned(picture(hue=9))
    with write() as session:
        service.note(session, [(kept.facts, "x.png")], None)
    address = bank.new(eve, stem=f"Look. ![A scan](/media/{kept.sha256})")
    first = bank.newest(address)
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(stem="Look no more.", base_version=first.id))
    assert bank.newest(address).number == 2
    with write() as session:
        assert session.scalars(sa.select(links.VersionMedia.version_id)).all() == [first.id]
        assert session.scalar(sa.select(sa.func.count()).select_from(Media)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Item)) == 1
