"""What happens during a run, as values: the live plot, the replay and the report read the same ones.

======================  ========  =========  ==============
the run ...             started   epochs     ended by
======================  ========  =========  ==============
goes through            yes       1..n       `Finished`
stops early (no gain)   yes       1..best+p  `Finished`
is stopped by a person  maybe     0..n       `Stopped`
meets an error or NaN   maybe     0..n       `Failed`
loses its worker        maybe     0..n       `Failed` (written by the engine)
======================  ========  =========  ==============

How far a step has come that is no epoch (reading images, the pass through the frozen layers) is not an event: nobody needs
it afterwards. It goes to the `on_progress` callback of `tl_core.training.run`, and `SoFar` to its `on_so_far`.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Event:
    """`seq` counts from 0 within a run; `elapsed_seconds` since the run began."""

    event: ClassVar[str]
    run_id: str
    seq: int
    elapsed_seconds: float

    def to_json(self) -> dict[str, Any]:
        return {"event": self.event, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """Everything is ready to train. `layers` is the layer plan, `case` the number of the case (None for custom)."""

    event = "started"
    experiment: dict[str, Any]
    case: int | None
    device: str
    classes: list[str]
    num_train: int
    num_val: int
    num_test: int
    layers: list[dict[str, Any]]
    num_epochs: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Epoch(Event):
    """One pass over the training images is done; `epoch` counts from 1; accuracies are 0..1.

    `weights_moved` is the relative L2 change of each kept layer since the start: `|w - w0| / |w0|`.
    """

    event = "epoch"
    epoch: int
    num_epochs: int
    train_loss: float
    val_loss: float
    train_accuracy: float
    val_accuracy: float
    images_per_second: float
    eta_seconds: float
    weights_moved: dict[str, float]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The run went through. `confusion[true][predicted]` counts test images; low and high are a 95 % interval."""

    event = "finished"
    test_accuracy: float
    test_accuracy_low: float
    test_accuracy_high: float
    best_epoch: int
    seconds: float
    confusion: list[list[int]]
    weights_moved: dict[str, float]
    verdict: str = ""


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """A person pressed Stop; what was learnt so far."""

    event = "stopped"
    num_epochs_done: int
    best_epoch: int | None
    val_accuracy: float | None
    weights_moved: dict[str, float]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The run could not go on. `user_error` is true where the user can mend it."""

    event = "failed"
    error: str
    user_error: bool
    num_epochs_done: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """What the epoch that goes on has shown until now: means over its batches, as the `Epoch` event will have them in the end."""

    epoch: int
    train_loss: float
    train_accuracy: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


EVENT_TYPES: dict[str, type[Event]] = {t.event: t for t in (Started, Epoch, Finished, Stopped, Failed)}
ENDINGS = ("finished", "stopped", "failed")


def event_from_json(data: dict[str, Any]) -> Event:
    """The event that `to_json` made `data` from; fields of a newer version are ignored.

    Raises `ValueError` for a kind of event that is not known.
    """
    kind = EVENT_TYPES.get(str(data.get("event")))
    if kind is None:
        raise ValueError(f"Unknown event. Received: {data.get('event')!r}.")
    names = {f.name for f in fields(kind)}
    return kind(**{key: value for key, value in data.items() if key in names})
