"""The Plotly figures, as plain dictionaries: plotly itself is not needed to make one."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from tl_core.language import _, mark, separators
from tl_core.palette import (
    CURVES,
    FIGURE_HEIGHT,
    FONT_PLOTLY,
    HELD_OUT_DASH,
    PLOT_GRID,
    PLOT_INK,
    PLOT_NEUTRAL,
    SEQUENTIAL,
    curve_colour,
)

NO_POINTS = mark("The curve begins with the first epoch")
_TOOLS = 28  # pixels above the axes: for Plotly's tools, which would cover words at the ends of lines
_MAX_CLASSES_WITH_TEXT = 12
_LABEL_GAP = 0.06  # of the axis: labels at line ends are at least this far apart


@dataclass(frozen=True)
class CurveMark:
    """Something that happened at an epoch, in few words: a line across the chart, just before it (`line`) or
    through the held-out curve, which gets a triangle there."""

    epoch: int
    words: str
    line: bool = False


@dataclass(frozen=True)
class RunCurve:
    """One run's curves. `epochs` is 1-based; accuracies are 0..1; `best_epoch` is the one whose weights are kept.

    `so_far`: the epoch that goes on, and its training value until now.
    """

    label: str
    colour_index: int
    epochs: list[int]
    train: list[float]
    held_out: list[float]
    best_epoch: int | None = None
    marks: tuple[CurveMark, ...] = ()
    so_far: tuple[int, float] | None = None


def _layout(height: int, dark: bool, ink: str | None = None) -> dict[str, Any]:
    return {
        "template": None,
        "separators": separators(),
        "height": height,
        "margin": {"l": 56, "r": 16, "t": _TOOLS, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT_PLOTLY, "size": 14, "color": ink or PLOT_INK[dark]},
        "hoverlabel": {"font": {"family": FONT_PLOTLY, "size": 13}},
        "uirevision": "keep",
    }


def _axis(title: str, dark: bool, **more: Any) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 14}},
        "gridcolor": PLOT_GRID[dark],
        "linecolor": PLOT_GRID[dark],
        "zeroline": False,
        "showline": True,
        "ticks": "outside",
        "tickcolor": PLOT_GRID[dark],
        **more,
    }


def _loss_top(runs: Sequence[RunCurve]) -> float:
    values = [
        value for run in runs for value in (*run.train, *run.held_out, *(run.so_far or ())[1:]) if isfinite(value)
    ]
    return 1.08 * max(values) if values and max(values) > 0 else 1.0


def _epoch_ticks(num_epochs: int) -> int:
    return next((step for step in (1, 2, 5, 10, 20, 50, 100) if num_epochs <= 10 * step), 200)


def _end_labels(ends: list[tuple[float, float, str, str]], top: float) -> list[dict[str, Any]]:
    """Labels (epoch, value, words, colour) to the right of their points, moved apart where they would overlap."""
    labels: list[dict[str, Any]] = []
    last = -top
    right = max((x for x, *_ in ends), default=0)  # a run that ended early is labelled beyond the other's lines
    for _x, y, words, colour in sorted(ends, key=lambda end: end[1]):
        place = max(y, last + _LABEL_GAP * top)
        last = place
        labels.append(
            {"x": right, "y": place, "text": words, "showarrow": False, "xanchor": "left", "xshift": 8,
             "font": {"color": colour, "size": 13}}
        )  # fmt: skip
    over = last - top
    return [{**label, "y": label["y"] - over} for label in labels] if over > 0 else labels


def _marks(
    run: RunCurve, scale: float, last: int, colour: str, dark: bool
) -> tuple[list[dict], list[dict], list[dict]]:
    """Traces, shapes and annotations of a run's marks; words stand on the side where there is room."""
    traces: list[dict] = []
    shapes: list[dict] = []
    notes: list[dict] = []
    seen = [at for at in run.marks if at.epoch in run.epochs]
    for row, at in enumerate(seen):
        x = at.epoch - 0.5 if at.line else at.epoch
        shapes.append({
            "type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": PLOT_NEUTRAL, "width": 1.5, "dash": "dot"},
        })  # fmt: skip
        side = "left" if x <= 0.62 * last else "right"
        # below the curves of the accuracy where there is room, above those of the loss
        index = run.epochs.index(at.epoch)
        below = scale > 1 and min(run.train[index], run.held_out[index]) > 0.3
        y, anchor, shift = (0, "bottom", 19 * row) if below else (1, "top", -19 * row)
        notes.append({
            "y": y, "yanchor": anchor, "yshift": shift, "text": at.words, "x": x, "yref": "paper", "showarrow": False,
            "xanchor": side,
            "xshift": 4 if side == "left" else -4, "font": {"size": 13, "color": PLOT_INK[dark]},
        })  # fmt: skip
        if not at.line:
            traces.append({
                "type": "scatter", "mode": "markers", "name": f"{run.label}, {at.words}",
                "x": [at.epoch], "y": [run.held_out[index] * scale],
                "marker": {"symbol": "triangle-up", "color": colour, "size": 11},
                "legendgroup": run.label, "showlegend": False,
                "hovertemplate": f"{at.words}<br>{_('epoch')} %{{x}}<extra></extra>",
            })  # fmt: skip
    return traces, shapes, notes


