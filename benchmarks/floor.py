"""What no way of training can do without, on this machine, in this process."""

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from tl_core.networks import Network
from tl_core.surgery import AdaptedNetwork

REPEATS = 3
BATCHES = {"cpu": (4, 8, 12, 16, 32, 64, 128), "cuda": (64, 128, 256, 512, 1024)}
SIDES = {"cpu": (1024, 2048, 4096), "cuda": (4096, 8192)}


def _best(work: Callable[[], object], device: torch.device) -> float:
    """Seconds of the quickest of `REPEATS`, after one that is not counted."""
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


@torch.no_grad()
def pass_seconds(model: AdaptedNetwork, network: Network, device: torch.device) -> tuple[float, str]:
    """Seconds of one image through the body, its pictures lying ready, at the best batch and precision; and which those are."""
    model = model.to(device, memory_format=torch.channels_last).eval()
    found = []
    for precision in (torch.bfloat16, torch.float32):
        for batch in BATCHES[device.type]:
            if batch * network.input_size**2 > 2 * 10**6 and device.type == "cpu":
                continue
            images = torch.randn(batch, 3, network.input_size, network.input_size, device=device)
            images = images.contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
                seconds = _best(lambda images=images: model.features(images), device) / batch
            found.append((seconds, f"{batch} x {str(precision).removeprefix('torch.')}"))
    return min(found)


def matrix_rate(device: torch.device) -> float:
    """Floating-point operations a second of the best square product in bfloat16."""
    rates = []
    for side in SIDES[device.type]:
        a = torch.randn(side, side, device=device, dtype=torch.bfloat16)
        rates.append(2 * side**3 / _best(lambda a=a: a @ a, device))
    return max(rates)


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
