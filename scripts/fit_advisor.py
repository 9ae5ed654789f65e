"""Fit the advisor on the recorded study, and check it on data sets that it has not seen.

    python -m scripts.fit_advisor --data-dir DIR

A data set's similarity is that of `assets/study_gauge.json`, from up to 900 of its pictures, as the page measures it. For the
check each cell is also measured with nothing but its own pictures, seed by seed (kept in `assets/study_scores.jsonl`, so that a
second time is quick). Writes `assets/advisor.json` and prints the table of docs/advisor.md.
"""

import argparse
import json
import os
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tl_core.advisor import FILE, Cell, Scores, advise, difference_error, fit, leave_one_set_out
from tl_core.cases import CASE_NAMES, find_recipe, recommend
from tl_core.paths import ASSETS
from tl_core.study import read_rows
from tl_core.verdicts import mean_over_sets, winner

SCORES = ASSETS / "study_scores.jsonl"
KEYS = ("network", "data", "distance", "num_images", "seed")


@dataclass(frozen=True)
class Seed:
    """One seed of a cell of the study: what the recipes reached, and the scores measured on that seed's pictures alone."""

    cell: Cell
    own: Scores
    key: tuple[str, float, int]  # data, distance, number of images: all seeds of it belong together
    seed: int


def measure_all(rows: Iterable[Mapping[str, Any]]) -> dict[tuple, dict[str, Any]]:
    """What `measure` says of every cell and seed; measured only where it is not kept yet."""
    kept = {}
    if SCORES.exists():
        lines = [json.loads(line) for line in SCORES.read_text("utf-8").splitlines()]
        kept = {tuple(line[key] for key in KEYS): line for line in lines}
    wanted = sorted({tuple(row[key] for key in KEYS) for row in rows}, key=lambda key: (key[3], *key))
    with open(SCORES, "a", encoding="utf-8") as file:
        for key in wanted:
            if key in kept:
                continue
            from tl_core.similarity import measure

            network, data, distance, num_images, seed = key
            found = measure(data, num_images, distance, network, seed)
            scores = Scores.of(found)
            line = dict(zip(KEYS, key, strict=True)) | {"scores": asdict(scores)}
            file.write(json.dumps(line) + "\n")
            file.flush()
            kept[key] = line
            print(*key, round(scores.similarity, 2), flush=True)
    return {key: kept[key] for key in wanted}


def gather(rows: list[dict[str, Any]], recipes: Iterable[str]) -> list[Seed]:
    """The seeds for which every one of the recipes was run."""
    by_key: dict[tuple, dict[str, float]] = defaultdict(dict)
    for row in rows:
        by_key[tuple(row[key] for key in KEYS)][row["recipe"]] = row["test_accuracy"]
    complete = {key: found for key, found in by_key.items() if set(recipes) <= found.keys()}
    measured = measure_all([dict(zip(KEYS, key, strict=True)) for key in complete])
    gauge = json.loads((ASSETS / "study_gauge.json").read_text("utf-8"))
    seeds = []
    for key, found in complete.items():
        network, data, distance, _, number = key
        own = Scores(**measured[key]["scores"])
        whole = replace(own, similarity=gauge[network][data][f"{distance:g}"][0])
        seeds.append(Seed(Cell(data, whole, {name: found[name] for name in recipes}), own, key[1:4], number))
    return seeds


def mean_cells(seeds: list[Seed]) -> list[Cell]:
    """The cells with the mean accuracy over their seeds."""
    groups: dict[tuple, list[Cell]] = defaultdict(list)
    for seed in seeds:
        groups[seed.key].append(seed.cell)
    return [
        replace(
            group[0],
            accuracies={n: statistics.fmean(cell.accuracies[n] for cell in group) for n in group[0].accuracies},
        )
        for group in groups.values()
    ]


Choose = Callable[[int, Seed], str]


