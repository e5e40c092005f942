"""Settings: layers, types, and errors that name every culprit."""

from __future__ import annotations

import pytest

from qbank.settings import SettingsError, load


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("SITE_NAME = 'From the file'\nPORT = 9000\n", encoding="utf-8")
    environ = {"QBANK_CONFIG": str(file), "QBANK_PORT": "9100", "QBANK_DATA_DIR": str(tmp_path)}
    settings = load(environ)
    assert (settings.site_name, settings.port, settings.threads) == ("From the file", 9100, 8)


def test_the_secret_key_is_made_once_and_kept_private(tmp_path):
    first = load({"QBANK_DATA_DIR": str(tmp_path)})
    second = load({"QBANK_DATA_DIR": str(tmp_path)})
    assert first.secret_key == second.secret_key
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_every_wrong_setting_is_named_at_once(tmp_path):
    environ = {"QBANK_DATA_DIR": str(tmp_path), "QBANK_PORT": "many", "QBANK_SIGN_UP": "perhaps"}
    with pytest.raises(SettingsError) as refused:
        load(environ)
    assert "PORT" in str(refused.value)
    assert "SIGN_UP" in str(refused.value)


def test_an_unknown_setting_in_the_file_is_refused(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("SITENAME = 'typo'\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="SITENAME"):
        load({"QBANK_CONFIG": str(file), "QBANK_DATA_DIR": str(tmp_path)})


def test_the_clock_file_is_refused_outside_tests(tmp_path):
    environ = {"QBANK_DATA_DIR": str(tmp_path), "QBANK_CLOCK_FILE": "/tmp/now"}
    with pytest.raises(SettingsError, match="CLOCK_FILE"):
        load(environ)


def test_passwords_below_eight_characters_cannot_be_configured(tmp_path):
    with pytest.raises(SettingsError, match="PASSWORD_MIN_LENGTH"):
        load({"QBANK_DATA_DIR": str(tmp_path), "QBANK_PASSWORD_MIN_LENGTH": "6"})
