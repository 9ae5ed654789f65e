"""What runs are computed on: equal numbers are promised only for equal descriptions."""

import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from tl_core.errors import UserError
from tl_core.language import _
from tl_core.paths import ASSETS, ROOT

MOST_TRAINERS = 2  # unless there is a setting: each takes some 1 GB of memory, and cores that a run alone would have
_GPUS = Path("/proc/driver/nvidia/gpus")


def trainers(device: str = "auto") -> int:
    """`TL_TRAINERS`, or how many runs are best computed at the same time: one on an accelerator, else one for each core (with
    `TL_THREADS`, for each so many cores), at most 2.

    `device`: as `tl_core.device.choose_device` takes it. Raises `UserError` if the setting is no whole number from 1.
    """
    if given := os.environ.get("TL_TRAINERS"):
        return whole_number("TL_TRAINERS", given)
    if _accelerator(device):
        return 1
    each = int(os.environ.get("TL_THREADS") or 1)
    return max(1, min(MOST_TRAINERS, _cores() // max(1, each)))


def training_threads(num_trainers: int = 1) -> int:
    """Of each training worker: `TL_THREADS`, or all the cores this process may use but one, shared out and rounded up (the page
    goes before the workers)."""
    return int(os.environ.get("TL_THREADS") or max(1, -(-(_cores() - 1) // num_trainers)))


def hardware(device: str = "auto", threads: int | None = None) -> str:
    """For the screen, and the same for as long as nothing is changed: 'NVIDIA H100', 'AMD EPYC 7B13, 1 thread'.

    `device`: as `tl_core.device.choose_device` takes it; `threads`: of each training worker, None for what one alone has.
    torch is not asked: the server does not have it.
    """
    if found := _accelerator(device):
        return found
    threads = training_threads() if threads is None else threads
    return f"{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


def has_accelerator() -> bool:
    """Whether this machine trains on something else than its processor, unless it is told otherwise."""
    return bool(_accelerator("auto"))


def _accelerator(device: str) -> str:
    """What trains in place of the processor, '' where nothing does."""
    if device == "auto":
        device = os.environ.get("TL_DEVICE") or "auto"
    if device in ("auto", "cuda") and (gpu := _gpu()):
        return gpu
    if device == "mps" or (device == "auto" and platform.system() == "Darwin" and platform.machine() == "arm64"):
        return f"{_processor()}, Metal"
    return ""


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2


def whole_number(setting: str, given: str) -> int:
    if not given.strip().isdecimal() or int(given) < 1:
        raise UserError(
            _("{setting} must be a whole number from 1. Received: '{given}'.", setting=setting, given=given)
        )
    return int(given)


@functools.cache
def software() -> str:
    """Versions of the packages that make the numbers, and a fingerprint of this program and the networks it brings."""
    parts = [f"{name} {version(name)}" for name in ("torch", "torchvision", "numpy", "pillow")]
    return f"{', '.join(parts)}, program {_program()}"


def _program() -> str:
    """12 hexadecimal digits of every file that a number may depend on. About 25 ms, once."""
    digest = hashlib.sha256()
    files = [
        *(ROOT / "tl_core").glob("*.py"),
        *(ROOT / "tl_core" / "data").rglob("*.py"),
        *ASSETS.glob("*.safetensors"),
    ]
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


@functools.cache
def _gpu() -> str:
    """The first NVIDIA card's name, '' where there is none."""
    for path in sorted(_GPUS.glob("*/information")):
        if found := re.search(r"^Model:\s*(.+)$", path.read_text(), re.MULTILINE):
            return found[1].strip()
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    try:
        command = [tool, "--query-gpu=name", "--format=csv,noheader"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.strip().split("\n")[0].strip()


@functools.cache
def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    name = found[1] if found else platform.processor() or platform.machine() or "processor"
    return re.sub(r"\((R|TM)\)|\s+(CPU|Processor)\b.*", "", name).strip()
