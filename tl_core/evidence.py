"""What others found on the four cases, as data, and our own measurement of the same thing.

Only numbers that were read in the authors' own tables, logs or abstracts: `assets/evidence.json` names the place of each.
"""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from tl_core.cases import Thresholds
from tl_core.errors import StudyError
from tl_core.language import _, many, mark
from tl_core.networks import get_network
from tl_core.paths import ASSETS
from tl_core.rule_cells import Cell, Study
from tl_core.verdicts import mean_over_sets, winner

SIZES = (
    (200, mark("up to 200 pictures")),
    (2_000, mark("201 to 2,000 pictures")),
    (10**9, mark("more than 2,000 pictures")),
)


_PICTURES = {"similar": mark("similar pictures"), "different": mark("different pictures")}


@dataclass(frozen=True)
class Reference:
    authors: str
    year: int
    title: str
    address: str
    source: str = ""


@dataclass(frozen=True)
class Series:
    """One value for each name on the chart's axis; None where there is none. `intervals`: low and high end, where known."""

    name: str
    values: tuple[float | None, ...]
    intervals: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True)
class Chart:
    """`what` says in a sentence what the values are; `x` names them along the axis."""

    kind: Literal["lines", "bars"]
    what: str
    x: tuple[str, ...]
    series: tuple[Series, ...]
    x_title: str = ""
    unit: str = "points"


@dataclass(frozen=True)
class Published:
    key: str
    title: str
    reading: str
    chart: Chart
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Finding:
    text: str
    reference: Reference


@functools.lru_cache(maxsize=4)
def load(path: Path = ASSETS / "evidence.json") -> tuple[tuple[Published, ...], tuple[Finding, ...]]:
    """The published numbers and the findings in words."""
    data = json.loads(path.read_text("utf-8"))
    sets = []
    for one in data["sets"]:
        series = tuple(Series(each["name"], tuple(each["values"])) for each in one["series"])
        chart = Chart(one["kind"], one["what"], tuple(one["x"]), series, one.get("x_title", ""), one["unit"])
        references = tuple(Reference(**each) for each in one["references"])
        sets.append(Published(one["key"], one["title"], one["reading"], chart, references))
    findings = tuple(Finding(each["text"], Reference(**each["reference"])) for each in data["findings"])
    return tuple(sets), findings


def heads_by_cut(study: Study, thresholds: Thresholds, network: str, folder: Path | None = None) -> Chart | None:
    """Points that a new layer after each stage lies behind the one after the best stage, for similar and for different pictures.

    From test accuracies in `cut_truth.json` if that is there, else from leave-one-out scores. None without either.
    """
    truth = _cut_truth(folder or ASSETS, network)
    scores = truth or {
        (data, float(dial)): [found]
        for data, dials in study.cuts.get(network, {}).items()
        for dial, found in dials.items()
    }
    stages = tuple(stage.name for stage in get_network(network).stages[:-1])
    behind: dict[str, list[dict[str, list[float]]]] = {}
    for (data, distance), found in sorted(scores.items()):
        similarity = study.similarity(network, data, distance)
        if similarity is None or any(set(stages) - one.keys() for one in found):
            continue
        group = "similar" if similarity[0] >= thresholds.similarity else "different"
        columns = behind.setdefault(group, [{} for _stage in stages])
        for one in found:
            best = max(one[stage] for stage in stages)
            for column, stage in zip(columns, stages, strict=True):
                column.setdefault(data, []).append(100 * (one[stage] - best))
    if not behind:
        return None
    series = [
        _series(f"{_(_PICTURES[group])} ({_sets(columns[0])})", columns)
        for group in ("similar", "different")
        if (columns := behind.get(group))
    ]
    how = _("test accuracy") if truth else _("leave-one-out score on up to 900 pictures")
    what = _(
        "Points behind the best stage when the new layer is put after each stage of a frozen network: {how}, mean over data "
        "sets and positions of the distance dial.",
        how=how,
    )
    return Chart("lines", what, stages, tuple(series), _("the new layer is put after"), _("points"))


