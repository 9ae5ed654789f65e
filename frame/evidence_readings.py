"""What our own charts say, in sentences that follow from their numbers."""

from collections.abc import Mapping

from tl_core.evidence import Chart, Series


def readings(own: Mapping[str, Chart | None]) -> dict[str, str]:
    """A reading for each chart that is there, by its key."""
    makers = {"layers": _layers, "scratch": _scratch, "head": _head}
    return {key: makers[key](chart) for key, chart in own.items() if chart is not None}


def _layers(chart: Chart) -> str:
    """Where the best place for the new layer is."""
    return " ".join(_place(series, chart.x) for series in chart.series)


def _place(series: Series, stages: tuple[str, ...]) -> str:
    best = max(range(len(stages)), key=lambda index: series.values[index])
    text = f"On {series.name.split(' (')[0]} the mean is highest with the new layer after {stages[best]}"
    lost = series.values[best] - series.values[-1]
    return (
        f"{text}, {lost:.1f} points above the one after {stages[-1]}."
        if best != len(stages) - 1
        else f"{text}, the last stage."
    )


def _scratch(chart: Chart) -> str:
    """Where fine-tuning is ahead of training from scratch, as far as the intervals tell."""
    groups: dict[str, list[str]] = {}
    for series in chart.series:
        for name, value, pair in zip(chart.x, series.values, series.intervals, strict=True):
            if value is not None:
                groups.setdefault(_told(pair), []).append(f"{name}, {series.name}")
    words = {"+": "Pre-training is ahead", "-": "Scratch is ahead", "0": "Cannot tell", "": "Too few data sets to tell"}
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
        "+": "Fine-tuning is ahead",
        "-": "The frozen network is ahead",
        "0": "Cannot tell",
        "": "Too few runs to tell",
    }
    return " ".join(f"{words[key]}: {', '.join(groups[key])}." for key in words if key in groups)
