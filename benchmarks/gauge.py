"""How long the similarity of 1,000 images takes: `python -m benchmarks.gauge`

    hardware: two cores of an Intel Xeon with AMX, PyTorch 2.15, 2026-11-24
    the pictures are drawn before the clock starts; torch is imported; best of 3
    measured: 3.9 times the plain pass; 1.83 s on two threads

Prints seconds, and the ratio to one plain forward pass of the same images through both networks, which is what no way
of measuring similarity with them can do without.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tl_core.backbones import build_stages
from tl_core.cut import choose_cut, cut_curve, stage_scores
from tl_core.cut_model import load_model
from tl_core.data.drawn import draw_pictures, labels_of
from tl_core.device import autocast, choose_device
from tl_core.gauge import reference_gain, similarity_of
from tl_core.looks import measure_gap
from tl_core.networks import get_network
from tl_core.preprocess import Preprocess
from tl_core.similarity import draw, errors_of, probe, see
from tl_core.trainer import as_tensor

REPEATS = 3
BATCH = 128


def best_of(work: Callable[[], Any]) -> float:
    """Seconds of the quickest of `REPEATS` times."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1_000)
    parser.add_argument("--network", default="demo")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    network = get_network(args.network)
    indices = np.arange(args.images)
    images, labels = draw_pictures("wolves", indices, network.input_size), labels_of("wolves", indices)
    preprocess = Preprocess(network, 0.0, mirror_safe=False, device=choose_device("cpu"))
    both = build_stages(network, pretrained=True), build_stages(network, pretrained=False, seed=0)

    @torch.no_grad()
    def forward() -> None:
        for body in both:
            body.eval()
            for part in range(0, len(images), BATCH):
                with autocast(preprocess.device):
                    body(preprocess(as_tensor(images[part : part + BATCH])))

    def gauge() -> None:
        rows = draw(images, labels, args.images, 0)
        seen = see(network, *both, preprocess, images[rows])
        probes = probe(network, seen, labels[rows], int(labels.max()) + 1)
        errors = errors_of(network, seen, labels[rows], int(labels.max()) + 1)
        similarity_of(errors, reference_gain(network, errors.group))
        scores = stage_scores(seen.pretrained, labels[rows], int(labels.max()) + 1, probes.pretrained)
        choose_cut(scores, len(rows), load_model(network.name))
        cut_curve(probes.stages, probes.pretrained, probes.untrained, probes.weights)
        measure_gap(network, seen.looks)

    forward()
    plain, whole = best_of(forward), best_of(gauge)
    print(
        f"{args.images:,} images, {network.name}, {args.threads} threads: {whole:.2f} s, {whole / plain:.1f} times the plain "
        f"forward pass through both networks ({plain:.2f} s)"
    )


if __name__ == "__main__":
    main()
