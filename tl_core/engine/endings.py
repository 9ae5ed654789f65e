"""Endings of runs whose worker did not write one."""

import logging
import threading
from collections.abc import Sequence
from typing import Any

from tl_core.engine.job import Job, so_far
from tl_core.events import Failed, Stopped
from tl_core.store import Store

log = logging.getLogger(__name__)

TRY_AGAIN = 2.0  # seconds after which a store that could not be written is tried again


class Endings:
    """Writes them in the calling thread; a store that cannot be written is tried again in the background.

    `unwritten`: by run id, what could not be written yet: why the run failed, '' where it was stopped.
    """

    def __init__(self, store: Store, closed: threading.Event):
        self.store = store
        self._closed = closed
        self.unwritten: dict[str, str] = {}

    def fail(self, job: Job, error: str) -> None:
        """All of its runs have failed through no fault of theirs."""
        for run_id in job.parts:
            self._write(run_id, Failed, job.seconds(), {"error": error, "user_error": False})

    def stop(self, job: Job, why: dict[str, Any]) -> None:
        """All of its runs were stopped; `why`: see `Job.why_stopped`."""
        self.stop_some(list(job.parts), job, why)

    def stop_some(self, run_ids: Sequence[str], job: Job, why: dict[str, Any]) -> None:
        for run_id in run_ids:
            self._write(run_id, Stopped, job.seconds(), why)

    def _write(self, run_id: str, kind: type[Stopped] | type[Failed], seconds: float, more: dict[str, Any]) -> None:
        try:
            events = self.store.events(run_id)
            fields = so_far(events) if kind is Stopped else {}
            common = {
                "event": kind.event,
                "run_id": run_id,
                "seq": events[-1]["seq"] + 1 if events else 0,
                "elapsed_seconds": seconds,
                "seconds": seconds,
                "num_epochs_done": sum(event["event"] == "epoch" for event in events),
            }
            self.store.add_event(run_id, {**common, **fields, **more})
            self.unwritten.pop(run_id, None)
        except Exception:
            log.exception("the end of run %s could not be written", run_id)
            self.unwritten[run_id] = more.get("error", "")
            if not self._closed.is_set():
                timer = threading.Timer(TRY_AGAIN, self._write, (run_id, kind, seconds, more))
                timer.daemon = True
                timer.start()
