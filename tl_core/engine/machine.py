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

from tl_core.paths import ASSETS, ROOT

_GPUS = Path("/proc/driver/nvidia/gpus")


def training_threads() -> int:
    """`TL_THREADS`, or all the cores this process may use but one: the page keeps a core to itself."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return int(os.environ.get("TL_THREADS") or max(1, cores - 1))


def hardware(device: str = "auto") -> str:
    """For the screen, and the same for as long as nothing is changed: 'NVIDIA H100', 'AMD EPYC 7B13, 1 thread'.

    `device`: as `tl_core.device.choose_device` takes it. torch is not asked: the server does not have it.
    """
    if device == "auto":
        device = os.environ.get("TL_DEVICE") or "auto"
    if device in ("auto", "cuda") and (gpu := _gpu()):
        return gpu
    threads = training_threads()
    chip = _processor()
    if device == "mps" or (device == "auto" and platform.system() == "Darwin" and platform.machine() == "arm64"):
        return f"{chip}, Metal"
    return f"{chip}, {threads} thread{'s' if threads > 1 else ''}"


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
