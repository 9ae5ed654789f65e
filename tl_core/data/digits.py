"""scikit-learn's handwritten digits, the data set that is on every machine."""

import functools
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

import numpy as np

TITLE = "Handwritten digits"
NUM_IMAGES = 1797
NUM_CLASSES = 10


def fingerprint_parts() -> tuple[str, str]:
    return "digits", version("scikit-learn")


def labels() -> list[int]:
    return _load()[1].tolist()


def read(refs: Sequence[str], alive: Callable[[], None]) -> Iterator[tuple[str, np.ndarray]]:
    """Each picture at its own size: (8, 8, 3) uint8, white strokes on black."""
    images = _load()[0]
    for ref in refs:
        yield ref, images[int(ref)]


@functools.cache
def _load() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits  # takes a second, and a cached index usually does without

    data = load_digits()
    grey = (data.images * (255 / 16)).round().astype(np.uint8)  # 0..16 -> 0..255
    return np.repeat(grey[..., None], 3, axis=3), data.target
