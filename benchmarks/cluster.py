"""A study on a Ray cluster: `python -m benchmarks.cluster` computes the same runs on one node, on three, and without Ray.

Every node is on this machine and has one core to give away, so that no more is gained than this machine has cores: what is
measured is what Ray costs, and that a study is spread. The workers' own start is part of every time, the cluster's is not.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from tests.engine.cluster import cluster
from tl_core.engine import machine
from tl_core.engine.batch import run_batch
from tl_core.engine.ray_places import RayPlaces
from tl_core.experiment import Experiment
from tl_core.study import Grid


def seconds(experiments: Sequence[Experiment], workers: int, places: RayPlaces | None) -> tuple[float, float]:
    """Of the whole study, and of its runs all together. Raises `RuntimeError` if a run did not go through."""
    start, training = time.perf_counter(), 0.0
    for _experiment, events in run_batch(experiments, workers=workers, threads=1, device="cpu", places=places):
        if events[-1]["event"] != "finished":
            raise RuntimeError(events[-1])
        training += events[-1]["seconds"]
    return time.perf_counter() - start, training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--num-images", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=15)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    grid = Grid((args.data,), (args.num_images,), seeds=tuple(range(args.seeds)))
    experiments = [replace(experiment, epochs=args.epochs) for experiment in grid.experiments()]
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(args.repeats):
        for name, nodes, workers in (
            ("one node", 1, 1),
            ("three nodes", 3, 3),
            ("no Ray, 1", 0, 1),
            ("no Ray, 2", 0, 2),
        ):
            with cluster(nodes) if nodes else nullcontext() as head:
                places = None
                if head is not None:
                    os.environ["TL_RAY_ADDRESS"] = head.address
                    places = RayPlaces()
                    places.connect()
                found.setdefault(name, []).append(seconds(experiments, workers, places))
            print(name, found[name][-1], flush=True)
    base = statistics.median(total for total, _training in found["one node"])
    print(
        f"{len(experiments)} runs of {args.num_images} images ({args.data}), {machine.hardware('cpu', 1)}, {os.cpu_count()} cores"
    )
    for name, times in found.items():
        total, training = (statistics.median(values) for values in zip(*times, strict=True))
        spread = ", ".join(f"{value:.1f}" for value, _training in times)
        print(
            f"{name:<12} {total:6.1f} s ({spread}), {base / total:4.2f}x one node, the runs themselves {training:6.1f} s"
        )
    Path(__file__).with_suffix(".json").write_text(
        json.dumps({"runs": len(experiments), "seconds": found}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
