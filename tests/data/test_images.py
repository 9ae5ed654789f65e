import io
import struct
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pictures import encode, picture
from PIL import Image, ImageOps

from tl_core.data import images
from tl_core.data.images import MAX_FILE_BYTES, content_reason, fit, looks_like_image, open_image, read_image
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


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, rows: bytes = b"", depth: int = 8, colour: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [5001, 13_000, 100_000])
def test_pixel_bombs_are_refused_by_their_header(side):
    with pytest.raises(DataError, match="'x.png' has more than 25 million pixels"):
        read_image(png_of(side, side), 32, "x.png")


def test_a_long_thin_picture_does_not_grow():
    assert read_image(encode(Image.new("L", (65_535, 1))), 224).shape == (224, 224, 3)
    with pytest.raises(DataError, match="more than 65,535 pixels wide or high"):
        read_image(encode(Image.new("L", (65_536, 1))), 224)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (b"hello", "is not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing or an XML file: save it as JPEG or PNG"),
        (picture(format="TIFF"), "is a TIFF picture: save it as JPEG or PNG"),
        (picture(size=(200, 200), format="JPEG")[:4000], "is a damaged image"),
        (picture(size=(200, 200))[:4000], "is a damaged image"),
        (b"\xff\xd8\xff" + b"\0" * 100, "is not an image in PNG, JPEG, WebP, BMP, GIF or PPM format or it is damaged"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "is a HEIC picture, as iPhones take them: save it as JPEG or PNG"),
        (b"%PDF-1.7" + bytes(50), "is a PDF document"),
    ],
    ids=["empty", "text", "svg", "tiff", "cut jpeg", "cut png", "only the magic", "heic", "pdf"],
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


@pytest.mark.parametrize(("side", "expected"), [(40, 127), (2300, 127)])
@pytest.mark.parametrize("mode", ["I;16", "LA", "RGBA", "PA", "1", "L", "CMYK"])
def test_large_pictures_come_smaller_and_the_same(mode, side, expected):
    if mode == "PA":
        image = solid("RGBA", (90, 90, 90, 255), (side, side)).quantize(4, method=Image.Quantize.FASTOCTREE)
        options, expected = {"transparency": bytes([255] * 4)}, 90
    else:
        colour = {"I;16": 127 * 257, "LA": (0, 128), "RGBA": (0, 0, 0, 128), "1": 0, "L": 127, "CMYK": (0, 0, 0, 128)}
        image, options = solid(mode, colour[mode], (side, side)), {}
        expected = 0 if mode == "1" else expected
    data = encode(image, "JPEG" if mode == "CMYK" else "PNG", **options)
    opened = open_image(data, "x", 64)
    assert opened.mode == "RGB"
    assert opened.size == (40, 40) if side == 40 else 128 <= opened.width <= 600
    assert abs(np.asarray(opened).astype(int) - expected).max() <= 1


def test_colours_under_transparency_do_not_leak():
    pixels = np.zeros((2400, 2400, 4), np.uint8)
    pixels[::2] = (255, 0, 0, 0)  # clear, but red
    pixels[1::2] = (0, 0, 255, 255)
    opened = np.asarray(open_image(encode(Image.fromarray(pixels), compress_level=1), "x", 64)).astype(int)
    assert abs(opened.mean((0, 1)) - (127, 127, 255)).max() <= 2


def test_sixteen_bits_of_colour():
    rows = b"".join(b"\0" + struct.pack(">HHH", 10 * 257, 128 * 257, 250 * 257) * 9 for _ in range(7))
    image = np.asarray(open_image(png_of(9, 7, rows, depth=16, colour=2), "x", 64))
    assert image.shape == (7, 9, 3)
    assert abs(image.astype(int) - (10, 128, 250)).max() <= 1


def test_cmyk_as_photoshop_writes_it():
    data = encode(Image.merge("CMYK", [Image.new("L", (16, 16), c) for c in (0, 255, 255, 0)]), "JPEG", quality=95)
    assert b"Adobe" in data  # the marker under which 0 means full ink
    assert abs(np.asarray(open_image(data, "x", 8)).astype(int) - (255, 0, 0)).max() <= 6


