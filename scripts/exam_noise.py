"""How much of a difference between two recipes is luck of the test images, which all seeds share.

    python -m scripts.exam_noise --data things digits --num-images 100 300 900 --out rows.jsonl
    python -m scripts.exam_noise --table rows.jsonl

Runs every recipe with several seeds and keeps which test images each got right; cells that are in the file are skipped.

Over the seeds a recipe gets test image i right in a share p_i of the runs, another in q_i. Drawing the n test images anew would
move the difference of their means with variance Var(p_i - q_i) / n. Two different seeds have independent errors in p_i and q_i,
so the mean covariance of their differences over the images estimates Var(p_i - q_i) without bias. The table gives it as a share
of p (1 - p) + q (1 - q), which it would be if the two never agreed more than by chance.
"""

import argparse
import json
import os
import statistics
import tempfile
import uuid
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from tl_core.events import Finished
from tl_core.exam import exam
from tl_core.experiment import Experiment
from tl_core.paths import run_weights
from tl_core.training import run


def answers(experiment: Experiment) -> np.ndarray:
    """(n,) bool: which test images the network got right."""
    run_id = uuid.uuid4().hex
    path = run_weights(run_id)
    *_, last = run(experiment, run_id=run_id, save_to=path)
    if not isinstance(last, Finished):
        raise SystemExit(f"{experiment}: {last}")
    found = exam(run_id)
    path.unlink()
    return np.array(found["true"]) == np.array(found["predicted"])


def share_of_luck(one: np.ndarray, two: np.ndarray) -> float:
    """Var(p_i - q_i) / (p (1 - p) + q (1 - q)) of two recipes' answers, each (seeds, images) bool; seeds at least two."""
    differences = one.astype(float) - two
    differences -= differences.mean(1, keepdims=True)
    num_seeds, num_images = differences.shape
    products = differences @ differences.T / (num_images - 1)
    variance = (products.sum() - np.trace(products)) / (num_seeds * (num_seeds - 1))
    binomial = sum(float(answer.mean() * (1 - answer.mean())) for answer in (one, two))
    return float(variance / binomial) if binomial else 0.0


def rows(args: argparse.Namespace, known: set[str]) -> Iterator[dict[str, Any]]:
    for data in args.data:
        for num_images in args.num_images:
            for recipe in args.recipes:
                cell = {"data": data, "num_images": num_images, "network": args.network, "recipe": recipe}
                if json.dumps(cell) in known:
                    continue
                right = np.stack([answers(Experiment(**cell, seed=seed)) for seed in range(args.seeds)])
                packed = [np.packbits(row).tobytes().hex() for row in right]
                yield {"cell": cell, "num_test": right.shape[1], "right": packed}


def show(path: Path) -> None:
    groups: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    for row in map(json.loads, path.read_text().splitlines()):
        cell, count = row["cell"], row["num_test"]
        bits = [np.unpackbits(np.frombuffer(bytes.fromhex(one), np.uint8))[:count] for one in row["right"]]
        groups.setdefault((cell["data"], cell["num_images"]), {})[cell["recipe"]] = np.stack(bits).astype(bool)
    every = []
    print("| data set | images | test images | pairs | mean share | least | most |\n|---|---|---|---|---|---|---|")
    for (data, num_images), found in groups.items():
        shares = [share_of_luck(found[one], found[two]) for one, two in combinations(found, 2)]
        every += shares
        num_test = next(iter(found.values())).shape[1]
        numbers = f"{statistics.mean(shares):.3f} | {min(shares):.3f} | {max(shares):.3f}"
        print(f"| {Path(data).stem} | {num_images} | {num_test} | {len(shares)} | {numbers} |")
    quartiles = ", ".join(f"{value:.3f}" for value in statistics.quantiles(every, n=4))
    print(f"{len(every)} pairs: mean {statistics.mean(every):.3f}, quartiles {quartiles}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=[])
    parser.add_argument("--num-images", nargs="+", type=int, default=[100, 300])
    parser.add_argument("--recipes", nargs="+", default=["case-1", "case-2", "case-3", "case-4"])
    parser.add_argument("--network", default="demo")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("exam_noise.jsonl"))
    parser.add_argument("--table", type=Path)
    args = parser.parse_args()
    if args.table:
        show(args.table)
        return
    lines = args.out.read_text().splitlines() if args.out.exists() else []
    known = {json.dumps(json.loads(line)["cell"]) for line in lines}
    with tempfile.TemporaryDirectory() as scratch, args.out.open("a") as file:
        os.environ.setdefault("TL_HOME", scratch)
        for row in rows(args, known):
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(row["cell"], flush=True)
    show(args.out)


if __name__ == "__main__":
    main()
