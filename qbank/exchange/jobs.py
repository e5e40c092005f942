"""Long work beside the server's requests: previews, imports, undoing, each in a thread of its own.

The run's row carries state and progress, so any request, in any process, can tell how far the work is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from qbank.exchange import importing, running, undoing, uploads
from qbank.exchange.models import ImportRun, RunState
from qbank.media.shelf import Shelf
from qbank.settings import Settings

PATIENCE = 1.5  # seconds that a request waits: a small file is done by then
_at_a_time = threading.Semaphore(2)
_log = logging.getLogger(__name__)


def preview(sessions: running.Sessions, settings: Settings, run: ImportRun) -> None:
    """Begin to read a run's file for its preview."""
    path, shelf = uploads.path_of(settings, run), Shelf(settings.data_dir)
    _begin(run.id, lambda: importing.preview_run(sessions, run.id, path, shelf))


def carry_out(sessions: running.Sessions, settings: Settings, run: ImportRun) -> None:
    """Begin to import a run's file; the file is removed when that is done."""
    path, shelf = uploads.path_of(settings, run), Shelf(settings.data_dir)

    def work() -> None:
        importing.import_run(sessions, run.id, path, shelf)
        path.unlink(missing_ok=True)

    _begin(run.id, work)


def undo(sessions: running.Sessions, run: ImportRun) -> None:
    """Begin to take a run's items out; they are hidden already."""
    _begin(run.id, lambda: undoing.take_back(sessions, run.id, RunState.UNDONE, ""))


def _begin(run_id: int, work: Callable[[], None]) -> None:
    def guarded() -> None:
        try:
            with _at_a_time:
                work()
        except Exception:
            _log.exception("an import stopped")
        finally:
            running.release(run_id)

    running.claim(run_id)
    thread = threading.Thread(target=guarded, name=f"import {run_id}", daemon=True)
    thread.start()
    thread.join(PATIENCE)
