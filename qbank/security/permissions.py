"""Who may do what: one enum, one table, and a mark on every endpoint.

An endpoint is public by name or carries a permission; the application does not start otherwise. Ownership
(my block, my group's learner) is decided in the services, in the same place for pages, JSON and exports.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Any, TypeVar

from qbank.accounts.models import Role

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What an endpoint asks of a person."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    TAKE_BLOCKS = "take_blocks"
    AUTHOR = "author"
    REVIEW = "review"
    MANAGE_GROUPS = "manage_groups"
    MANAGE_PEOPLE = "manage_people"


EVERYBODY = frozenset(Role)
STAFF = frozenset({Role.EDUCATOR, Role.ADMINISTRATOR})

ALLOWED: dict[Permission, frozenset[Role]] = {
    Permission.SIGNED_IN: EVERYBODY,
    Permission.TAKE_BLOCKS: EVERYBODY,
    Permission.AUTHOR: STAFF,
    Permission.REVIEW: STAFF,
    Permission.MANAGE_GROUPS: STAFF,
    Permission.MANAGE_PEOPLE: frozenset({Role.ADMINISTRATOR}),
}

_MARK = "qbank_permission"


def allow(permission: Permission) -> Callable[[View], View]:
    """Mark a view with the permission that it asks for."""

    def mark(view: View) -> View:
        setattr(view, _MARK, permission)
        return view

    return mark


def permission_of(view: Callable[..., Any]) -> Permission | None:
    """Return the view's mark, or None when it was forgotten."""
    return getattr(view, _MARK, None)


def may(roles: Collection[Role], permission: Permission) -> bool:
    """Return whether somebody with these roles has the permission."""
    return permission is Permission.PUBLIC or not ALLOWED[permission].isdisjoint(roles)
