"""Keeping, linking, sweeping images; what the files and the rows do when something goes wrong between them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock as clock_module
from qbank.blocks.models import BlockState, EndedReason
from qbank.errors import ConflictError, InvalidError
from qbank.items import lifecycle, store, vignettes
from qbank.items.content import OptionContent, VersionContent
from qbank.items.models import ItemState, ItemVersion, Media, MediaField, Origin, VersionMedia
from qbank.markup import render
from qbank.media import access, links, service
from qbank.media.images import cleaned
from qbank.media.shelf import Shelf
from qbank.settings import Settings
from tests.blocks.classroom import make_learner, stock
from tests.blocks.factories import start
from tests.conftest import TestClock
from tests.media.pictures import SVG, picture

Queries = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "data")


def content(stem: str, **more: object) -> VersionContent:
    options = (OptionContent("Estrogen", is_key=True), OptionContent("Prolactin"))
    return VersionContent(**({"stem": stem, "options": options} | more))  # type: ignore[arg-type]


def test_an_image_is_kept_once_file_first_and_read_back_whole(session: Session, shelf: Shelf, clock: TestClock) -> None:
    first = service.keep(session, shelf, None, picture(), "scan.png")
    again = service.keep(session, shelf, None, picture(), "other.png")
    assert first.id == again.id
    assert first.file_name == "scan.png"
    assert (first.content_type, first.width, first.height) == ("image/png", 40, 30)
    assert shelf.read(first.sha256) == cleaned(picture()).data
    assert shelf.path(first.sha256).parent.name == first.sha256[:2]
    assert [path.name for path in shelf.path(first.sha256).parent.iterdir()] == [first.sha256]


def test_what_is_no_image_leaves_neither_row_nor_file(session: Session, shelf: Shelf) -> None:
    with pytest.raises(InvalidError) as refused:
        service.keep(session, shelf, None, SVG)
    assert "SVG" in refused.value.problems["image"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Media)) == 0
    assert not list(shelf.all())


def test_a_disk_that_fails_leaves_no_file_under_the_images_name(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = cleaned(picture())

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        shelf.put(kept)
    assert not shelf.has(kept.sha256)
    assert not list(shelf.path(kept.sha256).parent.iterdir())


def test_the_markdown_of_an_image_says_what_it_shows_whatever_is_in_it(
    session: Session, shelf: Shelf, clock: TestClock
) -> None:
    media = service.keep(session, shelf, None, picture())
    for alt in ("A scan", "a [b] c", "ends in \\", "](javascript:x) ![", "two\nlines", '<b>&"x"'):
        found = list(links.images_in(render(service.markdown(media, alt))))
        assert [(each.sha256, each.alt) for each in found] == [(media.sha256, " ".join(alt.split()))]


def test_links_are_written_for_many_versions_in_a_fixed_number_of_queries(
    session: Session, shelf: Shelf, queries: Queries, clock: TestClock
) -> None:
    made = stock(session)
    media = service.keep(session, shelf, None, picture())
    html = f'<p><img src="/media/{media.sha256}" alt="x"></p>'
    session.execute(sa.update(ItemVersion).values(stem_html=html))
    session.expire_all()
    ids = [item.published_version_id for item in made.items if item.published_version_id]
    with queries() as seen:
        links.follow(session, ids)
    assert len(seen) == 4
    assert session.scalars(sa.select(VersionMedia.version_id).order_by(VersionMedia.version_id)).all() == sorted(ids)


def test_an_image_of_a_shared_vignette_belongs_to_every_item_that_hangs_on_it(
    session: Session, shelf: Shelf, clock: TestClock
) -> None:
    media = service.keep(session, shelf, None, picture())
    vignette = vignettes.ensure_vignette(session, f"A case. ![A scan](/media/{media.sha256})")
    for name in ("q1", "q2"):
        said = content("What now?", vignette_version_id=vignette)
        store.create_item(session, None, said, external_id=name, origin=Origin.WRITTEN)
    assert session.scalars(sa.select(VersionMedia.field)).all() == [MediaField.VIGNETTE] * 2


def test_saving_an_item_without_images_asks_nothing_about_images(
    session: Session, queries: Queries, clock: TestClock
) -> None:
    with queries() as seen:
        store.create_item(session, None, content("Plain."), external_id="q1", origin=Origin.WRITTEN)
    assert not [statement for statement in seen if "media" in statement]


def test_an_item_whose_image_has_no_alternative_text_does_not_leave_draft(
    session: Session, settings: Settings, shelf: Shelf, clock: TestClock
) -> None:
    media = service.keep(session, shelf, None, picture())
    options = (
        OptionContent("Estrogen", is_key=True, rationale=f"![](/media/{media.sha256})"),
        OptionContent(f"![](/media/{media.sha256})", rationale="No."),
        OptionContent(f"![A scan](/media/{'0' * 64})", rationale="No."),
    )
    said = content(f"Look: ![  ](/media/{media.sha256}) and ![far](https://x.org/a.png)?", options=options)
    saved = store.create_item(session, None, said, external_id="q1", origin=Origin.WRITTEN)
    missing = lifecycle.missing_parts(session, saved.version, settings)
    assert [phrase for phrase in missing if "image" in phrase] == [
        "alternative text for the image in the stem",
        "alternative text for the image in the rationale of option A",
        "alternative text for the image in option B",
        "the image that the stem shows: upload it again",
        "the image that option C shows: upload it again",
    ]
    actor = make_learner(session)
    with pytest.raises((InvalidError, ConflictError), match="the stem"):
        lifecycle.change_state(session, actor, saved.item.id, saved.version.id, ItemState.IN_REVIEW, settings)


def test_a_learner_may_see_an_image_exactly_while_its_text_may_be_seen(
    session: Session, shelf: Shelf, settings: Settings, clock: TestClock
) -> None:
    made = stock(session)
    early = service.keep(session, shelf, None, picture(hue=1)).sha256
    late = service.keep(session, shelf, None, picture(hue=2)).sha256
    session.execute(
        sa.update(ItemVersion).values(
            stem_html=f'<img src="/media/{early}" alt="x">', objective_html=f'<img src="/media/{late}" alt="x">'
        )
    )
    session.expire_all()
    links.follow(session, [item.published_version_id for item in made.items if item.published_version_id])
    ada, bea = make_learner(session), make_learner(session, "Bea Other")
    block = start(session, ada, settings)

    def seen() -> tuple[bool, bool]:
        return access.may_see(session, ada.id, early), access.may_see(session, ada.id, late)

    assert seen() == (True, False)
    block.state, block.paused_at = BlockState.PAUSED, clock()
    session.flush()
    assert seen() == (False, False)
    block.state, block.paused_at, block.ended_at = BlockState.ENDED, None, clock()
    block.ended_reason = EndedReason.LEARNER
    session.flush()
    assert seen() == (True, True)
    assert not access.may_see(session, bea.id, early)
    assert not access.may_see(session, bea.id, late)


# --- sweeping --------------------------------------------------------------------------------------------------------


def _age(shelf: Shelf, *hashes: str) -> None:
    """Make files as old as the test's clock says."""
    then = clock_module.now().timestamp()
    for sha256 in hashes:
        os.utime(shelf.path(sha256), (then, then))


