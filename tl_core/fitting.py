"""Over- and underfitting, from the recorded epochs of a run: what it is, since which epoch, and by which numbers.

Data only, for a run that goes on as for one that is over; `tl_core.fitting_words` says it. One epoch is never believed alone:
levels are medians of three epochs, and what is named lasted for `IN_A_ROW` epochs and is larger than its noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Any, Literal

from tl_core.evaluation import Z95, wilson_interval

FEWEST_EPOCHS = 3
FEWEST_HELD_OUT = 20  # the noise of their accuracy is about 20 points either way
IN_A_ROW = 3  # epochs
PLATEAU = 5  # epochs in which the training loss
HARDLY = 0.02  # of itself fell at most
LOW_ACCURACY = 0.6  # of the training images; below it, a run without a gap has not learnt them
LEAST_RISE = 0.05  # of the held-out loss
LEAST_GAP = 0.05  # between the accuracies; a smaller one that is no noise is called small
# How much the change of one image's held-out loss scatters, as a share of the mean loss; it was 0.3 to 1.3 between the lowest
# and the last epoch of eight runs on 20 to 200 held-out images of four sets, and less where the mean had changed less.
LOSS_SPREAD = 0.5

Kind = Literal["early", "few", "open", "rising", "gap", "underfitting", "ahead", "small gap", "fine"]


@dataclass(frozen=True)
class Fitting:
    """What can be said of a run after its latest epoch.

    - `kind`: 'early' (too few epochs) and 'few' (too few held-out images) to tell; 'open': nothing to name yet in a run that
      goes on; 'rising': the held-out loss rises while the training loss falls; 'gap' and 'small gap' between training and
      held-out accuracy; 'ahead': the held-out accuracy lies above the training one while that still rises, in a run that goes on;
      'underfitting': even the training images are not learnt; 'fine'.
    - `since`: the epoch, from 1, from which on it is so: that of the lowest held-out loss for 'rising', that from which the
      training loss stands still for 'underfitting'. None where it has not lasted, or where there is nothing to date.
    - `num_epochs`: how many came after `since`, 0 without it.
    - `train_loss`, `val_loss`: at `since` and now, for 'rising'. (0, 0) else.
    - `train_accuracy`, `val_accuracy`: 0..1, around the best epoch, or of the last three of a run that goes on.
    """

    kind: Kind
    num_train: int
    num_val: int
    num_trainable: int
    since: int | None = None
    num_epochs: int = 0
    train_loss: tuple[float, float] = (0.0, 0.0)
    val_loss: tuple[float, float] = (0.0, 0.0)
    train_accuracy: float = 0.0
    val_accuracy: float = 0.0


@dataclass(frozen=True)
class Contradiction:
    """Held-out and test accuracy, 0..1, whose 95 % intervals (low, high) do not overlap."""

    val_accuracy: float
    val_interval: tuple[float, float]
    test_accuracy: float
    test_interval: tuple[float, float]


def judge(
    epochs: Sequence[dict[str, Any]], num_train: int, num_val: int, num_trainable: int, *, over: bool = True
) -> Fitting:
    """What the `epoch` events (as JSON) of a run say; with `over` False only what can be named while it goes on.

    Where the recipe begins to train more layers midway, only the epochs from there on tell of a rise or a standstill.
    """
    counts = (num_train, num_val, num_trainable)
    if len(epochs) < FEWEST_EPOCHS:
        return Fitting("early", *counts)
    if num_val < FEWEST_HELD_OUT:
        return Fitting("few", *counts)
    step = _latest_step(epochs)
    best = best_index(epochs) if over else len(epochs) - 1
    first = max(0, min(best - 1, len(epochs) - 3))
    around = epochs[first : first + 3]
    train, val = (median(e[key] for e in around) for key in ("train_accuracy", "val_accuracy"))
    accuracies = {"train_accuracy": train, "val_accuracy": val}
    rise = _rise(step, num_val)
    if rise is not None:
        low, train_loss, val_loss = rise
        return Fitting(
            "rising", *counts, step[low]["epoch"], len(step) - 1 - low, train_loss, val_loss, **accuracies
        )  # fmt: skip
    gap, noise = train - val, _gap_noise(train, val, num_train, num_val)
    if gap > max(noise, LEAST_GAP):
        since = _gap_since(epochs[: best + 1], max(noise, LEAST_GAP))
        if over or since is not None:
            return Fitting("gap", *counts, since, best + 1 - since if since else 0, **accuracies)
        return Fitting("open", *counts, **accuracies)
    if train < LOW_ACCURACY:
        since = _standstill(step)
        if over or since is not None:
            return Fitting(
                "underfitting", *counts, since, epochs[-1]["epoch"] - since if since else 0, **accuracies
            )  # fmt: skip
    if not over:
        learns = epochs[-1]["train_accuracy"] - epochs[-FEWEST_EPOCHS]["train_accuracy"] > LEAST_GAP
        return Fitting("ahead" if learns and -gap > max(noise, LEAST_GAP) else "open", *counts, **accuracies)
    return Fitting("small gap" if gap > noise else "fine", *counts, **accuracies)


def best_index(epochs: Sequence[dict[str, Any]]) -> int:
    """Where in `epochs` the best one is, whose weights are kept: highest held-out accuracy, then lowest held-out loss."""
    return max(range(len(epochs)), key=lambda i: (epochs[i]["val_accuracy"], -epochs[i]["val_loss"]))


def switch_epoch(epochs: Sequence[dict[str, Any]]) -> int | None:
    """The epoch from which on layers are trained that were not before (recipe `lp-ft`), or None."""
    before: dict[str, float] | None = None
    for event in epochs:
        moved = event.get("weights_moved") or {}
        if before is not None and any(moved.get(name) for name, size in before.items() if not size):
            return event["epoch"]
        before = moved
    return None


def contradiction(
    epochs: Sequence[dict[str, Any]], num_val: int, test_accuracy: float, test_interval: tuple[float, float]
) -> Contradiction | None:
    """Held-out accuracy of the best epoch against the test accuracy, if their 95 % intervals do not overlap."""
    if not epochs or num_val < 1:
        return None
    val = epochs[best_index(epochs)]["val_accuracy"]
    interval = wilson_interval(round(val * num_val), num_val)
    if interval[0] <= test_interval[1] and test_interval[0] <= interval[1]:
        return None
    return Contradiction(val, interval, test_accuracy, test_interval)


def _latest_step(epochs: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    switch = switch_epoch(epochs)
    return [e for e in epochs if e["epoch"] >= switch] if switch else epochs


def _level(values: Sequence[float], index: int) -> float:
    """The median of a value and its neighbours: of the first or last three at the ends."""
    first = max(0, min(index - 1, len(values) - 3))
    return median(values[first : first + 3])


def _rise(
    epochs: Sequence[dict[str, Any]], num_val: int
) -> tuple[int, tuple[float, float], tuple[float, float]] | None:
    """Index of the lowest held-out loss, then training and held-out loss (there, now), if the latter has risen.

    It must have stayed above the lowest level in each of the last `IN_A_ROW` epochs, by more than `LEAST_RISE` of it, more
    than the 95 % noise of so few images, and more than twice the scatter from epoch to epoch.
    """
    val, train = ([e[key] for e in epochs] for key in ("val_loss", "train_loss"))
    low = min(range(len(val)), key=val.__getitem__, default=0)
    if len(val) - 1 - low < IN_A_ROW:
        return None
    level = _level(val, low)
    need = max(level * max(LEAST_RISE, Z95 * LOSS_SPREAD / sqrt(num_val)), 2 * _scatter(val))
    if min(val[-IN_A_ROW:]) <= level + need:
        return None
    train_loss = train[low], median(train[-IN_A_ROW:])
    return (low, train_loss, (val[low], median(val[-IN_A_ROW:]))) if train_loss[1] < train_loss[0] else None


def _scatter(values: Sequence[float]) -> float:
    """Standard deviation of the noise from epoch to epoch: robust, and blind to slopes, since it is taken from bends."""
    bends = [abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return 1.4826 * median(bends) / sqrt(6) if bends else 0.0


def _gap_noise(train: float, val: float, num_train: int, num_val: int) -> float:
    """95 % noise of the difference of two accuracies."""
    return Z95 * sqrt(sum(max(0.01, p * (1 - p)) / max(1, n) for p, n in ((train, num_train), (val, num_val))))


def _gap_since(epochs: Sequence[dict[str, Any]], least: float) -> int | None:
    """The first of the epochs, `IN_A_ROW` or more up to the last, in all of which the gap was larger than `least`."""
    since, count = None, 0
    for event in reversed(epochs):
        if event["train_accuracy"] - event["val_accuracy"] <= least:
            break
        since, count = event["epoch"], count + 1
    return since if count >= IN_A_ROW else None


def _standstill(epochs: Sequence[dict[str, Any]]) -> int | None:
    """The epoch from which on the training loss has hardly fallen any more, if that was at least `PLATEAU` epochs ago."""
    train = [e["train_loss"] for e in epochs]
    if len(train) < PLATEAU + 3:
        return None
    floor = median(train[-3:]) * (1 + HARDLY)
    since = next(i for i in range(len(train)) if _level(train, i) <= floor)
    return epochs[since]["epoch"] if len(train) - 1 - since >= PLATEAU else None
