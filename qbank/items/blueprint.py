"""The blueprint of the item pages; ``views`` and ``desk_views`` put their pages on it."""

from flask import Blueprint

bp = Blueprint("items", __name__, url_prefix="/items")
