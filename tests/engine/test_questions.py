"""Questions to the interactive lane, with a real worker that knows a few questions more."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import wait_until as _wait_until
from tl_core.engine import questions
from tl_core.engine.questions import InteractiveLane, Question
from tl_core.errors import Cancelled, DataError, UserError, WorkerDied
from tl_core.paths import ROOT

# Python runs sitecustomize.py when the worker starts
_MORE_QUESTIONS = """
import sys, time
if "tl_core.worker" in " ".join(sys.orig_argv):
    import tl_core.questions as questions
    from tl_core.errors import DataError

    def count(steps, pause, report):
        for step in range(steps):
            report("Counting", step, steps)
            time.sleep(pause)
        return steps

    def nap(seconds):
        time.sleep(seconds)
        return seconds

    def refuse(report):
        report("Looking", 0, 1)
        raise DataError("There is nothing here.")

    questions.QUESTIONS |= {"count": count, "long_nap": nap, "nap": nap, "quick_count": count, "refuse": refuse}
    questions.LONG |= {"count", "long_nap", "refuse"}
"""


@pytest.fixture
def lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveLane]:
    (tmp_path / "sitecustomize.py").write_text(_MORE_QUESTIONS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    monkeypatch.setattr(questions, "LONG", {"count", "long_nap", "refuse"})
    lane = InteractiveLane()
    lane.start()
    lane.ask("nap", 30.0, seconds=0)  # the worker is warm
    yield lane
    lane.close()


wait_until = partial(_wait_until, seconds=20.0)


def begun(question: Question) -> Question:
    wait_until(question.begun.is_set)
    return question


def test_progress_arrives_thinned_out_and_then_the_answer(lane: InteractiveLane) -> None:
    question = lane.begin("count", steps=100, pause=0.01)
    assert question.progress is None
    seen = []
    while not question.future.done():
        if question.progress and question.progress not in seen:
            seen.append(question.progress)
        time.sleep(0.005)
    assert question.future.result() == 100
    assert seen[0] == ("Counting", 0, 100)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert 3 <= len(seen) <= 15


@pytest.mark.parametrize("name", ["count", "quick_count"])
def test_cancel_stops_within_a_second_and_the_worker_stays(lane: InteractiveLane, name: str) -> None:
    pid = lane.pid
    question = begun(lane.begin(name, steps=1000, pause=0.05))
    start = time.monotonic()
    question.cancel()
    with pytest.raises(Cancelled, match="It was cancelled"):
        question.future.result(5)
    assert time.monotonic() - start < 1
    question.cancel()  # over already: nothing happens
    assert lane.ask("nap", 5.0, seconds=0) == 0
    assert lane.pid == pid


def test_a_question_that_waits_is_cancelled_at_once_and_never_begun(lane: InteractiveLane) -> None:
    at_work = [begun(lane.begin("count", steps=30, pause=0.05)) for _ in range(2)]
    waiting = lane.begin("count", steps=30, pause=0.05)
    after = lane.begin("count", steps=1, pause=0.0)
    time.sleep(0.3)
    assert not waiting.begun.is_set(), "two at a time"
    waiting.cancel()
    with pytest.raises(Cancelled):
        waiting.future.result(1)
    assert not any(question.future.done() for question in at_work), "it did not wait for its turn"
    assert after.future.result(10) == 1
    assert [question.future.result(10) for question in at_work] == [30, 30]
    assert waiting.progress is None


@pytest.mark.parametrize("name", ["nap", "long_nap"])
def test_what_was_done_before_the_cancel_is_not_called_cancelled(lane: InteractiveLane, name: str) -> None:
    with lane._lock:  # nothing that the worker says is heard
        question = lane.begin(name, seconds=0.01)
        time.sleep(0.5)  # now the worker has done it
        assert not question.begun.is_set()
        question.cancel()
    assert question.future.result(5) == 0.01


def test_cancelled_while_the_worker_starts(lane: InteractiveLane) -> None:
    pid = lane.pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: lane.pid != pid)
    question = lane.begin("count", steps=1000, pause=0.05)
    question.cancel()
    with pytest.raises(Cancelled):
        question.future.result(30)
    assert question.progress is None, "it was never begun"
    assert lane.ask("nap", 5.0, seconds=0) == 0


def test_long_questions_of_one_name_do_not_wait_for_those_of_another(lane: InteractiveLane) -> None:
    at_work = [begun(lane.begin("long_nap", seconds=60)) for _ in range(2)]
    waiting = lane.begin("long_nap", seconds=0)
    assert lane.begin("count", steps=1, pause=0.0).future.result(5) == 1
    assert not any(question.future.done() for question in (*at_work, waiting))


def test_quick_questions_are_answered_while_long_ones_run(lane: InteractiveLane) -> None:
    long = [begun(lane.begin("count", steps=1000, pause=0.02)) for _ in range(2)]
    start = time.monotonic()
    assert [lane.ask("nap", 5.0, seconds=0.01) for _ in range(5)] == [0.01] * 5
    assert time.monotonic() - start < 2
    assert not any(question.future.done() for question in long)
    for question in long:
        question.cancel()


def test_errors_keep_their_kind(lane: InteractiveLane) -> None:
    with pytest.raises(UserError, match="nothing here") as raised:
        lane.begin("refuse").future.result(5)
    assert not isinstance(raised.value, Cancelled | DataError)
    with pytest.raises(WorkerDied, match="KeyError"):
        lane.begin("no such question").future.result(5)


def test_a_dead_worker_fails_what_it_worked_on_and_the_rest_is_asked_again(lane: InteractiveLane) -> None:
    pid = lane.pid
    at_work = [begun(lane.begin("count", steps=1000, pause=0.05)) for _ in range(2)]
    quick = begun(lane.begin("nap", seconds=60))
    called_off = lane.begin("count", steps=1, pause=0.0)
    waiting_long, waiting_quick = lane.begin("count", steps=2, pause=0.0), lane.begin("nap", seconds=0)
    called_off.cancel()
    os.kill(pid, signal.SIGKILL)
    for question in (*at_work, quick):
        with pytest.raises(WorkerDied, match="SIGKILL"):
            question.future.result(10)
    assert waiting_long.future.result(30) == 2
    assert waiting_quick.future.result(30) == 0
    assert lane.pid != pid
    with pytest.raises(Cancelled):
        called_off.future.result(0)


def test_a_silent_long_question_fails_and_what_reports_goes_on(
    lane: InteractiveLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "SILENCE", 1.0)
    pid = lane.pid
    lively = begun(lane.begin("count", steps=60, pause=0.05))
    silent = begun(lane.begin("count", steps=2, pause=60))
    waiting = lane.begin("count", steps=2, pause=0.0)
    with pytest.raises(WorkerDied, match="Nothing was heard of it for 1 seconds"):
        silent.future.result(5)
    assert waiting.future.result(5) == 2, "its place is taken by the next"
    assert lively.future.result(10) == 60
    wait_until(lambda: lane.pid not in (None, pid) or lane.pid is None)
    assert lane.ask("nap", 20.0, seconds=0) == 0, "the worker with the stuck thread is replaced"
    assert lane.pid != pid


def test_a_silent_long_question_alone_has_its_worker_killed(
    lane: InteractiveLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "SILENCE", 0.5)
    pid = lane.pid
    with pytest.raises(WorkerDied, match="Nothing was heard"):
        begun(lane.begin("long_nap", seconds=60)).future.result(5)
    wait_until(lambda: lane.pid != pid)


def test_what_has_just_begun_in_a_worn_worker_is_asked_again(lane: InteractiveLane) -> None:
    pid = lane.pid
    long = begun(lane.begin("count", steps=30, pause=0.05))
    with pytest.raises(WorkerDied, match="within 1 seconds"):
        lane.ask("nap", 1.0, seconds=60)
    last, innocent = lane.begin("nap", seconds=1.0), lane.begin("nap", seconds=2.5)
    assert long.future.result(10) == 30
    begun(last)
    with lane._lock:
        time.sleep(1.4)  # the answer to `last` and the line that `innocent` has begun are both on their way
        assert not last.future.done()
        assert not innocent.begun.is_set()
    assert last.future.result(5) == 1.0
    assert innocent.future.result(20) == 2.5
    assert lane.pid != pid, "the worker was replaced"


def test_what_has_just_begun_beside_a_silent_question_is_asked_again(lane: InteractiveLane) -> None:
    pid = lane.pid
    silent = begun(lane.begin("long_nap", seconds=60))
    with lane._lock:
        innocent = lane.begin("nap", seconds=1.0)
        time.sleep(0.5)  # it has begun, which is not known here yet
        assert not innocent.begun.is_set()
        assert lane._give_up(silent)
    assert innocent.future.result(20) == 1.0
    assert lane.pid != pid


def test_each_name_has_its_own_clock_of_silence(lane: InteractiveLane, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that waits for others of its name is not silent, whatever another name is doing."""
    monkeypatch.setattr(questions, "SILENCE", 0.6)
    at_work = [begun(lane.begin("count", steps=40, pause=0.05)) for _ in range(2)]
    waiting = lane.begin("count", steps=1, pause=0.0)
    assert lane.begin("long_nap", seconds=0).future.result(5) == 0
    assert [question.future.result(10) for question in at_work] == [40, 40]
    assert waiting.future.result(5) == 1


