"""Numbers as small pictures: filters in colour, maps in grey. Without torch."""

import numpy as np
from PIL import Image

from tl_core.data.images import to_png

MAP_SIDE = 56  # px of a map on the screen; larger ones are averaged down, smaller ones shown pixel by pixel
PICTURE_SIDE = 112


def filter_png(weights: np.ndarray) -> str:
    """A filter (3, k, k) in colour: grey is a weight of 0, the filter's own largest weight is full colour. PNG, base64."""
    largest = float(np.abs(weights).max()) or 1.0
    pixels = 127.5 + 127.5 * weights.transpose(1, 2, 0) / largest
    return to_png(pixels.round().clip(0, 255).astype(np.uint8))


def map_png(values: np.ndarray, low: float, high: float) -> str:
    """A map (h, w) in grey: `low` is black and `high` white. PNG, base64, at most `MAP_SIDE` wide."""
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    image = Image.fromarray((255 * share).round().clip(0, 255).astype(np.uint8))
    if image.width > MAP_SIDE:
        image = image.resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BOX)
    return to_png(image)


def strip_png(values: np.ndarray, low: float, high: float) -> str:
    """A vector (D,) as one row of greys, one pixel a number. PNG, base64."""
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return to_png(Image.fromarray((255 * share[None]).round().clip(0, 255).astype(np.uint8)))


def picture_png(pixels: np.ndarray, side: int = PICTURE_SIDE) -> str:
    """A picture (S, S, 3) uint8, at most `side` wide. PNG, base64."""
    image = Image.fromarray(pixels)
    if image.width > side:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    return to_png(image)
