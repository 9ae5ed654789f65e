"""What the C library does with freed memory, in processes of their own."""

import subprocess
import sys

import pytest

from tl_core.paths import ROOT

_FREE = """
import ctypes, os, sys
from tl_core import memory
getattr(memory, sys.argv[1])()
c, size = ctypes.CDLL(None), 100 * 2**20
c.malloc.restype, c.free.argtypes, c.memset.argtypes = (
    ctypes.c_void_p, [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t])
resident = lambda: int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
before = resident()
block = c.malloc(size)
c.memset(block, 1, size)
c.free(block)
print(resident() - before)
memory.give_back()
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
@pytest.mark.parametrize(("setting", "kept"), [("keep_memory", True), ("share_heap", False)])
def test_what_is_freed_is_kept_where_it_is_asked_for_until_it_is_given_back(setting: str, kept: bool) -> None:
    command = [sys.executable, "-c", _FREE, setting]
    freed, given_back = map(
        int, subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    )
    assert (freed >= 95) is kept
    assert given_back < 20
