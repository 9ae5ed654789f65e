"""How similar is this data to what the network was trained on, and where to cut?

What the lesson asserts about similar data is that the network's higher-level features are useful for it. So that is
measured, from leave-one-out probes, without training: `tl_core.gauge` has the scale, docs/similarity.md what it is worth.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tl_core import looks
from tl_core.advisor import advice_for
from tl_core.backbones import build_stages
from tl_core.cases import Thresholds, get_case, recommend
from tl_core.cut import choose_cut, cut_curve, stage_scores
from tl_core.cut_model import load_model
from tl_core.data import load_dataset
from tl_core.device import choose_device, make_deterministic
from tl_core.evaluation import Z95
from tl_core.experiment import Experiment
from tl_core.gauge import UpperErrors, log_gain, reference_gain, reference_points, removed, similarity_of, upper_errors
from tl_core.language import _, mark
from tl_core.networks import Network, Stage, get_network
from tl_core.preprocess import Preprocess
from tl_core.probes import Probe, class_weights, ridge_probe
from tl_core.stage_features import stage_features
from tl_core.trainer import as_tensor

MOST_IMAGES = {32: 1_000}  # probed images by input size; larger networks need more time for each
MOST_IMAGES_LARGE = 128
FEWEST_PER_CLASS = 5  # with fewer, nothing can be told
FEWEST_DIFFERENT = 5  # images on which two classifiers must disagree, or nothing is said of which is better
PIXEL_SIDE = 16

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Seen:
    """What both networks make of n images: features (n, d) by stage, raw pixels (n, d), early features (n, k) or None."""

    pretrained: Mapping[str, np.ndarray]
    untrained: Mapping[str, np.ndarray]
    pixels: np.ndarray
    looks: np.ndarray | None

    def take(self, rows: np.ndarray) -> "Seen":
        """Of some images only."""
        ours, blank = ({name: part[rows] for name, part in side.items()} for side in (self.pretrained, self.untrained))
        return Seen(ours, blank, self.pixels[rows], None if self.looks is None else self.looks[rows])


@dataclass(frozen=True, eq=False)
class Probes:
    """Leave-one-out probes after every stage but the last, and on raw pixels; `weights`: (n,), their sum is 1."""

    stages: tuple[Stage, ...]
    pretrained: Mapping[str, Probe]
    untrained: Mapping[str, Probe]
    pixels: Probe
    weights: np.ndarray

    def accuracy(self, probe: Probe) -> float:
        return float(self.weights @ probe.hits)


def measure(
    data: str,
    num_images: int | None = None,
    distance: float = 0.0,
    network_name: str = "demo",
    seed: int = 0,
    device: str = "auto",
    report: Report = lambda doing, done, total: None,
) -> dict[str, Any]:
    """Similarity 0..1 with a 95 % interval, the textbook's case, and a bar for each cut; JSON-able.

    - `can_tell`: False with fewer than `FEWEST_PER_CLASS` images of some class; the interval is then 0..1.
    - `advantage`: share of the mistakes that the top layer removes, compared with the best of the untrained layers and raw
      pixels; below 0 where it makes more. `advantage_low`, `advantage_high`: its 95 % interval.
    - `reference_measured`: whether the scale rests on the network's own original data, or on what other networks have there.
    - `looks`: how different the pictures look, see `tl_core.looks`; None for networks without a bank.
    - `cut_curve`: accuracy of a new layer after each stage, see `tl_core.cut`.
    - `advice`: what real runs speak for, see `tl_core.advisor`; None where they say nothing.

    `report(doing, done, total)` counts images. Raises `UserError` for unknown names or pictures that cannot be used.
    """
    start = time.perf_counter()
    Experiment(data=data, num_images=num_images, distance=distance, network=network_name, seed=seed)
    network = get_network(network_name)
    make_deterministic(seed)
    dataset = load_dataset(
        data, num_images, seed, network.input_size, lambda done, total: report(mark("Reading the images"), done, total)
    )
    images = np.concatenate([dataset.train_images, dataset.val_images])
    labels = np.concatenate([dataset.train_labels, dataset.val_labels])
    size, num_classes = len(labels), len(dataset.class_names)
    most = max(MOST_IMAGES.get(network.input_size, MOST_IMAGES_LARGE), FEWEST_PER_CLASS * num_classes)
    rows = draw(images, labels, most, seed)
    images, labels = images[rows], labels[rows]
    preprocess = Preprocess(network, distance, mirror_safe=False, device=choose_device(device))
    pretrained, untrained = build_stages(network, pretrained=True), build_stages(network, pretrained=False, seed=seed)
    seen = see(network, pretrained, untrained, preprocess, images, report)
    probes = probe(network, seen, labels, num_classes, report)
    fewest = int(np.bincount(labels, minlength=num_classes).min())
    can_tell = fewest >= FEWEST_PER_CLASS
    errors = errors_of(network, seen, labels, num_classes)
    value, low, high = similarity_of(errors, reference_gain(network, errors.group))
    if not can_tell:
        low, high = 0.0, 1.0
    gap = looks.measure_gap(network, seen.looks)
    case = recommend(size, value)
    scores = stage_scores(seen.pretrained, labels, num_classes, probes.pretrained)
    curve = cut_curve(probes.stages, probes.pretrained, probes.untrained, probes.weights)
    result = {
        "similarity": value,
        "similarity_low": low,
        "similarity_high": high,
        "can_tell": can_tell,
        **dict(zip(("advantage", "advantage_low", "advantage_high"), advantage_interval(probes), strict=True)),
        "reference_measured": reference_points(network) is not None,
        "num_images": size,
        "num_probed": len(labels),
        "num_classes": num_classes,
        "images_per_class": fewest,
        "case": case.number,
        "recipe": case.name,
        "cut": choose_cut(scores, len(labels), load_model(network.name)),
        "cut_scores": {row["stage"]: row["score"] for row in curve},
        "cut_curve": curve,
        "looks": gap and gap.to_json(),
        "looks_why": looks.words(gap, (low, high), Thresholds().similarity),
        "seconds": round(time.perf_counter() - start, 2),
        "why": _why(size, (value, low, high), probes, errors, case.number)
        if can_tell
        else _cannot_tell(fewest, len(labels), num_classes),
    }
    advice = advice_for(result, network.name)
    return result | {"advice": advice and advice.to_json()}


def see(
    network: Network,
    pretrained: torch.nn.Sequential,
    untrained: torch.nn.Sequential,
    preprocess: Preprocess,
    images: np.ndarray,
    report: Report = lambda doing, done, total: None,
) -> Seen:
    """Pass images (n, H, W, 3) uint8 through both networks."""
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        report(mark("Passing the images through the network and an untrained copy"), done, 2 * len(images))

    both = [stage_features(network, body, preprocess, images, tick) for body in (pretrained, untrained)]
    pixels = torch.nn.functional.adaptive_avg_pool2d(preprocess(as_tensor(images)), PIXEL_SIDE).flatten(1)
    return Seen(both[0].pooled, both[1].pooled, pixels.cpu().numpy(), both[0].looks)


def probe(
    network: Network,
    seen: Seen,
    labels: np.ndarray,
    num_classes: int,
    report: Report = lambda doing, done, total: None,
) -> Probes:
    """Leave-one-out probes on all that was seen; `labels`: (n,) in 0..num_classes - 1."""
    done = 0

    def one(features: np.ndarray) -> Probe:
        nonlocal done
        report(mark("Trying a classifier on each layer"), done, 2 * len(network.stages) - 1)
        done += 1
        return ridge_probe(features, labels, num_classes)

    return Probes(
        network.stages[:-1],
        {name: one(features) for name, features in seen.pretrained.items()},
        {name: one(features) for name, features in seen.untrained.items()},
        one(seen.pixels),
        class_weights(labels, num_classes),
    )


def errors_of(
    network: Network, seen: Seen, labels: np.ndarray, num_classes: int, group: int | None = None
) -> UpperErrors:
    """Errors of the upper half of the stages, which see the higher-level features; `group`: see `upper_errors`."""
    upper = [stage.name for stage in network.stages[:-1]][(len(network.stages) - 1) // 2 :]
    ours, blank = ({name: side[name] for name in upper} for side in (seen.pretrained, seen.untrained))
    return upper_errors(ours, blank, seen.pixels, labels, num_classes, group)


def advantage(probes: Probes) -> float:
    """Share of the mistakes that the pre-trained top layer removes, compared with the best of all untrained layers and pixels."""
    top, best = probes.accuracy(probes.pretrained[probes.stages[-1].name]), probes.accuracy(_best_untrained(probes))
    return (top - best) / max(1.0 - best, 1e-3)


def advantage_interval(probes: Probes) -> tuple[float, float, float]:
    """`advantage` and its 95 % interval over images, both classifiers having seen the same ones (delta method).

    From -1 to 1 where they differ on fewer than `FEWEST_DIFFERENT` images: so few tell nothing.
    """
    share, best = advantage(probes), _best_untrained(probes)
    ours, theirs = ~probes.pretrained[probes.stages[-1].name].hits, ~best.hits
    if np.sum(ours != theirs) < FEWEST_DIFFERENT:
        return round(max(-1.0, share), 3), -1.0, 1.0
    missed = max(1.0 - probes.accuracy(best), 1e-3)
    changes = (ours.astype(float) - (1 - share) * theirs) / missed  # of 1 - share, a ratio of two means
    half = Z95 * float(np.sum((probes.weights * changes) ** 2)) ** 0.5
    return round(share, 3), round(share - half, 3), round(min(1.0, share + half), 3)


def _best_untrained(probes: Probes) -> Probe:
    return max((*probes.untrained.values(), probes.pixels), key=probes.accuracy)


def draw(images: np.ndarray, labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Indices, ascending, of at most `most` different images, drawn evenly over the classes."""
    _values, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.sort(first))
    turn = np.zeros(len(order), int)
    for label in np.unique(labels):
        own = labels[order] == label
        turn[own] = np.arange(own.sum())
    return np.sort(order[np.argsort(turn, kind="stable")[:most]])