def test_two_pictures_in_one_jpeg():
    first, second = solid("RGB", (10, 200, 30), (64, 64)), solid("RGB", (250, 0, 0), (64, 64))
    data = encode(first, "MPO", save_all=True, append_images=[second])
    assert abs(np.asarray(open_image(data, "x", 8)).astype(int) - (10, 200, 30)).max() <= 4
    assert open_image(encode(first, "JPEG") + bytes(10**6), "x", 64).size == (64, 64)  # a film behind the picture


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_as_pillow_turns_it(format, orientation):
    pixels = np.zeros((24, 48, 3), np.uint8)
    pixels[:12, :16] = 255
    image, exif = Image.fromarray(pixels), Image.Exif()
    exif[274] = orientation
    data = encode(image, format, exif=exif, **({"lossless": True} if format == "WEBP" else {}))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    np.testing.assert_array_equal(np.asarray(open_image(data, "x", 64)), np.asarray(expected))


def test_orientation_in_xmp_and_in_words():
    pixels = np.zeros((20, 40, 3), np.uint8)
    jpeg = encode(Image.fromarray(pixels), "JPEG", xmp=b'<x tiff:Orientation="6"/>')
    assert open_image(jpeg, "x", 64).size == (20, 40)
    exif = Image.Exif()
    exif[274] = 8
    words = f"\nexif\n{len(exif.tobytes())}\n{exif.tobytes().hex()}\n"
    png = encode(Image.fromarray(pixels))
    assert open_image(
        png[:33] + chunk(b"tEXt", b"Raw profile type exif\0" + words.encode()) + png[33:], "x", 64
    ).size == (20, 40)


def segment(kind: int, data: bytes) -> bytes:
    return b"\xff" + bytes([kind]) + struct.pack(">H", len(data) + 2) + data


GREEDY_EXIF = b"II*\0" + struct.pack("<LH", 8, 5000) + b"".join(
    struct.pack("<HHLL", 1000 + i, 7, 60_000, 0) for i in range(5000)
)  # fmt: skip
JPEG, PNG = encode(solid("RGB", (9, 9, 9), (64, 64)), "JPEG"), encode(solid("RGB", (9, 9, 9), (16, 16)))
GIF = encode(solid("P", 0, (16, 16)), "GIF")
FRAME = GIF.index(b",")
BIG_SCANS = encode(Image.new("L", (5000, 5000)), "JPEG", progressive=True)
LAST_SCAN = BIG_SCANS[BIG_SCANS.rindex(b"\xff\xda") : -2]
ZEROS = zlib.compress(bytes(100 * 2**20))


def bmp(width: int, height: int, coded: bytes, claimed_bytes: int = 0) -> bytes:
    start = 54 + 1024
    head = b"BM" + struct.pack("<LHHL", claimed_bytes or start + len(coded), 0, 0, start)
    return head + struct.pack("<LllHHLLllLL", 40, width, height, 1, 8, 1, len(coded), 0, 0, 0, 0) + bytes(1024) + coded


