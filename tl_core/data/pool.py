"""Work on chunks of pictures in several processes: for sets so large that starting them pays.

`subprocess`, not `multiprocessing`: the latter executes the main module again in the child, which may be a page's script.
"""

import collections
import os
import pickle
import queue
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from tl_core.errors import DataError
from tl_core.language import _
from tl_core.paths import ROOT

MOST_PROCESSES = 4


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

    The processes end with this one, even if it is killed: their input closes. Raises `DataError` if one of them dies.
    """
    count = num_processes()
    children = [_Child() for _ in range(count)]
    free: queue.SimpleQueue[_Child] = queue.SimpleQueue()
    for child in children:
        free.put(child)

    def ask(chunk: Any) -> Any:
        child = free.get()
        try:
            return child.ask(work, chunk)
        finally:
            free.put(child)

    try:
        with ThreadPoolExecutor(count) as pool:
            try:
                yield from _in_order(pool, ask, chunks, count)
            except BaseException:
                for child in children:
                    child.process.kill()  # what they are at is of no use any more
                raise
    finally:
        for child in children:
            child.close()


class _Child:
    """One process of `tl_core.data.pool_child`, which does one piece of work at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tl_core.data.pool_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )

    def ask(self, work: Callable[[Any], Any], chunk: Any) -> Any:
        try:
            pickle.dump((work, chunk), self.process.stdin, pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()
            ok, answer = pickle.load(self.process.stdout)  # from a process of our own making
        except (OSError, EOFError, pickle.UnpicklingError):
            raise DataError(
                _("A process that was reading pictures ended unexpectedly, perhaps for want of memory: try again.")
            ) from None
        if not ok:
            raise answer
        return answer

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except OSError:  # something was still to be written
            pass


def _in_order(pool: Executor, work: Callable[[Any], Any], chunks: Iterable[Any], count: int) -> Iterator[Any]:
    """A few chunks ahead and no more, so that memory stays bounded."""
    pending: collections.deque[Future] = collections.deque()
    for chunk in chunks:
        pending.append(pool.submit(work, chunk))
        if len(pending) > 2 * count:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
