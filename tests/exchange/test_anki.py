"""Anki packages, looked at through their own SQLite database."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qbank import clock
from qbank.exchange import anki
from qbank.exchange.files import MemoryFiles
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord, StatementLink

PNG = b"\x89PNG\r\n\x1a\n and the rest"
ITEM = ItemRecord(
    stem="The picture shows a planet. ![Rings](ring.png)",
    options=(
        OptionRecord("Mars <3", rationale="Too small.", statements=(StatementLink("sky", "s1", "Mars is small."),)),
        OptionRecord("*Saturn*", True, "Its rings are wide."),
    ),
    external_id="sky-1",
    lead_in="Which one?",
    explanation="Count the rings.",
    references=(ReferenceRecord("A title", "Author A.", "Journal", 2010, doi="10.1/x", pmid="12"),),
    systems=("solar system",),
    tags=("rings",),
    difficulty="easy",
    vignette="A clear night.",
)


def written(*items: ItemRecord) -> bytes:
    files = MemoryFiles()
    files.put("ring.png", PNG)
    files.put("unused.png", PNG)
    return b"".join(anki.write(items, files))


def opened(data: bytes, folder: Path) -> tuple[dict[str, str], list[dict[str, Any]], dict[str, bytes]]:
    """Return the model's templates, the notes and the media of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (folder / "collection").write_bytes(archive.read("collection.anki2"))
        names = json.loads(archive.read("media"))
        media = {name: archive.read(number) for number, name in names.items()}
    database = sqlite3.connect(folder / "collection")
    try:
        models = json.loads(database.execute("select models from col").fetchone()[0])
        model = models[str(anki.MODEL_ID)]
        fields = [field["name"] for field in model["flds"]]
        query = "select id, guid, mod, tags, flds, (select count(*) from cards where nid = notes.id) from notes"
        notes = [
            {
                "guid": guid,
                "mod": mod,
                "tags": tags.split(),
                "cards": cards,
                **dict(zip(fields, text.split("\x1f"), strict=True)),
            }
            for _id, guid, mod, tags, text, cards in database.execute(query)
        ]
    finally:
        database.close()
    return model["tmpls"][0], notes, media


def test_a_note_asks_on_the_front_and_explains_on_the_back(tmp_path: Path) -> None:
    template, notes, media = opened(written(ITEM), tmp_path)
    (note,) = notes
    assert note["cards"] == 1
    assert note["Vignette"] == "<p>A clear night.</p>"
    assert note["Stem"] == '<p>The picture shows a planet. <img src="ring.png" alt="Rings"></p>'
    assert note["Lead-in"] == "<p>Which one?</p>"
    assert note["Options"] == '<ol type="A"><li>Mars &lt;3</li><li><em>Saturn</em></li></ol>'
    assert note["Key"] == "Key: B"
    assert "✗ Too small.<blockquote>Mars is small.</blockquote>" in note["Rationales"]
    assert "✓ Its rings are wide." in note["Rationales"]
    assert note["Explanation"] == "<p>Count the rings.</p>"
    assert note["References"] == "<ol><li>Author A. A title. Journal. 2010. doi:10.1/x PMID 12</li></ol>"
    assert media == {"ring.png": PNG}
    for secret in ("Key", "Rationales", "Explanation", "References"):
        assert secret not in template["qfmt"]
        assert f"{{{{{secret}}}}}" in template["afmt"]


def test_taxonomy_and_tags_become_anki_tags_without_blanks(tmp_path: Path) -> None:
    _, notes, _ = opened(written(ITEM), tmp_path)
    assert set(notes[0]["tags"]) == {"qbank::system::solar_system", "qbank::tag::rings", "qbank::difficulty::easy"}


def test_a_changed_item_keeps_its_guid_and_is_newer(tmp_path: Path) -> None:
    try:
        clock.use(lambda: datetime(2026, 1, 1, tzinfo=UTC))
        _, before, _ = opened(written(ITEM), tmp_path)
        clock.use(lambda: datetime(2026, 1, 2, tzinfo=UTC))
        _, after, _ = opened(written(replace(ITEM, stem="Another stem", explanation=None)), tmp_path)
    finally:
        clock.use(None)
    assert before[0]["guid"] == after[0]["guid"]
    assert after[0]["mod"] - before[0]["mod"] == 86_400
    assert after[0]["Stem"] == "<p>Another stem</p>"


def test_items_have_guids_of_their_own() -> None:
    others = [
        replace(ITEM, external_id="sky-2"),
        replace(ITEM, external_id=None, id="17"),
        replace(ITEM, external_id=None),
        replace(ITEM, external_id=None, stem="Another"),
    ]
    assert len({anki.guid(item) for item in (ITEM, *others)}) == 5


def test_many_items_share_one_image_and_one_deck(tmp_path: Path) -> None:
    _, notes, media = opened(written(*(replace(ITEM, external_id=f"x{number}") for number in range(50))), tmp_path)
    assert len({note["guid"] for note in notes}) == 50
    assert list(media) == ["ring.png"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://example.org/track.png)",
        "![x](../../etc/passwd)",
        "[sound:x.mp3] [latex]\\input{x}[/latex] [$]x[/$] [anki:play:q:0]",
        "a\x1fb",
    ],
)
def test_texts_cannot_act_inside_anki(text: str, tmp_path: Path) -> None:
    item = replace(ITEM, stem=text, explanation=text, references=(ReferenceRecord(text, url="javascript:x"),))
    _, notes, media = opened(written(item), tmp_path)
    assert media == {}
    for field in ("Stem", "Explanation", "References"):
        shown = notes[0][field]
        assert not any(
            bad in shown for bad in ("<script", 'href="javascript', "src=", "[sound:", "[latex]", "[$]", "[anki:")
        )


def test_an_image_that_is_not_at_hand_leaves_its_description(tmp_path: Path) -> None:
    _, notes, media = opened(b"".join(anki.write([ITEM])), tmp_path)
    assert 'src="' not in notes[0]["Stem"]
    assert 'alt="Rings"' in notes[0]["Stem"]
    assert media == {}


def test_no_items_make_no_file() -> None:
    assert b"".join(anki.write([])) == b""


def test_half_a_character_is_refused_with_the_items_name() -> None:
    with pytest.raises(ValueError, match="sky-1"):
        written(replace(ITEM, explanation="a \udc00 b"))


def test_what_cannot_come_along_is_listed() -> None:
    assert anki.loses(replace(ITEM, statements=(), options=(OptionRecord("a", True),))) == []
    item = replace(ITEM, status="live", shuffle=True, enemies=("x",), doubt="d", rule="r")
    assert len(anki.loses(item)) == 5
