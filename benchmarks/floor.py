"""What no way of training can do without, on this machine, in this process."""

import statistics
import time
from collections.abc import Callable
from itertools import cycle

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from tl_core.networks import Network
from tl_core.surgery import AdaptedNetwork

REPEATS = 5
BATCHES = {"cpu": (4, 8, 12, 16, 32, 64, 128), "cuda": (64, 128, 256, 512, 1024)}
SIDES = {"cpu": (1024, 2048, 4096), "cuda": (4096, 8192)}


def _median(work: Callable[[], object], device: torch.device) -> float:
    """Seconds, the median of `REPEATS` after one that is not counted: as all other times here, not the luckiest."""
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


class Pass:
    """One pass of the body as runs pass it (folded, in float32), at its best batch size and precision."""

    def __init__(self, model: AdaptedNetwork, network: Network, device: torch.device):
        self.model = model.to(device, memory_format=torch.channels_last).eval()
        self.model.fold()
        self.size, self.device = network.input_size, device
        _seconds, self.batch, self.precision = self._best()

    @property
    def name(self) -> str:
        return f"{self.batch} x {name_of(self.precision)}"

    def seconds(self, num_images: int) -> float:
        """Of so many pictures that lie ready, other ones in every batch as far as memory goes."""
        most = 2_000 if self.size <= 64 else 500
        batches = self._images(min(num_images, most // self.batch * self.batch)).split(self.batch)
        self._wait()
        start, passed = time.perf_counter(), 0
        for images in cycle(batches):
            part = images[: num_images - passed]
            self._pass(part, self.precision)
            passed += len(part)
            if passed == num_images:
                break
        self._wait()
        return time.perf_counter() - start

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def _best(self) -> tuple[float, int, torch.dtype]:
        """Seconds of one picture, and with which batch and precision."""
        batches = [
            batch
            for batch in BATCHES[self.device.type]
            if self.device.type != "cpu" or batch * self.size**2 <= 2 * 10**6
        ]

        def seconds(precision: torch.dtype, batch: int) -> float:
            images = self._images(batch)
            return _median(lambda: self._pass(images, precision), self.device) / batch

        precision = _quicker(lambda precision: seconds(precision, batches[0]))
        return min((seconds(precision, batch), batch, precision) for batch in batches)

    def _images(self, count: int) -> Tensor:
        images = torch.randn(count, 3, self.size, self.size, device=self.device)
        return images.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _pass(self, images: Tensor, precision: torch.dtype) -> None:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
            self.model.features(images)


def name_of(precision: torch.dtype) -> str:
    return str(precision).removeprefix("torch.")


def _quicker(seconds: Callable[[torch.dtype], float]) -> torch.dtype:
    """bfloat16 or float32, whichever takes fewer `seconds` for a small part of the work: without hardware for it, bfloat16 takes
    a hundred times as long, which nobody wants to wait for on the whole."""
    return min((torch.bfloat16, torch.float32), key=seconds)


def matrix_rate(device: torch.device) -> tuple[float, torch.dtype]:
    """Floating-point operations a second of the best square product, and the precision in which it is the best."""

    def rate(precision: torch.dtype, side: int) -> float:
        a = torch.randn(side, side, device=device, dtype=precision)
        return 2 * side**3 / _median(lambda: a @ a, device)

    precision = _quicker(lambda precision: 1 / rate(precision, min(256, *SIDES[device.type])))
    return max(rate(precision, side) for side in SIDES[device.type]), precision


def operations(model: AdaptedNetwork, network: Network, num_classes: int) -> tuple[float, float]:
    """Floating-point operations of one image: learning from it, and only passing it."""
    size, batch = network.input_size, 4
    model = model.cpu().train()
    images, labels = torch.randn(batch, 3, size, size), torch.zeros(batch, dtype=torch.long) % num_classes

    def count(work: Callable[[], object]) -> float:
        with FlopCounterMode(display=False) as counter:
            work()
        return counter.get_total_flops() / batch

    def learn() -> Tensor:
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        return loss

    learning = count(learn)
    with torch.no_grad():
        return learning, count(lambda: model(images))
