"""The tour as data, and the sentences that follow from its runs."""

import pytest

from tests.races import make_events
from tl_core.cases import recommend
from tl_core.race import Guess, Race
from tl_core.race_runs import RaceRun
from tl_core.tour import NETWORK, STEPS, Shown, recorded_verdict, step_number, without_guess
from tl_core.tour_words import (
    ByHeart,
    by_heart,
    heart_guess_text,
    heart_line,
    heart_text,
    recorded_text,
    result_text,
    wider,
)
from tl_core.verdicts import winner


def rows(**means: float) -> list[dict]:
    """Three seeds of each recipe around its mean."""
    return [
        {"recipe": name.replace("_", "-"), "seed": seed, "test_accuracy": mean + 0.004 * (seed - 1), "num_test": 2_000}
        for name, mean in means.items()
        for seed in range(3)
    ]


def heart(recipe: str, train: float, test: float, weights: int = 1_000) -> ByHeart:
    return ByHeart(recipe, train, 160, weights, test, test - 0.02, test + 0.02, 2_000)


def test_seven_steps_with_one_experiment_each_but_the_last() -> None:
    assert len(STEPS) == len({step.name for step in STEPS}) == 7
    assert [step.trial is None for step in STEPS] == [False] * 6 + [True]
    for step in STEPS[:6]:
        race = step.trial.race(Guess("case-1"))
        assert {one.network for one in race.experiments()} == {NETWORK}
        assert len(race.experiments()) == 2
        assert without_guess(race) == step.trial.race() != race
        assert Race.from_json(race.to_json()) == race, "so that a kept race is found again"


def test_what_the_rule_is_said_to_say_is_what_it_says() -> None:
    similarity = {"wolves": 0.52, "flowers": 0.31}  # measured: docs/drawn.md
    for step in STEPS[:6]:
        for one in (step.trial, *step.recorded):
            if one.prescribed is not None:
                assert one.prescribed == recommend(one.num_images, similarity[one.data]).name


def test_every_recorded_cell_is_in_the_study_that_ships() -> None:
    for step in STEPS:
        for shown in step.recorded:
            verdict = recorded_verdict(shown)
            assert {result.recipe for result in verdict.results} == set(shown.recipes)
            assert all(len(result.by_seed) == 5 for result in verdict.results)
    assert recorded_verdict(Shown("wolves", 123, ("case-1", "case-2"), None)) is None


@pytest.mark.parametrize(
    ("asked", "number"), [("3", 3), (3, 3), ("0", 1), ("99", 7), ("-1", 1), ("x", 1), ("", 1), (None, 1), ("٣", 1)]
)
def test_any_address_leads_to_a_step(asked: object, number: int) -> None:
    assert step_number(asked) == number


def test_recorded_runs_name_a_winner_only_outside_the_noise() -> None:
    shown = Shown("wolves", 200, ("case-1", "case-3"), "case-1")
    lost = recorded_text(shown, winner(rows(case_1=0.66, case_3=0.71)))
    assert "Clearly ahead: case 3." in lost
    assert "The rule of thumb loses here: its choice, case 1, is 5.0 points behind" in lost
    assert "is right here" in recorded_text(shown, winner(rows(case_1=0.71, case_3=0.66)))
    noisy = rows(case_1=0.7, case_3=0.69)
    noisy[0]["test_accuracy"] += 0.1
    assert recorded_text(shown, winner(noisy)) == "These runs cannot tell them apart."
    three = recorded_text(shown, winner(rows(case_1=0.71, case_3=0.711, case_4=0.4)))
    assert "within noise of each other: case 3 and case 1" in three
    assert "case 1, is among them" in three
    no_rule = Shown("wolves", 200, ("case-1", "case-3"), None)
    assert recorded_text(no_rule, winner(rows(case_1=0.66, case_3=0.71))) == "Clearly ahead: case 3."
    assert result_text(winner(rows(case_1=0.66, case_3=0.71))).startswith("case 3 71.0 % (")


def test_learning_by_heart_is_told_from_training_and_test_images() -> None:
    found = [heart("case-4", 0.97, 0.44, weights=9_000), heart("case-1", 0.86, 0.67)]
    assert wider(found) == "case-4"
    said = heart_text(found)
    assert "The wider gap is that of case 4." in said
    assert "It also trained the most weights." in said
    assert "also worse on new pictures" in said
    assert "97 % of the 160 training images" in heart_line(found[0])
    assert "A gap of 53 points" in heart_line(found[0])
    assert heart_guess_text("case-4", found) == "You predicted: case 4. That is right."
    assert heart_guess_text("case-1", found) == "You predicted: case 1. It came out: case 4."
    assert heart_guess_text(None, found) == ""


def test_a_wider_gap_that_costs_nothing_is_not_called_worse() -> None:
    said = heart_text([heart("case-3", 1.0, 0.73, weights=9_000), heart("case-1", 0.75, 0.67)])
    assert "A wide gap alone does not make it worse" in said


def test_gaps_within_the_noise_are_not_compared() -> None:
    close = [heart("case-3", 0.90, 0.70), heart("case-1", 0.88, 0.69)]
    assert wider(close) is None
    assert heart_text(close) == "Within noise: these runs cannot tell which of them learnt by heart more."
    assert "That is right" in heart_guess_text("nobody", close)
    assert wider([heart("case-3", 0.5, 0.7), heart("case-1", 0.3, 0.7)]) is None, "no gap at all"
    assert heart_text(close[:1]) == "There is nothing to compare: a run has no result."


def test_the_gap_is_read_from_recorded_events() -> None:
    race = STEPS[3].trial.race()
    events = make_events((0.3, 0.4), 0.44, train=0.97, weights=1_234)
    ended = {**events[-1], "test_accuracy_low": 0.42, "test_accuracy_high": 0.46}
    run = RaceRun(race.entries()[0], "0" * 32, "finished", (*events[:-1], ended))
    found = by_heart(run)
    assert (found.recipe, found.train, found.num_train, found.num_trainable) == ("case-4", 0.97, 80, 1_234)
    assert found.gap == pytest.approx(0.53)
    assert by_heart(RaceRun(race.entries()[0], "0" * 32, "stopped", events[:-1])) is None
