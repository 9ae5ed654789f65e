"""How good are the similarity gauge and the choice of the cut? Measures, then writes the tables of docs/similarity.md.

    python -m scripts.check_gauge gains --data things digits --out gains.jsonl      probes by data set, dial, number and draw
    python -m scripts.check_gauge cuts --truth truth.jsonl --out cuts.jsonl         probes of the cells of scripts.cut_truth
    python -m scripts.check_gauge tables --gains gains.jsonl --cuts cuts.jsonl --study study.jsonl

`gains` and `cuts` add to their files and skip what is there. The tables need nothing but the files.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scripts.cut_truth import WholeSet
from scripts.gauge_tables import all_tables
from tl_core.backbones import build_stages
from tl_core.data import POSITIONS, load_dataset
from tl_core.device import choose_device, make_deterministic
from tl_core.gauge import log_gain
from tl_core.looks import measure_gap
from tl_core.networks import get_network
from tl_core.preprocess import Preprocess
from tl_core.probes import Probe, balanced_accuracy, class_mean_loo, class_weights, knn_loo, ridge_probe
from tl_core.similarity import advantage, draw, errors_of, probe, see

LARGE = 1_000
DRAWS = {LARGE: 1, 50: 6, 100: 20, 300: 6}  # by number of images


def gain_rows(data: str, distance: float, network_name: str) -> Iterator[dict[str, Any]]:
    """The gain on up to `LARGE` images, as `measure` takes it, and on smaller draws of them."""
    network = get_network(network_name)
    make_deterministic(0)
    dataset = load_dataset(data, LARGE if network_name == "demo-drawn" else None, 0, network.input_size)
    images = np.concatenate([dataset.train_images, dataset.val_images])
    labels = np.concatenate([dataset.train_labels, dataset.val_labels])
    some = draw(images, labels, LARGE, 0)
    images, labels = images[some], labels[some]
    num_classes = len(dataset.class_names)
    preprocess = Preprocess(network, distance, mirror_safe=False, device=choose_device("auto"))
    both = build_stages(network, pretrained=True), build_stages(network, pretrained=False, seed=0)
    seen = see(network, *both, preprocess, images)
    index = np.arange(len(labels))
    for size, draws in DRAWS.items():
        for number in range(draws):
            rows = index if size == LARGE else draw(images, labels, size, number + 1)
            probes = probe(network, seen.take(rows), labels[rows], num_classes)
            errors = errors_of(network, seen.take(rows), labels[rows], num_classes)
            gain, error = log_gain(errors)
            gap = measure_gap(network, seen.looks[rows])
            yield {
                "network": network_name, "data": data, "distance": distance, "size": size, "draw": number, "num": len(rows),
                "gain": gain, "error": error, "group": errors.group, "advantage": advantage(probes),
                "looks": gap and gap.to_json(),
                "ours": layers(probes.pretrained, probes.weights), "blank": layers(probes.untrained, probes.weights),
                "pixels": layers({"pixels": probes.pixels}, probes.weights)["pixels"],
            }  # fmt: skip


def layers(probes: Mapping[str, Probe], weights: np.ndarray) -> dict[str, tuple[float, float]]:
    """By stage: leave-one-out accuracy and mean squared error."""
    return {name: (float(weights @ one.hits), float(weights @ one.errors)) for name, one in probes.items()}


def cut_row(truth: dict[str, Any], whole: WholeSet) -> dict[str, Any]:
    """What each chooser says of the very images that the heads of this cell (a row of `scripts.cut_truth`) learnt from."""
    cell = truth["cell"]
    network = get_network(cell["network"])
    dataset = load_dataset(cell["data"], cell["num_images"], cell["seed"], network.input_size)
    images = np.concatenate([dataset.train_images, dataset.val_images])
    labels = np.concatenate([dataset.train_labels, dataset.val_labels])
    some = draw(images, labels, LARGE, cell["seed"])
    rows, labels = whole.rows(images[some]), labels[some]
    classes = len(dataset.class_names)
    features = {name: part[rows].cpu().numpy() for name, part in whole.features[0].items()}
    weights = class_weights(labels, classes)
    probes = {name: ridge_probe(part, labels, classes) for name, part in features.items()}
    return {
        "cell": cell, "truth": truth["accuracy"], "held_out": truth["held_out"], "num_test": truth["num_test"],
        "num": len(labels),
        "ridge": {name: float(weights @ one.hits) for name, one in probes.items()},
        "error": {name: float(weights @ one.errors) for name, one in probes.items()},
        "slack": slack(probes, weights),
        "knn": {name: balanced_accuracy(knn_loo(part, labels, classes), labels, classes) for name, part in features.items()},
        "mean": {
            name: balanced_accuracy(class_mean_loo(part, labels, classes), labels, classes) for name, part in features.items()
        },
    }  # fmt: skip


def slack(probes: Mapping[str, Probe], weights: np.ndarray) -> dict[str, float]:
    """By stage, how many standard errors (of the difference) its error lies above the smallest one."""
    means = {name: float(weights @ one.errors) for name, one in probes.items()}
    best = min(means, key=means.__getitem__)
    found = {}
    for name, one in probes.items():
        change, mean = one.errors - probes[best].errors, means[name] - means[best]
        error = float(np.sum(weights**2 * (change - mean) ** 2)) ** 0.5
        found[name] = mean / error if error else 0.0
    return found


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("gains")
    command.add_argument("--data", nargs="+", required=True)
    command.add_argument("--network", default="demo")
    command.add_argument("--out", type=Path, required=True)
    command = commands.add_parser("cuts")
    command.add_argument("--truth", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command = commands.add_parser("tables")
    command.add_argument("--gains", type=Path, required=True)
    command.add_argument("--cuts", type=Path, required=True)
    command.add_argument("--study", type=Path, nargs="+", required=True, help="rows of python -m tl_core study")
    args = parser.parse_args()
    if args.command == "tables":
        print(all_tables(read(args.gains), read(args.cuts), [row for path in args.study for row in read(path)]))
        return
    with args.out.open("a") as file:
        if args.command == "gains":
            done = {(row["network"], row["data"], row["distance"]) for row in read(args.out)}
            for data in args.data:
                for distance in POSITIONS:
                    if (args.network, data, distance) not in done:
                        rows = list(gain_rows(data, distance, args.network))
                        print(data, distance, round(rows[0]["gain"], 3), flush=True)
                        file.writelines(json.dumps(row) + "\n" for row in rows)
                        file.flush()
        else:
            known = {json.dumps(row["cell"]) for row in read(args.out)}
            place, whole = None, None
            truth = read(args.truth)
            most, seeds = (1 + max(row["cell"][key] for row in truth) for key in ("num_images", "seed"))
            for row in truth:
                cell = row["cell"]
                if json.dumps(cell) in known:
                    continue
                if place != (cell["data"], cell["distance"]):
                    place, whole = (cell["data"], cell["distance"]), None
                    whole = WholeSet(*place, get_network(cell["network"]), most - 1, seeds)
                file.write(json.dumps(cut_row(row, whole)) + "\n")
                file.flush()


if __name__ == "__main__":
    main()
