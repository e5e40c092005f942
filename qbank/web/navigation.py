"""The site's navigation: one line a place, shown to whoever may go there. Unfinished places are not listed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from qbank.accounts.models import Role
from qbank.security.permissions import Permission, may
from qbank.web.transaction import settings


@dataclass(frozen=True)
class Place:
    """One entry: ``section`` is the blueprint whose pages mark it as current."""

    label: str
    endpoint: str
    section: str
    permission: Permission


PLACES = (
    Place("Home", "home.index", "home", Permission.SIGNED_IN),
    Place("Practise", "blocks.build", "blocks", Permission.TAKE_BLOCKS),
    Place("History", "history.index", "history", Permission.TAKE_BLOCKS),
    Place("Articles", "articles.index", "articles", Permission.AUTHOR),
    Place("Items", "items.index", "items", Permission.AUTHOR),
    Place("Exchange", "exchange.index", "exchange", Permission.AUTHOR),
    Place("Groups", "groups.index", "groups", Permission.MANAGE_GROUPS),
    Place("People", "accounts.people", "accounts", Permission.MANAGE_PEOPLE),
)

ROLE_LABELS = {Role.STUDENT: "Student", Role.EDUCATOR: "Educator", Role.ADMINISTRATOR: "Administrator"}


def _signed_in() -> bool:
    """Return whether somebody is signed in; no, where the database cannot tell, so that its error page is drawn."""
    try:
        return bool(current_user.is_authenticated)
    except SQLAlchemyError:
        return False


def _context(app: Flask) -> dict[str, object]:
    if not _signed_in():
        return {"site_name": settings().site_name, "nav_items": [], "current_person": None}
    person = current_user.person
    items = [
        {"label": place.label, "url": url_for(place.endpoint), "current": request.blueprint == place.section}
        for place in PLACES
        if place.endpoint in app.view_functions and may(person.roles, place.permission)
    ]
    highest = max(person.roles, key=list(Role).index, default=Role.STUDENT)
    shown = {"name": person.name, "role_label": ROLE_LABELS[highest]}
    return {"site_name": settings().site_name, "nav_items": items, "current_person": shown}


def install(app: Flask) -> None:
    """Give every template the navigation."""
    app.context_processor(lambda: _context(app))
