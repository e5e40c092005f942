"""Every model, imported once, so that the metadata is whole."""

from qbank.accounts import models as accounts
from qbank.articles import models as articles
from qbank.blocks import models as blocks
from qbank.db.base import Base
from qbank.exchange import models as exchange
from qbank.groups import models as groups
from qbank.items import check_models as checks
from qbank.items import models as items

metadata = Base.metadata

__all__ = ["accounts", "articles", "blocks", "checks", "exchange", "groups", "items", "metadata"]
