import os
import signal
import subprocess
import sys
import time

import pytest

from tl_core.data import arrays, open_source
from tl_core.data.drawn import draw_pictures
from tl_core.data.pool import in_processes, in_threads, num_processes
from tl_core.errors import DataError
from tl_core.paths import ROOT


def square(numbers):
    return [n * n for n in numbers]


def die(numbers):
    os.kill(os.getpid(), signal.SIGKILL)


def tell_pid(number):
    print(os.getpid(), flush=True)
    time.sleep(60)


def test_results_come_in_the_order_of_the_chunks():
    chunks = [[n, n + 1] for n in range(40)]

    assert list(in_processes(square, chunks)) == list(map(square, chunks))
    assert list(in_threads(square, chunks, 2)) == list(map(square, chunks))


def test_chunks_are_taken_only_a_few_ahead():
    taken = []

    def chunks():
        for n in range(100):
            taken.append(n)
            yield [n]

    results = in_threads(square, chunks(), 2)
    next(results)

    assert len(taken) <= 6
    results.close()


def test_a_process_that_dies_is_an_error_that_says_so():
    with pytest.raises(DataError, match="ended unexpectedly"):
        list(in_processes(die, [[1], [2]]))


def test_many_drawn_pictures_are_the_same_from_several_processes(monkeypatch):
    source = open_source("road_signs")
    numbers = list(range(50, 450))
    monkeypatch.setattr(arrays, "_PROCESSES_FROM_IMAGES", 300)
    calls = []

    images = arrays.load_arrays(source, numbers, 16, progress=lambda done, total: calls.append((done, total)))

    assert (images == draw_pictures("road_signs", numbers, 16)).all()
    assert calls[-1] == (400, 400)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end the processes with their parent")
def test_the_processes_do_not_outlive_a_parent_that_is_killed():
    code = "from tests.data.test_pool import *\nlist(in_processes(tell_pid, range(4)))"
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    pids = [int(parent.stdout.readline()) for _ in range(num_processes())]

    parent.kill()
    parent.wait()
    parent.stdout.close()

    end = time.monotonic() + 10
    while any(_is_running(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(_is_running(pid) for pid in pids)


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
