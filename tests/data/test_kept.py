import io

import numpy as np
import pytest
from pictures import encode, picture
from PIL import Image

from tl_core.data.kept import keep, make_mark


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("size", [(500, 375), (300, 900), (256, 256), (90, 70), (2000, 200)])
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_what_was_kept_once_is_kept_unchanged(size, format):
    once = keep(picture(size=size, format=format), "x")
    again = keep(once.data, "x")
    assert again.data == once.data
    assert min(Image.open(io.BytesIO(once.data)).size) <= 256
    assert keep(again.data, "x") == again


def test_a_jpeg_of_somebody_else_is_encoded_anew():
    photo = encode(Image.fromarray(pixels(picture(size=(200, 150)))), "JPEG", quality=92, comment=b"secret")
    assert keep(photo, "x").data != photo
    ours = keep(photo, "x").data
    for changed in (ours + b"secret", ours[:-2] + b"\xff\xfe\0\x08secret\xff\xd9"):
        assert b"secret" not in keep(changed, "x").data


def test_sides_as_received():
    assert keep(picture(size=(20, 300)), "x").short_side == 20
    assert keep(picture(size=(600, 500)), "x").short_side == 500
    assert keep(picture(size=(1500, 1200)), "x").short_side == 512


def test_thumbnails_are_squares():
    assert Image.open(io.BytesIO(keep(picture(size=(500, 375)), "x").thumbnail)).size == (128, 128)


def test_marks():
    ramp = np.tile(np.linspace(0, 255, 90).astype(np.uint8), (80, 1))
    grey = make_mark(Image.fromarray(ramp).convert("RGB"))
    assert grey["hash"] == np.uint64(2**64 - 1), "brighter to the right everywhere"
    assert grey["grey"]
    assert make_mark(Image.fromarray(ramp[:, ::-1].copy()).convert("RGB"))["hash"] == 0
    colour = np.stack([ramp, ramp, 255 - ramp], axis=2)
    assert not make_mark(Image.fromarray(colour))["grey"]
