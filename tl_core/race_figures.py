"""The curves of a race, and accuracy against the number of images, as plain Plotly dictionaries."""

from collections.abc import Sequence
from math import log10
from statistics import fmean
from typing import Any, Literal

from tl_core.figures import NO_POINTS, _axis, _layout
from tl_core.language import _
from tl_core.palette import PLOT_INK
from tl_core.race import Race
from tl_core.race_crossing import SizePoint, crossings
from tl_core.race_runs import RaceRun
from tl_core.recipe_marks import mark_of, recipe_name

By = Literal["epochs", "seconds"]
HEIGHT = 400
DASHES = {
    "case-1": "solid", "case-2": "dash", "case-3": "longdash", "case-4": "dot", "lp-ft": "dashdot",
    "all-stages": "longdashdot", "one-block": "8px,3px,2px,3px,2px,3px",
}  # fmt: skip
_LABEL_GAP = 0.085  # of the axis' height
_LINE_CHARS = 15  # of a label beside the curves
_DODGE = 1.025  # between the two recipes at one number of images


def race_figure(race: Race, runs: Sequence[RaceRun], by: By, dark: bool = False, key: str = "") -> dict[str, Any]:
    """Held-out accuracy of every run as a thin line, their mean over the seeds as a thick one that ends in a dot.

    The mean is that of the runs that are over, each with its last value from its end on; of the first one while it goes on.
    """
    data: list[dict[str, Any]] = []
    ends: list[tuple[float, str]] = []
    right = _right_end(runs, by)
    for recipe in race.recipes:
        mine = [run for run in runs if run.entry.recipe == recipe and run.epochs]
        if not mine:
            continue
        colour, name = mark_of(recipe).colour, recipe_name(recipe)
        if len(mine) > 1:
            data += [
                _line(*_points(run, by), colour, DASHES[recipe], 1.0, 0.55, _seed_label(name, run)) for run in mine
            ]
        over = [run for run in mine if not run.active] or mine
        x, y = _mean(over, by)
        data.append(_line(x, y, colour, DASHES[recipe], 3.2, 1.0, f"{name}<br>{_mean_label(over)}"))
        if not any(run.active for run in over):
            data.append(_line([x[-1], right], [y[-1], y[-1]], colour, "dot", 1.0, 0.7, None))
        data.append({
            "type": "scatter", "mode": "markers", "x": [x[-1]], "y": [y[-1]], "hoverinfo": "skip", "showlegend": False,
            "marker": {"color": colour, "size": 9},
        })  # fmt: skip
        ends.append((y[-1], recipe))
    layout = _layout(HEIGHT, dark)
    layout["uirevision"] = f"{key} {by}"
    layout["showlegend"] = False
    if by == "epochs":
        layout["xaxis"] = _axis(_("epoch"), dark, range=[0.5, right + 0.5], tickformat="d", showgrid=False)
    else:
        first = min([right, *(_points(run, by)[0][0] for run in runs if run.epochs)])
        layout["xaxis"] = _axis(
            _("seconds of training, each line ten times as long"), dark, type="log", dtick=1, showgrid=True,
            range=[log10(first / 2), log10(right) + 0.02],
        )  # fmt: skip
    low, high = _accuracy_range(data)
    layout["yaxis"] = _axis(_("held-out accuracy, %"), dark, range=[low, high])
    layout["annotations"] = _labels(ends, low, high, dark)
    layout["margin"]["r"] = _label_margin(race.recipes)
    if not data:
        layout["annotations"] = [
            {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "text": _(NO_POINTS),
             "showarrow": False}
        ]  # fmt: skip
    return {"data": data, "layout": layout}


def race_alt(race: Race, runs: Sequence[RaceRun]) -> str:
    """What the curves show, for those who do not see them."""
    parts = []
    for recipe in race.recipes:
        mine = [run for run in runs if run.entry.recipe == recipe and run.epochs]
        if mine:
            last = fmean(run.epochs[-1]["val_accuracy"] for run in mine)
            parts.append(_("{recipe} {value:.0f} %", recipe=recipe_name(recipe), value=100 * last))
    if not parts:
        return _("Curves of the race; no point yet.")
    return _(
        "Curves of the race. Held-out accuracy in the last epoch, mean of the runs: {values}.", values="; ".join(parts)
    )