def test_a_sweep_takes_what_nothing_shows_and_only_after_days(
    sessions: sessionmaker[Session], shelf: Shelf, clock: TestClock
) -> None:
    with sessions() as session:
        used, loose, case = (service.keep(session, shelf, None, picture(hue=hue)).sha256 for hue in (1, 2, 3))
        store.create_item(session, None, content(f"![x](/media/{used})"), external_id="q1", origin=Origin.WRITTEN)
        vignettes.ensure_vignette(session, f"![x](/media/{case})")
        session.commit()
    stray = cleaned(picture(hue=4))
    shelf.put(stray)
    _age(shelf, used, loose, case, stray.sha256)
    assert service.sweep(sessions, shelf) == service.Swept(0, 0)
    clock.advance(days=3)
    assert service.sweep(sessions, shelf) == service.Swept(1, 2)
    assert {sha256 for sha256, _at in shelf.all()} == {used, case}
    with sessions() as session:
        assert set(session.scalars(sa.select(Media.sha256))) == {used, case}
        assert service.missing(session, shelf) == []


def test_an_image_that_is_uploaded_again_counts_as_fresh(
    sessions: sessionmaker[Session], shelf: Shelf, clock: TestClock
) -> None:
    with sessions() as session:
        sha256 = service.keep(session, shelf, None, picture()).sha256
        session.commit()
    _age(shelf, sha256)
    clock.advance(days=3)
    with sessions() as session:
        service.keep(session, shelf, None, picture())
        session.commit()
    _age(shelf, sha256)
    assert service.sweep(sessions, shelf) == service.Swept(0, 0)
    clock.advance(days=3)
    assert service.sweep(sessions, shelf) == service.Swept(1, 1)


def test_two_people_who_bring_the_same_image_at_once_both_get_it(
    sessions: sessionmaker[Session], shelf: Shelf, clock: TestClock
) -> None:
    kept = cleaned(picture())
    with sessions() as session:
        service.note(session, [(kept.facts, "a.png"), (kept.facts, "b.png")], None)
        service.note(session, [(kept.facts, "c.png")], None)
        assert session.scalars(sa.select(Media.file_name)).all() == ["a.png"]


def test_images_whose_file_is_gone_are_named(session: Session, shelf: Shelf, clock: TestClock) -> None:
    sha256 = service.keep(session, shelf, None, picture()).sha256
    shelf.remove(sha256)
    assert service.missing(session, shelf) == [sha256]
