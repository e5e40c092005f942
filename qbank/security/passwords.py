"""Passwords: argon2id, a blocklist, no composition rules."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

MAX_LENGTH = 128

# Long enough to pass the length rule and yet among the first that anybody tries.
_COMMON = frozenset(
    """
    password password1 password12 password123 password1234 password12345 passwordpassword
    123456789 1234567890 12345678901 123456789012 12345678901234 123456789012345 1234567890123456
    qwertyuiop qwertyuiopasdfgh qwerty123456 qwertyuiop123456 qazwsxedcrfvtgb 1q2w3e4r5t6y7u8i
    iloveyou iloveyou123 letmein123 letmeinletmein welcome123 welcome12345 welcomewelcome
    administrator administrator1 adminadmin adminadminadmin changeme changeme123 changemechangeme
    correcthorsebatterystaple abcdefghijklmno abcdefghijklmnop aaaaaaaaaaaaaaa 000000000000000
    """.split()  # noqa: SIM905  one word a place reads best
)


@cache
def _hasher(quick: bool) -> PasswordHasher:
    return PasswordHasher.from_parameters(CHEAPEST if quick else RFC_9106_LOW_MEMORY)


def problem(password: str, *, minimum: int, about: tuple[str, ...] = ()) -> str | None:
    """Return what is wrong with a new password, or None.

    ``about`` holds the person's name and address: a password may not be one of them.
    """
    folded = password.casefold().strip()
    if len(password) < minimum:
        return f"Use at least {minimum} characters; a few unrelated words are easy to keep in mind."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    if folded in _COMMON or len(set(folded)) <= 2:
        return "This password is among the first that anybody would try."
    if any(part and folded == part.casefold() for part in about):
        return "The password may not be your name or address."
    return None


def hash_password(password: str, *, quick: bool = False) -> str:
    """Return the argon2id hash to store. ``quick`` is for the test suite."""
    return _hasher(quick).hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Return whether the password fits. Without a stored hash the same time is spent."""
    hasher = _hasher(False)
    try:
        return hasher.verify(stored or _decoy(), password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    return hash_password("nobody has this password")
