"""Likely reasons are named only where the rule's recipe was clearly beaten, and only with the numbers that show them."""

from dataclasses import replace

from tests.races import finish, make_race
from tl_core.cases import Thresholds
from tl_core.race_reasons import MOST, reasons
from tl_core.race_runs import verdict_of
from tl_core.race_words import no_reason_text, reason_text

BEATEN = {"case-1": 0.7, "case-3": 0.6}


def found(race, accuracies=BEATEN, **options) -> dict[str, str]:
    runs = finish(race, accuracies, **options)
    return {reason.kind: reason_text(reason) for reason in reasons(race, runs, verdict_of(runs))}


def test_nothing_is_explained_where_the_rule_did_not_lose() -> None:
    assert found(make_race(prescribed="case-1")) == {}
    assert found(make_race(prescribed=None)) == {}
    tied = make_race(prescribed="case-3")
    assert found(tied, {"case-1": 0.61, "case-3": 0.6}, spread=0.05, case_3={"train": 1.0}) == {}


def test_overfitting_is_named_with_both_gaps() -> None:
    race = make_race(prescribed="case-3")
    texts = found(race, case_1={"train": 0.75}, case_3={"train": 1.0, "weights": 1_900_000})
    assert (
        "Case 3 overfits more: it gets 100 % of the training images right but only 60 % of the held-out"
        in texts["overfits"]
    )
    assert "case 1: 75 and 70 %" in texts["overfits"]
    assert "1,900,000 weights from 80 images" in texts["overfits"]
    assert "cannot learn" not in texts


def test_a_gap_inside_the_noise_is_no_reason() -> None:
    race = make_race(prescribed="case-3")
    assert "overfits" not in found(race, case_1={"train": 0.78}, case_3={"train": 0.76, "num_val": 8})


def test_too_few_weights_to_learn_with() -> None:
    race = make_race(prescribed="case-1")
    texts = found(
        race, {"case-1": 0.6, "case-3": 0.8}, case_1={"train": 0.62}, case_3={"train": 0.95, "weights": 9_999}
    )
    assert "Case 1 does not even learn the training images as well: 62 %" in texts["cannot learn"]
    assert "case 3 9,999" in texts["cannot learn"]


def test_unfinished_means_best_in_the_last_epoch_of_the_budget() -> None:
    race = make_race(prescribed="case-3")
    assert "unfinished" in found(race, case_3={"accuracies": (0.4, 0.6), "num_epochs": 2})
    assert "unfinished" not in found(race, case_3={"accuracies": (0.4, 0.6), "num_epochs": 9})


def test_a_time_limit_is_named_where_it_has_ended_the_training() -> None:
    race = make_race(prescribed="case-3")
    race = replace(race, base=replace(race.base, seconds=5.0))
    ended = {"accuracies": (0.4, 0.6), "num_epochs": 9, "epoch_seconds": 3.0}
    assert "The time limit of 5 s ended case 3" in found(race, case_3=ended)["cut short"]
    assert "cut short" not in found(race, case_3={**ended, "epoch_seconds": 1.0})


def test_where_the_recipes_themselves_differ() -> None:
    rest = {"accuracies": (0.6, 0.5)}  # best in the first epoch

    scratch = make_race(("case-3", "case-4"), prescribed="case-4")
    assert "begins from random weights" in found(scratch, {"case-3": 0.7, "case-4": 0.5}, case_4=rest)["from nothing"]
    early = make_race(("case-1", "case-2"), prescribed="case-2")
    assert "later layers help" in found(early, {"case-1": 0.7, "case-2": 0.5}, case_2=rest)
    late = make_race(("case-1", "case-2"), prescribed="case-1")
    assert "early layers help" in found(late, {"case-1": 0.5, "case-2": 0.7}, case_1=rest)


def test_a_rule_in_doubt_is_a_reason() -> None:
    race = make_race(
        prescribed="case-3", similarity=(0.52, 0.4, 0.6), thresholds=Thresholds(150, 0.5), num_images=100,
    )  # fmt: skip
    rest = {"accuracies": (0.6, 0.5), "train": 0.8}  # nothing else to name
    texts = found(race, case_3=rest)
    assert "100 images are close to the line of 150" in texts["near size line"]
    assert "0.52 (0.40 to 0.60)" in texts["near similarity line"]
    clear = make_race(prescribed="case-3", similarity=(0.8, 0.7, 0.9), thresholds=Thresholds(2_000, 0.5))
    assert not {"near size line", "near similarity line"} & set(found(clear))


def test_never_more_than_three() -> None:
    race = make_race(
        ("case-1", "case-4"), prescribed="case-4", similarity=(0.5, 0.4, 0.6), thresholds=Thresholds(100, 0.5)
    )  # fmt: skip
    texts = found(race, {"case-1": 0.7, "case-4": 0.5}, case_1={"train": 0.7}, case_4={"train": 1.0})
    assert len(texts) == MOST
    assert next(iter(texts)) == "overfits"
    assert no_reason_text()
