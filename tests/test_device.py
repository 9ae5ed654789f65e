"""What a device is given before a run, as far as it can be seen without one of every kind."""

from dataclasses import dataclass

import pytest
import torch

from tl_core import device
from tl_core.device import RESIDENT_SHARE, resident
from tl_core.errors import ExperimentError
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
