import io
import struct
import zlib

import numpy as np
import pytest
from pictures import encode, picture
from PIL import Image

from tl_core.data.images import MAX_FILE_BYTES, fit, looks_like_image, open_image, read_image
from tl_core.errors import DataError


def solid(mode, colour, size=(12, 8)):
    return Image.new(mode, size, colour)


def test_picture_of_the_right_size_keeps_its_pixels():
    data = picture(size=(32, 32))
    expected = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(read_image(data, 32), expected)


@pytest.mark.parametrize("size", [(40, 20), (20, 40), (7, 7), (3, 100)])
def test_any_shape_becomes_the_square(size):
    image = read_image(picture(size=size), 16)
    assert image.shape == (16, 16, 3)
    assert image.dtype == np.uint8


def test_centre_is_kept():
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    assert (read_image(encode(Image.fromarray(pixels)), 10) == 200).all()


def test_shrinking_is_antialiased():
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))[..., None].repeat(3, axis=2)
    assert abs(int(read_image(encode(Image.fromarray(stripes)), 16).mean()) - 127) <= 1
    assert fit(stripes, 16).std() < 20


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (solid("L", 127), 127),
        (solid("1", 1), 255),
        (solid("LA", (0, 0)), 255),
        (solid("RGBA", (0, 0, 0, 128)), 127),
        (solid("RGBA", (10, 20, 30, 0)), 255),
        (solid("I;16", 127 * 257), 127),
        (solid("RGB", (90, 90, 90)).quantize(4), 90),
    ],
    ids=["grey", "bilevel", "grey-alpha", "half-alpha", "clear", "16-bit", "palette"],
)
def test_modes(image, expected):
    assert abs(read_image(encode(image), 8).astype(int) - expected).max() <= 1


def test_palette_with_transparency_is_on_white():
    image = solid("RGB", (0, 0, 0)).quantize(2)
    assert (read_image(encode(image, transparency=image.getpixel((0, 0))), 8) == 255).all()


def test_cmyk_jpeg():
    assert abs(read_image(encode(solid("CMYK", (0, 0, 0, 128)), "JPEG"), 8).astype(int) - 127).max() <= 2


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(format):
    frames = [solid("RGB", (c, c, c)) for c in (60, 250)]
    data = encode(frames[0], format, save_all=True, append_images=frames[1:])
    assert abs(read_image(data, 8).astype(int) - 60).max() <= 2


def test_exif_orientation_turns_the_picture():
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :20] = 255  # left half white; orientation 6 turns it to the top
    exif = Image.Exif()
    exif[274] = 6
    image = open_image(encode(Image.fromarray(pixels), "JPEG", exif=exif, quality=95), "x", 64)
    assert image.size == (20, 40)
    assert np.asarray(image)[:18].mean() > 240
    assert np.asarray(image)[22:].mean() < 15


def test_large_jpeg_is_drafted_to_the_same_picture():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(80, 0).repeat(80, 1)
    data = encode(Image.fromarray(pixels), "JPEG", quality=95)
    assert open_image(data, "x", 32).width < 640
    assert abs(read_image(data, 32).astype(int) - fit(pixels, 32).astype(int)).mean() < 6


def png_of(width: int, height: int) -> bytes:
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [5001, 13_000, 100_000])
def test_pixel_bombs_are_refused_by_their_header(side):
    with pytest.raises(DataError, match="'x.png' has more than 25 million pixels"):
        read_image(png_of(side, side), 32, "x.png")


def test_a_long_thin_picture_does_not_grow():
    assert read_image(encode(Image.new("L", (20_000_000, 1))), 224).shape == (224, 224, 3)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (b"hello", "is not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not an image"),
        (picture(format="TIFF"), "is not an image"),
        (picture(size=(200, 200), format="JPEG")[:4000], "is a damaged image"),
        (picture(size=(200, 200))[:4000], "is a damaged image"),
        (b"\xff\xd8\xff" + b"\0" * 100, "is not an image"),
    ],
    ids=["empty", "text", "svg", "tiff", "cut jpeg", "cut png", "only the magic"],
)
def test_what_is_no_picture_is_one_sentence(data, text):
    with pytest.raises(DataError, match=f"^'x.png' {text}") as caught:
        read_image(data, 32, "x.png")
    assert "\n" not in str(caught.value)


def test_large_files_are_refused():
    with pytest.raises(DataError, match="larger than 64 MB"):
        read_image(bytes(MAX_FILE_BYTES + 1), 32, "x.png")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM"])
def test_looks_like_image(format):
    assert looks_like_image(picture(format=format)[:16])
    assert not looks_like_image(b"#!/bin/sh")
