"""Write the banks of original pictures that `tl_core.looks` compares with: what the first stages make of them, no pictures.

    python -m scripts.make_banks --archive tiny_imagenet_32.tar.xz          (demo)
    python -m scripts.make_banks --drawn dogs                               (demo-drawn)

The bank holds pictures that the network was trained on, evenly over the classes. The held-out ones, which it does not hold, give
the `null`: what a classifier reaches that tries to tell originals from originals.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from scripts.pretrain import Originals, drawings, photographs
from tl_core.backbones import build_stages
from tl_core.looks import bank_path, separation
from tl_core.networks import Network, get_network
from tl_core.preprocess import Preprocess
from tl_core.similarity import draw
from tl_core.stage_features import stage_features

SIZE = 1_000
NULL_SIZES = (100, 300, 1_000)
NULL_DRAWS = 10


def looks_of(network: Network, images: np.ndarray) -> np.ndarray:
    """(n, k) float16-rounded features of (n, H, W, 3) uint8 images."""
    preprocess = Preprocess(network, 0.0, mirror_safe=False, device=torch.device("cpu"))
    features = stage_features(network, build_stages(network, pretrained=True), preprocess, images).looks
    return features.astype(np.float16)


def make_bank(network: Network, originals: Originals, command: str, seed: int = 0) -> Path:
    """Write a network's bank and print what its null is made of."""
    held, images, labels = originals.held.numpy(), originals.images.numpy(), originals.labels.numpy()
    learnt = images[~held]
    bank = looks_of(network, learnt[draw(learnt, labels[~held], SIZE, seed)])
    apart = looks_of(network, images[held])
    rng = np.random.default_rng(seed)
    nulls = []
    for size in NULL_SIZES:
        found = [
            separation(apart[rng.choice(len(apart), size, replace=False)].astype(np.float32), bank.astype(np.float32))[
                0
            ]
            for _ in range(NULL_DRAWS)
        ]
        nulls.append(float(np.mean(found)))
        print(
            f"{network.name}: {size} originals against the bank: {nulls[-1]:+.3f} (deviation {np.std(found, ddof=1):.3f})"
        )
    facts = {"null": round(max(0.0, float(np.mean(nulls))), 4), "command": command, "seed": seed}
    path = bank_path(network)
    save_file({"looks": bank}, path, {"tl": json.dumps(facts)})
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, {facts}")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("--archive", type=Path, help="Tiny ImageNet")
    data.add_argument("--drawn", help="the drawn set that the network learnt from")
    parser.add_argument("--images", type=int, default=30_000, help="of the drawn set, as for scripts.pretrain")
    args = parser.parse_args()
    if args.drawn:
        network, command = get_network("demo-drawn"), f"--drawn {args.drawn} --images {args.images}"
        originals = drawings(args.drawn, args.images, seed=0)
    else:
        network, command = get_network("demo"), f"--archive {args.archive.name}"
        originals = photographs(args.archive, seed=0)
    make_bank(network, originals, f"python -m scripts.make_banks {command}")


if __name__ == "__main__":
    main()