def _why(size: int, similarity: tuple[float, float, float], probes: Probes, errors: UpperErrors, number: int) -> str:
    value, low, high = similarity
    share = removed(log_gain(errors)[0])
    top, best = (probes.accuracy(one) for one in (probes.pretrained[probes.stages[-1].name], _best_untrained(probes)))
    values = {"share": 100 * share, "top": 100 * top, "best": 100 * best, "value": value, "low": low, "high": high}
    values |= {"n": size, "number": number, "title": get_case(f"case-{number}").title.lower()}
    if share > 0:
        return _(
            "On these images the pre-trained upper layers remove {share:.0f} % of the error that there is without pre-training "
            "(a new layer on the top one: {top:.0f} % right; the best of an untrained copy and raw pixels: {best:.0f} %), which "
            "is a similarity of {value:.2f} ({low:.2f} to {high:.2f}); with {n:,} images that is case {number}: {title}.",
            **values,
        )
    return _(
        "On these images the pre-trained upper layers remove nothing of the error that there is without pre-training "
        "(a new layer on the top one: {top:.0f} % right; the best of an untrained copy and raw pixels: {best:.0f} %), which is a "
        "similarity of {value:.2f} ({low:.2f} to {high:.2f}); with {n:,} images that is case {number}: {title}.",
        **values,
    )


def _cannot_tell(fewest: int, num_probed: int, num_classes: int) -> str:
    return _(
        "With {n:,} different images in {classes:,} classes, {fewest:,} in the smallest, nobody can tell how similar they are "
        "to what the network knows: give every class at least {least} different images, better 20.",
        n=num_probed, classes=num_classes, fewest=fewest, least=FEWEST_PER_CLASS,
    )  # fmt: skip