@pytest.mark.parametrize(
    "data",
    [
        JPEG[:2] + segment(0xE1, b"Exif\0\0" + GREEDY_EXIF) + JPEG[2:],
        JPEG[:2] + segment(0xE2, b"MPF\0" + GREEDY_EXIF) + JPEG[2:],
        JPEG[:2] + segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 200 + JPEG[2:],
        JPEG[:2] + segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000)) * 200 + JPEG[2:],
        JPEG[:20] + bytes(10**7) + JPEG[20:],
        JPEG[:2] + b"\xff" * 10**7 + JPEG[2:],
        PNG[:33] + chunk(b"eXIf", GREEDY_EXIF + bytes(60_000)) + PNG[33:],
        PNG[:33] + chunk(b"iCCP", b"x\0\0" + ZEROS) + PNG[33:],
        PNG[:33] + chunk(b"zTXt", b"x\0\0" + ZEROS) + PNG[33:],
        PNG[:33] + chunk(b"iTXt", b"x\0\1\0\0\0" + ZEROS) + PNG[33:],
        PNG[:33] + chunk(b"tEXt", b"x\0" + b"a" * 10**7) + PNG[33:],
        PNG[:33] + chunk(b"zTXt", b"x\0\0damaged")[:-4] + b"oops" + PNG[33:],
        png_of(50, 50, bytes(100 * 2**20)),
        GIF[:FRAME] + GIF[FRAME:-1] * 100_000 + b";",
        GIF[:FRAME] + b"!\xfe" + (b"\xff" + b"x" * 255) * 20_000 + b"\0" + GIF[FRAME:],
        encode(solid("RGB", (1, 2, 3)), "WEBP", save_all=True, append_images=[solid("RGB", (i, 0, 0)) for i in range(200)]),
        bmp(40, 1, b"\x28\1\0\0\0\1", claimed_bytes=2**31),
        bmp(60_000, 400, b"\0\2\0\xff" * 9),
        b"P6 # " + b"words " * 9000 + b"\n4 4 255\n" + bytes(48),
    ],
    ids=(
        "exif that points everywhere,mpo that points everywhere,growing exif,icc in 200 parts,junk,padding,png exif,"
        "icc bomb,ztxt bomb,itxt bomb,long text,damaged text,more rows than said,100000 frames,long comment,200 webp frames,"
        "lying bmp,skipping bmp,ppm comment"
    ).split(","),
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_what_surrounds_a_picture_costs_little(data):
    tracemalloc.start()
    begun = time.thread_time()
    try:
        assert open_image(data, "x", 32).mode == "RGB"
        assert time.thread_time() - begun < 1.5
        assert tracemalloc.get_traced_memory()[1] < 3 * len(data) + 50 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (BIG_SCANS[:-2] + LAST_SCAN * 2000 + b"\xff\xd9", "takes too long to read"),
        (JPEG[:2] + segment(0xE1, b"") * 20_000 + JPEG[2:], "takes too long to read"),
        (JPEG.replace(b"\x08\0\x40\0\x40", b"\x08" + struct.pack(">HH", 65_500, 65_500)), "25 million pixels"),
        (GIF[:FRAME] + b"!\xfe\0" * 3_000_000 + GIF[FRAME:], "takes too long to read"),
        (GIF[:FRAME] + b"," + struct.pack("<HHHH", 0, 0, 65_535, 65_535) + GIF[FRAME + 9 :], "25 million pixels"),
        (PNG[:33] + chunk(b"prVt", b"") * 400_000 + PNG[33:], "takes too long to read"),
        (b"P6 2000 2000 100\n" + bytes(12 * 10**6), "takes too long to read"),
        (b"P2 2000 2000 255\n" + b"1 " * 4 * 10**6, "takes too long to read"),
        (b"P2 500 500 255\n" + b"#\n" * 200_000, "takes too long to read"),
        (b"P6 #" + b"x" * 5 * 10**6 + b"\n4 4 255\n" + bytes(48), "takes too long to read"),
        (b"P6 4 4 999999\n" + bytes(48), "or it is damaged"),
        (bmp(2000, 2000, b"\1\1" * 4 * 10**6), "takes too long to read"),
        (bmp(65_000, 380, b"\1\1\0\0" * 380), "takes too long to read"),
        (bmp(25_000_000, 1, b"\0\2\0\xff" * 9), "65,535 pixels wide"),
        (b"RIFF\x64\0\0\0WEBPVP8X\x0a\0\0\0\2\0\0\0\xff\xff\0\xff\xff\0" + bytes(80), "25 million pixels"),
        (encode(Image.new("RGB", (4100, 4100)), "WEBP", lossless=True, method=0), "16 million pixels, as WebP"),
    ],
    ids=(
        "2000 passes,20000 segments,65500 jpeg,empty gif blocks,gif frame,400000 chunks,odd maxval,plain ppm,ppm comments,"
        "long ppm comment,maxval,run-length bmp,empty rows of a bmp,wide bmp,webp canvas,large webp"
    ).split(","),
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_what_would_take_too_much_is_refused(data, text, monkeypatch):
    monkeypatch.setattr(images, "MAX_CPU_SECONDS", 0.2)  # 1.5 makes no difference but to the time of this test
    begun = time.thread_time()
    with pytest.raises(DataError, match=text) as caught:
        open_image(data, "x.png", 32)
    assert time.thread_time() - begun < 1
    assert str(caught.value).startswith("'x.png' ")
    assert "\n" not in str(caught.value)


def test_large_pictures_are_decoded_one_after_the_other():
    data = encode(Image.new("L", (2300, 2300)))
    with images._large, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(open_image, data, "x", 32)
        with pytest.raises(TimeoutError):
            pending.result(0.3)
        assert open_image(PNG, "x", 32).size == (16, 16)  # small ones need not wait
        images._large.release()
        assert pending.result(20).mode == "RGB"
        images._large.acquire()


def test_content_is_told_from_the_first_bytes():
    assert content_reason(PNG[:16]) == ""
    assert content_reason(b"MM\0*" + bytes(12)) == "its content is a TIFF picture: save it as JPEG or PNG"
    assert content_reason(b"\0\0\0\x18ftypmp42" + bytes(4)) == "its content is a video"
    assert content_reason(b"#!/bin/sh") == "its content is not that of an image"
