"""One computation, and the runs of all the people who wait for it."""

import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _, english

MAX_SECONDS = 20 * 60.0  # that a run may take
TIME_LIMIT = "time limit"  # why a run was stopped, if not by a person


@dataclass(frozen=True)
class Part:
    """One person's run; runs that were submitted together have the same `batch`, '' for a single one."""

    run_id: str
    owner: str
    batch: str = ""


@dataclass(eq=False)
class Job:
    """An experiment to compute once, for all its `parts`; there is at least one while it waits or runs.

    - `id`: the run id under which the worker knows it: that of the first part, even when that one has left.
    - `first`: the run whose numbers the others share: that of the first part that is still there.
    - `key`: equal for equal experiments on the same pictures.
    - `stamp`: of the pictures when it was asked for.
    """

    id: str
    key: str
    experiment: Experiment
    stamp: str
    parts: dict[str, Part] = field(default_factory=dict)
    first: str = field(init=False)
    started: float | None = None
    progress: dict[str, Any] | None = None
    so_far: dict[str, Any] | None = None  # fields of a `tl_core.events.SoFar`
    stopping: bool = False
    too_long: bool = False
    trouble: str = ""  # why what it tells could not be written: it is being ended
    clock: threading.Timer | None = None  # ends it at the time limit
    left: tuple[float, float] | None = None  # seconds that the last epoch said are left, and when it said so

    def __post_init__(self) -> None:
        self.first = self.id

    def seconds_left(self, expected: float | None, now: float) -> float | None:
        """How long it still takes: by its own word once it has said one, else by what is expected of it."""
        if self.stopping:
            return 0.0
        if self.left is not None:
            seconds, said = self.left
            return max(0.0, seconds - (now - said))
        if expected is None or self.started is None:
            return expected
        return max(0.0, expected - (now - self.started))

    def why_stopped(self, limit: float) -> dict[str, Any]:
        """What the `stopped` event tells beside what was learnt; nothing if a person pressed Stop."""
        if not self.too_long:
            return {}
        return {"reason": TIME_LIMIT, "limit_seconds": limit, "error": time_limit_sentence(limit)}

    def seconds(self) -> float:
        return time.monotonic() - self.started if self.started is not None else 0.0


def time_limit_sentence(limit: float) -> str:
    """For those who read the store without the page, which says it in the reader's language."""
    return english(
        "The run took longer than a run may take here, {n:g} minutes, and was stopped. Choose fewer images or fewer epochs.",
        n=limit / 60,
    )


def max_seconds() -> float:
    """`TL_MAX_SECONDS`, or 20 minutes. Raises `UserError` if that is no number above 0."""
    given = os.environ.get("TL_MAX_SECONDS")
    try:
        seconds = float(given) if given else MAX_SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UserError(_("TL_MAX_SECONDS must be a number of seconds above 0. Received: '{given}'.", given=given))
    return seconds


def so_far(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of a `stopped` event for a run that leaves a computation which goes on without it."""
    epochs = [event for event in events if event["event"] == "epoch"]
    best = max(epochs, key=lambda event: (event["val_accuracy"], -event["val_loss"]), default=None)
    return {
        "best_epoch": best["epoch"] if best else None,
        "val_accuracy": best["val_accuracy"] if best else None,
        "weights_moved": epochs[-1]["weights_moved"] if epochs else {},
    }
