"""Who won, and whether anybody did: the one place where runs are compared.

Runs of the same seed share their pictures, so recipes are compared seed by seed. A recipe is only called better than another
where the difference is larger than its own noise; else the two are tied. That noise has two parts: another seed, and other
test images. All seeds sit the same exam, so more seeds make the first part smaller, never the second.
"""

import functools
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf, sqrt
from typing import Any, Literal, Protocol

import numpy as np

from tl_core.evaluation import wilson_interval
from tl_core.language import mark
from tl_core.student_t import quantile

SURE = 0.95  # of the verdict on a whole cell: shared out over the comparisons that it needs
FEWEST_SETS = 3  # data sets behind an interval over data sets
NOISIER = 4.0  # times the pooled variance from which a pair's noise counts as its own
# Of p (1 - p) + q (1 - q): variance of the difference between two recipes from one test image to another, beyond that over
# seeds. Two recipes mostly fail on the same images: 0.09 on average over 60 pairs, in three of four below this.
EXAM_SHARE = 0.12  # docs/measured.md
_NORMAL = statistics.NormalDist()

Outcome = Literal["best", "beaten", "open"]
Rule = Literal["holds", "does not hold here", "cannot tell"]
RULE_WORDS = mark("holds"), mark("does not hold here"), mark("cannot tell")