def sizes_figure(race: Race, points: Sequence[SizePoint], dark: bool = False, key: str = "") -> dict[str, Any]:
    """Mean test accuracy of two recipes against the number of images (logarithmic), with 95 % intervals.

    A band is drawn where they cross, only where both of its ends tell them apart.
    """
    data: list[dict[str, Any]] = []
    ends: list[tuple[float, str]] = []
    for index, recipe in enumerate(race.recipes):
        found = [(point.num_images, result) for point in points if (result := _result(point, recipe)) is not None]
        if not found:
            continue
        colour = mark_of(recipe).colour
        means = [100 * result.mean for _n, result in found]
        low, high = ([100 * result.interval[end] for _n, result in found] for end in (0, 1))
        line = _line(
            [size * _DODGE ** (index - 0.5) for size, _r in found], means, colour, DASHES[recipe], 3.0, 1.0,
            recipe_name(recipe),
        )  # fmt: skip
        line["mode"] = "lines+markers"
        line["marker"] = {"color": colour, "size": 9, "symbol": ("circle", "diamond")[index % 2]}
        line["error_y"] = {
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.6, "width": 6,
            "array": [top - mean for top, mean in zip(high, means, strict=True)],
            "arrayminus": [mean - bottom for bottom, mean in zip(low, means, strict=True)],
        }  # fmt: skip
        line["customdata"] = [_("{n:,} images: {mean:.1f} %", n=size, mean=100 * result.mean) for size, result in found]
        line["hovertemplate"] = f"{recipe_name(recipe)}<br>%{{customdata}}<extra></extra>"
        data.append(line)
        ends.append((means[-1], recipe))
    sizes = [point.num_images for point in points]
    layout = _layout(HEIGHT, dark)
    layout["uirevision"] = key
    layout["showlegend"] = False
    layout["xaxis"] = _axis(
        _("images to learn from"), dark, type="log", range=[log10(sizes[0] / 1.3), log10(sizes[-1] * 1.3)], showgrid=False,
        tickmode="array", tickvals=sizes, ticktext=[_("{n:,}", n=size) for size in sizes],
    )  # fmt: skip
    low, high = _accuracy_range(data, bars=True)
    layout["yaxis"] = _axis(_("test accuracy, %"), dark, range=[low, high])
    layout["annotations"] = _labels(ends, low, high, dark)
    layout["margin"]["r"] = _label_margin(race.recipes)
    layout["shapes"] = []
    for one in crossings(points):
        layout["shapes"].append({
            "type": "rect", "x0": one.low, "x1": one.high, "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 0},
            "fillcolor": PLOT_INK[dark], "opacity": 0.08, "layer": "below",
        })  # fmt: skip
        middle = (log10(one.low) + log10(one.high)) / 2
        layout["annotations"].append(
            {
                "x": middle,
                "y": 0.02,
                "yref": "paper",
                "text": _("they cross here"),
                "showarrow": False,
                "yanchor": "bottom",
            }
        )
    return {"data": data, "layout": layout}


def sizes_alt(race: Race, points: Sequence[SizePoint]) -> str:
    """The values of the learning curves in words."""
    parts = []
    for point in points:
        values = [
            _("{recipe} {value:.1f} %", recipe=recipe_name(name), value=100 * result.mean)
            for name in race.recipes
            if (result := _result(point, name)) is not None
        ]
        if values:
            parts.append(_("{n:,} images: {values}", n=point.num_images, values=", ".join(values)))
    if not parts:
        return _("Chart of the test accuracy by number of images; no point yet.")
    return _("Chart of the test accuracy by number of images. {values}.", values="; ".join(parts))


def _result(point: SizePoint, recipe: str) -> Any:
    return point.verdict.of(recipe) if point.verdict else None


def _line(
    x: list[float], y: list[float], colour: str, dash: str, width: float, opacity: float, hover: str | None
) -> dict[str, Any]:
    line = {
        "type": "scatter", "mode": "lines" if len(x) > 1 else "lines+markers", "x": x, "y": y, "opacity": opacity,
        "line": {"color": colour, "dash": dash, "width": width}, "marker": {"color": colour, "size": 4}, "showlegend": False,
    }  # fmt: skip
    return (
        {**line, "hoverinfo": "skip"}
        if hover is None
        else {**line, "hovertemplate": f"{hover}: %{{y:.1f}} %<extra></extra>"}
    )


def _seed_label(name: str, run: RaceRun) -> str:
    return f"{name}<br>" + _("seed {seed}", seed=run.entry.seed)


