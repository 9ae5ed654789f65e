"""How the C library hands out memory."""

import contextlib
import ctypes


def keep_memory() -> None:
    """Let this process keep what it frees (up to 1 GB) for its next tensors; nothing where the C library is not glibc.

    glibc hands blocks above 32 MB back to the system at once and gets them again, page by page, for the very next tensor:
    a pass through frozen layers takes 1.7 times as long (docs/speed.md). See mallopt(3).
    """
    trim_threshold, mmap_threshold, size = -1, -3, 2**30
    with contextlib.suppress(OSError, AttributeError):
        c_library = ctypes.CDLL(None)
        c_library.mallopt(trim_threshold, size)
        c_library.mallopt(mmap_threshold, size)
