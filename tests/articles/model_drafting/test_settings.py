"""The drafter's settings: off by default, checked at start, the key never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbank.articles.drafting import RuleBasedDrafter
from qbank.articles.model_drafting import ModelDrafter, asks_a_model, drafter_of
from qbank.settings import SettingsError
from tests.articles.model_drafting.service import KEY
from tests.conftest import make_settings

URL = "http://127.0.0.1:11434/v1"


def test_by_default_the_rules_draft(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    assert not asks_a_model(settings)
    assert isinstance(drafter_of(settings), RuleBasedDrafter)


@pytest.mark.parametrize(("name", "with_rules"), [("model", False), ("both", True)])
def test_the_settings_choose_the_drafter(tmp_path: Path, name: str, with_rules: bool) -> None:
    settings = make_settings(
        tmp_path, drafter=name, drafter_url=URL, drafter_model="m", drafter_max_statements="7", drafter_key=KEY
    )
    drafter = drafter_of(settings)
    assert isinstance(drafter, ModelDrafter)
    assert (drafter.with_rules, drafter.max_statements) == (with_rules, 7)


@pytest.mark.parametrize("missing", ["drafter_url", "drafter_model"])
def test_a_model_without_address_or_name_is_refused_at_start(tmp_path: Path, missing: str) -> None:
    chosen = {"drafter": "model", "drafter_url": URL, "drafter_model": "m"} | {missing: ""}
    with pytest.raises(SettingsError, match="set DRAFTER_URL and DRAFTER_MODEL too"):
        make_settings(tmp_path, **chosen)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://host/v1",
        "http://",
        "//host/v1",
        "host:11434",
        "http://host:0/v1",
        "http://host:99999/v1",
        "http://me:secret@host/v1",
        "http://host/v1?key=secret",
        "http://host/v1#there",
        "http://host/v 1",
        "http://host/v1\r\nX-More: 1",
        "http://hôst/v1",
        "http://[::1/v1",
    ],
)
def test_an_address_that_is_no_plain_http_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="DRAFTER_URL") as refused:
        make_settings(tmp_path, drafter="model", drafter_url=url, drafter_model="m")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("drafter_timeout_seconds", "0"), ("drafter_timeout_seconds", "86400"), ("drafter_max_statements", "0")],
)
def test_limits_out_of_bounds_are_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.upper()):
        make_settings(tmp_path, **{name: value})


def test_the_key_shows_neither_in_the_settings_nor_in_their_errors(tmp_path: Path) -> None:
    assert KEY not in repr(make_settings(tmp_path, drafter_key=KEY))
    with pytest.raises(SettingsError) as refused:
        make_settings(tmp_path, drafter_key=f"{KEY}\r\nX-More: 1")
    assert "DRAFTER_KEY" in str(refused.value)
    assert KEY not in str(refused.value)
