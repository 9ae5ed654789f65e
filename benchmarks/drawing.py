"""Is drawing ever the slow part of a run?  `python -m benchmarks.drawing`

One core each: pictures drawn per second, against the baseline of the same run, pictures per second that the demonstration
network takes in one forward pass (all that case 1 does with a picture) and in training all of it (case 3). Medians of
interleaved repeats.
"""

import os
import platform
import statistics
import time

import numpy as np
import torch

from tl_core.backbones import build_stages
from tl_core.cases import make_recipe
from tl_core.data.drawn import WORLDS, draw_pictures
from tl_core.device import autocast, describe_device
from tl_core.networks import get_network
from tl_core.preprocess import Preprocess
from tl_core.surgery import adapt

NUM_IMAGES, REPEATS, BATCH = 2_000, 5, 64
CPU = torch.device("cpu")


def rate(work) -> float:
    start = time.perf_counter()
    work()
    return NUM_IMAGES / (time.perf_counter() - start)


def main() -> None:
    torch.set_num_threads(1)
    network = get_network("demo-drawn")
    images = torch.from_numpy(draw_pictures("wolves", np.arange(NUM_IMAGES), network.input_size))
    preprocess = Preprocess(network, 0.0, mirror_safe=True, device=CPU)
    body = build_stages(network, pretrained=True).eval()
    model = adapt(network, make_recipe("case-3"), 8).train()
    optimizer = torch.optim.AdamW(model.parameters())
    labels = torch.arange(NUM_IMAGES) % 8

    @torch.no_grad()
    def forward() -> None:
        for start in range(0, NUM_IMAGES, 500):
            with autocast(CPU):
                body(preprocess(images[start : start + 500]))

    def train() -> None:
        generator = torch.Generator().manual_seed(0)
        for start in range(0, NUM_IMAGES, BATCH):
            with autocast(CPU):
                logits = model(preprocess.augment(images[start : start + BATCH], generator))
            loss = torch.nn.functional.cross_entropy(logits.float(), labels[start : start + BATCH])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    jobs = {f"draw {name}": lambda name=name: draw_pictures(name, np.arange(NUM_IMAGES), 32) for name in WORLDS}
    jobs |= {"forward": forward, "train": train}
    rates: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(REPEATS):
        for name, job in jobs.items():
            rates[name].append(rate(job))
    middle = {name: statistics.median(values) for name, values in rates.items()}
    print(f"{describe_device(CPU)}, {platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}; "
          f"{NUM_IMAGES:,} pictures of 32 x 32, median of {REPEATS}")  # fmt: skip
    print("| | pictures/s, one core (lowest to highest) | times forward | times training |\n|---|---|---|---|")
    for name, value in middle.items():
        span = f"{min(rates[name]):,.0f} to {max(rates[name]):,.0f}"
        print(f"| {name} | {value:,.0f} ({span}) | {value / middle['forward']:.2f} | {value / middle['train']:.2f} |")


if __name__ == "__main__":
    main()