@dataclass(frozen=True)
class Result:
    """One recipe's runs in a cell. `by_seed`: test accuracy 0..1; `num_test`: test images, None if that is not known."""

    recipe: str
    by_seed: Mapping[int, float]
    num_test: int | None

    @functools.cached_property
    def mean(self) -> float:
        return statistics.fmean(self.by_seed.values())

    @property
    def spread(self) -> float | None:
        """Standard deviation over seeds; None for a single run."""
        return statistics.stdev(self.by_seed.values()) if len(self.by_seed) > 1 else None

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean over seeds; for a single run that of its test images."""
        if self.spread is None:
            count = self.num_test or 0
            return wilson_interval(round(self.mean * count), count)
        half = quantile(0.95, len(self.by_seed) - 1) * self.spread / sqrt(len(self.by_seed))
        return max(0.0, self.mean - half), min(1.0, self.mean + half)


@dataclass(frozen=True)
class Gap:
    """How far a recipe lies behind the best one, 0..1, and the noise of that: `margin` either way."""

    gap: float
    margin: float

    @property
    def clear(self) -> bool:
        return self.gap > self.margin


@dataclass(frozen=True)
class Verdict:
    """Recipes of a cell, best mean first. `tied`: the best one and each that is not clearly behind it."""

    results: tuple[Result, ...]
    gaps: Mapping[str, Gap]
    tied: tuple[str, ...]

    @property
    def winner(self) -> str | None:
        """The recipe that beats every other one clearly; None where there is no such."""
        return self.tied[0] if len(self.results) > 1 and len(self.tied) == 1 else None

    @property
    def all_tied(self) -> bool:
        return len(self.tied) == len(self.results)

    def of(self, recipe: str) -> Result | None:
        return next((result for result in self.results if result.recipe == recipe), None)

    def outcome(self, recipe: str) -> Outcome:
        """Whether a recipe is among the best, or clearly beaten; open where it was not run, or where nothing is told apart."""
        if self.all_tied or self.of(recipe) is None:
            return "open"
        return "best" if recipe in self.tied else "beaten"


def winner(rows: Iterable[Mapping[str, Any]], num_verdicts: int = 1) -> Verdict:
    """The verdict on runs that differ in recipe and seed only.

    - `rows` have `recipe`, `seed`, `test_accuracy` (0..1) and where possible `num_test`.
    - `num_verdicts`: how many such verdicts are read together, as at the sizes of one learning curve; none of them may have a
      false winner with the probability `SURE`.

    Raises `ValueError` without rows.
    """
    results = _results(rows)
    best = results[0]
    pooled = _pooled_variance(results)
    gaps = {other.recipe: _gap(best, other, pooled, num_verdicts * (len(results) - 1)) for other in results[1:]}
    return Verdict(results, gaps, (best.recipe, *(name for name, gap in gaps.items() if not gap.clear)))


def _results(rows: Iterable[Mapping[str, Any]]) -> tuple[Result, ...]:
    by_recipe: dict[str, dict[int, float]] = {}
    num_test: dict[str, int | None] = {}
    for row in rows:
        by_recipe.setdefault(row["recipe"], {})[row["seed"]] = row["test_accuracy"]
        num_test[row["recipe"]] = row.get("num_test")
    if not by_recipe:
        raise ValueError("a verdict needs at least one run")
    results = [Result(name, seeds, num_test[name]) for name, seeds in sorted(by_recipe.items())]
    # on the same pictures, where all have run on some: a recipe must not lead because its seeds were easy ones
    shared = set.intersection(*(set(seeds) for seeds in by_recipe.values()))

    def on_shared(result: Result) -> float:
        return statistics.fmean(result.by_seed[seed] for seed in shared) if shared else result.mean

    return tuple(sorted(results, key=lambda result: -on_shared(result)))


def _pooled_variance(results: Sequence[Result]) -> tuple[float, int]:
    """Variance of one run about its recipe's and its seed's mean, over all recipes, and its degrees of freedom.

    Two-way analysis of variance without repetition: a few seeds of each recipe together tell more about the noise than the
    few seeds of one pair. Recipes that were run once have nothing to say of it. (0, 0) where fewer than two recipes share
    two seeds.
    """
    results = [result for result in results if len(result.by_seed) > 1]
    if len(results) < 2:
        return 0.0, 0
    seeds = sorted(set.intersection(*(set(result.by_seed) for result in results)))
    if len(seeds) < 2:
        return 0.0, 0
    table = np.array([[result.by_seed[seed] for seed in seeds] for result in results])
    rest = table - table.mean(0) - table.mean(1, keepdims=True) + table.mean()
    freedom = (len(results) - 1) * (len(seeds) - 1)
    return float((rest**2).sum() / freedom), freedom


def _gap(best: Result, other: Result, pooled: tuple[float, int], comparisons: int) -> Gap:
    """The noise is that over seeds and that of the shared test images, each with its own margin, added as squares.

    With one shared seed it is that of the test images as if the two recipes failed on different ones, which leaves room for the
    seed's; without any it has no end.
    """
    share = 1 - (1 - SURE) / comparisons
    seeds = sorted(best.by_seed.keys() & other.by_seed.keys())
    if len(seeds) < 2:
        if not seeds or not best.num_test or not other.num_test:
            return Gap(best.mean - other.mean, inf)
        one, two = best.by_seed[seeds[0]], other.by_seed[seeds[0]]
        noise = one * (1 - one) / best.num_test + two * (1 - two) / other.num_test
        return Gap(one - two, _NORMAL.inv_cdf((1 + share) / 2) * sqrt(noise))
    differences = [best.by_seed[seed] - other.by_seed[seed] for seed in seeds]
    variance, freedom = pooled
    own = statistics.variance(differences)
    # never less than a single test picture: two seeds that agree by chance do not make a measurement exact
    least = 1 / best.num_test if best.num_test else 0.0
    deviation = max(sqrt(max(own, 2 * variance)), least)
    # a pair far noisier than the others has only its own seeds to tell how noisy
    freedom = len(seeds) - 1 if own > NOISIER * 2 * variance else max(freedom, len(seeds) - 1)
    over_seeds = quantile(share, freedom) * deviation / sqrt(len(seeds))
    over_images = _NORMAL.inv_cdf((1 + share) / 2) * sqrt(EXAM_SHARE * _binomial(best, other))
    return Gap(statistics.fmean(differences), hypot(over_seeds, over_images))


def _binomial(*results: Result) -> float:
    """Variance of the results' difference if each test image were a coin of its own; 0 where the images were not counted."""
    return sum(result.mean * (1 - result.mean) / result.num_test for result in results if result.num_test)


