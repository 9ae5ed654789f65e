"""How similar is this data to what the network was trained on, and where to cut?

What the lesson asserts about similar data is that the network's higher-level features are useful for it. So that is
measured, from leave-one-out probes, without training: how many mistakes the pre-trained top layer removes, compared with
an untrained copy of the same network and with the raw pixels,

    advantage = (a_top - a_untrained) / (1 - a_untrained)

scaled by the same figure for held-out images of the original data: 1 is as good as on those, 0 is no help at all.
"""

import time
from typing import Any

import numpy as np
import torch

from tl_core.backbones import build_stages
from tl_core.cases import get_case, recommend
from tl_core.data import load_dataset
from tl_core.device import autocast, choose_device, make_deterministic
from tl_core.experiment import Experiment
from tl_core.networks import Network, get_network
from tl_core.plan import head_features
from tl_core.preprocess import Preprocess
from tl_core.probes import class_weights, knn_loo, ridge_loo
from tl_core.surgery import NewLayer
from tl_core.trainer import as_tensor

MOST_IMAGES = {32: 500}  # probed images by input size; larger networks need more time for each
MOST_IMAGES_LARGE = 128
NUM_DRAWS = 200  # bootstrap draws behind the interval
PIXEL_SIDE = 16
FALLBACK_REFERENCE = 0.6  # advantage on the original data where a network's card does not give one


def measure(
    data: str,
    num_images: int | None = None,
    distance: float = 0.0,
    network_name: str = "demo",
    seed: int = 0,
    device: str = "auto",
) -> dict[str, Any]:
    """Similarity 0..1 with a 95 % interval, the textbook's case, and a score for each cut; JSON-able.

    Raises `UserError` for unknown names or pictures that cannot be used.
    """
    start = time.perf_counter()
    Experiment(data=data, num_images=num_images, distance=distance, network=network_name, seed=seed)
    network = get_network(network_name)
    make_deterministic(seed)
    dataset = load_dataset(data, num_images, seed, network.input_size)
    images = np.concatenate([dataset.train_images, dataset.val_images])
    labels = np.concatenate([dataset.train_labels, dataset.val_labels])
    size = len(labels)
    images, labels = _draw(images, labels, MOST_IMAGES.get(network.input_size, MOST_IMAGES_LARGE), seed)
    preprocess = Preprocess(network, distance, mirror_safe=False, device=choose_device(device))
    stages, untrained = build_stages(network, pretrained=True), build_stages(network, pretrained=False, seed=seed)
    probes = probe(network, stages, untrained, preprocess, images, labels, len(dataset.class_names))
    value, low, high = similarity_of(network, probes)
    cut = choose_cut(network, probes)
    case = recommend(size, value)
    return {
        "similarity": value,
        "similarity_low": low,
        "similarity_high": high,
        "num_images": size,
        "num_probed": len(labels),
        "case": case.number,
        "recipe": case.name,
        "cut": cut,
        "cut_scores": {
            name: round(float(np.average(hits, weights=probes["weights"])), 4) for name, hits in probes["ridge"].items()
        },
        "seconds": round(time.perf_counter() - start, 2),
        "why": _why(size, value, low, high, probes, case.number),
    }  # fmt: skip


def probe(
    network: Network,
    stages: torch.nn.Sequential,
    untrained: torch.nn.Sequential,
    preprocess: Preprocess,
    images: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
) -> dict[str, Any]:
    """Leave-one-out hits (n,) bool after every stage: `ridge`, `knn` (pre-trained), `untrained` (and `pixels`); `weights` (n,).

    `images`: (n, H, W, 3) uint8.
    """
    found: dict[str, Any] = {"ridge": {}, "knn": {}, "untrained": {}, "weights": class_weights(labels, num_classes)}
    for name, features in stage_features(network, stages, preprocess, images).items():
        found["ridge"][name] = ridge_loo(features, labels, num_classes) == labels
        found["knn"][name] = knn_loo(features, labels, num_classes) == labels
    for name, features in stage_features(network, untrained, preprocess, images).items():
        found["untrained"][name] = ridge_loo(features, labels, num_classes) == labels
    pixels = torch.nn.functional.adaptive_avg_pool2d(preprocess(as_tensor(images)), PIXEL_SIDE)
    found["untrained"]["pixels"] = ridge_loo(pixels.flatten(1).cpu().numpy(), labels, num_classes) == labels
    return found


