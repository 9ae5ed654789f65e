"""Which device trains, at which precision, and what running out of its memory looks like."""

import contextlib
import os

import torch

from tl_core.errors import ExperimentError
from tl_core.language import _

DEVICES = ("auto", "cpu", "cuda", "mps")
RESIDENT_SHARE = 0.25


def choose_device(name: str = "auto") -> torch.device:
    """cuda, then mps, then cpu; or the one that is named, or that `TL_DEVICE` names.

    Raises `ExperimentError` if that one is not here.
    """
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    name = os.environ.get("TL_DEVICE") or "auto" if name == "auto" else name
    if name == "auto":
        return torch.device(next(device for device, present in here.items() if present))
    if name not in here or not here[name]:
        present = ", ".join(device for device, yes in here.items() if yes)
        raise ExperimentError(
            _(
                "No such device on this machine. Received: '{name}'. Choose one of: auto, {present}.",
                name=name,
                present=present,
            )
        )
    return torch.device(name)


def describe_device(device: torch.device) -> str:
    """For the screen: 'cuda (NVIDIA H100)', 'cpu (2 threads)'."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'s' if threads > 1 else ''})"
    return device.type


def likes_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 faster than float32: CUDA, and processors with AMX tiles."""
    has_tiles = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return device.type == "cuda" or (device.type == "cpu" and has_tiles())


def autocast(device: torch.device) -> contextlib.AbstractContextManager:
    """bfloat16 where the hardware likes it."""
    return torch.autocast(device.type, torch.bfloat16) if likes_bfloat16(device) else contextlib.nullcontext()


def resident(images: dict[str, torch.Tensor], device: torch.device) -> dict[str, torch.Tensor]:
    """The images on the device itself, where that has memory of its own and they take at most `RESIDENT_SHARE` of what is free
    there; else where they are. uint8, so that no epoch waits for the bus."""
    if device.type != "cuda":
        return images
    free, _total = torch.cuda.mem_get_info(device)
    if sum(each.nbytes for each in images.values()) > RESIDENT_SHARE * free:
        return images
    return {name: each.to(device) for name, each in images.items()}


def send(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The same on `device`. A CUDA GPU gets them through pinned memory, so that nobody waits: not the GPU, which goes on with the
    steps before, and not the processor, which gets the next batch ready meanwhile. Where no memory can be pinned, they wait."""
    if device.type == "cuda" and values.device.type == "cpu":
        with contextlib.suppress(RuntimeError):
            return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)


def warm_up(device: torch.device) -> None:
    """What the first run on a device would wait for: its context, the libraries' handles, their first kernels."""
    layer = torch.nn.Conv2d(3, 8, 3).to(device, memory_format=torch.channels_last)
    with autocast(device):
        scores = layer(torch.zeros(2, 3, 32, 32, device=device))
    scores.float().sum().backward()
    torch.optim.AdamW(layer.parameters(), fused=device.type in ("cuda", "cpu")).step()


def make_deterministic(seed: int) -> None:
    """Same seed, device and number of threads: same numbers."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(seed)
    torch.set_deterministic_debug_mode(
        "warn"
    )  # as use_deterministic_algorithms, without importing the compiler (1.7 s)
    torch.utils.deterministic.fill_uninitialized_memory = (
        False  # nothing here reads such memory; filling costs some 5 %
    )
    torch.backends.cudnn.benchmark = False


def is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "not enough memory" in str(error) or "can't allocate memory" in str(error)
    )
