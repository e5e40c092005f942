"""A draft's confidence: the rule's claim, moved by what people decided on the drafts of that rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.accounts import service as accounts
from qbank.accounts.models import Role
from qbank.articles import drafts, reported, service, trust
from qbank.articles.trust import Trust
from tests.articles.test_drafts import SHORT


def test_with_no_decisions_the_rules_own_confidence_stands_and_many_decisions_outweigh_it() -> None:
    assert Trust(0.8).expected == pytest.approx(0.8)
    assert Trust(0.8, accepted=12, decided=15).expected == pytest.approx((8 + 12) / 25)
    assert Trust(0.9, accepted=0, decided=990).expected == pytest.approx(0.009)


@given(st.floats(0, 1), st.integers(0, 500), st.integers(0, 500))
def test_the_confidence_lies_between_the_claim_and_what_was_seen(prior: float, accepted: int, more: int) -> None:
    decided = accepted + more
    seen = accepted / decided if decided else prior
    found = Trust(prior, accepted, decided).expected
    assert min(prior, seen) - 1e-9 <= found <= max(prior, seen) + 1e-9
    assert Trust(prior, accepted + 1, decided + 1).expected >= found - 1e-9


def test_accepted_and_rejected_drafts_count_for_their_rule_and_order_the_desk(session: Session, settings) -> None:
    eve = accounts.create_person(
        session, settings, email="e@x.org", name="Eve", password="four unrelated words here", roles={Role.EDUCATOR}
    )
    slug = service.load_text(session, eve, SHORT).article.slug
    drafts.draft(session, slug)
    assert trust.decisions(session) == {}
    rows = drafts.proposals(session, service.find(session, slug))
    first, second = rows[0], rows[1]
    drafts.accept(session, eve, slug, first.item.id, drafts.UNCLASSIFIED)
    drafts.reject(session, eve, slug, second.item.id, "Too easy.", settings)
    counted = trust.decisions(session)
    assert sum(decided for _accepted, decided in counted.values()) == 2
    assert sum(accepted for accepted, _decided in counted.values()) == 1
    drafts.undo(session, eve, slug, second.item.id, settings)
    assert sum(decided for _accepted, decided in trust.decisions(session).values()) == 1
    for row in drafts.proposals(session, service.find(session, slug)):
        accepted, decided = counted_now(session, row.version.rule)
        assert (row.trust.accepted, row.trust.decided) == (accepted, decided)
    waiting = [row for row in drafts.proposals(session, service.find(session, slug)) if not row.decided]
    by_place: dict[str, list[float]] = {}
    for row in waiting:
        by_place.setdefault(row.place, []).append(row.trust.expected)
    assert all(found == sorted(found, reverse=True) for found in by_place.values())


def counted_now(session: Session, rule: str) -> tuple[int, int]:
    return trust.decisions(session).get(rule, (0, 0))


def test_contradictory_statements_are_reported_first_with_the_statement_on_their_line(session: Session) -> None:
    text = "# Bones?\n\n- Estrogen suppresses RANKL\n- Estrogen promotes RANKL\n- Calcium is a mineral\n"
    slug = service.load_text(session, None, text).article.slug
    drafts.draft(session, slug)
    found = reported.problems(service.find(session, slug))
    assert [(each.code, each.statement) for each in found[:1]] == [("contradiction", "s01")]
    assert "disagree" in found[0].message
