"""An export that leaves while it is written: the first bytes go out at once, however large the bank is."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from itertools import chain

from sqlalchemy.orm import Session, sessionmaker

from qbank.errors import InvalidError
from qbank.exchange import exporting
from qbank.exchange.exporting import Selection
from qbank.exchange.formats import Format
from qbank.exchange.images import Outgoing
from qbank.items.record import ItemRecord

_log = logging.getLogger(__name__)


def sent(sessions: sessionmaker[Session], chosen: Selection, entry: Format, images: Outgoing) -> Generator[bytes]:
    """Yield the parts of one file, read in a session of its own that ends with the last part, or with ``close()``.

    Ask for the first part before the answer is begun: until then raises InvalidError where nothing is selected, or
    where the first item cannot be written. A fault behind it breaks the answer off, so that nobody takes a part of
    the file for the whole.
    """
    with sessions() as session:
        records = _holding(session, chosen, entry, images)
        begun = False
        try:
            first = next(records, None)
            if first is None:
                raise InvalidError("No item of the bank fits this selection.", cure="Choose wider, or another format.")
            for part in entry.write(chain([first], records), images):
                yield part
                begun = True
        except ValueError as error:
            if begun:
                _log.exception("an export was broken off")
                raise
            raise InvalidError(
                f"Nothing was exported: {error}", cure="Mend the item, or choose another format."
            ) from None


def _holding(session: Session, chosen: Selection, entry: Format, images: Outgoing) -> Iterator[ItemRecord]:
    for record in exporting.selected(session, chosen):
        if not entry.cannot_hold(record):
            yield images.named(record)
