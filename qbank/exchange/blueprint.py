"""The blueprint of the exchange pages; ``views`` and ``export_views`` put their pages on it."""

from flask import Blueprint

bp = Blueprint("exchange", __name__, url_prefix="/exchange")
