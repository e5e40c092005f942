"""Searching the bank on both databases: what is found, how it is shown, and an index that is always right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from qbank import search
from qbank.exchange import undoing
from qbank.exchange.importing import import_file
from qbank.exchange.models import ImportRun
from qbank.items import lifecycle, queries, store
from qbank.items.content import OptionContent, VersionContent
from qbank.items.models import Item, ItemState, ItemVersion, Origin, Vignette, VignetteVersion
from qbank.items.queries import ItemFilter
from qbank.items.record import ReferenceRecord
from qbank.items.references import Reference, ensure_references
from tests.conftest import TestClock
from tests.exchange.bank import add_taxa, file_of, line

Sessions = sessionmaker[Session]


def content(stem: str = "A man is ill.", **more: Any) -> VersionContent:
    options = (OptionContent("Aspirin", is_key=True, rationale="It thins."), OptionContent("Water"))
    return VersionContent(**({"stem": stem, "options": options, "lead_in": "Which drug?"} | more))


def make(session: Session, name: str, stem: str = "A man is ill.", **more: Any) -> Item:
    made = store.create_item(session, None, content(stem, **more), external_id=name, origin=Origin.WRITTEN)
    return made.item


def found(session: Session, text: str) -> list[str]:
    """Return the external ids of the items on the page, best first."""
    rows, total = queries.items(session, ItemFilter(text=text), limit=100, offset=0)
    assert total == len(rows)
    return [row.item.external_id for row in rows]


def publish(session: Session, item: Item) -> None:
    version = store.newest_version(session, item)
    for state in (ItemState.IN_REVIEW, ItemState.APPROVED, ItemState.LIVE):
        store.note_change(session, None, version, state)
        session.flush()
    lifecycle.publish(session, None, item, version)
    session.flush()


def in_step(session: Session) -> bool:
    """Say whether the index holds what a rebuilt one would: nothing more, nothing less, nothing else."""
    if search.check(session):
        return False
    before = session.execute(sa.text("SELECT * FROM search_entry")).all()
    search.rebuild(session)
    return sorted(map(repr, before)) == sorted(map(repr, session.execute(sa.text("SELECT * FROM search_entry"))))


def test_every_part_of_an_item_is_found(session: Session, clock: TestClock) -> None:
    vignette = Vignette(external_id="v", created_at=clock())
    session.add(vignette)
    session.flush()
    shared = VignetteVersion(
        vignette_id=vignette.id, number=1, text="A shared lagoon.", text_html="", content_hash="v", created_at=clock()
    )
    session.add(shared)
    work = ReferenceRecord("Walruses", authors="Pelikan A", doi="10.1234/quagga.77", pmid="998877")
    [reference] = ensure_references(session, [work])
    make(
        session,
        "whole-1",
        "An albatross is ill.",
        lead_in="Which badger?",
        options=(OptionContent("Cormorant", is_key=True, rationale="Because of dugongs."), OptionContent("Eland")),
        objective="Know the ferret.",
        explanation="A gannet explains.",
        tags=("hoopoe",),
        reference_ids=(reference.id,),
        vignette_version_id=shared.id,
    )
    make(session, "other-2")
    words = "albatross badger cormorant dugongs eland ferret gannet hoopoe lagoon walruses pelikan 998877 whole-1"
    for word in [*words.split(), "10.1234/quagga.77"]:
        assert found(session, word) == ["whole-1"], word


def test_words_must_all_be_there_and_the_last_may_be_a_beginning(session: Session) -> None:
    make(session, "one", "Serum calcium and estrogen are low.")
    make(session, "two", "Serum calcium is high.")
    assert sorted(found(session, "serum calcium")) == ["one", "two"]
    assert found(session, "CALCIUM low") == ["one"]
    assert found(session, "serum estro") == ["one"]
    assert found(session, "estro serum") == []
    assert sorted(found(session, "serum calc")) == ["one", "two"]


def test_a_phrase_stands_side_by_side_and_a_hyphen_leaves_out(session: Session) -> None:
    make(session, "one", "The hip fracture healed.")
    make(session, "two", "The fracture of the hip healed.")
    assert found(session, '"hip fracture"') == ["one"]
    assert found(session, '"hip fracture') == ["one"]
    assert found(session, "healed -of") == ["one"]
    assert found(session, 'healed -"hip fracture"') == ["two"]
    assert found(session, "-of") == ["one"]
    assert found(session, '"lead which"') == []


@pytest.mark.parametrize(
    ("stem", "queries_"),
    [
        ("IL-6 rises.", ["IL-6", "il6", "IL 6", '"il-6 rises"', "il‑6"]),
        ("IL6 rises.", ["IL-6", "il6"]),
        ("25-OH vitamin D", ["25-OH", "25OH", "25-oh vit"]),
        ("TNF-α is up.", ["TNF-α", "TNF-alpha", "tnfα", "tnfalpha", "tnf alpha"]),
        ("TNF-alpha is up.", ["TNF-α", "tnfα"]),
        ("The α-blocker at 5 µg.", ["alpha-blocker", "α blocker", "5 ug", "5 μg"]),
        ("Sjögren and Ménière", ["sjogren", "SJÖGREN", "meniere", "Me\u0301nie\u0300re"]),
        ("CO<sub>2</sub> and H₂O", ["co2", "h2o", "CO₂"]),
        ("The ﬁbula", ["fibula"]),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_signs_are_found_as_people_type_them(session: Session, stem: str, queries_: list[str]) -> None:
    make(session, "one", stem)
    assert {query: found(session, query) for query in queries_} == {query: ["one"] for query in queries_}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_signs_are_found_so_on_the_server_too(session: Session) -> None:
    make(session, "one", "IL-6 and TNF-α, Sjögren, 25-OH, 中文")
    for query in ("il6", "IL-6", "tnf-alpha", "sjogren", "25oh", "中文", '"il 6 and tnf"'):
        assert found(session, query) == ["one"], query


HOSTILE = [
    "'", '"', '""', "-", "--", "-\"", "*", "a*", "NEAR(a b)", "a OR b", "NOT", "AND", "stem:ill", "question : ill",
    "^ill", "\x00ill\x00", "ill'); DROP TABLE item; --", "%", "_", "\\", "a & b | !c <-> d:*", "(((", "x" * 10_000,
    "ill " * 5_000, '"' * 999, "-ill -" * 300, "\ud800", "\u202e", "🦴", "é" * 300, "a" * 3_000 + " b", "1e999 0x1F",
]  # fmt: skip


def test_no_text_is_an_error(session: Session) -> None:
    make(session, "one", "A bone 🦴 is ill.")
    for text in HOSTILE:
        rows, total = queries.items(session, ItemFilter(text=text), limit=10, offset=0)
        assert total == len(rows) <= 1, text
    assert found(session, "ill *") == ["one"]
    assert found(session, "???") == []


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(text=st.text(st.characters(exclude_categories=()), max_size=40))
def test_what_is_asked_for_never_reaches_the_database_as_language(session: Session, text: str) -> None:
    queries.items(session, ItemFilter(text=text), limit=10, offset=0)


def test_a_hit_in_the_question_comes_before_one_in_the_rest(session: Session) -> None:
    for number in range(4):
        make(session, f"rest-{number}", explanation="Osteoporosis is explained here.")
    make(session, "question", "Osteoporosis is asked about.")
    make(session, "later")
    assert found(session, "osteoporosis")[0] == "question"


def test_the_excerpt_marks_the_hits_and_escapes_the_rest(session: Session) -> None:
    make(session, "one", "Plain stem.", explanation="The **<img src=x>** of TNF-α & bone " + "is long " * 60)
    [row], _total = queries.items(session, ItemFilter(text="tnf-alpha bon"), limit=10, offset=0)
    assert row.excerpt is not None
    assert "&lt;img src=x" in row.excerpt
    assert "<mark>TNF-α</mark> &amp; <mark>bone</mark>" in row.excerpt
    assert len(row.excerpt) < 400


def test_the_filters_narrow_a_search_and_pages_do_not_overlap(session: Session) -> None:
    made = [make(session, f"i-{number}", "The femur is broken.") for number in range(7)]
    publish(session, made[0])
    rows, total = queries.items(session, ItemFilter(text="femur", state=ItemState.LIVE), limit=5, offset=0)
    assert [row.item.external_id for row in rows] == ["i-0"]
    assert total == 1
    pages = [queries.items(session, ItemFilter(text="femur"), limit=3, offset=offset)[0] for offset in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert len({row.item.id for page in pages for row in page}) == 7


def test_a_search_sends_the_same_number_of_queries_whatever_it_finds(
    session: Session, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    from qbank.items.queries import items

    sent = []
    for number in range(1, 30, 14):
        for place in range(number):
            make(session, f"i-{number}-{place}", "The femur is broken.")
        session.expire_all()
        session.expunge_all()
        with queries() as seen:
            items(session, ItemFilter(text="femur"), limit=50, offset=0)
        sent.append(len(seen))
    assert len(set(sent)) == 1
    assert sent[0] <= 7


def test_an_edit_is_found_and_what_it_took_out_is_not(session: Session) -> None:
    item = make(session, "one", "The tibia is broken.")
    store.save_version(session, None, item.id, content("The radius is broken."), base_version_id=None)
    assert (found(session, "tibia"), found(session, "radius")) == ([], ["one"])
    assert in_step(session)


def test_the_live_text_is_found_beside_a_draft_until_the_draft_takes_its_place(session: Session) -> None:
    item = make(session, "one", "The tibia is broken.")
    publish(session, item)
    store.save_version(session, None, item.id, content("The radius is broken."), base_version_id=None)
    assert (found(session, "tibia"), found(session, "radius")) == (["one"], ["one"])
    assert in_step(session)
    publish(session, item)
    assert (found(session, "tibia"), found(session, "radius")) == ([], ["one"])
    assert in_step(session)


def test_a_reference_that_was_corrected_is_found_once_its_items_are_refreshed(session: Session) -> None:
    [reference] = ensure_references(session, [ReferenceRecord("Bnoes of man")])
    item = make(session, "one", reference_ids=(reference.id,))
    session.get_one(Reference, reference.id).title = "Bones of man"
    search.refresh(session, [item.id])
    assert (found(session, "bnoes"), found(session, "bones")) == ([], ["one"])
    assert in_step(session)


def test_what_is_rolled_back_is_not_found(sessions: Sessions, clock: TestClock) -> None:
    with sessions() as session:
        make(session, "one", "The tibia is broken.")
        assert found(session, "tibia") == ["one"]
        session.rollback()
    with sessions() as session:
        assert found(session, "tibia") == []
        assert in_step(session)


def test_an_import_is_found_when_it_is_done_and_gone_when_it_is_undone(
    sessions: Sessions, tmp_path: Path, clock: TestClock
) -> None:
    add_taxa(sessions)
    import_file(sessions, file_of(tmp_path, [line(1, stem="The old tibia."), line(2)]))
    again = file_of(tmp_path, [line(1, stem="The new radius.", vignette="A lagoon."), line(3, tags=["IL-6"])])
    import_file(sessions, again)
    with sessions() as session:
        assert [found(session, word) for word in ("tibia", "radius", "lagoon", "il6")] == [
            [],
            ["x-1"],
            ["x-1"],
            ["x-3"],
        ]
        assert found(session, '"title 1"') == ["x-1"]
        assert in_step(session)
        session.commit()
    with sessions() as session:
        run = session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()
        undoing.begin_undo(session, run.id)
        session.commit()
    with sessions() as session:
        assert [found(session, word) for word in ("tibia", "radius", "il6")] == [["x-1"], [], []]
    from qbank.exchange.models import RunState

    undoing.take_back(sessions, run.id, RunState.UNDONE, "")
    with sessions() as session:
        assert in_step(session)


def test_a_hidden_version_of_an_import_under_way_is_neither_found_nor_a_disagreement(session: Session) -> None:
    item = make(session, "one", "The tibia is broken.")
    item.draft_version_id = None
    session.flush()
    assert found(session, "tibia") == []
    assert not search.check(session)


def test_a_disagreement_is_noticed_and_a_rebuild_mends_it(session: Session) -> None:
    one, two = make(session, "one", "The tibia is broken."), make(session, "two")
    search.forget(session, [one.draft_version_id or 0])
    old = two.draft_version_id
    store.save_version(session, None, two.id, content("Another."), base_version_id=None)
    search.ensure(session, [old or 0])
    noticed = search.check(session)
    assert (noticed.missing, noticed.stale) == (1, 1)
    assert str(noticed) == "the search index lacks 1 and holds 1 outdated versions"
    told: list[int] = []
    assert search.rebuild(session, told.append) == 2
    assert sum(told) == 2
    assert not search.check(session)
    assert found(session, "tibia") == ["one"]


def test_a_very_long_item_is_indexed_as_far_as_it_goes(session: Session) -> None:
    make(session, "one", "w0 " + " ".join(f"w{number}" for number in range(5_000)), explanation="tail " * 6_000)
    make(session, "two", "y" * 30_000)
    assert found(session, "w17") == ["one"]
    assert found(session, '"w17 w18 w19"') == ["one"]


def test_counts_by_state_see_the_newest_version_only(session: Session, clock: TestClock) -> None:
    live, draft = make(session, "live"), make(session, "draft")
    publish(session, live)
    publish(session, draft)
    store.save_version(session, None, draft.id, content("Else."), base_version_id=None)
    hidden = Item(external_id="hidden", created_at=clock(), versions_made=1)
    session.add(hidden)
    session.flush()
    session.add(ItemVersion(item_id=hidden.id, number=1, content_hash="h", created_at=clock(), stem="x", stem_html="x"))
    session.flush()
    assert queries.state_counts(session) == {"live": 1, "draft": 1}
