"""One picture: from the bytes of a file to a square of pixels, safe to use on files from strangers."""

import io

import numpy as np
from PIL import Image, ImageOps

from tl_core.errors import DataError

MAX_PIXELS = 25_000_000  # decoded, 25 Mpx take 75 MB; larger phone pictures do exist, but are no use at 224 pixels
MAX_FILE_BYTES = 64 * 2**20
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM")  # of Pillow's 43; PPM is what the road sign sets come in
FORMATS_TEXT = "PNG, JPEG, WebP, BMP, GIF or PPM"
SUFFIXES = frozenset(".png .jpg .jpeg .jpe .jfif .webp .bmp .gif .ppm .pgm .pbm".split())
HEAD_BYTES = 16
_EXIF_KEYS = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp", "Raw profile type xmp"}

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", *(b"P%d" % i for i in range(1, 7)))


def looks_like_image(head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` of a file are those of a picture in one of `FORMATS`."""
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_image(data: bytes, size: int, name: str = "picture") -> np.ndarray:
    """Decode a picture into its centre square: (size, size, 3) uint8, RGB.

    The same as resizing the short side to `size` (bicubic, antialiased) and cropping the centre, without ever making
    the long side. A picture that already is `size` x `size` keeps its pixels.
    Raises `DataError` with one sentence that begins with `name`.
    """
    return fit(open_image(data, name, size), size)


def fit(image: Image.Image | np.ndarray, size: int) -> np.ndarray:
    """The centre square of an RGB picture at `size`: (size, size, 3) uint8. Arrays are (H, W, 3) uint8."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    if image.size != (size, size):
        width, height = image.size
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        image = image.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    return np.array(image, dtype=np.uint8)


def open_image(data: bytes, name: str, side: int) -> Image.Image:
    """Decode into an upright RGB image with no metadata; a JPEG may come smaller, but not below 2 x `side`.

    The number of pixels is checked on the header, before anything is decoded. Transparent parts become white; of an
    animation the first frame is taken. Raises `DataError`.
    """
    if not data:
        raise DataError(f"'{name}' is empty or could not be read.")
    if len(data) > MAX_FILE_BYTES:
        raise DataError(f"'{name}' is larger than {MAX_FILE_BYTES // 2**20} MB.")
    # Pillow's decoders raise nearly anything on damaged files: OSError, SyntaxError, ValueError, struct.error ...
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(_too_large(name)) from None
    except Exception:
        raise DataError(f"'{name}' is not an image in {FORMATS_TEXT} format.") from None
    if image.width * image.height > MAX_PIXELS:
        raise DataError(_too_large(name))
    try:
        if (
            image.format in ("JPEG", "MPO") and min(image.size) >= 4 * side
        ):  # MPO: what some phones write, a JPEG with a second one behind it
            image.draft("RGB", (2 * side, 2 * side))
        image.load()
    except Exception:
        raise DataError(f"'{name}' is a damaged image: only a part of it can be read.") from None
    try:
        return _to_rgb(_upright(image))
    except Exception:
        raise DataError(f"'{name}' is an image of a kind that cannot be used (mode {image.mode}).") from None


def _too_large(name: str) -> str:
    return f"'{name}' has more than {MAX_PIXELS // 10**6} million pixels; save it smaller."


def _upright(image: Image.Image) -> Image.Image:
    if not _EXIF_KEYS & image.info.keys():  # looking for it takes longer than decoding 32 x 32 pixels
        return image
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block is no reason to lose the picture
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise ValueError(image.mode)
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow's own conversion saturates
        grey = np.asarray(image).astype(np.float32) / 257
        image = Image.fromarray((grey + 0.5).clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return image if image.mode == "RGB" else image.convert("RGB")
