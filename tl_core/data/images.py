"""One picture: from the bytes of a file to a square of pixels, safe to use on files from strangers."""

import base64
import contextlib
import io
import re
import threading
import time

import numpy as np
from PIL import Image

from tl_core.data.metadata import EndlessError, bare_jpeg, bare_png, orientation_of
from tl_core.errors import DataError
from tl_core.language import _

MAX_PIXELS = 25_000_000  # decoded, 25 Mpx take 100 MB; larger phone pictures do exist, but are no use at 224 pixels
MAX_WEBP_PIXELS = 16_000_000  # its decoder holds four copies of the canvas
MAX_SIDE = 65_535  # JPEG's own
MAX_FILE_BYTES = 64 * 2**20
MAX_CPU_SECONDS = 1.5  # of reading one file; 25 Mpx of PNG take 1.3
MAX_SCAN_PIXELS = 2_000_000_000  # passes x pixels: a pass over 25 Mpx takes 16 ms and as little as 12 bytes of file
MAX_ASPECT = 4  # what lies further from the centre of a strip is not kept
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM")  # of Pillow's 43; PPM is what the road sign sets come in
FORMATS_TEXT = "PNG, JPEG, WebP, BMP, GIF or PPM"
SUFFIXES = frozenset(".png .jpg .jpeg .jpe .jfif .webp .bmp .gif .ppm .pgm .pbm".split())
HEAD_BYTES = 16

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", *(b"P%d" % i for i in range(1, 7)))
_OTHERS = (  # what files with a picture's name turn out to be
    (re.compile(rb"II\*\0|MM\0\*"), "a TIFF picture"),
    (re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.S), "a HEIC picture, as iPhones take them"),
    (re.compile(rb"....ftypavi", re.S), "an AVIF picture"),
    (re.compile(rb"....ftyp|\x1aE\xdf\xa3", re.S), "a video"),
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"\s*<(svg|\?xml)", re.I), "an SVG drawing or an XML file"),
    (re.compile(rb"\s*<(!doctype|html)", re.I), "a web page"),
    (re.compile(rb"PK\x03\x04|\x1f\x8b|\xfd7zXZ|7z\xbc\xaf|Rar!"), "an archive"),
)
_READS_BETWEEN_CHECKS = 16
_TIMED_FROM_BYTES = 2**16  # asking for the time takes longer than reading 32 x 32 pixels; so little cannot take long,
# but for a run-length coded BMP, whose rows Pillow fills up pixel by pixel
_READ_BYTES = 2**16
_LARGE_PIXELS = 4_000_000
_large = threading.Lock()  # pictures that take hundreds of megabytes are decoded one after the other
_PLAIN = (b"P1", b"P2", b"P3")  # Pillow copies the rest of a block for each comment
_MAX_COMMENTS = 1000
_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def looks_like_image(head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` of a file are those of a picture in one of `FORMATS`."""
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def content_reason(head: bytes) -> str:
    """Why a file with a picture's name cannot be used, told from its first `HEAD_BYTES`; '' if it can."""
    if looks_like_image(head):
        return ""
    other = _other_kind(head)
    return f"its content is {other}" if other else "its content is not that of an image"


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


def to_png(image: np.ndarray | Image.Image) -> str:
    """A picture for a page: PNG in base64. Arrays are (H, W, 3) uint8."""
    buffer = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(buffer, "PNG", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()


def open_image(data: bytes, name: str, side: int) -> Image.Image:
    """Decode into an upright RGB image with no metadata, enough of it for a square of `side` pixels.

    The number of pixels is checked on the header, before anything is decoded. Large pictures may come smaller, but
    not below 2 x `side`, and of a strip the middle `MAX_ASPECT` squares. Transparent parts become white; of an
    animation the first frame is taken. Raises `DataError`.
    """
    if not data:
        raise DataError(_("'{name}' is empty or could not be read.", name=name))
    if len(data) > MAX_FILE_BYTES:
        raise DataError(_("'{name}' is larger than {n} MB.", name=name, n=MAX_FILE_BYTES // 2**20))
    head, orientation = data[:HEAD_BYTES], 0
    if data.startswith(b"\xff\xd8\xff"):
        try:
            data, orientation, num_scans = bare_jpeg(data)
        except EndlessError:
            raise DataError(_too_slow(name)) from None
    if data[:2] in _PLAIN and data.count(b"#") > _MAX_COMMENTS:
        raise DataError(_too_slow(name))
    image = _open(data, name, head)
    if max(image.size) > MAX_SIDE:
        raise DataError(
            _("'{name}' is more than {max_side:,} pixels wide or high; cut it first.", name=name, max_side=MAX_SIDE)
        )
    if image.width * image.height > (MAX_WEBP_PIXELS if image.format == "WEBP" else MAX_PIXELS):
        raise DataError(_too_large(name, image.format))
    if image.format == "JPEG":
        if num_scans * image.width * image.height > MAX_SCAN_PIXELS:
            raise DataError(_too_slow(name))
        if min(image.size) >= 4 * side:
            image.draft("RGB", (2 * side, 2 * side))
    image.decodermaxblock = _READ_BYTES
    is_large = image.width * image.height > _LARGE_PIXELS and (image.format != "JPEG" or num_scans > 1)
    with _large if is_large else contextlib.nullcontext():
        return _load(image, name, side, orientation)


def _load(image: Image.Image, name: str, side: int, orientation: int) -> Image.Image:
    try:
        image.load()
    except _TooSlow:
        raise DataError(_too_slow(name)) from None
    except Exception:
        raise DataError(_("'{name}' is a damaged image: only a part of it can be read.", name=name)) from None
    try:
        orientation = orientation or orientation_of(image.info)
        image = _to_rgb(_crop(image), side)
        return image.transpose(_TURN[orientation]) if orientation in _TURN else image
    except Exception:
        raise DataError(
            _("'{name}' is an image of a kind that cannot be used (mode {mode}).", name=name, mode=image.mode)
        ) from None


class _TooSlow(Exception):
    pass


class _TimedFile(io.BytesIO):
    """Stops a decoder that goes on for too long; those of headers, text and some formats are loops in Python.

    What it counts is the thread's own time, so that a file is read or not whatever else the machine does.
    """

    def __init__(self, data: bytes, deadline: float) -> None:
        super().__init__(data)
        self._num_reads = 0
        self._deadline = deadline

    def read(self, size: int = -1) -> bytes:
        self._num_reads += 1
        seldom = self._num_reads % _READS_BETWEEN_CHECKS and 0 <= size < _READ_BYTES
        if not seldom and time.thread_time() > self._deadline:
            raise _TooSlow
        return super().read(size)


def _open(data: bytes, name: str, head: bytes) -> Image.Image:
    # Pillow's decoders raise nearly anything on damaged files: OSError, SyntaxError, ValueError, struct.error ...
    deadline = time.thread_time() + MAX_CPU_SECONDS
    try:
        return _open_with_pillow(data, deadline)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(_too_large(name)) from None
    except _TooSlow:
        raise DataError(_too_slow(name)) from None
    except Exception:
        pass
    if data.startswith(_MAGIC[0]):  # damaged or endless text is no reason to lose the picture
        try:
            return _open_with_pillow(bare_png(data), deadline)
        except Exception:
            pass
    other = _other_kind(head)
    if other:
        raise DataError(_("'{name}' is {what}.", name=name, what=other))
    if looks_like_image(head):
        raise DataError(
            _("'{name}' is not an image in {formats} format or it is damaged.", name=name, formats=FORMATS_TEXT)
        )
    raise DataError(_("'{name}' is not an image in {formats} format.", name=name, formats=FORMATS_TEXT))


def _open_with_pillow(data: bytes, deadline: float) -> Image.Image:
    is_timed = len(data) >= _TIMED_FROM_BYTES or data.startswith(b"BM")
    file = _TimedFile(data, deadline) if is_timed else io.BytesIO(data)
    return Image.open(file, formats=FORMATS)


def _too_large(name: str, format: str | None = None) -> str:
    if format == "WEBP":
        n = MAX_WEBP_PIXELS // 10**6
        return _("'{name}' has more than {n} million pixels, as WebP; save it smaller.", name=name, n=n)
    return _("'{name}' has more than {n} million pixels; save it smaller.", name=name, n=MAX_PIXELS // 10**6)


def _too_slow(name: str) -> str:
    return _(
        "'{name}' is stored in a way that takes too long to read: open it in a picture program and save it as PNG.",
        name=name,
    )


def _other_kind(head: bytes) -> str:
    kind = next((kind for pattern, kind in _OTHERS if pattern.match(head)), "")
    return f"{kind}: save it as JPEG or PNG" if "picture" in kind or "drawing" in kind else kind


def _crop(image: Image.Image) -> Image.Image:
    width, height = image.size
    wide, high = min(width, MAX_ASPECT * height), min(height, MAX_ASPECT * width)
    left, top = (width - wide) // 2, (height - high) // 2
    return image if (wide, high) == image.size else image.crop((left, top, left + wide, top + high))


def _reduce(image: Image.Image, side: int) -> Image.Image:
    """Average whole blocks, as long as 2 x `side` pixels stay: what comes after takes less memory."""
    factor = min(image.size) // (2 * side)
    return image.reduce(factor) if factor > 1 and image.width * image.height > _LARGE_PIXELS else image


def _to_rgb(image: Image.Image, side: int) -> Image.Image:
    if image.mode == "F":
        raise ValueError(image.mode)
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow's own conversion saturates
        grey = np.asarray(_reduce(image.convert("I"), side)).astype(np.float32) / 257
        return Image.fromarray((grey + 0.5).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.width * image.height > _LARGE_PIXELS:
            image = _reduce(image.convert("RGBa"), side).convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    elif image.mode in ("1", "P"):
        image = image.convert("RGB")
    image = _reduce(image, side)
    return image if image.mode == "RGB" else image.convert("RGB")