class HasRuns(Protocol):
    """What `regret` needs to know of a cell."""

    data: str

    @property
    def verdict(self) -> Verdict: ...


@dataclass(frozen=True)
class Regret:
    """What a way to choose costs, in accuracy 0..1; the interval is over data sets, None where there are too few.

    `hit_rate`: share of the cells in which the chosen recipe is among the best, noise allowed for.
    """

    mean: float
    low: float | None
    high: float | None
    num_cells: int
    num_sets: int
    hit_rate: float


def regret(cells: Iterable[HasRuns], choose: Callable[[Any], str]) -> Regret | None:
    """Best mean accuracy of a cell minus that of the chosen recipe, mean over the cells in which that recipe was run.

    None where it was run in no cell beside another recipe.
    """
    lost: dict[str, list[float]] = {}
    hits = []
    for cell in cells:
        chosen = cell.verdict.of(choose(cell))
        if chosen is not None and len(cell.verdict.results) > 1:
            lost.setdefault(cell.data, []).append(cell.verdict.results[0].mean - chosen.mean)
            hits.append(chosen.recipe in cell.verdict.tied)
    if not hits:
        return None
    mean, low, high = mean_over_sets(lost)
    return Regret(mean, low, high, len(hits), len(lost), statistics.mean(hits))


def mean_over_sets(values: Mapping[str, Sequence[float]]) -> tuple[float, float | None, float | None]:
    """Mean over the data sets of their means, and its 95 % interval (Student's t); no interval from fewer than three sets.

    The cells of a data set share their pictures, so they are not so many independent answers.
    """
    means = [statistics.fmean(group) for group in values.values()]
    mean = statistics.fmean(means)
    if len(means) < FEWEST_SETS:
        return mean, None, None
    half = quantile(0.95, len(means) - 1) * statistics.stdev(means) / sqrt(len(means))
    return mean, mean - half, mean + half


@dataclass(frozen=True)
class RuleCheck:
    """How a rule did over several cells.

    `share`: of the cells that tell recipes apart, those where its recipe was among the best; `blind`: the same for a recipe
    drawn by lot; `lead`: how far the rule is ahead of that. Intervals are over data sets, None where there are too few.
    """

    num_best: int
    num_beaten: int
    num_open: int
    num_sets: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
    blind: float | None = None
    lead_low: float | None = None

    @property
    def num_cells(self) -> int:
        return self.num_best + self.num_beaten + self.num_open

    @property
    def word(self) -> Rule:
        """Holds if it is right in more than half of the cells, and more often than the lot, as surely as the intervals say."""
        if self.low is None:
            return "cannot tell"
        if self.low > 0.5 and self.lead_low > 1e-9:  # more than rounding
            return "holds"
        return "does not hold here" if self.high < 0.5 else "cannot tell"


def check_rule(cells: Iterable[HasRuns], choose: Callable[[Any], str]) -> RuleCheck:
    """How often the rule's recipe is among the best. Cells in which all recipes are tied prove nothing either way."""
    found: dict[Outcome, int] = {"best": 0, "beaten": 0, "open": 0}
    right: dict[str, list[float]] = {}
    lead: dict[str, list[float]] = {}
    for cell in cells:
        verdict = cell.verdict
        outcome = verdict.outcome(choose(cell))
        found[outcome] += 1
        if outcome != "open":
            right.setdefault(cell.data, []).append(outcome == "best")
            lead.setdefault(cell.data, []).append((outcome == "best") - len(verdict.tied) / len(verdict.results))
    counts = (found["best"], found["beaten"], found["open"], len(right))
    if not right:
        return RuleCheck(*counts)
    share, low, high = mean_over_sets(right)
    if low is not None:
        # drawing sets anew says nothing where the rule is right in all of them: six of six are no proof of always
        ends = wilson_interval(share * len(right), len(right))
        low, high = max(0.0, min(low, ends[0])), min(1.0, max(high, ends[1]))
    ahead, lead_low, _ = mean_over_sets(lead)
    return RuleCheck(*counts, share, low, high, share - ahead, lead_low)
