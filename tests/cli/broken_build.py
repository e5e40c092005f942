"""A build that is broken on purpose: it acknowledges first and writes later. The test of kills must catch it.

It is no part of the program and makes no application unless the test has set `SWITCH`.
"""

from __future__ import annotations

import os
import threading

from flask import Flask, g

SWITCH = "BROKEN_BUILD_FOR_TESTS"
LATER = 0.05  # seconds between the answer and the commit


def application() -> Flask:
    """Return an application whose transactions are committed after their answers."""
    if os.environ.get(SWITCH) != "acknowledge first":
        raise RuntimeError("this build loses answers: it is for one test only")
    from qbank import wsgi
    from qbank.web import transaction

    def end(commit: bool) -> None:
        session = g.pop("db", None)
        if session is None:
            return
        if not commit:
            session.rollback()
            session.close()
            return
        threading.Timer(LATER, lambda: (session.commit(), session.close())).start()

    transaction._end = end
    return wsgi.application()
