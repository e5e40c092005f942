"""The site's navigation: one line a place, shown to whoever may go there. Unfinished places are not listed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from qbank.accounts.models import Role
from qbank.demo.place import is_simulated
from qbank.security.permissions import Permission, may
from qbank.settings import Settings
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
    Place("History", "history.summary", "history", Permission.TAKE_BLOCKS),
    Place("Articles", "articles.index", "articles", Permission.AUTHOR),
    Place("Items", "items.index", "items", Permission.AUTHOR),
    Place("Exchange", "exchange.index", "exchange", Permission.AUTHOR),
    Place("Groups", "groups.index", "groups", Permission.MANAGE_GROUPS),
    Place("People", "accounts.people", "accounts", Permission.MANAGE_PEOPLE),
)
# What stands in the account menu, after the account itself.
MENU = (Place("Your reports", "blocks.my_reports", "blocks", Permission.TAKE_BLOCKS),)
# Features without a place of their own: the section whose pages lead to theirs.
WITHIN = {"annulments": "items", "review": "blocks", "statistics": "items"}

ROLE_LABELS = {Role.STUDENT: "Student", Role.EDUCATOR: "Educator", Role.ADMINISTRATOR: "Administrator"}


def _signed_in() -> bool:
    """Return whether somebody is signed in; no, where the database cannot tell, so that its error page is drawn."""
    try:
        return bool(current_user.is_authenticated)
    except SQLAlchemyError:
        return False


def _context(app: Flask) -> dict[str, object]:
    if not _signed_in():
        return {"site_name": settings().site_name, "nav_items": [], "menu_items": [], "current_person": None}
    person = current_user.person
    blueprint = request.blueprint or ""
    section = WITHIN.get(blueprint, blueprint)
    items, menu = (
        [
            {"label": place.label, "url": url_for(place.endpoint), "current": section == place.section}
            for place in places
            if place.endpoint in app.view_functions and may(person.roles, place.permission)
        ]
        for places in (PLACES, MENU)
    )
    highest = max(person.roles, key=list(Role).index, default=Role.STUDENT)
    shown = {"name": person.name, "role_label": ROLE_LABELS[highest]}
    return {"site_name": settings().site_name, "nav_items": items, "menu_items": menu, "current_person": shown}


def install(app: Flask) -> None:
    """Give every template the navigation."""
    chosen: Settings = app.extensions["qbank.settings"]
    simulated = is_simulated(chosen)
    named = {"site_name": f"{chosen.site_name} – simulated data"} if simulated else {}
    app.context_processor(lambda: {"simulated": simulated} | _context(app) | named)
