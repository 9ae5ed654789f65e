"""What the runs of the tour say, in sentences that follow from their numbers alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from tl_core.evaluation import wilson_interval
from tl_core.language import _
from tl_core.race import NOBODY
from tl_core.race_runs import RaceRun
from tl_core.race_words import listed
from tl_core.recipe_marks import recipe_name, recipe_short
from tl_core.tour import Shown
from tl_core.verdicts import Verdict


@dataclass(frozen=True)
class ByHeart:
    """How far a network that is ready is better on its training images than on new ones. Accuracies 0..1.

    `train`: after the last epoch, on `num_train` images; `test`, `low`, `high`: on new ones, with the 95 % interval.
    """

    recipe: str
    train: float
    num_train: int
    num_trainable: int
    test: float
    low: float
    high: float
    num_test: int

    @property
    def gap(self) -> float:
        return self.train - self.test

    @property
    def noise(self) -> float:
        """Of the gap, either way: of both sets of images, independent of each other."""
        low, high = wilson_interval(round(self.train * self.num_train), self.num_train)
        return sqrt(((high - low) / 2) ** 2 + ((self.high - self.low) / 2) ** 2)


def by_heart(run: RaceRun) -> ByHeart | None:
    """None for a run that has no result."""
    if run.finished is None or run.started is None or not run.epochs:
        return None
    done, begun = run.finished, run.started
    low, high = done["test_accuracy_low"], done["test_accuracy_high"]
    return ByHeart(
        run.entry.recipe, run.epochs[-1]["train_accuracy"], begun["num_train"], run.num_trainable or 0,
        done["test_accuracy"], low, high, begun["num_test"],
    )  # fmt: skip


def heart_line(found: ByHeart) -> str:
    """One network's gap: 'Case 4: 97 % of the 160 training images are right in the last epoch, and 44.1 % ...'."""
    values = {"recipe": recipe_name(found.recipe), "train": 100 * found.train, "num_train": found.num_train}
    values |= {"test": 100 * found.test, "low": 100 * found.low, "high": 100 * found.high, "num_test": found.num_test}
    return _(
        "{recipe}: {train:.0f} % of the {num_train:,} training images are right in the last epoch, and {test:.1f} % ({low:.1f} "
        "to {high:.1f} %) of {num_test:,} new ones with the weights of the best epoch. A gap of {gap:.0f} points; {weights:,} "
        "weights were trained.",
        gap=100 * found.gap, weights=found.num_trainable, **values,
    )  # fmt: skip


def wider(found: Sequence[ByHeart]) -> str | None:
    """The recipe whose gap is clearly the widest; None where the noise leaves that open, or where there is no gap."""
    if len(found) < 2:
        return None
    first, second = sorted(found, key=lambda one: -one.gap)[:2]
    clear = first.gap - second.gap > sqrt(first.noise**2 + second.noise**2)
    return first.recipe if clear and first.gap > first.noise else None


def heart_text(found: Sequence[ByHeart]) -> str:
    """Which of them learnt by heart more, or that it cannot be told."""
    if len(found) < 2:
        return _("There is nothing to compare: a run has no result.")
    name = wider(found)
    if name is None:
        return _("Within noise: these runs cannot tell which of them learnt by heart more.")
    most = next(one for one in found if one.recipe == name)
    text = _("The wider gap is that of {recipe}.", recipe=recipe_short(name))
    if most.num_trainable == max(one.num_trainable for one in found):
        text += " " + _("It also trained the most weights.")
    if most.test == min(one.test for one in found) and all(one is most or most.high < one.low for one in found):
        text += " " + _("It is also worse on new pictures, and those are what counts.")
    else:
        text += " " + _("A wide gap alone does not make it worse on new pictures, and those are what counts.")
    return text


def heart_guess_text(guess: str | None, found: Sequence[ByHeart]) -> str:
    """The prediction beside what came out; '' where nothing was predicted."""
    if guess is None or len(found) < 2:
        return ""
    name = wider(found)
    thought = _("that cannot be told") if guess == NOBODY else recipe_short(guess)
    if guess == (name or NOBODY):
        return _("You predicted: {thought}. That is right.", thought=thought)
    came = recipe_short(name) if name else _("that cannot be told")
    return _("You predicted: {thought}. It came out: {came}.", thought=thought, came=came)


def result_text(verdict: Verdict) -> str:
    """'Case 1 67.0 % (64.9 to 69.1 %)' for each recipe, the best first."""
    parts = []
    for result in verdict.results:
        low, high = (100 * end for end in result.interval)
        parts.append(
            _("{recipe} {mean:.1f} % ({low:.1f} to {high:.1f} %)", recipe=recipe_short(result.recipe),
              mean=100 * result.mean, low=low, high=high)
        )  # fmt: skip
    return "; ".join(parts) + "."


def recorded_text(shown: Shown, verdict: Verdict) -> str:
    """Who was clearly ahead in the recorded runs, and what that says of the rule of thumb."""
    best = listed(verdict.tied)
    if verdict.all_tied:
        return _("These runs cannot tell them apart.")
    ahead = (
        _("Clearly ahead: {recipe}.", recipe=best)
        if len(verdict.tied) == 1
        else _("Ahead, and within noise of each other: {recipes}.", recipes=best)
    )
    if shown.prescribed is None:
        return ahead
    choice = recipe_short(shown.prescribed)
    outcome = verdict.outcome(shown.prescribed)
    if outcome == "best" and len(verdict.tied) == 1:
        return ahead + " " + _("The rule of thumb, which says {recipe}, is right here.", recipe=choice)
    if outcome == "best":
        return ahead + " " + _("The choice of the rule of thumb, {recipe}, is among them.", recipe=choice)
    gap = verdict.gaps[shown.prescribed]
    return ahead + " " + _(
        "The rule of thumb loses here: its choice, {recipe}, is {gap:.1f} points behind, with a noise of {margin:.1f}.",
        recipe=choice, gap=100 * gap.gap, margin=100 * gap.margin,
    )  # fmt: skip
