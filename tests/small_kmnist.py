"""Kuzushiji-MNIST in small, in the real one's formats, to be downloaded from a server of the test's own."""

import gzip
import hashlib
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.serving import Server
from tl_core.data import torchvision_sets
from tl_core.paths import ROOT

NAME = "kmnist"
NUM_TRAIN, NUM_TEST = 300, 60

# Python runs sitecustomize.py when a worker, the command line or a server starts
_USE_TABLE = """
import sys
from pathlib import Path
if any(word in " ".join(sys.orig_argv) for word in ("tl_core", "streamlit")):
    import tl_core.data.torchvision_sets as sets
    sets.TABLE = Path({table!r})
"""


def offer(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the archives on the server, and make this process and those it starts expect them there."""
    files = {**_archives("train", NUM_TRAIN), **_archives("t10k", NUM_TEST)}
    server.files |= {f"{NAME}/{name}": data for name, data in files.items()}
    rows = json.loads((ROOT / "assets" / "datasets.json").read_text())
    row = next(row for row in rows if row["name"] == NAME)
    row["num_images"] = NUM_TRAIN + NUM_TEST
    for archive in row["archives"]:
        data = files[archive["file"]]
        archive["md5"], archive["num_bytes"] = hashlib.md5(data).hexdigest(), len(data)
    table = folder / "datasets.json"
    table.write_text(json.dumps(rows))
    (folder / "sitecustomize.py").write_text(_USE_TABLE.format(table=str(table)))
    monkeypatch.setattr(torchvision_sets, "TABLE", table)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))
    monkeypatch.setenv("TL_DATASETS_URL", server.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def _archives(part: str, count: int) -> dict[str, bytes]:
    rng = np.random.default_rng(count)
    labels = np.arange(count, dtype=np.uint8) % 10
    images = rng.integers(0, 56, (count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 4] += 199
    return {
        f"{part}-images-idx3-ubyte.gz": gzip.compress(struct.pack(">IIII", 2051, count, 28, 28) + images.tobytes(), 1),
        f"{part}-labels-idx1-ubyte.gz": gzip.compress(struct.pack(">II", 2049, count) + labels.tobytes(), 1),
    }
