"""Which pictures a run learns from, is checked on while it learns, and is tested on at the end.

The test pictures depend on the set alone: every run on it sits the same exam. The others are drawn by the run's seed,
in proportion to the classes, so that a larger number of images contains the smaller one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tl_core.errors import DataError
from tl_core.language import _

TEST_SHARE = 0.2
TEST_LIMIT = 2_000  # +-2 % at 95 % in the worst case; more costs time and tells little
GIVEN_TEST_LIMIT = 10_000  # of a test folder
VAL_LIMIT = 2_000
LEAST_PER_CLASS = 2  # one to train, one to check
_TEST_ENTROPY = 20_260_101
_POOL_ENTROPY = 20_260_102


@dataclass(frozen=True)
class Split:
    """Indices of the set's items, each part ascending, int64; and sentences about what could not be as asked."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    notes: list[str] = field(default_factory=list)


def make_split(
    labels: np.ndarray, given: Sequence[str], num_images: int | None, seed: int, name: str = "the data set"
) -> Split:
    """Divide a set. `labels` (N,) int, `given` 'train', 'val', 'test' or '' for each.

    `num_images` counts train + validation, None is all.
    Raises `DataError` if `num_images` is below 2 per class, or if a class has too few.
    """
    labels = np.asarray(labels)
    parts = np.asarray(given, dtype="<U5")
    test = _draw_test(labels, parts)
    pool = _order_pool(labels, parts, test, seed)
    least = LEAST_PER_CLASS * _num_classes(labels)
    notes = []
    if num_images is None or num_images >= len(pool):
        if num_images is not None and num_images > len(pool):
            notes.append(
                _(
                    "Asked for {num_images:,} images to learn from; {name} has {n:,}, so all of them are used.",
                    num_images=num_images,
                    name=name,
                    n=len(pool),
                )
            )
    elif num_images < least:
        raise DataError(
            _(
                "{num_images:,} images are too few for {name}: it has {num_classes:,} classes and needs at least {least:,}, "
                "one to train and one to check for each class.",
                num_images=num_images,
                name=name,
                num_classes=_num_classes(labels),
                least=least,
            )
        )
    else:
        pool = pool[:num_images]
    index, is_val = pool["index"], pool["is_val"]
    return Split(np.sort(index[~is_val]), np.sort(index[is_val]), test, notes)


def pool_size(labels: np.ndarray, given: Sequence[str]) -> int:
    """How many images to learn from there are: the largest `num_images`. Raises `DataError` as `make_split` does."""
    labels, parts = np.asarray(labels), np.asarray(given, dtype="<U5")
    return len(_order_pool(labels, parts, _draw_test(labels, parts), seed=0))


def test_size(labels: np.ndarray, given: Sequence[str]) -> int:
    """How many test images there are."""
    return len(_draw_test(np.asarray(labels), np.asarray(given, dtype="<U5")))


test_size.__test__ = False  # not one of pytest's


def _num_classes(labels: np.ndarray) -> int:
    return int(labels.max()) + 1 if len(labels) else 0


def _shuffled(indices: np.ndarray, *entropy: int) -> np.ndarray:
    # an argsort of doubles, because NumPy may change how its own permutations are drawn
    return indices[np.argsort(np.random.default_rng(entropy).random(len(indices)), kind="stable")]


def _draw_test(labels: np.ndarray, parts: np.ndarray) -> np.ndarray:
    is_given = bool((parts == "test").any())
    candidates = parts == "test" if is_given else (parts == "") | (parts == "train")
    shuffled = [
        _shuffled(np.flatnonzero(candidates & (labels == label)), _TEST_ENTROPY, label)
        for label in range(_num_classes(labels))
    ]
    counts = np.array([len(indices) for indices in shuffled], dtype=np.int64)
    if not is_given:
        counts = np.maximum(1, np.floor(TEST_SHARE * counts + 0.5)).astype(np.int64)
    counts = _level(counts, GIVEN_TEST_LIMIT if is_given else TEST_LIMIT)
    return np.sort(np.concatenate([indices[:count] for indices, count in zip(shuffled, counts, strict=True)]))


def _level(counts: np.ndarray, limit: int) -> np.ndarray:
    """Cut the largest classes to one height, so that the sum is `limit` at most; each keeps one."""
    if counts.sum() <= limit:
        return counts
    fits, too_high = 1, int(counts.max())  # a set may have a million images: halve the range, do not walk it
    while too_high - fits > 1:
        height = (fits + too_high) // 2
        fits, too_high = (height, too_high) if np.minimum(counts, height).sum() <= limit else (fits, height)
    return np.minimum(counts, fits)


def _order_pool(labels: np.ndarray, parts: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """Every image to learn from, in the order in which a growing `num_images` takes them in: fields `index`, `is_val`.

    Classes take turns in proportion to their sizes (Sainte-Lague's method), after two of each. Within a class one in
    five is for validation: the second, the eighth, the thirteenth ..., which makes 20 % of any beginning, rounded.
    """
    free = np.ones(len(labels), dtype=bool)
    free[test] = False
    has_val = bool((parts == "val").any())
    rows = []
    for label in range(_num_classes(labels)):
        mine = free & (labels == label)
        train = _shuffled(np.flatnonzero(mine & ((parts == "") | (parts == "train"))), _POOL_ENTROPY, seed, label, 0)
        val = _shuffled(np.flatnonzero(mine & (parts == "val")), _POOL_ENTROPY, seed, label, 1)
        index, is_val = _interleave(train, val) if has_val else (train, _is_val(np.arange(len(train))))
        if len(index) < LEAST_PER_CLASS or is_val.all() or not is_val.any():
            raise DataError(
                _(
                    "Class number {n} has too few images that can be read: each needs one to train, one to check and one to "
                    "test.",
                    n=label + 1,
                )
            )
        turn = np.arange(len(index))
        key = np.where(turn < LEAST_PER_CLASS, turn - LEAST_PER_CLASS, (turn + 0.5) / len(index))
        rows.append((index, is_val, key, np.full(len(index), label)))
    if not rows:
        raise DataError(_("There is no image that can be read."))
    index, is_val, key, label = (np.concatenate(column) for column in zip(*rows, strict=True))
    order = np.lexsort((label, key))
    pool = np.rec.fromarrays([index[order], is_val[order]], names="index,is_val")
    over = pool["is_val"] & (np.cumsum(pool["is_val"]) > VAL_LIMIT)
    if has_val:
        return pool[~over]
    pool["is_val"][over] = False
    return pool


def _is_val(turn: np.ndarray) -> np.ndarray:
    return (turn == 1) | ((turn >= 7) & (turn % 5 == 2))


def _interleave(train: np.ndarray, val: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One class's order where validation has a folder of its own: as many of it as there are turns for it."""
    is_val = _is_val(np.arange(len(train) + len(val)))
    is_val &= np.cumsum(is_val) <= len(val)
    is_val = is_val[: int(np.searchsorted(np.cumsum(~is_val), len(train), side="right"))]
    index = np.empty(len(is_val), dtype=np.int64)
    index[~is_val] = train[: int((~is_val).sum())]
    index[is_val] = val[: int(is_val.sum())]
    return index, is_val
