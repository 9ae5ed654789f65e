import os
import subprocess
import sys
import time

import pytest

from tl_core.data import arrays, open_source
from tl_core.data.drawn import draw_pictures
from tl_core.data.pool import in_processes, in_threads, num_processes
from tl_core.errors import DataError
from tl_core.paths import ROOT

_PIDS = """
from tl_core.data.pool import in_processes, num_processes
count = num_processes()
slow = ["(__import__('time').sleep(0.5), __import__('os').getpid())"] * count
for answer in in_processes(eval, slow + ["__import__('time').sleep(3)"] * 4 * count):
    print(answer[1], flush=True)
"""


def test_results_come_in_the_order_of_the_chunks():
    chunks = [[n, n + 1] for n in range(40)]

    assert list(in_processes(sum, chunks)) == list(map(sum, chunks))
    assert list(in_threads(sum, chunks, 2)) == list(map(sum, chunks))


def test_chunks_are_taken_only_a_few_ahead():
    taken = []

    def chunks():
        for n in range(100):
            taken.append(n)
            yield [n]

    results = in_threads(sum, chunks(), 2)
    next(results)

    assert len(taken) <= 6
    results.close()


def test_what_goes_wrong_there_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        list(in_processes(eval, ["1", "1 / 0", "2"]))


def test_a_process_that_dies_is_an_error_that_says_so():
    with pytest.raises(DataError, match="ended unexpectedly"):
        list(in_processes(os._exit, [3, 3]))


def test_many_drawn_pictures_are_the_same_from_several_processes(monkeypatch):
    source = open_source("road_signs")
    numbers = list(range(50, 450))
    monkeypatch.setattr(arrays, "_PROCESSES_FROM_IMAGES", 300)
    calls = []

    images = arrays.load_arrays(source, numbers, 16, progress=lambda done, total: calls.append((done, total)))

    assert (images == draw_pictures("road_signs", numbers, 16)).all()
    assert calls[-1] == (400, 400)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes as Linux shows them")
def test_the_processes_do_not_outlive_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", _PIDS], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    pids = {int(parent.stdout.readline()) for _ in range(num_processes())}

    parent.kill()
    parent.wait()
    parent.stdout.close()

    end = time.monotonic() + 30  # what they are at they finish: 3 s
    while any(_is_running(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(_is_running(pid) for pid in pids)


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
