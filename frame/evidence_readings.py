"""What our own charts say, in sentences that follow from their numbers."""

from collections.abc import Mapping

from tl_core.evidence import Chart, Series
from tl_core.language import _


def readings(own: Mapping[str, Chart | None]) -> dict[str, str]:
    """A reading for each chart that is there, by its key."""
    makers = {"layers": _layers, "scratch": _scratch, "head": _head}
    return {key: makers[key](chart) for key, chart in own.items() if chart is not None}


def _layers(chart: Chart) -> str:
    """Where the best place for the new layer is."""
    return " ".join(_place(series, chart.x) for series in chart.series)


def _place(series: Series, stages: tuple[str, ...]) -> str:
    best = max(range(len(stages)), key=lambda index: series.values[index])
    lost = series.values[best] - series.values[-1]
    values = {"pictures": series.name.split(" (")[0], "stage": stages[best]}
    if best == len(stages) - 1:
        return _("On {pictures} the mean is highest with the new layer after {stage}, the last stage.", **values)
    return _(
        "On {pictures} the mean is highest with the new layer after {stage}, {points:.1f} points above the one after {last}.",
        points=lost, last=stages[-1], **values,
    )  # fmt: skip


def _scratch(chart: Chart) -> str:
    """Where fine-tuning is ahead of training from scratch, as far as the intervals tell."""
    groups: dict[str, list[str]] = {}
    for series in chart.series:
        for name, value, pair in zip(chart.x, series.values, series.intervals, strict=True):
            if value is not None:
                groups.setdefault(_told(pair), []).append(f"{name}, {series.name}")
    words = {
        "+": _("Pre-training is ahead"),
        "-": _("Scratch is ahead"),
        "0": _("Cannot tell"),
        "": _("Too few data sets to tell"),
    }
    return " ".join(f"{words[key]}: {'; '.join(groups[key])}." for key in words if key in groups)


def _told(pair: tuple[float, float] | None) -> str:
    """What an interval of a difference tells: '+' above zero, '-' below, '0' neither, '' where there is none."""
    return "" if pair is None else "+" if pair[0] > 0 else "-" if pair[1] < 0 else "0"


def _head(chart: Chart) -> str:
    """Where all of the network had to learn, and where a new last layer was enough, as far as the runs tell."""
    series = chart.series[0]
    groups: dict[str, list[str]] = {}
    for name, pair in zip(chart.x, series.intervals, strict=True):
        groups.setdefault(_told(pair), []).append(name.split(" (")[0])
    words = {
        "+": _("Fine-tuning is ahead"),
        "-": _("The frozen network is ahead"),
        "0": _("Cannot tell"),
        "": _("Too few runs to tell"),
    }
    return " ".join(f"{words[key]}: {', '.join(groups[key])}." for key in words if key in groups)
