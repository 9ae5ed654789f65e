"""Work on chunks of pictures in several processes: for sets so large that starting them pays."""

import collections
import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tl_core.errors import DataError

MOST_PROCESSES = 4
_PR_SET_PDEATHSIG = 1


def num_processes() -> int:
    """How many processes may work at a time: one for each core this process may use, four at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_PROCESSES, cores)


def in_threads(work: Callable[[Any], Any], chunks: Iterable[Any], count: int) -> Iterator[Any]:
    """`work(chunk)` of each chunk, in their order; for work that lets go of Python's lock."""
    with ThreadPoolExecutor(count) as pool:
        yield from _in_order(pool, work, chunks, count)


def in_processes(work: Callable[[Any], Any], chunks: Iterable[Any]) -> Iterator[Any]:
    """As `in_threads`, in fresh processes (0.5 s to start). `work`, chunks and results are pickled.

    The processes end with this one, even if it is killed. Raises `DataError` if one of them dies.
    """
    count = num_processes()
    with contextlib.ExitStack() as stack:
        # not forked: this process may have threads (torch's, the worker's own)
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(count, context, _end_with_parent, (os.getpid(),))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        try:
            yield from _in_order(pool, work, chunks, count)
        except BrokenProcessPool:
            raise DataError(
                "A process that was reading pictures ended unexpectedly, perhaps for want of memory: try again."
            ) from None


def _in_order(pool: Executor, work: Callable[[Any], Any], chunks: Iterable[Any], count: int) -> Iterator[Any]:
    """A few chunks ahead and no more, so that memory stays bounded."""
    pending: collections.deque[Future] = collections.deque()
    for chunk in chunks:
        pending.append(pool.submit(work, chunk))
        if len(pending) > 2 * count:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _end_with_parent(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went before this could be asked for
            os._exit(1)