def judge(seeds: list[Seed], choose: Choose) -> tuple[dict[str, list[float]], dict[str, list[float]], float]:
    """What a choice costs, by data set: against the best mean of the cell, and against what the other seeds' runs recommend.

    The best of several means of three noisy runs is best partly by luck, so the first figure is above 0 even for a choice
    that is always right; the second one is not. Third, how often the chosen recipe is the best or within noise of it.
    """
    groups: dict[tuple, list[int]] = defaultdict(list)
    for index, seed in enumerate(seeds):
        groups[seed.key].append(index)
    raw, fair, hits = defaultdict(list), defaultdict(list), []
    for group in groups.values():
        recipes = list(seeds[group[0]].cell.accuracies)

        def mean(recipe: str, members: list[int]) -> float:
            return statistics.mean(seeds[i].cell.accuracies[recipe] for i in members)

        verdict = winner(
            {"recipe": name, "seed": seeds[i].seed, "test_accuracy": seeds[i].cell.accuracies[name]}
            for i in group
            for name in recipes
        )
        best = verdict.results[0].recipe
        for index in group:
            chosen, data = choose(index, seeds[index]), seeds[index].cell.data
            raw[data].append(mean(best, group) - mean(chosen, group))
            hits.append(chosen in verdict.tied)
            others = [i for i in group if i != index]
            if others:
                told = max(recipes, key=lambda recipe: mean(recipe, others))
                fair[data].append(mean(told, [index]) - mean(chosen, [index]))
    return raw, fair, statistics.mean(hits)


def in_brackets(recipe: str) -> str:
    number = find_recipe(recipe).number
    return f" (case {number})" if number else ""


def policies(seeds: list[Seed]) -> dict[str, Choose]:
    """Ways to choose a recipe; the advisor's have seen nothing of the data set that they choose for."""
    cells = [seed.cell for seed in seeds]
    whole = leave_one_set_out(cells)
    own = leave_one_set_out(cells, [seed.own for seed in seeds])

    def textbook(scores: Scores) -> str:
        return recommend(scores.num_images, scores.similarity).name

    def best_of(predictions: list[dict[str, float]], names: Iterable[str]) -> Choose:
        return lambda index, seed: max(names, key=lambda recipe: predictions[index][recipe])

    recipes = list(cells[0].accuracies)
    return {
        "Advisor": best_of(whole, recipes),
        "Textbook quadrant": lambda index, seed: textbook(seed.cell.scores),
        **{
            f"Always {find_recipe(name).title.lower()}{in_brackets(name)}": lambda index, seed, name=name: name
            for name in sorted(recipes, key=lambda name: name != "case-3")
        },
        "Advisor, the four cases only": best_of(whole, CASE_NAMES),
        "Advisor, similarity from the run's own pictures": best_of(own, recipes),
        "Textbook, similarity from the run's own pictures": lambda index, seed: textbook(seed.own),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, default=ASSETS / "study.jsonl")
    parser.add_argument("--data-dir", type=Path, help="where the study's sets lie; default: TL_DATA_DIR")
    parser.add_argument("--network", default="demo")
    parser.add_argument("--recipe", nargs="+", default=list(CASE_NAMES), help="recipes that take part")
    args = parser.parse_args()
    if args.data_dir:
        os.environ["TL_DATA_DIR"] = str(args.data_dir.resolve())
    rows = [row for row in read_rows(args.study) if row["network"] == args.network and row["num_images"]]
    seeds = gather(rows, args.recipe)
    cells = [seed.cell for seed in seeds]
    means = mean_cells(seeds)
    error = difference_error(means, leave_one_set_out(means))
    model = replace(fit(cells), error=error, networks=(args.network,))
    sets = sorted({cell.data for cell in cells})
    print(
        f"{len({seed.key for seed in seeds})} cells, {len(seeds)} with their seeds, {len(sets)} data sets: {', '.join(sets)}"
    )
    print("| choice | regret, points | against the other seeds' choice | among the best |\n|---|---|---|---|")
    lines = []
    for policy, choose in policies(seeds).items():
        raw, fair, hit_rate = judge(seeds, choose)
        mean, low, high = mean_over_sets(raw)
        fair_mean, fair_low, fair_high = mean_over_sets(fair)
        print(
            f"| {policy} | {100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f}) | {100 * fair_mean:.1f} "
            f"({100 * fair_low:.1f} to {100 * fair_high:.1f}) | {100 * hit_rate:.0f} % |"
        )
        lines.append({
            "policy": policy, "mean": round(100 * mean, 2), "low": round(100 * low, 2), "high": round(100 * high, 2),
            "fair": round(100 * fair_mean, 2), "num_cells": len({seed.key for seed in seeds}), "hit_rate": round(hit_rate, 3),
        })  # fmt: skip
    chosen = Counter(advise(cell.scores, model).recipe for cell in cells)
    print(f"error of a predicted difference: {model.error:.2f} log-odds; chosen: {dict(chosen)}")
    FILE.write_text(json.dumps({"model": model.to_json(), "regret": lines}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
