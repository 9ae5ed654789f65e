"""Where the time of full training goes: `python -m benchmarks.steps --data-dir ../shared/data`

The second epoch of case 4 in PyTorch's profiler, its pass over the held-out images included: the share of each kind of operation.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.floor import matrix_rate, name_of
from benchmarks.training import CASES, Case, epoch_operations, make_folder, nothing_known, random_resnet
from tl_core.device import choose_device
from tl_core.engine.machine import hardware, software
from tl_core.events import Epoch, Started
from tl_core.experiment import Experiment
from tl_core.memory import keep_memory
from tl_core.training import run

KINDS = {  # the first that a name contains
    "convolution": ("conv",),
    "BatchNorm": ("norm",),
    "ReLU": ("clamp_min", "threshold", "relu"),
    "pooling": ("pool",),
    "new layer and fully connected ones": ("addmm", "aten::mm", "linear"),
    "optimizer": ("adamw",),
    "copies": ("copy_", "contiguous", "clone"),
}


def kind_of(operation: str) -> str:
    return next((kind for kind, parts in KINDS.items() if any(part in operation.lower() for part in parts)), "all else")


def shares(case: Case, folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds of the epoch, and the share of each kind of operation in it."""
    experiment = Experiment(data=str(folder), network=case.network, recipe=case.recipe, epochs=2)
    seconds = dict.fromkeys([*KINDS, "all else"], 0.0)
    with nothing_known():
        events = run(experiment)
        while not isinstance(event := next(events), Epoch):
            assert isinstance(event, Started), event
        with profile(activities=[ProfilerActivity.CPU]) as seen:
            start = time.perf_counter()
            next(events)
            taken = time.perf_counter() - start
        list(events)
    for each in seen.key_averages():
        seconds[kind_of(each.key)] += each.self_cpu_time_total / 1e6
    return taken, {kind: each / taken for kind, each in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="with flowers5_128.zip and cifar10.tar.xz")
    args = parser.parse_args()
    keep_memory()
    rate, precision = matrix_rate(choose_device())
    machine = f"{hardware().partition(',')[0]}, {torch.get_num_threads()} threads"
    print(f"{machine}; {software()}; {rate / 1e9:.0f} GFLOP/s in {name_of(precision)}")
    with tempfile.TemporaryDirectory() as place:
        random_resnet(Path(place))
        for case in CASES:
            if case.recipe != "case-4":
                continue
            folder = make_folder(args.data_dir / case.archive, case.num_images, Path(place) / case.network)
            taken, found = shares(case, folder)
            reached = epoch_operations(case, folder) / rate / taken
            convolving = reached / found["convolution"]
            print(
                f"{case.name}: {taken:.1f} s in the profiler, {reached:.0%} of the rate, {convolving:.0%} while it convolves"
            )
            for kind, share in sorted(found.items(), key=lambda item: -item[1]):
                print(f"  {share:6.1%} {kind}")


if __name__ == "__main__":
    main()
