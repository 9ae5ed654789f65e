"""Which picture is looked at: one of a data set, by its index, or one that a visitor sent."""

import base64
from pathlib import Path
from typing import Any

import numpy as np

from tl_core.data import apply_distance, open_source
from tl_core.data.arrays import load_arrays, unreadable
from tl_core.data.images import MAX_FILE_BYTES, fit, open_image, to_png
from tl_core.data.source import ImageSource
from tl_core.data.split import make_split
from tl_core.errors import DataError
from tl_core.explain.tiles import picture_png
from tl_core.language import _

NUM_SAMPLES = 12
LARGEST_SIDE = 224  # px of a received picture that is kept; no network here sees more


def samples(data: str, size: int, distance: float = 0.0, count: int = NUM_SAMPLES) -> list[dict[str, Any]]:
    """A few test pictures of a data set, classes in turn: `index`, `label` and `png` (base64), as the dial shows them.

    `size`: px a network sees. Test pictures, because no run has learnt from them. Raises `DataError` or `ArchiveError`.
    """
    source = open_source(data)
    drawn = _in_turn(source, make_split(source.labels, source.given, None, 0).test)[: 2 * count]
    bad = unreadable(source, drawn, size, whole=False)
    images = load_arrays(source, drawn, size, whole=False)
    shown = [row for row, index in enumerate(drawn) if int(index) not in bad][:count]
    if not shown:
        raise DataError(
            _("None of the test images of '{title}' can be read. Upload a picture instead.", title=source.title)
        )
    return [
        {"index": int(drawn[row]), "label": label_of(source, int(drawn[row])), "png": picture_png(image)}
        for row, image in zip(shown, apply_distance(images[shown], distance), strict=True)
    ]


def _in_turn(source: ImageSource, indices: np.ndarray) -> np.ndarray:
    """The same indices shuffled, one of each class after the other."""
    order = np.random.default_rng(len(source.items)).permutation(indices)
    labels, turn = source.labels[order], np.zeros(len(order), int)
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    return order[np.lexsort((labels, turn))]


def label_of(source: ImageSource, index: int) -> str:
    return source.class_names[source.labels[index]]


def receive(path: str, name: str) -> str:
    """A received file as a square PNG in base64, at most `LARGEST_SIDE` wide. Raises `DataError` for what is no picture."""
    try:
        data = Path(path).read_bytes()[: MAX_FILE_BYTES + 1]
    except OSError:
        raise DataError(_("'{name}' did not arrive whole. Choose it again.", name=name)) from None
    image = open_image(data, name, LARGEST_SIDE)
    return to_png(fit(image, min(LARGEST_SIDE, *image.size)))


def load_picture(size: int, data: str = "", index: int = -1, png: str = "") -> tuple[np.ndarray, str | None]:
    """(size, size, 3) uint8 of picture `index` of a data set, with its class, or of what `receive` gave, without one.

    Raises `DataError` if it cannot be read or there is no such picture.
    """
    if png:
        return fit(open_image(base64.b64decode(png), "picture", size), size), None
    source = open_source(data)
    if not 0 <= index < len(source.items):
        raise DataError(
            _("'{title}' has no picture number {index:,}. Choose one of those shown.", title=source.title, index=index)
        )
    bad = unreadable(source, [index], size, whole=False)
    if bad:
        raise DataError(bad[index])
    return np.asarray(load_arrays(source, [index], size, whole=False))[0], label_of(source, index)