def _cut_truth(folder: Path, network: str) -> dict[tuple[str, float], list[Mapping[str, float]]]:
    """Rows of `scripts.cut_truth` by data set and dial; as JSON lines or as one list."""
    path = folder / "cut_truth.json"
    if not path.exists():
        return {}
    text = path.read_text("utf-8")
    try:
        rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
        found: dict[tuple[str, float], list[Mapping[str, float]]] = {}
        for row in rows:
            if row["cell"]["network"] == network:
                found.setdefault((row["cell"]["data"], row["cell"]["distance"]), []).append(row["accuracy"])
    except (ValueError, KeyError, TypeError):
        raise StudyError(
            f"'{path.name}' does not hold the rows that scripts/cut_truth.py writes. Make it again."
        ) from None
    return found


def gain_over_scratch(cells: Iterable[Cell], thresholds: Thresholds) -> Chart | None:
    """Fine-tuning (case 3) minus training from scratch (case 4), by similarity and number of pictures."""
    groups: dict[tuple[str, str], dict[str, list[float]]] = {}
    for cell in cells:
        gain = difference(cell, "case-3", "case-4")
        if gain is not None and cell.similarity is not None:
            kind = "similar" if cell.similarity[0] >= thresholds.similarity else "different"
            size = next(name for most, name in SIZES if cell.num_images <= most)
            groups.setdefault((kind, size), {}).setdefault(cell.data, []).append(gain[0])
    kinds = [kind for kind in ("similar", "different") if any(kind == key for key, _size in groups)]
    if not kinds:
        return None
    series = [
        _series(_(size), [groups.get((kind, size), {}) for kind in kinds])
        for _most, size in SIZES
        if any(size == key for _kind, key in groups)
    ]
    what = _(
        "Accuracy of fine-tuning (case 3) minus accuracy from scratch (case 4), in points, mean over combinations."
    )
    return Chart("bars", what, tuple(_(_PICTURES[kind]) for kind in kinds), tuple(series), unit=_("points"))


def gain_over_head(cells: Iterable[Cell]) -> Chart | None:
    """Fine-tuning (case 3) minus a new last layer alone (case 1) for each data set as it is, at its largest size."""
    largest: dict[str, Cell] = {}
    for cell in cells:
        if cell.distance == 0 and difference(cell, "case-3", "case-1") is not None:
            if cell.data not in largest or cell.num_images > largest[cell.data].num_images:
                largest[cell.data] = cell
    if not largest:
        return None
    rows = sorted(((*difference(cell, "case-3", "case-1"), cell) for cell in largest.values()), key=lambda row: row[0])
    values, intervals, shown = zip(*rows, strict=True)
    names = tuple(_("{name} ({n:,})", name=cell.title, n=cell.num_images) for cell in shown)
    what = _(
        "Accuracy of fine-tuning everything (case 3) minus accuracy of a new last layer alone (case 1), in points; in brackets "
        "the number of pictures."
    )
    return Chart(
        "bars", what, names, (Series(_("gain of fine-tuning everything"), values, intervals),), unit=_("points")
    )


def difference(cell: Cell, one: str, other: str) -> tuple[float, tuple[float, float] | None] | None:
    """Points by which a recipe is ahead of another, and the 95 % interval of that; None where they were not both run.

    The interval is that of `tl_core.verdicts`, the same with which a winner is called; None where it has no end.
    """
    rows = [row for row in cell.rows if row["recipe"] in (one, other)]
    if {row["recipe"] for row in rows} != {one, other}:
        return None
    verdict = winner(rows)
    best = verdict.results[0].recipe
    gap = verdict.gaps[other if best == one else one]
    ahead, margin = 100 * gap.gap * (1 if best == one else -1), 100 * gap.margin
    return ahead, (ahead - margin, ahead + margin) if isfinite(margin) else None


def _series(name: str, columns: Sequence[Mapping[str, Sequence[float]]]) -> Series:
    """The mean of each column, and its interval over data sets where there are enough."""
    values: list[float | None] = []
    intervals: list[tuple[float, float] | None] = []
    for column in columns:
        mean, low, high = mean_over_sets(column) if column else (None, None, None)
        values.append(mean)
        intervals.append(None if low is None or high is None else (low, high))
    return Series(name, tuple(values), tuple(intervals))


def _sets(column: Mapping[str, Any]) -> str:
    return many("{number}\u00a0set", "{number}\u00a0sets", len(column))
