"""Why the rule's recipe may have lost a race: what its numbers show beside those of the best recipe. As data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import fmean
from typing import Literal

from tl_core.cases import find_recipe
from tl_core.evaluation import Z95
from tl_core.race import Race
from tl_core.race_runs import RaceRun
from tl_core.verdicts import Verdict

LEAST = 0.05  # a difference of accuracies below it explains nothing
NEAR = 2.0  # times the line between small and large, either way, counts as close to it
MOST = 3  # reasons that are named

Kind = Literal["overfits", "cannot learn", "cut short", "unfinished", "from nothing", "later layers help", "early layers help",
               "near size line", "near similarity line"]  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """`recipe` is the rule's, `other` the best one; `numbers` are the values that show it, shares as 0..1."""

    kind: Kind
    recipe: str
    other: str
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Fit:
    """Means over a recipe's finished runs, at the epoch whose weights were kept."""

    train: float
    held_out: float
    noise: float  # 95 %, of `held_out`
    num_train: int
    num_trainable: int
    still_rising: bool  # most runs were best in their very last epoch, the last of the budget
    cut_short: bool  # the time limit has ended most runs

    @property
    def gap(self) -> float:
        return self.train - self.held_out


def reasons(race: Race, runs: Sequence[RaceRun], verdict: Verdict) -> tuple[Reason, ...]:
    """Up to three, the most telling first; none where the rule's recipe was not clearly beaten."""
    rule, best = race.prescribed, verdict.results[0].recipe
    if rule is None or verdict.outcome(rule) != "beaten":
        return ()
    mine, theirs = (
        _fit([run for run in runs if run.entry.recipe == name and run.finished], race.base.seconds)
        for name in (rule, best)
    )
    found = []

    def add(kind: Kind, **numbers: float) -> None:
        found.append(Reason(kind, rule, best, numbers))

    noise = max(LEAST, sqrt(mine.noise**2 + theirs.noise**2))
    if mine.gap - theirs.gap > noise:
        add("overfits", train=mine.train, held_out=mine.held_out, other_train=theirs.train,
            other_held_out=theirs.held_out, weights=mine.num_trainable, images=mine.num_train)  # fmt: skip
    elif theirs.train - mine.train > noise:
        add("cannot learn", train=mine.train, other_train=theirs.train, weights=mine.num_trainable,
            other_weights=theirs.num_trainable)  # fmt: skip
    if mine.cut_short:
        add("cut short", seconds=race.base.seconds)
    elif mine.still_rising:
        add("unfinished")
    own, other = (find_recipe(name).recipe for name in (rule, best))
    if own.init == "random" and other.init == "pretrained":
        add("from nothing", weights=mine.num_trainable, images=mine.num_train)
    elif own.cut == "early" and other.cut == "last":
        add("later layers help")
    elif other.cut == "early" and own.cut == "last":
        add("early layers help")
    line = race.thresholds.num_images
    if line / NEAR <= race.num_images <= line * NEAR:
        add("near size line", images=race.num_images, line=line)
    if race.similarity is not None:
        value, low, high = race.similarity
        if low <= race.thresholds.similarity <= high:
            add("near similarity line", similarity=value, low=low, high=high, line=race.thresholds.similarity)
    return tuple(found[:MOST])


def _fit(runs: Sequence[RaceRun], limit: float | None) -> _Fit:
    train, held_out = (fmean(run.best[key] for run in runs) for key in ("train_accuracy", "val_accuracy"))
    num_val = sum(run.started["num_val"] for run in runs)
    rising = sum(run.best["epoch"] == run.best["num_epochs"] for run in runs)
    return _Fit(
        train, held_out, Z95 * sqrt(max(0.01, held_out * (1 - held_out)) / num_val), runs[0].started["num_train"],
        runs[0].num_trainable, rising > len(runs) / 2, sum(run.cut_short(limit) for run in runs) > len(runs) / 2,
    )  # fmt: skip