def _so_far(run: RunCurve, points: list[tuple[int, float]], colour: str, shown: str) -> dict[str, Any]:
    """From the last epoch's point, where there is one, to where the next has come: a hollow point, which still moves."""
    return {
        "type": "scatter", "mode": "lines+markers", "name": run.label,
        "x": [epoch for epoch, _value in points], "y": [value for _epoch, value in points],
        "line": {"color": colour, "dash": "dot", "width": 1.6},
        "marker": {"color": colour, "symbol": "circle-open", "size": [0] * (len(points) - 1) + [9]},
        "legendgroup": run.label, "showlegend": False,
        "hovertemplate": [
            f"{run.label}, {_('training')}<br>{_('epoch')} %{{x}}{words}: {shown}<extra></extra>"
            for words in ["", f", {_('so far')}"][-len(points) :]
        ],
    }  # fmt: skip


def curves_figure(
    runs: Sequence[RunCurve], metric: Literal["loss", "accuracy"], dark: bool = False, num_epochs: int | None = None
) -> dict[str, Any]:
    """Training solid, held-out dashed, one colour a run, a ring around the epoch whose weights are kept.

    One or two runs are labelled at their line ends; more get a legend. `num_epochs` is where the epoch axis ends
    (without it: the last epoch seen), so that it stands still while points arrive.
    """
    scale = 100 if metric == "accuracy" else 1
    unit, digits = (" %", ".1f") if metric == "accuracy" else ("", ".3f")
    last = max([num_epochs or 1, *(epoch for run in runs for epoch in run.epochs)])
    top = 100.0 if metric == "accuracy" else _loss_top(runs)
    direct = len(runs) <= 2
    data: list[dict[str, Any]] = []
    ends: list[tuple[float, float, str, str]] = []
    for run in runs:
        colour = curve_colour(run.colour_index, dark)
        for which, values, dash in ((_("training"), run.train, "solid"), (_("held-out"), run.held_out, HELD_OUT_DASH)):
            points = [value * scale for value in values]
            data.append({
                "type": "scatter", "mode": "lines" if len(points) > 2 else "lines+markers", "name": run.label,
                "x": list(run.epochs), "y": points,
                "line": {"color": colour, "dash": dash, "width": 2.4}, "marker": {"color": colour, "size": 4},
                "legendgroup": run.label, "showlegend": not direct and dash == "solid",
                "hovertemplate": f"{run.label}, {which}<br>{_('epoch')} %{{x}}: %{{y:{digits}}}{unit}<extra></extra>",
            })  # fmt: skip
            end = list(zip(run.epochs, points, strict=True))[-1:]
            if run.so_far is not None and dash == "solid":
                epoch, value = run.so_far
                data.append(_so_far(run, [*end, (epoch, value * scale)], colour, f"%{{y:{digits}}}{unit}"))
                end = [(epoch, value * scale)]
            if direct and end and isfinite(end[0][1]):
                words = which if len(runs) == 1 else f"{run.label}, {which}"
                ends.append((*end[0], words, colour))
        if run.best_epoch in run.epochs:
            best = run.held_out[run.epochs.index(run.best_epoch)] * scale
            data.append({
                "type": "scatter", "mode": "markers", "name": f"{run.label}, {_('best epoch')}",
                "x": [run.best_epoch], "y": [best],
                "marker": {"color": "rgba(0,0,0,0)", "size": 13, "line": {"color": colour, "width": 2.4}},
                "legendgroup": run.label, "showlegend": False,
                "hovertemplate": f"{run.label}, {_('best epoch')} %{{x}}: %{{y:{digits}}}{unit}<extra></extra>",
            })  # fmt: skip
    marked = [_marks(run, scale, last, curve_colour(run.colour_index, dark), dark) for run in runs]
    data += [trace for traces, _, _ in marked for trace in traces]
    if not direct:
        for which, dash in ((_("training"), "solid"), (_("held-out"), HELD_OUT_DASH)):
            data.append({
                "type": "scatter", "mode": "lines", "name": which, "x": [None], "y": [None], "hoverinfo": "skip",
                "line": {"color": PLOT_NEUTRAL, "dash": dash, "width": 2.4}, "showlegend": True,
            })  # fmt: skip
    layout = _layout(FIGURE_HEIGHT, dark)
    pad = min(max(0.04 * (last - 1), 0.15), 0.6)
    layout["xaxis"] = _axis(
        _("epoch"), dark, range=[1 - pad, last + pad], dtick=_epoch_ticks(last), tick0=0, tickformat="d", showgrid=False
    )
    title = _("accuracy, %") if metric == "accuracy" else _("loss (cross-entropy)")
    layout["yaxis"] = _axis(title, dark, range=[0, top], rangemode="tozero")
    layout["showlegend"] = not direct
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    layout["annotations"] = _end_labels(ends, top) + [note for _, _, notes in marked for note in notes]
    layout["shapes"] = [shape for _, shapes, _ in marked for shape in shapes]
    if direct:
        longest = max((len(words) for words in _direct_labels(runs)), default=0)
        layout["margin"]["r"] = 20 + 7 * longest
    if not any(run.epochs or run.so_far for run in runs):
        layout["annotations"] = [
            {
                "x": 0.5,
                "y": 0.5,
                "xref": "paper",
                "yref": "paper",
                "text": _(NO_POINTS),
                "showarrow": False,
                "opacity": 0.75,
            }
        ]
    return {"data": data, "layout": layout}


