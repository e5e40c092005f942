"""Adding an image at the authoring desk, with and without its script."""

from __future__ import annotations

import io
import re

import pytest

from qbank.items.models import ItemVersion, Media
from qbank.media.images import cleaned
from tests.conftest_web import Visitor, check_page
from tests.items.bank import Bank
from tests.media.pictures import SVG, picture

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESS = f"/media/{cleaned(picture()).sha256}"


def upload(data: bytes | None = None, name: str = "scan.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(picture() if data is None else data), name


def text_of(html: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\s?([^<]*)</textarea>', html)
    assert found
    return found[1].strip()


def test_without_scripts_an_image_goes_into_the_text_that_is_named_and_nothing_typed_is_lost(
    bank: Bank, eve: Visitor
) -> None:
    check_page(eve.get("/items/new"))
    fields = bank.fields(add_image="1", image=upload(), image_alt="A [bone] scan", image_into="options-1-rationale")
    html = eve.post("/items/new", **fields)
    assert eve.status == 200
    check_page(html)
    assert text_of(html, "options-1-rationale") == f"Because.\n\n![A \\[bone\\] scan]({ADDRESS}) [@s01]"
    assert text_of(html, "stem") == bank.fields()["stem"]
    assert bank.count(ItemVersion) == 0
    assert eve.client.get(ADDRESS).status_code == 200


@pytest.mark.parametrize(
    ("image", "alt", "said"),
    [
        (upload(SVG, "scan.png"), "A scan", "SVG, which can hold scripts"),
        (upload(b""), "A scan", "the file is empty"),
        (None, "A scan", "Choose an image file."),
        (upload(), " ", "Say in words what the image shows"),
        (upload(), "x" * 1001, "Shorten it to 1,000 characters."),
    ],
)
def test_an_image_that_cannot_be_added_is_refused_beside_its_field_and_the_text_stays(
    bank: Bank, eve: Visitor, image: tuple[io.BytesIO, str] | None, alt: str, said: str
) -> None:
    eve.get("/items/new")
    fields = bank.fields(add_image="1", image_alt=alt, stem="Half a stem")
    if image:
        fields["image"] = (io.BytesIO(image[0].getvalue()), image[1])
    html = eve.post("/items/new", **fields)
    assert eve.status == 422
    check_page(html)
    assert said in html
    assert text_of(html, "stem") == "Half a stem"
    assert bank.count(Media) == 0


def test_an_image_chosen_but_not_added_comes_along_when_the_draft_is_saved(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve, image=upload(), image_alt="A scan", image_into="stem")
    assert bank.newest(address).stem.endswith(f"![A scan]({ADDRESS})")
    eve.get(f"{address}/edit")
    before = bank.newest(address)
    html = eve.post(
        f"{address}/edit", **bank.fields(stem="Other", base_version=before.id, image=upload(SVG), image_alt="x")
    )
    assert eve.status == 422
    assert text_of(html, "stem") == "Other"
    assert bank.newest(address).id == before.id


def test_when_somebody_else_saved_first_the_image_just_added_is_in_the_text_that_is_kept(
    bank: Bank, eve: Visitor
) -> None:
    address = bank.new(eve)
    first = bank.newest(address)
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(stem="Theirs", base_version=first.id))
    eve.get(f"{address}/edit")
    mine = bank.fields(stem="Mine", base_version=first.id, image=upload(), image_alt="A scan", image_into="stem")
    html = eve.post(f"{address}/edit", **mine)
    assert eve.status == 409
    assert text_of(html, "stem") == f"Mine\n\n![A scan]({ADDRESS})"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"Look: ![]({ADDRESS})", "Say in words what the image shows"),
        (f"Look: ![  ]({ADDRESS})", "Say in words what the image shows"),
        ("Look: ![x](https://example.org/x.png)", "It shows an image from elsewhere"),
    ],
)
def test_a_text_with_an_image_that_learners_could_not_read_or_see_is_not_saved(
    bank: Bank, eve: Visitor, text: str, said: str
) -> None:
    for field in ("stem", "options-1-rationale"):
        eve.get("/items/new")
        html = eve.post("/items/new", **bank.fields(**{field: text}))
        assert eve.status == 422
        assert said in html
    assert bank.count(ItemVersion) == 0


def test_the_script_gets_the_markdown_to_insert_or_the_reasons_by_field(bank: Bank, eve: Visitor) -> None:
    eve.get("/items/new")
    token = re.search(r'name="csrf_token" value="([^"]+)"', eve.html)
    assert token
    head = {"Accept": "application/json"}
    data = {"csrf_token": token[1], "image": upload(), "image_alt": "A scan"}
    answer = eve.client.post("/media/", data=data, headers=head)
    assert (answer.status_code, answer.get_json()) == (201, {"markdown": f"![A scan]({ADDRESS})"})
    answer = eve.client.post("/media/", data={"csrf_token": token[1]}, headers=head)
    assert answer.status_code == 422
    assert set(answer.get_json()["problems"]) == {"image", "image_alt"}
    assert eve.client.post("/media/", data={"image": upload(), "image_alt": "x"}).status_code == 400
    ada = bank.visitor("ada")
    ada.get("/practise")
    own = re.search(r'name="csrf_token" value="([^"]+)"', ada.html)
    assert own
    answer = ada.client.post("/media/", data={"csrf_token": own[1], "image": upload(), "image_alt": "x"})
    assert answer.status_code == 403
    assert bank.count(Media) == 1
