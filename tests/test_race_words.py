"""What is said of a race follows from its intervals; nobody wins inside the noise."""

from dataclasses import replace

import pytest

from tests.races import finish, make_race, wait_for_all
from tl_core.race import NOBODY, SIZES, Guess
from tl_core.race_runs import RaceRun, lanes, progress, verdict_of
from tl_core.race_words import duration, guess_text, limit_name, limit_text, progress_text, time_text, verdict_text

THREE = ("case-1", "case-2", "case-3")


def verdict(accuracies: dict[str, float], **options):
    race = make_race(tuple(accuracies))
    return verdict_of(finish(race, accuracies, **options))


def test_the_rules_recipe_won() -> None:
    text = verdict_text(verdict({"case-1": 0.7, "case-3": 0.6}), "case-1")
    assert text.startswith("Case 1 won, as the rule of thumb says: 10.0 points ahead of case 3")


def test_the_rule_lost() -> None:
    text = verdict_text(verdict({"case-1": 0.7, "case-3": 0.6}), "case-3")
    assert text.startswith("Here the rule of thumb lost: case 1 won, 10.0 points ahead of its choice, case 3")
    text = verdict_text(verdict({"case-1": 0.7, "case-2": 0.6, "case-3": 0.5}), "case-3")
    assert text.startswith("Case 1 won: 10.0 points ahead of case 2")
    assert "the rule of thumb lost: its choice, case 3, is 20.0 points behind" in text


def test_what_a_time_limit_has_ended_is_said() -> None:
    race = make_race(("case-1", "case-3", "case-4"))
    limited = make_race(race.recipes, base=replace(race.base, seconds=20.0))
    means = {"case-1": 0.7, "case-3": 0.6, "case-4": 0.5}
    slow = {"accuracies": (0.3, 0.5), "epoch_seconds": 11.0, "num_epochs": 36}
    patient = {"accuracies": (0.3, 0.5), "epoch_seconds": 3.0, "num_epochs": 9}  # it has given up before
    text = limit_text(limited, finish(limited, means, case_3=patient, case_4=slow))
    assert text.startswith("The time limit of 20 s ended case 4 after 2 of 36 epochs.")
    assert limit_text(race, finish(race, means, case_4=slow)) == ""
    waiting = {"accuracies": (0.3, 0.5), "ready": 1.0, "epoch_seconds": 3.0, "num_epochs": 9, "prepared": 60.0}
    assert limit_text(limited, finish(limited, means, case_3=waiting)) == "", (
        "what comes before training is not limited"
    )
    assert limit_text(limited, finish(limited, means)) == ""
    assert (limit_name(0.5), limit_name(90.0), limit_name(180.0)) == ("0.5 s", "90 s", "3 min")


def test_within_noise_nobody_wins_and_the_rule_is_left_open() -> None:
    text = verdict_text(verdict({"case-1": 0.61, "case-3": 0.6}, spread=0.05), "case-3")
    assert "won" not in text
    assert "Within noise: case 1 and case 3 cannot be told apart" in text
    assert "cannot be told here" in text


@pytest.mark.parametrize(("rule", "word"), [("case-1", "is among the best"), ("case-3", "rule of thumb lost")])
def test_two_at_the_top_and_one_behind(rule: str, word: str) -> None:
    text = verdict_text(verdict({"case-1": 0.7, "case-2": 0.701, "case-3": 0.5}), rule)
    assert text.startswith("No single winner: case 2 and case 1 are within noise")
    assert "Clearly behind: case 3." in text
    assert word in text


def test_a_rule_that_did_not_run_is_not_judged() -> None:
    for prescribed in (None, "case-4"):
        assert "rule" not in verdict_text(verdict({"case-1": 0.7, "case-3": 0.6}), prescribed)


def test_one_recipe_alone_wins_nothing() -> None:
    runs = [run for run in finish(make_race(), {"case-1": 0.7, "case-3": 0.6}) if run.entry.recipe == "case-1"]
    assert "nothing to compare" in verdict_text(verdict_of(runs), "case-1")


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        (Guess("case-1"), "You expected that case 1 would win: right."),
        (Guess("case-3"), "You expected that case 3 would win: case 1 won."),
        (Guess(NOBODY), "nobody would win clearly: case 1 won."),
        (Guess(None, 0.7), "your guess lies in the interval"),
        (Guess(None, 0.4), "You expected 40 % for the best one: case 1 reached 70.0 %"),
        (Guess(), ""),
    ],
)
def test_the_guess_stands_beside_the_result(guess: Guess, words: str) -> None:
    text = guess_text(guess, verdict({"case-1": 0.7, "case-3": 0.6}))
    assert (words in text) if words else text == ""


def test_a_guess_inside_the_noise_is_not_called_wrong() -> None:
    tied = verdict({"case-1": 0.61, "case-3": 0.6}, spread=0.05)
    assert "nobody would win clearly: right" in guess_text(Guess(NOBODY), tied)
    assert "nobody won clearly, but yours is among the best" in guess_text(Guess("case-3"), tied)


def test_time_is_worth_a_sentence_only_where_it_differs_much() -> None:
    race = make_race(seeds=1)
    accuracies = {"case-1": 0.7, "case-3": 0.6}
    runs = finish(race, accuracies, case_3={"epoch_seconds": 50.0})
    text = time_text(lanes(race, runs, verdict_of(runs)))
    assert "a run of case 1 took 1.1 s to train, one of case 3 took 1.7 minutes" in text
    same = finish(race, accuracies)
    assert time_text(lanes(race, same, verdict_of(same))) == ""


def test_progress_names_the_run() -> None:
    race = make_race()
    runs = wait_for_all(race)
    assert progress_text(race, progress(race, runs)) == "0 of 6 runs are over."
    runs[0] = RaceRun(runs[0].entry, "a", "running")
    assert progress_text(race, progress(race, runs)) == "0 of 6 runs are over. Now: case 1, seed 0."
    runs[1] = RaceRun(runs[1].entry, "b", "running")
    two = progress(race, runs, 2)
    assert progress_text(race, two).endswith("Now: case 1, seed 0; case 3, seed 0.")
    assert progress_text(race, replace(two, seconds_left=0.6)).endswith("seed 0. About 0.6 s left.")
    assert progress_text(race, replace(two, seconds_left=0.04)).endswith("seed 0."), "no '0.0 s' while it still goes on"
    sizes = make_race(kind=SIZES, sizes=(20, None), seeds=1)
    runs = wait_for_all(sizes)
    runs[3] = RaceRun(runs[3].entry, "a", "running")
    assert "case 3, 100 images, seed 0" in progress_text(sizes, progress(sizes, runs))


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.64, 42.4, 120)] == ["0.6 s", "42 s", "2.0 minutes"]
