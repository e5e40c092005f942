"""Pages of annulments, as a reviewer and a learner use them."""

from __future__ import annotations

import re
from html import unescape

import pytest
import sqlalchemy as sa

from qbank.accounts.models import Person, Role
from qbank.annulments.models import Annulment
from qbank.blocks import closing
from qbank.blocks.models import Block, BlockScore, Delivery
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest_web import check_page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def scene(write, make_person, sign_in, settings: Settings, app):
    """A learner with an ended block of three wrong answers, and a reviewer: (learner, reviewer, version, token)."""
    learner, reviewer = make_person(), make_person(Role.EDUCATOR, "Eve Educator")
    with write() as session:
        make.make_items(session, 3, make.make_taxa(session), key=0)
        person = session.get_one(Person, learner)
        block = make.start(session, person, settings, 3)
        make.answer(session, person, block, wrong=3)
        closing.end_block(session, person, block.token)
        version, token = session.scalars(sa.select(Delivery.version_id).order_by(Delivery.id)).first(), block.token
    return sign_in(learner), sign_in(reviewer), version, token


def fields(html: str) -> dict[str, str]:
    """Return the hidden fields of the form that confirms."""
    form = html[html.index('name="token"') - 300 :]
    return {name: re.search(rf'name="{name}" value="([^"]*)"', form)[1] for name in ("token", "kind", "option")}


def test_a_reviewer_sees_what_changes_confirms_with_a_reason_and_the_learner_is_told_until_they_looked(
    scene, write
) -> None:
    learner, reviewer, version, token = scene
    page = reviewer.get(f"/annulments/{version}")
    check_page(page)
    page = reviewer.get(f"/annulments/{version}", kind="annulled")
    check_page(page)
    assert "1 of 1 ended block" in page
    assert "0 of 3" in page
    assert "0 of 2" in page
    page = reviewer.post(f"/annulments/{version}", reason=" ", **fields(page))
    assert reviewer.status == 422
    check_page(page)
    assert "Learners whose score changes read this reason." in page
    page = reviewer.post(f"/annulments/{version}", reason="Two keys <b>", **fields(page))
    assert "One score changed; its learner is told. The item is suspended." in page
    check_page(page)
    assert "A score of yours has changed" in learner.get("/")
    news = learner.get("/annulments/notices")
    check_page(news)
    assert "An item was annulled: Two keys &lt;b&gt;" in news
    assert "A score of yours has changed" not in learner.get("/")
    result = learner.get(f"/blocks/{token}/result")
    assert "It was 0 of 3 before" in unescape(result)
    with write() as session:
        position = session.scalar(sa.select(Delivery.position).where(Delivery.version_id == version))
    assert "This item was annulled on" in learner.get(f"/blocks/{token}/result/{position}")


def test_a_preview_that_is_no_longer_true_is_shown_again_and_nothing_is_changed(
    scene, write, settings: Settings
) -> None:
    _learner, reviewer, version, _token = scene
    page = reviewer.get(f"/annulments/{version}", kind="annulled")
    with write() as session:
        person = make.make_person(session)
        block = make.start(session, person, settings, 3)
        closing.end_block(session, person, block.token)
    page = reviewer.post(f"/annulments/{version}", reason="Two keys", **fields(page))
    assert reviewer.status == 409
    check_page(page)
    assert "Nothing was changed" in page
    assert "2 of 2 ended blocks" in page
    assert ">\nTwo keys</textarea>" in page
    with write() as session:
        assert session.scalars(sa.select(Annulment)).all() == []
    reviewer.post(f"/annulments/{version}", reason="Two keys", **fields(page))
    assert reviewer.status == 200


def test_a_change_of_key_and_its_taking_back_are_told_with_the_letters(scene, write) -> None:
    learner, reviewer, version, token = scene
    with write() as session:
        delivery = session.scalars(sa.select(Delivery).where(Delivery.version_id == version)).one()
        chosen, position = delivery.chosen_option_id, delivery.position
    page = reviewer.get(f"/annulments/{version}", kind="key_changed", option=chosen)
    assert "1 of 3" in page
    reviewer.post(f"/annulments/{version}", reason="B is right", **fields(page))
    assert "with the new key is in draft" in reviewer.html
    explained = learner.get(f"/blocks/{token}/result/{position}")
    assert "The key was changed on" in explained
    page = reviewer.get(f"/annulments/{version}", kind="taken_back")
    check_page(page)
    assert "from A to" in page
    reviewer.post(f"/annulments/{version}", reason="It was right", **fields(page))
    with write() as session:
        query = sa.select(BlockScore.correct).join(Block).where(Block.token == token).order_by(BlockScore.revision)
        assert list(session.scalars(query)) == [0, 1, 0]
    assert "2 scores of yours have changed" in learner.get("/")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"kind": "nonsense"}, 422),
        ({"kind": "key_changed"}, 422),
        ({"kind": "key_changed", "option": "9" * 40}, 422),
        ({"kind": "taken_back"}, 409),
    ],
)
def test_what_cannot_be_decided_says_why_on_the_page(scene, query: dict[str, str], status: int) -> None:
    _learner, reviewer, version, _token = scene
    page = reviewer.get(f"/annulments/{version}", **query)
    assert reviewer.status == status
    check_page(page)
    assert "Nothing was changed" in page


def test_learners_cannot_decide_and_only_see_their_own_notices(scene) -> None:
    learner, _reviewer, version, _token = scene
    learner.get(f"/annulments/{version}")
    assert learner.status == 403
    check_page(learner.get("/annulments/notices"))
    assert "No score of yours has changed" in learner.html