def _mean_label(runs: Sequence[RaceRun]) -> str:
    if len(runs) == 1:
        return _("seed {seed}", seed=runs[0].entry.seed)
    return _("mean of {n} seeds", n=len(runs))


def _points(run: RaceRun, by: By) -> tuple[list[float], list[float]]:
    x = [event["epoch"] if by == "epochs" else max(run.since_ready(event), 1e-3) for event in run.epochs]
    return x, [100 * event["val_accuracy"] for event in run.epochs]


def _mean(runs: Sequence[RaceRun], by: By) -> tuple[list[float], list[float]]:
    """The mean line; it begins where all have a value, and each keeps its last one."""
    lines = [_points(run, by) for run in runs]
    if len(lines) == 1:
        return lines[0]
    begin = max(x[0] for x, _y in lines)
    places = sorted({place for x, _y in lines for place in x if place >= begin})
    return places, [fmean(_at(x, y, place) for x, y in lines) for place in places]


def _at(x: list[float], y: list[float], place: float) -> float:
    """The last value up to `place`."""
    return next(value for at, value in zip(reversed(x), reversed(y), strict=True) if at <= place)


def _right_end(runs: Sequence[RaceRun], by: By) -> float:
    ends = [_points(run, by)[0][-1] for run in runs if run.epochs]
    if by == "epochs":  # the axis is there before the points are
        ends += [run.epochs[-1]["num_epochs"] for run in runs if run.epochs and run.active]
        ends += [run.started["num_epochs"] for run in runs if run.started and run.active]
    return max(ends, default=10 if by == "epochs" else 10.0)


def _accuracy_range(data: Sequence[dict[str, Any]], bars: bool = False) -> tuple[float, float]:
    """Whole tens around all that is shown, so that the axis seldom moves; bars may be cut off at 0 and 100."""
    values = [value for line in data for value in line["y"]]
    if bars:
        for line in data:
            values += [y + up for y, up in zip(line["y"], line["error_y"]["array"], strict=True)]
            values += [y - down for y, down in zip(line["y"], line["error_y"]["arrayminus"], strict=True)]
    if not values:
        return 0.0, 100.0
    return max(0.0, (min(values) - 2) // 10 * 10), min(100.0, -(-(max(values) + 2) // 10) * 10)


def _labels(ends: Sequence[tuple[float, str]], low: float, high: float, dark: bool) -> list[dict[str, Any]]:
    """The recipes' names right of the chart, each at its line's height or as near as there is room."""
    gap = _LABEL_GAP * (high - low)
    ordered = sorted(ends)
    heights = [gap * max(1, len(_broken(recipe_name(recipe)))) for _y, recipe in ordered]
    places = _spread([y for y, _recipe in ordered], heights, low, high)
    return [
        {
            "x": 1, "xref": "paper", "y": place, "text": "<br>".join(_broken(recipe_name(recipe))), "showarrow": False,
            "xanchor": "left", "xshift": 8, "align": "left", "font": {"color": PLOT_INK[dark], "size": 13},
            "bordercolor": mark_of(recipe).colour, "borderwidth": 0, "borderpad": 1,
        }
        for place, (_y, recipe) in zip(places, ordered, strict=True)
    ]  # fmt: skip


def _spread(wanted: list[float], heights: list[float], low: float, high: float) -> list[float]:
    """Ascending places near the wanted ones; labels that would overlap become a stack around their common middle."""
    stacks: list[tuple[float, float, int]] = []  # middle, height, number of labels
    for y, height in zip(wanted, heights, strict=True):
        stack = (y, height, 1)
        while stacks and stack[0] - stack[1] / 2 < stacks[-1][0] + stacks[-1][1] / 2:
            middle, tall, count = stacks.pop()
            count_all = count + stack[2]
            stack = ((middle * count + stack[0] * stack[2]) / count_all, tall + stack[1], count_all)
        middle = min(max(stack[0], low + stack[1] / 2), high - stack[1] / 2)
        stacks.append((middle, stack[1], stack[2]))
    places: list[float] = []
    for middle, tall, count in stacks:
        bottom = middle - tall / 2
        for height in heights[len(places) : len(places) + count]:
            places.append(bottom + height / 2)
            bottom += height
    return places


def _broken(name: str) -> list[str]:
    lines: list[str] = []
    for word in name.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= _LINE_CHARS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _label_margin(recipes: Sequence[str]) -> int:
    """Known before there are curves, so that nothing moves."""
    return 24 + 7 * max(len(line) for recipe in recipes for line in _broken(recipe_name(recipe)))
