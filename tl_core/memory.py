"""How the C library hands out memory. Nothing happens here where it is not glibc; see mallopt(3) and malloc_trim(3)."""

import contextlib
import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def keep_memory() -> None:
    """Let this process keep what it frees (up to 1 GB) for its next tensors.

    glibc hands blocks above 32 MB back to the system at once and gets them again, page by page, for the very next tensor:
    a pass through frozen layers takes 1.7 times as long (docs/speed.md).
    """
    _set(_TRIM_THRESHOLD, 2**30)
    _set(_MMAP_THRESHOLD, 2**30)


def share_heap() -> None:
    """Let all threads of this process share one heap, so that none of them keeps what another one could use."""
    _set(_ARENA_MAX, 1)


def give_back() -> None:
    """Give what is free back to the system."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _set(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(option, value)
