"""Passwords: what is refused, and that checking takes place with or without an account."""

from __future__ import annotations

import pytest

from qbank.security import passwords


@pytest.mark.parametrize(
    "password",
    ["short", "a1" * 65, "administrator1 "[:14] + "x"[:0], "aaaaaaaaaaaaaaaa", "ab" * 10, "passwordpassword"],
)
def test_short_long_common_and_monotonous_passwords_are_refused(password):
    assert passwords.problem(password, minimum=15)


def test_the_own_name_is_no_password():
    assert passwords.problem("Maria Sklodowska", minimum=15, about=("maria sklodowska",))


def test_a_few_words_are_welcome_without_digits_or_signs():
    assert passwords.problem("walnut ferry cobalt", minimum=15) is None


def test_only_the_right_password_fits_its_hash():
    stored = passwords.hash_password("walnut ferry cobalt", quick=True)
    assert stored.startswith("$argon2id$")
    assert passwords.verify(stored, "walnut ferry cobalt")
    assert not passwords.verify(stored, "walnut ferry cobalT")


def test_without_an_account_nothing_fits():
    assert not passwords.verify(None, "nobody has this password")
