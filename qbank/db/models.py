"""Every model, imported once, so that the metadata is whole."""

from qbank.accounts import models as accounts
from qbank.annulments import models as annulments
from qbank.articles import models as articles
from qbank.blocks import adaptive_models as adaptive
from qbank.blocks import after_models as after
from qbank.blocks import filter_models as filters
from qbank.blocks import models as blocks
from qbank.db.base import Base
from qbank.exchange import models as exchange
from qbank.groups import models as groups
from qbank.history import models as history
from qbank.items import check_models as checks
from qbank.items import models as items
from qbank.items import reference_models as references
from qbank.review import models as review
from qbank.search import tables as search
from qbank.statistics import models as statistics

metadata = Base.metadata

__all__ = [
    "accounts",
    "adaptive",
    "after",
    "annulments",
    "articles",
    "blocks",
    "checks",
    "exchange",
    "filters",
    "groups",
    "history",
    "items",
    "metadata",
    "references",
    "review",
    "search",
    "statistics",
]
