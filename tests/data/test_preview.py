import base64
import io
import json

import numpy as np
import pytest
from pictures import make_tar, make_zip, pets, picture
from PIL import Image

from tl_core.data import arrays
from tl_core.data.dial import apply_distance
from tl_core.data.preview import describe, thumbnails


def pixels(thumbnail):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(thumbnail["png"]))))


@pytest.fixture
def zoo(tmp_path):
    files = pets(10, ("ant", "bee", "cat")) | {f"ant/x{i}.txt": b"" for i in range(30)}
    return str(make_zip(tmp_path / "zoo.zip", files | {"cat/cut.png": picture(size=(100, 100))[:5000]}))


def test_describe(zoo):
    about = json.loads(json.dumps(describe(zoo)))
    assert about["title"] == "zoo"
    assert about["classes"] == [{"name": name, "count": 10} for name in ("ant", "bee", "cat")]
    assert (about["num_images"], about["num_to_learn_from"], about["num_test"]) == (30, 24, 6)
    assert (about["num_skipped"], len(about["skipped"])) == (31, 20)
    assert about["mirror_safe"] is True
    assert describe("digits")["num_to_learn_from"] == 1438


def test_thumbnails_are_spread_and_the_same_at_every_distance(zoo):
    plain = thumbnails(zoo, 0.0)
    assert [t["label"] for t in plain] == ["ant", "bee", "cat"] * 4
    for distance in (0.25, 1.0):
        for before, after in zip(plain, thumbnails(zoo, distance), strict=True):
            assert before["label"] == after["label"]
            np.testing.assert_array_equal(apply_distance(pixels(before)[None], distance)[0], pixels(after))
    assert pixels(plain[0]).shape == (96, 96, 3)
    assert thumbnails(zoo, 0.0, seed=1) != plain


def test_more_thumbnails_than_pictures(tmp_path):
    path = make_tar(tmp_path / "x.tar.xz", pets(3) | {"cat/cut.png": picture(size=(100, 100))[:5000]})
    assert len(thumbnails(str(path), 0.5, count=20)) == 6


def test_the_second_time_nothing_is_decoded(zoo, monkeypatch):
    thumbnails(zoo, 0.0)
    describe(zoo)
    decoded = []
    monkeypatch.setattr(arrays, "_decode_all", lambda *args, **more: decoded.append(args))
    assert len(thumbnails(zoo, 1.0)) == 12
    assert describe(zoo)["num_images"] == 30
    assert not decoded
