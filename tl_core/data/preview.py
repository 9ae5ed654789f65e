"""What a page shows of a data set before anything is trained: its counts and a few of its pictures."""

from typing import Any

import numpy as np

from tl_core.data.arrays import fits, load_arrays, unreadable
from tl_core.data.dataset import usable
from tl_core.data.dial import apply_distance
from tl_core.data.images import to_png
from tl_core.data.source import ImageSource, open_source
from tl_core.data.split import pool_size, test_size

MAX_SKIPPED = 20
# A set up to this size is decoded for its description (2 s at most), so that damaged files are told of before a run
_DECODE_IMAGES = 10_000
_DECODE_BYTES = 64 * 2**20


def describe(spec: str, size: int = 64) -> dict[str, Any]:
    """What is in a data set, JSON-able; `num_to_learn_from` is the largest number of images a run can ask
    for, `default_images` what it gets without asking (None: all).

    Raises `DataError` or `ArchiveError`.
    """
    source = open_source(spec)
    bad: dict[int, str] = {}
    small = len(source.items) <= _DECODE_IMAGES and source.num_bytes <= _DECODE_BYTES
    if not source.checked and small and fits(source, size):
        bad = unreadable(source, range(len(source.items)), size)
    good, labels, given = usable(source, bad)
    counts = np.bincount(labels, minlength=len(source.class_names))
    skipped = [*source.skipped, *((source.items[i].ref, reason) for i, reason in bad.items())]
    return {
        "name": source.name,
        "title": source.title,
        "classes": [{"name": name, "count": int(n)} for name, n in zip(source.class_names, counts, strict=True)],
        "num_images": len(good),
        "num_to_learn_from": pool_size(labels, given),
        "num_test": test_size(labels, given),
        "default_images": source.default_images,
        "skipped": [{"name": name, "reason": reason} for name, reason in skipped[:MAX_SKIPPED]],
        "num_skipped": len(skipped),
        "mirror_safe": source.mirror_safe,
    }


def thumbnails(spec: str, distance: float, count: int = 12, size: int = 96, seed: int = 0) -> list[dict[str, str]]:
    """A few pictures as the dial shows them, classes in turn: `label` and `png` (base64).

    The same ones at every distance. Raises `DataError` or `ArchiveError`.
    """
    source = open_source(spec)
    drawn = _draw(source, 2 * count, seed)  # twice as many, in case some cannot be read
    bad = unreadable(source, drawn, size, whole=False)
    images = load_arrays(source, drawn, size, whole=False)
    shown = [k for k, index in enumerate(drawn) if index not in bad][:count]
    moved = apply_distance(images[shown], distance)
    labels = source.labels[drawn][shown]
    return [
        {"label": source.class_names[label], "png": to_png(image)} for label, image in zip(labels, moved, strict=True)
    ]


def _draw(source: ImageSource, count: int, seed: int) -> list[int]:
    rng = np.random.default_rng([seed, len(source.items)])
    order = np.argsort(rng.random(len(source.items)), kind="stable")
    labels = source.labels[order]
    turn = np.empty(len(order), dtype=np.int64)  # how many of its class came before
    for label in range(len(source.class_names)):
        mine = labels == label
        turn[mine] = np.arange(mine.sum())
    return [int(i) for i in order[np.lexsort((labels, turn))][:count]]
