"""The reference manager: one entry for each work, corrected once for all, merged with nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import AuditEvent, Person
from qbank.articles import service as articles
from qbank.articles.models import ArticleReference
from qbank.errors import InvalidError, NotFoundError
from qbank.items import lifecycle, rechecks, records, reference_queries, reference_service, store
from qbank.items.check_models import CheckNeeded
from qbank.items.content import OptionContent, VersionContent
from qbank.items.models import ItemState, ItemVersion, Origin, VersionReference
from qbank.items.record import ReferenceRecord
from qbank.items.reference_models import ReferenceChange, ReferenceStep
from qbank.items.reference_queries import Show
from qbank.items.references import Reference, ensure_references, plain_doi, plain_pmid, same_work
from qbank.settings import Settings
from tests.conftest_web import Visitor, check_page
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write

__all__ = ["app", "bank", "client", "eve", "sign_in", "write"]

Queries = Callable[[], AbstractContextManager[list[str]]]
ONE = ReferenceRecord(title="Bone loss after menopause.", year=2010)
TWO = ReferenceRecord(title="Bone Loss, after Menopause", year=2010, doi="10.1000/bone.1", authors="A. Author")


@pytest.fixture
def author(make_person) -> Person:
    return make_person("author@example.org", roles=["educator"])


def entry(session: Session, record: ReferenceRecord) -> Reference:
    return ensure_references(session, [record])[0]


def content(*references: Reference, stem: str = "A woman loses bone.") -> VersionContent:
    return VersionContent(
        stem=stem,
        lead_in="Which of the following is the cause?",
        options=tuple(
            OptionContent(text=text, is_key=text == "Two", rationale="x") for text in ("One", "Two", "Three")
        ),
        reference_ids=tuple(each.id for each in references),
    )


def item(session: Session, author: Person, *references: Reference, name: str = "i1") -> store.Saved:
    return store.create_item(session, author, content(*references), external_id=name, origin=Origin.WRITTEN)


def named(session: Session, version: ItemVersion) -> list[int]:
    query = sa.select(VersionReference.reference_id).where(VersionReference.version_id == version.id)
    return list(session.scalars(query.order_by(VersionReference.ordinal)))


def open_flags(session: Session) -> list[CheckNeeded]:
    return list(session.scalars(sa.select(CheckNeeded).where(CheckNeeded.cleared_at.is_(None))))


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("https://doi.org/10.1000/x.1", "10.1000/x.1"),
        ("http://dx.doi.org/10.1000/x.1", "10.1000/x.1"),
        ("doi: 10.1000/x.1", "10.1000/x.1"),
        (" 10.1000/x.1 ", "10.1000/x.1"),
        ("doinothing", "doinothing"),
    ],
)
def test_a_doi_given_as_an_address_is_kept_as_a_doi(given: str, plain: str) -> None:
    assert plain_doi(given) == plain


def test_a_pmid_given_as_an_address_is_kept_as_a_number() -> None:
    assert plain_pmid("https://pubmed.ncbi.nlm.nih.gov/12345/") == plain_pmid("PMID: 12345") == "12345"


def test_works_are_the_same_by_doi_by_pmid_or_by_title_and_year() -> None:
    assert same_work("A", 2000, "https://doi.org/10.1000/X", None) & same_work("B", 1999, "10.1000/x", None)
    assert same_work("A", 2000, None, "0123") & same_work("B", 1999, None, "123")
    assert same_work("Bone: loss.", 2000, None, None) & same_work("BONE  loss", 2000, "10.1000/x", None)
    assert not same_work("Bone loss", 2000, "10.1000/x", "1") & same_work("Bone loss", 2001, "10.1000/y", "2")


def test_a_second_entry_of_a_work_that_is_there_is_refused_and_names_the_first(
    session: Session, author: Person
) -> None:
    first = reference_service.add(session, author, TWO)
    with pytest.raises(reference_service.DuplicateError) as caught:
        reference_service.add(session, author, ReferenceRecord(title="Otherwise put", doi="10.1000/BONE.1"))
    assert caught.value.reference_id == first.id


def test_a_correction_is_kept_with_before_and_after_and_the_old_entry_still_finds_the_work(
    session: Session, author: Person
) -> None:
    reference = entry(session, ONE)
    base = reference_service.base_of(ONE)
    better = ReferenceRecord(title="Bone loss after the menopause.", year=2011)
    assert reference_service.edit(session, author, reference.id, better, base=base, confirmed=False)
    (change,) = session.scalars(sa.select(ReferenceChange))
    assert change.kind is ReferenceStep.EDITED
    assert change.detail == {"title": [ONE.title, better.title], "year": [2010, 2011]}
    assert entry(session, ONE).id == entry(session, better).id == reference.id
    # and back again: neither wording is lost
    again = reference_service.base_of(better)
    assert reference_service.edit(session, author, reference.id, ONE, base=again, confirmed=False)
    assert entry(session, ONE).id == entry(session, better).id == reference.id
    assert not reference_service.edit(session, author, reference.id, ONE, base="whatever", confirmed=False)


def test_a_correction_to_a_work_that_another_entry_means_is_refused(session: Session, author: Person) -> None:
    one, two = entry(session, ONE), entry(session, TWO)
    with pytest.raises(reference_service.DuplicateError) as caught:
        reference_service.edit(session, author, one.id, TWO, base=reference_service.base_of(ONE), confirmed=True)
    assert caught.value.reference_id == two.id


def test_a_correction_of_what_somebody_else_corrected_meanwhile_is_refused(session: Session, author: Person) -> None:
    reference = entry(session, ONE)
    base = reference_service.base_of(ONE)
    reference_service.edit(session, author, reference.id, TWO, base=base, confirmed=False)
    with pytest.raises(reference_service.StaleError):
        reference_service.edit(session, author, reference.id, ReferenceRecord(title="Mine"), base=base, confirmed=False)
    assert reference.title == TWO.title


def test_live_items_ask_for_an_explicit_yes_and_the_audit_says_how_many(
    session: Session, author: Person, settings: Settings
) -> None:
    reference = entry(session, ONE)
    saved = item(session, author, reference)
    store.note_change(session, author, saved.version, ItemState.LIVE)
    lifecycle.publish(session, author, saved.item, saved.version)
    session.flush()
    base = reference_service.base_of(ONE)
    with pytest.raises(InvalidError) as caught:
        reference_service.edit(session, author, reference.id, TWO, base=base, confirmed=False)
    assert "1 live item" in caught.value.problems["confirm"]
    assert reference_service.edit(session, author, reference.id, TWO, base=base, confirmed=True)
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "reference edited")).one()
    assert (event.detail["live_items"], event.person_id) == (1, author.id)


def test_a_merge_moves_every_version_and_article_and_leaves_one_entry(session: Session, author: Person) -> None:
    article = "# Bones?\n\n- Bone is lost [1]\n\n## References\n\n[1] Bones. 2010.\n"
    articles.load_text(session, None, article)
    goes = session.scalars(sa.select(Reference)).one()
    stays = entry(session, TWO)
    only = item(session, author, goes, name="only")
    both = item(session, author, goes, stays, name="both")
    newer = store.save_version(session, author, only.item.id, content(goes, stem="Newer."), base_version_id=None)
    reference_service.merge(session, author, stays.id, goes.id)
    for version in (only.version, both.version, newer.version):
        assert named(session, version) == [stays.id]
    assert session.scalars(sa.select(ArticleReference.reference_id)).one() == stays.id
    assert reference_service.find(session, goes.id).id == stays.id
    rows, total = reference_queries.listed(session, Show.ALL, "", limit=10, offset=0)
    assert (total, [(row.reference.id, row.items, row.articles) for row in rows]) == (1, [(stays.id, 2, 1)])
    articles.load_text(session, None, article.replace("lost", "lost fast"), slug="bones")
    assert set(session.scalars(sa.select(ArticleReference.reference_id))) == {stays.id}


def test_after_a_merge_the_same_text_again_still_makes_no_version(session: Session, author: Person) -> None:
    goes, stays = entry(session, ONE), entry(session, TWO)
    saved = item(session, author, goes)
    hashed = saved.version.content_hash
    reference_service.merge(session, author, stays.id, goes.id)
    version = records.load_versions(session, [saved.version.id])[saved.version.id]
    assert version.content_hash == content(stays).digest() != hashed
    again = store.save_version(session, author, saved.item.id, content(stays), base_version_id=version.id)
    assert not again.changed


def test_a_merge_keeps_the_trace_and_fills_what_was_lacking(session: Session, author: Person) -> None:
    stays, goes = entry(session, ONE), entry(session, TWO)
    reference_service.edit(
        session,
        author,
        goes.id,
        ReferenceRecord(title=TWO.title, year=2010, doi=TWO.doi, authors="B. Author"),
        base=reference_service.base_of(TWO),
        confirmed=False,
    )
    reference_service.merge(session, author, stays.id, goes.id)
    assert (stays.title, stays.authors, stays.doi) == (ONE.title, "B. Author", TWO.doi)
    kinds = [step.kind for step in reference_queries.history(session, stays.id)]
    assert kinds == [ReferenceStep.MERGED, ReferenceStep.EDITED]
    assert entry(session, ONE).id == entry(session, TWO).id == stays.id
    assert session.scalars(sa.select(AuditEvent.action)).all()[-1] == "references merged"


def test_merging_twice_over_leads_to_the_last_one_and_a_merged_one_cannot_be_merged_again(
    session: Session, author: Person
) -> None:
    first, second = entry(session, ONE), entry(session, TWO)
    third = entry(session, ReferenceRecord(title="Bone loss after menopause", year=2010, pmid="77"))
    reference_service.merge(session, author, second.id, first.id)
    reference_service.merge(session, author, third.id, second.id)
    assert {reference_service.find(session, each).id for each in (first.id, second.id, third.id)} == {third.id}
    assert {entry(session, each).id for each in (ONE, TWO)} == {third.id}
    with pytest.raises(NotFoundError):
        reference_service.merge(session, author, third.id, first.id)
    with pytest.raises(InvalidError):
        reference_service.merge(session, author, third.id, third.id)


def test_merging_a_retracted_duplicate_retracts_the_work_and_flags_each_item_once(
    session: Session, author: Person
) -> None:
    stays, goes = entry(session, ONE), entry(session, TWO)
    item(session, author, stays, goes, name="both")
    item(session, author, stays, name="one")
    assert rechecks.retract(session, author, goes.id, retracted=True, reason="Withdrawn by its journal.") == 1
    reference_service.merge(session, author, stays.id, goes.id)
    assert stays.retracted_at is not None
    assert sorted(flag.item_id for flag in open_flags(session)) == sorted(
        {version.item_id for version in session.scalars(sa.select(ItemVersion))}
    )
    assert {flag.reference_id for flag in open_flags(session)} == {stays.id}


def test_an_item_saved_later_on_a_retracted_reference_is_flagged_until_somebody_judged_it(
    session: Session, author: Person
) -> None:
    bad, good = entry(session, ONE), entry(session, TWO)
    rechecks.retract(session, author, bad.id, retracted=True)
    saved = item(session, author, bad)
    (flag,) = open_flags(session)
    assert (flag.item_id, flag.reference_id) == (saved.item.id, bad.id)
    save = lambda what: store.save_version(session, author, saved.item.id, what, base_version_id=None)  # noqa: E731
    save(content(bad, stem="Second."))
    assert [each.id for each in open_flags(session)] == [flag.id]
    rechecks.clear(session, author, saved.item.id, flag.id, "It holds without it.")
    save(content(bad, stem="Third."))
    assert open_flags(session) == []  # judged already
    save(content(good, stem="Fourth."))
    save(content(bad, stem="Fifth."))
    assert len(open_flags(session)) == 1  # it came back


def test_possible_duplicates_stand_side_by_side_and_know_one_another(session: Session) -> None:
    one, two = entry(session, ONE), entry(session, TWO)
    other = entry(session, ReferenceRecord(title="Another work", year=2010))
    by_pmid = [
        entry(session, ReferenceRecord(title="C", pmid="5")),
        entry(session, ReferenceRecord(title="D", pmid="05")),
    ]
    assert reference_queries.duplicate_groups(session) == [[one.id, two.id], [each.id for each in by_pmid]]
    assert [each.id for each in reference_queries.duplicates_of(session, one)] == [two.id]
    assert [each.id for each in reference_queries.duplicates_of(session, by_pmid[1])] == [by_pmid[0].id]
    assert reference_queries.duplicates_of(session, other) == []
    rows, total = reference_queries.listed(session, Show.DUPLICATES, "author", limit=10, offset=0)
    assert ([row.reference.id for row in rows], total) == ([two.id], 1)


def test_the_list_narrows_to_unused_retracted_and_incomplete_and_finds_words(session: Session, author: Person) -> None:
    used, spare = entry(session, ONE), entry(session, TWO)
    whole = ReferenceRecord(title="100% whole", authors="A", container="J", year=2000, pmid="9")
    complete = entry(session, whole)
    item(session, author, used)
    rechecks.retract(session, author, used.id, retracted=True)

    def shown(show: Show, text: str = "") -> set[int]:
        rows, total = reference_queries.listed(session, show, text, limit=10, offset=0)
        assert total == len(rows)
        return {row.reference.id for row in rows}

    assert shown(Show.ALL) == {used.id, spare.id, complete.id}
    assert shown(Show.UNUSED) == {spare.id, complete.id}
    assert shown(Show.RETRACTED) == {used.id}
    assert shown(Show.INCOMPLETE) == {used.id, spare.id}
    assert shown(Show.ALL, "menopause author") == {spare.id}
    assert shown(Show.ALL, "100%") == {complete.id}
    assert shown(Show.ALL, "0%w") == set()
    assert reference_queries.counts(session) == {"": 3, "unused": 2, "retracted": 1, "incomplete": 2}


def test_the_list_and_the_page_ask_a_fixed_number_of_queries(bank: Bank, eve: Visitor, queries: Queries) -> None:
    def asked(path: str) -> int:
        with queries() as seen:
            eve.get(path)
        assert eve.status == 200, path
        return len(seen)

    paths = ("/items/references", "/items/references?show=duplicates", f"/items/references/{bank.reference}")
    first = [asked(path) for path in paths]
    with bank.write() as session:
        author = session.get_one(Person, bank.people["eve"])
        for place in range(30):
            made = entry(session, ReferenceRecord(title="Bones", year=2010, pmid=str(place + 1)))
            item(session, author, made, session.get_one(Reference, bank.reference), name=f"x{place}")
    assert [asked(path) for path in paths] == first


def test_a_reference_is_added_found_corrected_retracted_and_merged_on_its_pages(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.to_live(address)
    eve.get("/items/references/new")
    check_page(eve.html)
    eve.post("/items/references/new", title="Bones", year="2010", doi="nonsense", pmid="123456789", url="javascript:x")
    assert eve.status == 422
    for message in ("A DOI looks like", "A PMID has 1 to 8 digits", "begins with http"):
        assert message in eve.html
    fields = {"title": "Bones", "year": "2010", "doi": "https://doi.org/10.1000/bones"}
    eve.post("/items/references/new", **fields)
    assert (eve.status, "10.1000/bones" in eve.html) == (200, True)
    check_page(eve.html)
    other = int(eve.path.rsplit("/", 1)[1])
    assert "Merge it into this one" in eve.html
    eve.get(f"/items/references/{bank.reference}/edit")
    base = eve.html.split('name="base"')[1].split('value="')[1].split('"')[0]
    edited = {"base": base, "title": "Bones <b>again</b>", "year": "2010"}
    eve.post(f"/items/references/{bank.reference}/edit", **edited)
    assert eve.status == 422
    assert "1 live item names it" in eve.html
    eve.post(f"/items/references/{bank.reference}/edit", confirm="y", **edited)
    assert "Bones &lt;b&gt;again&lt;/b&gt;" in eve.html
    assert address.rsplit("/", 1)[1] in eve.html
    eve.post(f"/items/references/{bank.reference}/retract", reason="")
    assert (eve.status, "Say why" in eve.html) == (422, True)
    eve.post(f"/items/references/{bank.reference}/retract", reason="Withdrawn in 2020.")
    assert "Items flagged for a check: 1" in eve.html
    assert "Withdrawn in 2020." in eve.html
    eve.get(f"{address}/edit")
    assert "Retracted" in eve.html
    eve.get(f"/items/references/{other}/merge/{bank.reference}")
    check_page(eve.html)
    assert "1 version of 1 item" in eve.html
    eve.post(f"/items/references/{other}/merge/{bank.reference}")
    check_page(eve.html)
    assert "Took in a duplicate" in eve.html
    eve.get(f"/items/references/{bank.reference}")
    assert eve.path == f"/items/references/{other}"
    eve.get(f"/items/references/{bank.reference}/merge/{bank.reference}")
    assert eve.status == 422


def test_a_form_opened_before_a_merge_saves_the_entry_that_stays(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    eve.get(f"{address}/edit")
    with bank.write() as session:
        author = session.get_one(Person, bank.people["ian"])
        stays = entry(session, ReferenceRecord(title="Bones", year=2010, pmid="4")).id
        reference_service.merge(session, author, stays, bank.reference)
    version = bank.newest(address)
    eve.post(f"{address}/edit", **bank.fields(base_version=version.id, stem="Another stem."))
    assert eve.status == 200
    assert [row.reference_id for row in bank.newest(address).references] == [stays]
