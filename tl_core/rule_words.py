"""What a cell of the map of who won says, in sentences."""

from collections.abc import Sequence

from tl_core.cases import Thresholds
from tl_core.language import _, joined, many
from tl_core.recipe_marks import recipe_short
from tl_core.rule_cells import Cell
from tl_core.verdicts import Verdict


def listed(names: Sequence[str]) -> str:
    """'case 1, case 2 and case 4'."""
    return joined([recipe_short(name) for name in names])


def points(share: float) -> str:
    return _("{n:.1f} points", n=100 * share)


def verdict_sentence(verdict: Verdict) -> str:
    """Who won, or that the difference is within the noise."""
    if len(verdict.results) == 1:
        return _(
            "Only {recipes} was run here, so there is nothing to compare it with yet.", recipes=listed(verdict.tied)
        )
    best = verdict.results[0]
    if verdict.winner:
        second = verdict.results[1]
        gap = verdict.gaps[second.recipe]
        sentence = _(
            "{recipe} is clearly the best: {points} ahead of {second}, where the noise is {noise}.",
            recipe=listed([best.recipe]), points=points(gap.gap), second=listed([second.recipe]), noise=points(gap.margin),
        )  # fmt: skip
    elif verdict.all_tied:
        sentence = _("Within noise: these runs do not tell the recipes apart.")
    else:
        behind = [result.recipe for result in verdict.results if result.recipe not in verdict.tied]
        sentence = many(
            "Within noise: {tied} cannot be told apart. {behind} is clearly behind.",
            "Within noise: {tied} cannot be told apart. {behind} are clearly behind.",
            len(behind),
            tied=listed(verdict.tied),
            behind=_capital(listed(behind)),
        )
    return _capital(sentence)


def textbook_sentence(cell: Cell, thresholds: Thresholds) -> str:
    """What the textbook prescribes for the cell, and how that went."""
    case = cell.textbook(thresholds)
    if case is None:
        return _("The similarity is not measured, so the textbook has no answer yet.")
    value, low, high = cell.similarity
    interval = _(" ({low:.2f} to {high:.2f})", low=low, high=high) if low < high else ""
    close = _(" (a close call)") if cell.close_call(thresholds) else ""
    gap = cell.verdict.gaps.get(case.name)
    outcome = cell.verdict.outcome(case.name)
    if cell.verdict.of(case.name) is None:
        result = _("it was not run here")
    elif outcome == "open":
        result = _("whether that is right cannot be told from these runs")
    elif outcome == "best":
        result = _("it is the best") if cell.verdict.winner else _("it is among the best")
    else:
        result = _("it is clearly beaten, by {points}", points=points(gap.gap))
    return _(
        "The textbook says case {number}, since {n:,} images count as {size} and a similarity of {value:.2f}{interval} as "
        "{similarity}{close}: {result}.",
        number=case.number, n=cell.num_images, size=_(case.size), value=value, interval=interval,
        similarity=_(case.similarity), close=close, result=result,
    )  # fmt: skip


def cell_title(cell: Cell) -> str:
    return _("{name}, {n:,} images", name=cell.name, n=cell.num_images)


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
