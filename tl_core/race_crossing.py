"""Where two recipes cross as there are more pictures: only where the runs carry it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tl_core.language import _
from tl_core.race import Race
from tl_core.race_runs import RaceRun, verdict_of
from tl_core.race_words import listed
from tl_core.verdicts import Verdict


@dataclass(frozen=True)
class SizePoint:
    """The verdict at one number of images; None while no run there has finished. `over`: the whole race is."""

    num_images: int
    verdict: Verdict | None
    over: bool = True

    @property
    def winner(self) -> str | None:
        """Nobody has won while runs go on."""
        return self.verdict.winner if self.verdict and self.over else None


@dataclass(frozen=True)
class Crossing:
    """`before` is clearly better at `low` images and `after` at `high`; in between they cross."""

    before: str
    after: str
    low: int
    high: int


def size_points(race: Race, runs: Sequence[RaceRun]) -> list[SizePoint]:
    """One for each size, ascending. The sizes share the probability of a false winner, as they are read as one curve."""
    over = not any(run.active for run in runs)
    return [
        SizePoint(
            race.num_images if size is None else size,
            verdict_of(runs, size, sized=True, num_verdicts=len(race.sizes)),
            over,
        )
        for size in race.sizes
    ]


def crossings(points: Sequence[SizePoint]) -> list[Crossing]:
    """Every change of the clear winner; sizes at which nobody wins lie in between."""
    clear = [point for point in points if point.winner]
    return [
        Crossing(before.winner, after.winner, before.num_images, after.num_images)
        for before, after in zip(clear, clear[1:], strict=False)
        if before.winner != after.winner
    ]


def crossing_text(points: Sequence[SizePoint]) -> str:
    """Where they cross, or why no crossing is named."""
    clear = [point for point in points if point.winner]
    if not clear:
        return _(
            "Within noise: at no number of images are the two told apart, so no crossing can be named. More seeds would help."
        )
    found = crossings(points)
    if not found:
        best = listed([clear[0].winner])
        sizes = ", ".join(_("{n:,}", n=point.num_images) for point in clear)
        text = _("Clearly better is {best}, with {sizes} images.", best=best, sizes=sizes)
        open_at = [_("{n:,}", n=point.num_images) for point in points if not point.winner]
        if open_at:
            text += " " + _("With {sizes} the two cannot be told apart.", sizes=", ".join(open_at))
        return f"{text} " + _("No crossing can be named.")
    return " ".join(
        _(
            "They cross between {low:,} and {high:,} images: with {low:,} {before} is clearly better, with {high:,} {after}.",
            low=one.low, high=one.high, before=listed([one.before]), after=listed([one.after]),
        )
        for one in found
    )  # fmt: skip
