"""Whole pictures and archives for `scripts.fuzz` to damage: one of every kind that the import reads."""

import functools
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

ARCHIVES = ("stored.zip", "deflated.zip", "plain.tar", "packed.tar.gz", "packed.tar.xz")
ODD_NAMES = (
    "../../../escaped.png", "/escaped.png", "C:\\escaped.png", "..\\..\\escaped.png", "cat/../../escaped.png",
    "cat/0.png", "__MACOSX/cat/._0.png", "cat/.DS_Store", "Thumbs.db", ".ipynb_checkpoints/1.png", "cat/notes.txt",
    "猫/1.png", "e\u0301/1.png", "a\u202eb/1.png", "<script>/1.png", "con/nul.png", "cat/" + "x" * 250 + ".png", 
    "inner.zip/cat/1.png", 
    "cat/a/b/c/d/e/f/1.png", "loose.png", "cat/1.heic", "cat//1.png", "./dog/9.png", "train/cat/1.png", "classes.json",
)  # fmt: skip


@functools.cache
def pictures() -> dict[str, bytes]:
    """Name with its suffix, and the file: JPEG, PNG, WebP, BMP, GIF and PPM in the variants that people have."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    rgb = coarse.resize((72, 56), Image.Resampling.BICUBIC)
    rgba = rgb.copy()
    rgba.putalpha(rgb.getchannel(0))
    other = rgb.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    grey = rgb.convert("L")
    wide = np.asarray(grey).astype(np.uint16) * 257
    exif = Image.Exif()
    exif[274], exif[270] = 6, "a caption"
    save = _encode
    return {
        "baseline.jpg": save(rgb, "JPEG", quality=80),
        "grey.jpg": save(grey, "JPEG"),
        "progressive.jpg": save(rgb, "JPEG", progressive=True, quality=80),
        "cmyk.jpg": save(rgb.convert("CMYK"), "JPEG"),
        "exif.jpg": save(rgb, "JPEG", exif=exif, comment=b"a comment", icc_profile=bytes(300)),
        "restart.jpg": save(rgb, "JPEG", restart_marker_blocks=2),
        "two.jpg": save(rgb, "MPO", save_all=True, append_images=[other]),
        "rgb.png": save(rgb, "PNG"),
        "alpha.png": save(rgba, "PNG", exif=exif),
        "palette.png": save(rgb.quantize(16), "PNG", transparency=3),
        "one_bit.png": save(rgb.convert("1"), "PNG"),
        "grey16.png": save(Image.fromarray(wide), "PNG"),
        "grey_alpha.png": save(rgba.convert("LA"), "PNG"),
        "interlaced.png": _png(wide, interlaced=True),
        "rgb16.png": _png(wide, interlaced=False),
        "text.png": _with_text(save(rgb, "PNG")),
        "animated.png": save(rgb, "PNG", save_all=True, append_images=[other]),
        "lossy.webp": save(rgb, "WEBP", quality=60),
        "lossless.webp": save(rgba, "WEBP", lossless=True, exif=exif),
        "animated.webp": save(rgba, "WEBP", save_all=True, append_images=[other.convert("RGBA")]),
        "rgb.bmp": save(rgb, "BMP"),
        "palette.bmp": save(rgb.quantize(16), "BMP"),
        "alpha.bmp": save(rgba, "BMP"),
        "rle.bmp": _rle_bmp(),
        "palette.gif": save(rgb.quantize(64), "GIF", comment=b"a comment"),
        "animated.gif": save(rgb, "GIF", save_all=True, append_images=[other, rgb], duration=50, transparency=0),
        "raw.ppm": save(rgb, "PPM"),
        "raw.pgm": save(grey, "PPM"),
        "raw.pbm": save(rgb.convert("1"), "PPM"),
        "deep.pgm": b"P5 # deep\n72 56\n65535\n" + wide.byteswap().tobytes(),
        "odd.ppm": b"P6 36 28 100\n" + bytes(i % 101 for i in range(36 * 28 * 3)),
        "plain.ppm": b"P3 # plain\n24 18\n255\n" + b" ".join(b"%d" % (i % 256) for i in range(24 * 18 * 3)),
    }


def archive(kind: str, files: list[tuple[str, bytes]]) -> bytes:
    """A zip or tar of one of `ARCHIVES` with these files, in this order, whatever their names."""
    buffer = io.BytesIO()
    if kind.endswith(".zip"):
        method = zipfile.ZIP_STORED if kind == "stored.zip" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(buffer, "w", method) as writer:
            for name, data in files:
                writer.writestr(zipfile.ZipInfo(name), data, method)
    else:
        with tarfile.open(fileobj=buffer, mode="w") as writer:
            for name, data in files:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                writer.addfile(member, io.BytesIO(data))
    return pack(kind, buffer.getvalue())


def pack(kind: str, data: bytes) -> bytes:
    """Compressed as the suffix says, without the time of day that gzip writes."""
    if kind.endswith(".gz"):
        return gzip.compress(data, mtime=0)
    return lzma.compress(data) if kind.endswith(".xz") else data


def members(choose: Callable[[int], int]) -> list[tuple[str, bytes]]:
    """Two classes of three pictures, at times in an outer folder or below train/, and up to three odd names."""
    everything = list(pictures().items())
    outer = ("", "", "pets/", "a/b/", "train/")[choose(5)]
    files = []
    for number in range(6):
        name, data = everything[choose(len(everything))]
        files.append((f"{outer}{('cat', 'dog')[number % 2]}/{number}-{name}", data))
    for _ in range(choose(4)):
        files.insert(
            choose(len(files) + 1), (ODD_NAMES[choose(len(ODD_NAMES))], everything[choose(len(everything))][1])
        )
    return files


def _encode(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(grey: np.ndarray, interlaced: bool) -> bytes:
    """16 bits a colour, which Pillow reads but does not write; interlaced, the seven passes of Adam7."""
    pixels = np.repeat(grey[..., None], 3, axis=2).astype(">u2")
    steps = [(0, 0, 1, 1)]
    if interlaced:
        steps = [
            (0, 0, 8, 8),
            (0, 4, 8, 8),
            (4, 0, 8, 4),
            (0, 2, 4, 4),
            (2, 0, 4, 2),
            (0, 1, 2, 2),
            (1, 0, 2, 1),
        ]
    rows = [b"\0" + row.tobytes() for top, left, down, right in steps for row in pixels[top::down, left::right]]
    header = struct.pack(">IIBBBBB", grey.shape[1], grey.shape[0], 16, 2, 0, 0, interlaced)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(b"".join(rows))) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _with_text(png: bytes) -> bytes:
    packed = zlib.compress(b"words " * 500)
    chunks = png_chunk(b"tEXt", b"Title\0words") + png_chunk(b"zTXt", b"More\0\0" + packed)
    chunks += png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed) + png_chunk(b"iCCP", b"icc\0\0" + packed)
    return png[:33] + chunks + png[33:]


def _rle_bmp() -> bytes:
    palette = b"".join(bytes((i, 255 - i, i // 2, 0)) for i in range(256))
    rows = b"".join(b"\x10%c\x10%c\0\3abc\0\5\1\0\0" % (y * 8, 255 - y * 8) for y in range(30)) + b"\0\1"
    start = 54 + len(palette)
    head = b"BM" + struct.pack("<LHHL", start + len(rows), 0, 0, start)
    return head + struct.pack("<LllHHLLllLL", 40, 40, 30, 1, 8, 1, len(rows), 0, 0, 256, 0) + palette + rows
