"""Work in threads, each in a transaction of its own, all let go at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session, sessionmaker

from qbank.db.engine import begin_write

Sessions = sessionmaker[Session]


def together(sessions: Sessions, work: Sequence[Callable[[Session], object]]) -> list[object]:
    """Run each piece of work in a thread and transaction of its own, all let go at once; return what came of it."""
    gate = threading.Barrier(len(work))
    results: list[object] = [None] * len(work)

    def run(place: int) -> None:
        gate.wait()
        try:
            with sessions() as session:
                begin_write(session)
                results[place] = work[place](session)
                session.commit()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
