"""What a device is given before a run, as far as it can be seen without one of every kind."""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tl_core import device, trainer
from tl_core.device import RESIDENT_SHARE, resident, send
from tl_core.errors import ExperimentError
from tl_core.events import Finished
from tl_core.experiment import Experiment
from tl_core.training import run
from tl_core.worker import import_all

CUDA = torch.device("cuda")


@dataclass
class Images:
    """So many bytes, and where they are."""

    nbytes: int
    at: torch.device = torch.device("cpu")

    def to(self, place: torch.device) -> "Images":
        return Images(self.nbytes, place)


def placed(monkeypatch: pytest.MonkeyPatch, num_bytes: int, to: torch.device = CUDA) -> set[torch.device]:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (1_000, 2_000))
    images = {"train": Images(num_bytes - 1), "test": Images(1)}
    return {each.at for each in resident(images, to).values()}


def test_images_stay_on_the_device_where_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    most = int(RESIDENT_SHARE * 1_000)
    assert placed(monkeypatch, most) == {CUDA}
    assert placed(monkeypatch, most + 1) == {torch.device("cpu")}
    assert placed(monkeypatch, 2, torch.device("cpu")) == {torch.device("cpu")}


class Batch:
    """Lies `at` a device, and tells how it was moved."""

    def __init__(self, at: str) -> None:
        self.device = torch.device(at)
        self.moves: list[str] = []

    def pin_memory(self) -> "Batch":
        self.moves.append("pinned")
        return self

    def to(self, place: torch.device, non_blocking: bool = False) -> list[str]:
        return [*self.moves, f"{place.type}, {'nobody waits' if non_blocking else 'waiting'}"]


@pytest.mark.parametrize(
    ("at", "to", "expected"),
    [
        ("cpu", "cuda", ["pinned", "cuda, nobody waits"]),
        ("cuda:0", "cuda", ["cuda, waiting"]),  # it is there: nothing is moved
        ("cpu", "mps", ["mps, waiting"]),
        ("cpu", "cpu", ["cpu, waiting"]),
    ],
)
def test_only_a_cuda_gpu_is_sent_batches_through_pinned_memory(at: str, to: str, expected: list[str]) -> None:
    assert send(Batch(at), torch.device(to)) == expected


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("share", [RESIDENT_SHARE, 0.0], ids=["resident", "sent"])
@pytest.mark.parametrize("recipe", ["case-1", "case-3"])
def test_no_step_waits_for_the_gpu(stripes: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, share: float) -> None:
    """Four times as many steps wait for it no more often: only what is done once an epoch, or once a run, does."""
    monkeypatch.setattr(device, "RESIDENT_SHARE", share)
    monkeypatch.setattr(trainer, "SO_FAR_EVERY", math.inf)

    def waits(batch_size: int) -> int:
        experiment = Experiment(data=str(stripes), recipe=recipe, epochs=1, batch_size=batch_size)
        try:
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                torch.cuda.set_sync_debug_mode("warn")  # says once, in a warning, that it is a prototype
                assert isinstance(list(run(experiment, device="cuda"))[-1], Finished)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        return sum("called a synchronizing" in str(each.message) for each in heard)

    waits(8)  # what a process does once
    assert 0 < waits(2) <= waits(8)


@pytest.mark.parametrize(("name", "expected"), [("cuda", [CUDA]), ("cpu", [])])
def test_only_an_accelerator_is_warmed_up(monkeypatch: pytest.MonkeyPatch, name: str, expected: list) -> None:
    warmed: list[torch.device] = []
    monkeypatch.setattr(device, "choose_device", lambda: torch.device(name))
    monkeypatch.setattr(device, "warm_up", warmed.append)
    import_all()
    assert warmed == expected


def test_a_device_that_is_not_here_does_not_keep_a_worker_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TL_DEVICE", "mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ExperimentError, match="No such device"):
        device.choose_device()
    import_all()


def test_a_small_step_is_what_warms_up(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[list[torch.Tensor]] = []
    monkeypatch.setattr(
        torch.optim.AdamW, "step", lambda self: steps.append([p.grad for p in self.param_groups[0]["params"]])
    )
    device.warm_up(torch.device("cpu"))
    ((weight, bias),) = steps
    assert weight.shape == (8, 3, 3, 3)
    assert bias.abs().sum() > 0
