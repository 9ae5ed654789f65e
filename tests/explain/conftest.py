"""A short run on drawn stripes, looked into by several tests."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tl_core.experiment import Experiment
from tl_core.predict import weights_path
from tl_core.training import run


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_DEVICE", "cpu")


@pytest.fixture
def finish(stripes: Path) -> Callable[..., str]:
    """Makes a run on the stripes and returns its id; its weights are where the engine keeps them."""

    def finish(**values: object) -> str:
        run_id = uuid.uuid4().hex
        experiment = Experiment(**{"data": str(stripes), "epochs": 2, "network": "demo-drawn"} | values)
        list(run(experiment, run_id=run_id, device="cpu", save_to=weights_path(run_id)))
        return run_id

    return finish
