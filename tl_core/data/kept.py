"""How one picture from a stranger is kept: upright RGB of a modest size, encoded by us, with nothing but its pixels."""

import functools
import io
import re
from typing import NamedTuple

import numpy as np
from PIL import Image

from tl_core.data.images import MAX_ASPECT, fit, open_image

SHORT_SIDE = 256
JPEG_QUALITY = 92
THUMBNAIL_SIDE = 128
MARK_SIDE = 16
MARK = np.dtype([("hash", "<u8"), ("small", "u1", (MARK_SIDE, MARK_SIDE, 3)), ("grey", "?")])
_JPEG_FROM_SIDE = 65  # smaller pictures would suffer from a second compression
_GREY_BELOW = 3.0  # mean distance between the largest and the smallest of R, G and B; JPEG alone makes about 1


class Kept(NamedTuple):
    """A picture as it is kept.

    - `data`: the bytes of a file, `suffix` '.jpg' or '.png'.
    - `short_side`: as received, in pixels; 512 stands for anything larger.
    - `thumbnail`: a JPEG of the centre square.
    - `mark`: what a check-up needs of it, a `MARK`: the 64-bit difference hash, the picture at 16 x 16, whether it is grey.
    """

    data: bytes
    suffix: str
    short_side: int
    thumbnail: bytes
    mark: np.void


def keep(data: bytes, name: str) -> Kept:
    """Decode, shrink and encode a received picture; one that was encoded here before keeps its bytes.

    Raises `DataError` with one sentence that begins with `name`.
    """
    image = open_image(data, name, SHORT_SIDE)
    short_side = min(*image.size, 2 * SHORT_SIDE)  # what comes smaller than it was is not made smaller than that
    is_jpeg = data[:2] == b"\xff\xd8"
    if not (is_jpeg and _is_own_jpeg(data, image.size)):
        image = _shrink(image)
        as_jpeg = is_jpeg and min(image.size) >= _JPEG_FROM_SIDE
        data = _encode(image, "JPEG", quality=JPEG_QUALITY) if as_jpeg else _encode(image, "PNG", compress_level=3)
    suffix = ".jpg" if data[:2] == b"\xff\xd8" else ".png"
    thumbnail = _encode(Image.fromarray(fit(image, THUMBNAIL_SIDE)), "JPEG", quality=80)
    return Kept(data, suffix, short_side, thumbnail, make_mark(image))


def make_mark(image: Image.Image) -> np.void:
    """What is compared between pictures, as one `MARK`."""
    mark = np.zeros((), MARK)
    grey = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = (grey[:, 1:] > grey[:, :-1]).ravel()  # the difference hash: does it get brighter to the right?
    mark["hash"] = np.packbits(bits).view("<u8")[0]
    small = np.asarray(image.resize((MARK_SIDE, MARK_SIDE), Image.Resampling.BOX))
    mark["small"] = small
    mark["grey"] = (small.max(axis=2).astype(np.int16) - small.min(axis=2)).mean() < _GREY_BELOW
    return mark[()]


def _shrink(image: Image.Image) -> Image.Image:
    """Its pixels alone (no places, names, comments), the short side 256 at most."""
    short = min(image.size)
    if short > SHORT_SIDE:
        size = tuple(max(1, round(side * SHORT_SIDE / short)) for side in image.size)
        image = image.resize(size, Image.Resampling.BICUBIC)
    return Image.fromarray(np.asarray(image))


def _encode(image: Image.Image, format: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def _is_own_jpeg(data: bytes, size: tuple[int, int]) -> bool:
    """Whether these are bytes that `keep` could have written: our own header to the last bit, then only the coded picture."""
    if not _JPEG_FROM_SIDE <= min(size) <= SHORT_SIDE or max(size) > MAX_ASPECT * min(size):
        return False
    header = _own_header(size)
    body = data[len(header) :]
    return data.startswith(header) and body.endswith(b"\xff\xd9") and not re.search(rb"\xff[^\x00]", body[:-2])


@functools.lru_cache(maxsize=256)
def _own_header(size: tuple[int, int]) -> bytes:
    data = _encode(Image.new("RGB", size), "JPEG", quality=JPEG_QUALITY)
    scan = data.index(b"\xff\xda")
    return data[: scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")]
