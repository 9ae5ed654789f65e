"""The tables of docs/similarity.md, from the rows that `scripts.check_gauge` and the study wrote."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.stats import spearmanr, weightedtau

from tl_core.cut import accuracy_interval
from tl_core.gauge import placed, reference_gain
from tl_core.networks import get_network

Row = dict[str, Any]
NEAR = 0.02  # two points


def similarity(row: Row) -> tuple[float, float, float]:
    """Gauge and interval of a row of gains, as `tl_core.similarity.measure` gives them."""
    return placed(row["gain"], row["error"], reference_gain(get_network(row["network"]), row["group"]))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def dial_table(gains: list[Row]) -> str:
    whole = {(r["network"], r["data"], r["distance"]): r for r in gains if r["draw"] == 0 and r["size"] == 1_000}
    rows, right = [], 0
    for network, data in dict.fromkeys(key[:2] for key in whole):
        dials = sorted(key[2] for key in whole if key[:2] == (network, data))
        if len(dials) < 5:
            continue
        values = [similarity(whole[network, data, dial]) for dial in dials]
        falls = -spearmanr(dials, [v[0] for v in values])[0]
        right += falls >= 0.9 - 1e-9
        cells = [f"{v:.2f} ({low:.2f} to {high:.2f})" for v, low, high in values]
        rows.append([network, data, f"{whole[network, data, dials[0]]['num']:,}", *cells, f"{falls:.2f}"])
    head = ["network", "data", "images", *(f"dial {d:g}" for d in (0, 0.25, 0.5, 0.75, 1)), "Spearman"]
    return f"{table(head, rows)}\n\nFalls along the dial (Spearman at least 0.9): {right} of {len(rows)} sets."


def looks_table(gains: list[Row]) -> str:
    rows = []
    for r in gains:
        if r["size"] == 1_000 and r["distance"] in (0, 1) and r["looks"]:
            value = similarity(r)[0]
            gap = r["looks"]
            shown = f"{gap['gap']:.2f} ({gap['low']:.2f} to {gap['high']:.2f})"
            rows.append([r["network"], r["data"], f"{r['distance']:g}", shown, f"{value:.2f}"])
    return table(["network", "data", "dial", "looks-alike gap", "similarity"], rows)


def stability_table(gains: list[Row]) -> str:
    cells: dict[Any, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for r in gains:
        cells[r["network"], r["data"], r["distance"]][r["size"]].append(r)
    rows = []
    for size in (50, 100, 300):
        moves, covered, widths, looks = [], [], [], []
        for by in cells.values():
            if not by[size] or by[1_000][0]["num"] < 2 * size:
                continue
            truth = similarity(by[1_000][0])[0]
            small = [similarity(r) for r in by[size]]
            moves.append(abs(np.mean([v for v, _, _ in small]) - truth))
            covered += [low <= truth <= high for _, low, high in small]
            widths += [high - low for _, low, high in small]
            if by[1_000][0]["looks"] and by[size][0]["looks"]:
                looks.append(np.mean([r["looks"]["gap"] for r in by[size]]) - by[1_000][0]["looks"]["gap"])
        if moves:
            rows.append([
                f"{size}", f"{len(moves)}", f"{np.mean(moves):.3f}", f"{np.max(moves):.3f}",
                f"{100 * np.mean(np.array(moves) < 0.1):.0f} %", f"{100 * np.mean(covered):.1f} %", f"{np.mean(widths):.2f}",
                f"{np.mean(np.abs(looks)):.3f}" if looks else "-",
            ])  # fmt: skip
    head = [
        "images", "sets x dial", "mean move", "largest move", "moves < 0.1", "interval covers the value at 1,000", "mean width",
        "looks-alike gap: mean move",
    ]  # fmt: skip
    return table(head, rows)


def _gained(study: list[Row]) -> dict[Any, dict[int, list[float]]]:
    """Test accuracy of case 3 minus that of case 4 with `demo`: by network, data and dial, then by number of images."""
    by_cell: dict[Any, dict[str, float]] = defaultdict(dict)
    for r in study:
        if r.get("network") == "demo" and "test_accuracy" in r:
            key = (r["network"], r["data"], float(r["distance"]), r["num_images"], r["seed"])
            by_cell[key][r["recipe"]] = r["test_accuracy"]
    gained: dict[Any, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for key, found in by_cell.items():
        if {"case-3", "case-4"} <= set(found):
            gained[key[:3]][key[3]].append(found["case-3"] - found["case-4"])
    return gained


def order_table(gains: list[Row], study: list[Row]) -> str:
    gained = _gained(study)
    whole = {(r["network"], r["data"], float(r["distance"])): r for r in gains if r["size"] == 1_000}
    rows, ours, first, theirs = [], [], [], []
    for key, by_size in gained.items():
        if key in whole:
            mean = float(np.mean([np.mean(values) for values in by_size.values()]))
            value, low, high = similarity(whole[key])
            ours.append(value)
            first.append(whole[key]["advantage"])
            theirs.append(mean)
            sizes = ", ".join(f"{n}: {100 * np.mean(v):+.1f}" for n, v in sorted(by_size.items()))
            rows.append(
                (mean, [key[1], f"{key[2]:g}", f"{100 * mean:+.1f}", sizes, f"{value:.2f} ({low:.2f} to {high:.2f})"])
            )
    rows.sort(key=lambda row: -row[0])
    head = ["data", "dial", "points gained over scratch", "by number of images", "similarity"]
    text = table(head, [cells for _, cells in rows])
    if len(ours) > 2:
        text += (
            f"\n\nWeighted Kendall over {len(ours)} points: {weightedtau(ours, theirs)[0]:.2f} (Spearman "
            f"{spearmanr(ours, theirs)[0]:.2f}); the share of mistakes that the top layer removes, as the issue had it: "
            f"{weightedtau(first, theirs)[0]:.2f} ({spearmanr(first, theirs)[0]:.2f}), with its ties at 0 "
            f"{weightedtau(np.maximum(first, 0), theirs)[0]:.2f}."
        )
    return text


ORIGINAL = ("animal_kinds", "ten_animals")  # the sets that give the unit in which variants are compared


def _variants(row: Row) -> dict[str, float]:
    """Other ways to compare the two networks, from the same probes."""
    stages = list(row["ours"])
    upper = stages[len(stages) // 2 :]
    num = row["num"]

    def odds(accuracy: float) -> float:
        accuracy = (accuracy * num + 0.5) / (num + 1)
        return float(np.log(accuracy / (1 - accuracy)))

    def wrong(layer: tuple[float, float]) -> float:
        return (1 - layer[0]) * num / (num + 1) + 0.5 / (num + 1)

    def squared(layer: tuple[float, float]) -> float:
        return layer[1]

    ours, blank, pixels = row["ours"], row["blank"], row["pixels"]
    best = max(layer[0] for layer in (*blank.values(), pixels))
    found = {
        "mistakes, top layer against the best untrained (the issue's)": row["advantage"],
        "the same, as a difference of log-odds": odds(ours[upper[-1]][0]) - odds(best),
    }
    for title, error in (("mistakes", wrong), ("squared error", squared)):
        least = min(error(layer) for layer in (*blank.values(), pixels))
        for name, chosen in (("top layer", upper[-1:]), ("upper half", upper), ("all stages", stages)):
            mine = np.mean([error(ours[stage]) for stage in chosen])
            same = np.mean([min(error(blank[stage]), error(pixels)) for stage in chosen])
            found[f"log of {title}, {name} against the best untrained"] = float(np.log(least / mine))
            found[f"log of {title}, {name} against the same untrained"] = float(np.log(same / mine))
    return found


def variant_table(gains: list[Row], study: list[Row]) -> str:
    """Every variant in units of its own value on the original classes, with as many images."""
    gained = {key: np.mean([np.mean(v) for v in by.values()]) for key, by in _gained(study).items()}
    cells: dict[Any, dict[int, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in gains:
        cells[row["network"], row["data"], float(row["distance"])][row["size"]].append(_variants(row))
    sets = [key for key in dict.fromkeys(key[:2] for key in cells) if (*key, 1.0) in cells]
    points = [key for key in gained if key in cells]
    lines = []
    for name in next(iter(cells.values()))[1_000][0]:
        value = {
            size: {key: np.mean([v[name] for v in by[size]]) for key, by in cells.items()} for size in (100, 1_000)
        }
        unit = {size: np.mean([found["demo", data, 0.0] for data in ORIGINAL]) for size, found in value.items()}
        order = weightedtau([value[1_000][key] for key in points], [gained[key] for key in points])[0]
        falls = [
            -spearmanr(range(5), [value[1_000][*key, dial] for dial in (0, 0.25, 0.5, 0.75, 1)])[0] for key in sets
        ]
        own = [key for key in cells if key[0] == "demo" and key[1] != "digits"]
        moves = [abs(value[100][key] / unit[100] - value[1_000][key] / unit[1_000]) for key in own]
        spread = np.mean([np.std([v[name] for v in cells[key][100]]) for key in own]) / unit[100]
        shown = [
            f"{np.sum(np.array(falls) >= 0.9 - 1e-9)} of {len(falls)}",
            f"{np.mean(moves):.2f}, {np.max(moves):.2f}",
        ]
        lines.append([name, f"{order:.2f}", *shown, f"{spread:.2f}"])
    head = [
        "variant",
        "weighted Kendall",
        "sets that fall",
        "100 to 1,000: mean, largest move",
        "deviation of draws of 100",
    ]
    return table(head, lines)


def bar_table(cuts: list[Row]) -> str:
    lines = []
    for size in sorted({row["cell"]["num_images"] for row in cuts}):
        errors, covered = [], []
        for row in cuts:
            if row["cell"]["num_images"] == size:
                for name, score in row["ridge"].items():
                    low, high = accuracy_interval(score, row["num"])
                    errors.append(score - row["truth"][name])
                    covered.append(low <= row["truth"][name] <= high)
        shown = [
            f"{100 * np.mean(errors):+.1f}",
            f"{100 * np.mean(np.abs(errors)):.1f}",
            f"{100 * np.mean(covered):.1f} %",
        ]
        lines.append([f"{size}", f"{len(errors)}", *shown])
    head = ["images", "heads", "bar minus head, points", "mean distance", "interval covers the head"]
    return table(head, lines)


def all_tables(gains: list[Row], cuts: list[Row], study: list[Row]) -> str:
    parts = {
        "Gauge along the dial": dial_table(gains) if gains else "",
        "Other ways to compare": variant_table(gains, study) if gains else "",
        "Looks-alike gap": looks_table(gains) if gains else "",
        "Few images against 1,000": stability_table(gains) if gains else "",
        "Order against the real gain": order_table(gains, study) if gains else "",
        "Bars against trained heads": bar_table(cuts) if cuts else "",
    }
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts.items())