def test_a_long_question_may_be_given_more_time_to_be_silent(
    lane: InteractiveLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "SILENCE", 0.2)
    assert lane.ask("long_nap", 5.0, seconds=1.0) == 1.0


def test_a_quick_question_that_takes_too_long_does_not_cost_the_long_one(lane: InteractiveLane) -> None:
    pid = lane.pid
    long = begun(lane.begin("count", steps=60, pause=0.05))
    with pytest.raises(WorkerDied, match="within 1 seconds"):
        lane.ask("nap", 1.0, seconds=60)
    assert lane.ask("nap", 5.0, seconds=0) == 0, "the next quick one is answered in the same worker"
    assert lane.pid == pid
    assert long.future.result(10) == 60
    wait_until(lambda: lane.pid != pid)
    assert lane.ask("nap", 20.0, seconds=0) == 0


def test_a_long_question_does_not_make_a_quick_one_wait_for_its_time_out(lane: InteractiveLane) -> None:
    """A time-out of a quick question at work still ends it, and those behind it have their own clocks."""
    long = begun(lane.begin("count", steps=1000, pause=0.05))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lane.ask, "nap", 30.0, seconds=1.5)
        time.sleep(0.2)
        assert lane.ask("nap", 1.0, seconds=0) == 0
        assert slow.result() == 1.5
    assert not long.future.done()
    long.cancel()


def test_nothing_is_asked_of_a_closed_lane(lane: InteractiveLane) -> None:
    running = begun(lane.begin("count", steps=1000, pause=0.05))
    lane.close()
    with pytest.raises(WorkerDied):
        running.future.result(5)
    with pytest.raises(WorkerDied, match="shutting down"):
        lane.begin("nap", seconds=0)