def _direct_labels(runs: Sequence[RunCurve]) -> list[str]:
    """The words at line ends, known before there are points, so that the margin does not move."""
    words = max(_("training"), _("held-out"), key=len)
    return [words] if len(runs) == 1 else [f"{run.label}, {words}" for run in runs]


def confusion_figure(
    confusion: list[list[int]], classes: list[str], dark: bool | None = None, chosen: tuple[int, int] | None = None
) -> dict[str, Any]:
    """True against predicted classes: the darker, the larger the share of the row; counts as text up to 12 classes.

    `dark=None` writes in a grey that can be read on white and on near-black. `chosen`: (true, predicted) of a cell that gets
    a frame.
    """
    totals = [sum(row) for row in confusion]
    percent = [
        [100 * count / total if total else 0.0 for count in row] for row, total in zip(confusion, totals, strict=True)
    ]
    size = len(classes)
    ink = PLOT_NEUTRAL if dark is None else PLOT_INK[dark]
    side = min(760, max(340, 30 * size + 150))
    words = _("true"), _("predicted")
    heatmap: dict[str, Any] = {
        "type": "heatmap", "x": list(range(size)), "y": list(range(size)), "z": percent, "text": confusion,
        "zmin": 0, "zmax": 100, "xgap": 1, "ygap": 1,
        "colorscale": [list(stop) for stop in SEQUENTIAL],
        "showscale": False,  # the counts are written in, and hovering gives the share
        "customdata": [
            [f"{words[0]}: {true}<br>{words[1]}: {predicted}" for predicted in classes] for true in classes
        ],
        "hovertemplate": f"%{{customdata}}<br>{_('images')}: %{{text}}, %{{z:.1f}} % {_('of the true class')}<extra></extra>",
    }  # fmt: skip
    if size <= _MAX_CLASSES_WITH_TEXT:
        heatmap["texttemplate"] = "%{text}"
    # Positions, not names, are the axis values: two classes may have the same name.
    ticks = {"tickmode": "array", "tickvals": list(range(size)), "ticktext": list(classes), "showgrid": False,
             "zeroline": False, "automargin": True, "constrain": "domain"}  # fmt: skip
    layout = _layout(side, bool(dark), ink)
    layout["xaxis"] = {
        **ticks,
        "title": {"text": _("predicted class"), "font": {"size": 14}, "standoff": 12},
        "tickangle": -45 if size > 6 else 0,
        "constraintoward": "left",
    }
    layout["yaxis"] = {
        **ticks,
        "title": {"text": _("true class"), "font": {"size": 14}, "standoff": 12},
        "autorange": "reversed",
        "scaleanchor": "x",
        "constraintoward": "top",
    }
    if chosen is not None:
        true, predicted = chosen
        layout["shapes"] = [{
            "type": "rect", "x0": predicted - 0.5, "x1": predicted + 0.5, "y0": true - 0.5, "y1": true + 0.5,
            "line": {"color": CURVES[1], "width": 3},
        }]  # fmt: skip
    return {"data": [heatmap], "layout": layout}
