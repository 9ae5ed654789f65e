"""Where a race stands."""

import pytest

from tests.races import finish, make_events, make_race, wait_for_all
from tl_core.race import SIZES
from tl_core.race_runs import RaceRun, lanes, progress, verdict_of
from tl_core.training import run


def test_nothing_is_known_before_the_first_result() -> None:
    race = make_race()
    runs = wait_for_all(race)
    state = progress(race, runs)
    assert (state.num_over, state.num_runs, state.running, state.seconds_left) == (0, 6, (), None)
    assert verdict_of(runs) is None
    assert [lane.result for lane in lanes(race, runs, None)] == [None, None]


def test_the_time_left_is_that_of_the_same_recipe() -> None:
    race = make_race(seeds=2)
    quick = make_events((0.5, 0.6), 0.6, epoch_seconds=0.5)  # 2.1 s
    slow = make_events((0.5, 0.6), 0.6, epoch_seconds=10)  # 21.1 s
    entries = race.entries()
    runs = [
        RaceRun(entries[0], "a", "finished", quick),
        RaceRun(entries[1], "b", "finished", slow),
        RaceRun(entries[2], "c", "queued"),
        RaceRun(entries[3], "d", "queued"),
    ]
    state = progress(race, runs)
    assert state.num_over == 2
    assert state.seconds_left == pytest.approx(2.1 + 21.1)
    half_done = make_events((0.5,), None, epoch_seconds=10, num_epochs=3)
    runs[3] = RaceRun(entries[3], "d", "running", half_done)
    assert progress(race, runs).seconds_left == pytest.approx(2.1 + 20)
    assert progress(race, runs).running == (runs[3],)


def test_time_of_training_does_not_count_the_reading_of_pictures() -> None:
    race = make_race(seeds=1)
    runs = finish(race, {"case-1": 0.5, "case-3": 0.6}, case_1={"ready": 30.0}, case_3={"ready": 0.1})
    seconds = {lane.recipe: lane.seconds for lane in lanes(race, runs, verdict_of(runs))}
    assert seconds["case-1"] == pytest.approx(seconds["case-3"])


def test_lanes_are_in_the_order_of_the_results_and_those_without_come_last() -> None:
    race = make_race(("case-1", "case-2", "case-3"), seeds=2)
    runs = [r for r in finish(race, {"case-1": 0.5, "case-2": 0.6, "case-3": 0.7}) if r.entry.recipe != "case-2"]
    found = lanes(race, runs, verdict_of(runs))
    assert [lane.recipe for lane in found] == ["case-3", "case-1", "case-2"]
    assert found[-1].result is None


def test_each_size_has_a_verdict_of_its_own() -> None:
    race = make_race(kind=SIZES, sizes=(20, None), num_images=100)
    runs = finish(race, {("case-1", 20): 0.6, ("case-3", 20): 0.4, ("case-1", 100): 0.7, ("case-3", 100): 0.9})
    assert verdict_of(runs, 20, sized=True).winner == "case-1"
    assert verdict_of(runs, None, sized=True).winner == "case-3"


def test_real_runs_are_read_as_they_are_recorded(stripes) -> None:
    from dataclasses import replace

    race = make_race(("case-1", "case-4"), seeds=1, sizes=(None,), num_images=20)
    race = replace(race, base=replace(race.base, data=str(stripes), epochs=2))
    runs = []
    for entry in race.entries():
        events = tuple(event.to_json() for event in run(race.experiment(entry), device="cpu"))
        runs.append(RaceRun(entry, "r", events[-1]["event"], events))
    assert all(one.finished for one in runs)
    first, last = lanes(race, runs, verdict_of(runs))
    weights = {lane.recipe: lane.num_trainable for lane in (first, last)}
    assert weights["case-4"] > 100 * weights["case-1"] > 0
    assert first.seconds > 0
    assert runs[0].best in runs[0].epochs
