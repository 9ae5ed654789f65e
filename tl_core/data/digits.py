"""scikit-learn's handwritten digits, the data set that is on every machine."""

import functools
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import distribution, version

import numpy as np

from tl_core.data.entry import Entry
from tl_core.data.layout import Item, Layout
from tl_core.language import mark

NUM_CLASSES = 10
DIGITS = Entry(
    name="digits",
    title=mark("Handwritten digits"),
    num_classes=NUM_CLASSES,
    num_images=1797,
    present=True,
    download_mb=0.0,
    licence="CC BY 4.0",
    source="UCI Machine Learning Repository, Optical Recognition of Handwritten Digits; comes with scikit-learn",
    description=mark("Ten handwritten digits, 8 x 8 pixels of grey."),
    mirror_safe=False,
)


def entries() -> dict[str, Entry]:
    return {DIGITS.name: DIGITS}


def fingerprint_parts(name: str) -> tuple[str, ...]:
    return name, version("scikit-learn")


def layout(name: str) -> Layout:
    labels = _load()[1].tolist()
    order = sorted(range(len(labels)), key=lambda i: (labels[i], i))
    items = tuple(Item(labels[i], "", str(i)) for i in order)
    return Layout(tuple(map(str, range(NUM_CLASSES))), items, (), 64 * len(items))


def read(name: str, refs: Sequence[str], alive: Callable[[], None], size: int) -> Iterator[tuple[str, np.ndarray]]:
    """Each picture at its own size: (8, 8, 3) uint8, white strokes on black."""
    images = _load()[0]
    for ref in refs:
        yield ref, images[int(ref)]


@functools.cache
def _load() -> tuple[np.ndarray, np.ndarray]:
    """Read where scikit-learn keeps them, as its `load_digits` does: to import it would take two seconds of every worker."""
    table = np.loadtxt(distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz"), delimiter=",")
    grey = (table[:, :-1].reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)  # 0..16 -> 0..255
    return np.repeat(grey[..., None], 3, axis=3), table[:, -1].astype(np.int64)
