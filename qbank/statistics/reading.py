"""First deliveries as arrays: what calibration and the reliability of forms begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, Delivery, Outcome
from qbank.measurement.responses import Responses
from qbank.statistics.counters import first_ids

CHUNK = 50_000  # rows turned into arrays at a time
LEARNERS = 2_000  # read at a time, each with all their answers
Ids = NDArray[np.int64]

RIGHT = sa.case((Delivery.outcome == Outcome.CORRECT, 1), else_=0)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Responses with the ids behind their numbers: person n is ``person_ids[n]``, item n is ``version_ids[n]``."""

    responses: Responses
    person_ids: Ids
    version_ids: Ids


def first_responses(session: Session) -> Read:
    """Return every first delivery, one a learner and version, right or not; what was omitted is not right.

    A row is a learner with all answers in one text, because a million rows cost far more than the sums over them.
    Read in chunks: memory is three numbers a response, whatever their number.
    """
    firsts = first_ids()
    answer = sa.cast(2 * Delivery.version_id + RIGHT, sa.String)
    query = (
        sa.select(Block.person_id, sa.func.aggregate_strings(answer, ","))
        .select_from(firsts)
        .join(Delivery, Delivery.id == firsts.c.id)
        .join(Block, Block.id == Delivery.block_id)
        .group_by(Block.person_id)
    )
    return as_responses(_unpacked(session, query))


def _unpacked(session: Session, query: sa.Select[int, str]) -> Iterator[NDArray[np.int64]]:
    result = session.execute(query, execution_options={"yield_per": LEARNERS})
    for part in result.partitions():
        texts = [text for _person, text in part]
        cells = np.fromstring(",".join(texts), dtype=np.int64, sep=",")
        person = np.repeat([person for person, _text in part], [text.count(",") + 1 for text in texts])
        yield np.stack([person, cells >> 1, cells & 1], axis=1)


def chunks(session: Session, query: sa.Select[Any]) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of a query of whole numbers as arrays of shape (rows, columns)."""
    result = session.execute(query, execution_options={"yield_per": CHUNK})
    for part in result.partitions():
        yield np.array([tuple(row) for row in part], dtype=np.int64)


def as_responses(parts: Iterator[NDArray[np.int64]]) -> Read:
    """Return rows of person id, version id and right (0 or 1) as responses. One row a person and version."""
    rows = list(parts)
    table = np.concatenate(rows) if rows else np.zeros((0, 3), dtype=np.int64)
    person_ids, person = np.unique(table[:, 0], return_inverse=True)
    version_ids, item = np.unique(table[:, 1], return_inverse=True)
    responses = Responses(
        len(person_ids), len(version_ids), person.astype(np.intp), 2 * item.astype(np.intp) + table[:, 2]
    )
    return Read(responses, person_ids, version_ids)
