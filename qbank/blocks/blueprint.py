"""The blueprint of the pages of blocks; ``views`` and ``room_views`` put their pages on it."""

from flask import Blueprint

bp = Blueprint("blocks", __name__)
