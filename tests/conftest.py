"""What all tests share: a home of their own, one torch thread, and small real picture sets."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing a test writes stays; nothing it reads was there before."""
    monkeypatch.setenv("TL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TL_DATA_DIR", raising=False)
    monkeypatch.delenv("TL_WEIGHTS_DIR", raising=False)
    monkeypatch.delenv("TL_STORE_URL", raising=False)


def write_stripes(folder: Path, classes: tuple[str, ...] = ("across", "down"), count: int = 12, size: int = 40) -> Path:
    """A folder of class folders whose pictures differ by the direction and width of their stripes."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            line = (np.arange(size) // (3 + number // 2) + rng.integers(4)) % 2 * 200
            image = np.broadcast_to(line, (size, size)) if number % 2 else np.broadcast_to(line, (size, size)).T
            noisy = np.clip(image[:, :, None] + rng.integers(0, 50, (size, size, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / name / f"{index:03d}.png")
    return folder


@pytest.fixture
def stripes(tmp_path: Path) -> Path:
    return write_stripes(tmp_path / "stripes")


@pytest.fixture
def make_stripes(tmp_path: Path) -> Callable[..., Path]:
    return lambda name, **options: write_stripes(tmp_path / name, **options)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several processes (`-n`), all browser tests go to one of them, for they share a server; else each file to one."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)

    return ByFile(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--ray", action="store_true", help="compute the runs of the training tests on a Ray cluster of three nodes"
    )


@pytest.fixture(scope="session")
def ray_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """An engine whose runs are computed on three nodes of this machine."""
    from tests.engine.cluster import cluster
    from tl_core.engine import LocalEngine
    from tl_core.engine.ray_places import RayPlaces
    from tl_core.store import Store

    with cluster() as nodes, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_RAY_ADDRESS", nodes.address)
        store = Store(f"sqlite:///{tmp_path_factory.mktemp('ray') / 'runs.sqlite'}")
        engine = LocalEngine(store, device="cpu", warm=False, places=RayPlaces())
        yield engine
        engine.close()


@pytest.fixture(autouse=True)
def _on_ray(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--ray`, a module that imports `run` gets the one that goes to the cluster."""
    if not request.config.getoption("--ray"):
        return
    from tests.ray_runs import run_on
    from tl_core import training

    if getattr(request.module, "run", None) is training.run:
        if request.node.get_closest_marker("same_process"):
            pytest.skip("looks into the process that trains")
        monkeypatch.setattr(request.module, "run", partial(run_on, request.getfixturevalue("ray_engine")))
