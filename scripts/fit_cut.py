"""Fit the choice of the cut on layers that were really trained, and try it on sets that it has not seen.

    python -m scripts.fit_cut --cuts cuts.jsonl [more.jsonl] --out assets/cut_model.json --truth assets/cut_truth.json

`cuts` are rows of `scripts.check_gauge cuts`, several draws of each cell. Writes the model of each network, and the mean accuracy
of the trained layers of each cell; prints how well it chooses, each set by a model that has seen nothing of it.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scripts.check_gauge import read
from scripts.gauge_tables import NEAR, table
from tl_core.cut_model import StageScores, Trained, fit

Row = dict[str, Any]


def trained(row: Row) -> Trained:
    cell = row["cell"]
    scores = {
        name: StageScores(row["error"][name], row["ridge"][name], row["knn"][name], row["mean"][name])
        for name in row["truth"]
    }
    return Trained(cell["data"], cell["num_images"], scores, row["truth"])


def cell_of(row: Row) -> tuple[Any, ...]:
    return tuple(row["cell"][key] for key in ("network", "data", "distance", "num_images"))


def mean_truth(rows: Sequence[Row]) -> dict[tuple[Any, ...], dict[str, float]]:
    """By cell and stage, the accuracy of trained layers, mean over the draws."""
    by_cell: dict[tuple[Any, ...], list[dict[str, float]]] = defaultdict(list)
    for row in rows:
        by_cell[cell_of(row)].append(row["truth"])
    return {
        cell: {name: float(np.mean([one[name] for one in draws])) for name in draws[0]}
        for cell, draws in by_cell.items()
    }


def left_out_picks(rows: Sequence[Row]) -> list[str]:
    """The stage chosen for each row by a model fitted without the row's own data set and its close relatives."""
    models = {}
    for family in {family_of(row) for row in rows}:
        models[family] = fit([trained(row) for row in rows if family_of(row) != family])
    picks = []
    for row in rows:
        expected = models[family_of(row)].predict(trained(row).scores, row["cell"]["num_images"])
        picks.append(max(expected, key=expected.__getitem__))
    return picks


def family_of(row: Row) -> str:
    """Sets made of the same pictures, or for the same purpose, are left out together."""
    data = row["cell"]["data"]
    return "original animals" if data in ("animal_kinds", "animal_kinds_aliased", "ten_animals") else data


def lost_table(rows: Sequence[Row], choosers: dict[str, Sequence[str]]) -> str:
    """Share of the draws in which the chosen stage is within two points of the cell's best, and mean points lost."""
    truth = mean_truth(rows)
    sizes = sorted({row["cell"]["num_images"] for row in rows})
    lines = []
    for name, picks in choosers.items():
        lost = np.array(
            [max(truth[cell_of(r)].values()) - truth[cell_of(r)][pick] for r, pick in zip(rows, picks, strict=True)]
        )
        by_size = [lost[[row["cell"]["num_images"] == size for row in rows]] for size in sizes]
        lines.append(
            [name, *(f"{100 * np.mean(x <= NEAR + 1e-9):.0f} %, {100 * x.mean():.1f}" for x in (*by_size, lost))]
        )
    return table(["chooser", *(f"{size} images" for size in sizes), "all"], lines)


def by_set_table(rows: Sequence[Row], picks: Sequence[str]) -> str:
    truth = mean_truth(rows)
    found: dict[str, list[float]] = defaultdict(list)
    for row, pick in zip(rows, picks, strict=True):
        cell = truth[cell_of(row)]
        found[row["cell"]["data"]].append(max(cell.values()) - cell[pick])
    lines = [
        [data, f"{len(lost)}", f"{100 * np.mean(np.array(lost) <= NEAR + 1e-9):.0f} %", f"{100 * np.mean(lost):.1f}"]
        for data, lost in found.items()
    ]
    return table(["data", "draws", "within 2 points", "points lost"], lines)


def choosers(rows: Sequence[Row]) -> dict[str, Sequence[str]]:
    def highest(key: str, sign: int = 1) -> list[str]:
        return [max(reversed(list(row[key])), key=lambda name: sign * row[key][name]) for row in rows]

    def slack(line: float) -> list[str]:
        return [[name for name, value in row["slack"].items() if value <= line + 1e-12][-1] for row in rows]

    truth = mean_truth(rows)
    found = {
        "fitted on other sets (this project's)": left_out_picks(rows),
        "ridge, smallest squared error": highest("error", -1),
        "ridge, most right": highest("ridge"),
        "nearest neighbours": highest("knn"),
        "nearest class mean": highest("mean"),
        "squared error, deepest within 1 standard error": slack(1.0),
        "the trained layers' own held-out images": highest("held_out"),
    }
    found |= {f"always {name}": [name] * len(rows) for name in rows[0]["truth"]}
    found["*for comparison: the trained layers of this very draw, by all other images*"] = highest("truth")
    found["*the best stage of the mean*"] = [max(truth[cell_of(r)], key=truth[cell_of(r)].__getitem__) for r in rows]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--truth", type=Path)
    args = parser.parse_args()
    rows = [row for path in args.cuts for row in read(path)]
    networks = dict.fromkeys(row["cell"]["network"] for row in rows)
    models = {}
    for network in networks:
        own = [row for row in rows if row["cell"]["network"] == network]
        models[network] = fit([trained(row) for row in own]).to_json()
        found = choosers(own)
        print(f"## {network}, {len(own):,} draws of {len(mean_truth(own)):,} cells\n\n{lost_table(own, found)}\n")
        print(f"{by_set_table(own, next(iter(found.values())))}\n")
    if args.out:
        args.out.write_text(json.dumps({"networks": models}, indent=1) + "\n")
    if args.truth:
        keys = ("network", "data", "distance", "num_images")
        draws = {cell: sum(cell_of(row) == cell for row in rows) for cell in mean_truth(rows)}
        lines = [
            {
                "cell": dict(zip(keys, cell, strict=True)),
                "draws": draws[cell],
                "accuracy": {k: round(v, 4) for k, v in mean.items()},
            }
            for cell, mean in mean_truth(rows).items()
        ]
        args.truth.write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
