"""What a cell of the map of who won says, in sentences."""

from collections.abc import Sequence

from tl_core.cases import Thresholds
from tl_core.recipe_marks import recipe_short
from tl_core.rule_cells import Cell
from tl_core.verdicts import Verdict


def listed(names: Sequence[str], last: str = "and") -> str:
    """'case 1, case 2 and case 4'."""
    words = [recipe_short(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def points(share: float) -> str:
    return f"{100 * share:.1f} points"


def verdict_sentence(verdict: Verdict) -> str:
    """Who won, or that the difference is within the noise."""
    if len(verdict.results) == 1:
        return f"Only {listed(verdict.tied)} was run here, so there is nothing to compare it with yet."
    best = verdict.results[0]
    if verdict.winner:
        second = verdict.results[1]
        gap = verdict.gaps[second.recipe]
        sentence = (
            f"{listed([best.recipe])} is clearly the best: {points(gap.gap)} ahead of {listed([second.recipe])}, where the "
            f"noise is {points(gap.margin)}."
        )
    elif verdict.all_tied:
        sentence = "Within noise: these runs do not tell the recipes apart."
    else:
        behind = [result.recipe for result in verdict.results if result.recipe not in verdict.tied]
        sentence = (
            f"Within noise: {listed(verdict.tied)} cannot be told apart. {_capital(listed(behind))} "
            f"{'is' if len(behind) == 1 else 'are'} clearly behind."
        )
    return _capital(sentence)


def textbook_sentence(cell: Cell, thresholds: Thresholds) -> str:
    """What the textbook prescribes for the cell, and how that went."""
    case = cell.textbook(thresholds)
    if case is None:
        return "The similarity is not measured, so the textbook has no answer yet."
    size = f"{cell.num_images:,} images count as {case.size}"
    value, low, high = cell.similarity
    interval = f" ({low:.2f} to {high:.2f})" if low < high else ""
    similarity = f"a similarity of {value:.2f}{interval} as {case.similarity}"
    close = " (a close call)" if cell.close_call(thresholds) else ""
    gap = cell.verdict.gaps.get(case.name)
    outcome = cell.verdict.outcome(case.name)
    if cell.verdict.of(case.name) is None:
        result = "it was not run here"
    elif outcome == "open":
        result = "whether that is right cannot be told from these runs"
    elif outcome == "best":
        result = "it is the best" if cell.verdict.winner else "it is among the best"
    else:
        result = f"it is clearly beaten, by {points(gap.gap)}"
    return f"The textbook says case {case.number}, since {size} and {similarity}{close}: {result}."


def cell_title(cell: Cell) -> str:
    return f"{cell.name}, {cell.num_images:,} images"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
