"""A set in one piece: the same pictures, read on a machine that has none of its files."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from tl_core.data import open_source
from tl_core.data.dataset import load_source
from tl_core.data.packed import pack


def test_a_packed_set_needs_no_files(stripes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (stripes / "across" / "broken.png").write_bytes(b"no picture")
    source = open_source(str(stripes))
    here = load_source(source, None, 0, 32)
    sent = pickle.loads(pickle.dumps(pack(source), protocol=5))
    monkeypatch.setenv("TL_HOME", str(tmp_path / "elsewhere"))
    shutil.rmtree(stripes)
    there = load_source(sent, None, 0, 32)
    for part in ("train", "val", "test"):
        assert np.array_equal(getattr(there, f"{part}_images"), getattr(here, f"{part}_images"))
        assert np.array_equal(getattr(there, f"{part}_labels"), getattr(here, f"{part}_labels"))
    assert (there.fingerprint, there.test_refs, there.notes) == (here.fingerprint, here.test_refs, here.notes)
    assert "broken.png" in there.notes[0]


def test_one_file_of_many(stripes: Path) -> None:
    source = open_source(str(stripes))
    assert dict(pack(source).read_many([3, 7])) == dict(source.read_many([3, 7]))


def test_a_drawn_set_is_drawn_anywhere() -> None:
    source = open_source("digits")
    packed = pack(source)
    if source.is_drawn:
        assert packed is source
    (_, pixels), (_, again) = next(source.read_many([5])), next(packed.read_many([5]))
    assert np.array_equal(pixels, again)