@torch.no_grad()
def stage_features(
    network: Network, stages: torch.nn.Sequential, preprocess: Preprocess, images: np.ndarray
) -> dict[str, np.ndarray]:
    """Pooled features (n, d) float32 after each stage but the last, as a new layer put there would see them."""
    device = preprocess.device
    stages = stages.to(device, memory_format=torch.channels_last).eval()
    pools = [NewLayer(stage.output_shape, head_features(stage), 1).pool for stage in network.stages[:-1]]
    found: dict[str, list[np.ndarray]] = {stage.name: [] for stage in network.stages[:-1]}
    size = 128 if network.input_size <= 64 else 16
    for part in range(0, len(images), size):
        batch = preprocess(as_tensor(images[part : part + size]))
        for stage, pool in zip(network.stages[:-1], pools, strict=True):
            with autocast(device):
                batch = getattr(stages, stage.name)(batch)
            found[stage.name].append(pool(batch).float().cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def advantage(probes: dict[str, Any], top: str, weights: np.ndarray | None = None) -> float:
    """Share of the mistakes that the pre-trained layer `top` removes; `weights` (n,) replace the classes' own."""
    weights = probes["weights"] if weights is None else weights
    best = max(float(np.average(hits, weights=weights)) for hits in probes["untrained"].values())
    return (float(np.average(probes["ridge"][top], weights=weights)) - best) / max(1.0 - best, 1e-3)


def similarity_of(network: Network, probes: dict[str, Any], seed: int = 0) -> tuple[float, float, float]:
    """Similarity 0..1 and its 95 % interval, by resampling the images."""
    top = network.stages[-2].name
    reference = network.reference_advantage or FALLBACK_REFERENCE
    rng = np.random.default_rng(seed)
    count = len(probes["weights"])
    draws = [
        advantage(probes, top, probes["weights"] * np.bincount(rng.integers(0, count, count), minlength=count))
        for _ in range(NUM_DRAWS)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    values = np.clip(np.array([advantage(probes, top), low, high]) / reference, 0.0, 1.0)
    return tuple(round(float(v), 3) for v in values)


def choose_cut(network: Network, probes: dict[str, Any]) -> str:
    """The best stage for a new layer by nearest neighbours; of those within one standard error, the deepest."""
    scores = {name: float(np.average(hits, weights=probes["weights"])) for name, hits in probes["knn"].items()}
    best = max(scores.values())
    error = (best * (1 - best) / len(probes["weights"])) ** 0.5
    return [stage.name for stage in network.stages[:-1] if scores[stage.name] >= best - error][-1]


def _draw(images: np.ndarray, labels: np.ndarray, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` different images, drawn evenly over the classes."""
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.sort(first))
    turn = np.zeros(len(order), int)
    for label in np.unique(labels):
        own = labels[order] == label
        turn[own] = np.arange(own.sum())
    chosen = np.sort(order[np.argsort(turn, kind="stable")[:most]])
    return images[chosen], labels[chosen]


def _why(size: int, value: float, low: float, high: float, probes: dict[str, Any], number: int) -> str:
    weights = probes["weights"]
    top = float(np.average(list(probes["ridge"].values())[-1], weights=weights))
    best = max(float(np.average(hits, weights=weights)) for hits in probes["untrained"].values())
    change = advantage(probes, list(probes["ridge"])[-1])
    verb = f"removes {100 * change:.0f} % of the mistakes" if change > 0 else "removes no mistakes"
    return (
        f"On these images the pre-trained top layer {verb} that an untrained network makes ({100 * top:.0f} % right "
        f"instead of {100 * best:.0f} %), which is a similarity of {value:.2f} ({low:.2f} to {high:.2f}); with {size:,} "
        f"images that is case {number}: {get_case(f'case-{number}').title.lower()}."
    )
