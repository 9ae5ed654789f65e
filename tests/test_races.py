"""Races in the store."""

import pytest

from tests.races import make_race
from tl_core.race import Guess
from tl_core.races import RaceNotFound, Races
from tl_core.store import Store


def test_a_race_comes_back_as_it_was_written_also_to_a_new_server() -> None:
    race = make_race(guess=Guess("case-1", 0.9), prescribed="case-3")
    ids = [f"{n:032x}" for n in range(6)]
    race_id = Races(Store()).add(race, ids, "ann")

    kept = Races(Store()).get(race_id)

    assert (kept.race, kept.run_ids, kept.owner, kept.number, kept.stopped) == (race, tuple(ids), "ann", 1, False)


def test_everybody_has_numbers_and_a_list_of_their_own() -> None:
    races = Races(Store())
    first, second = (races.add(make_race(), [], "ann") for _ in range(2))
    other = races.add(make_race(), [], "bob")

    assert [kept.id for kept in races.list("ann")] == [second, first]
    assert races.get(second).number == 2
    assert races.get(other).number == 1
    assert races.list("nobody") == []


def test_stopping_one_race_leaves_the_others() -> None:
    races = Races(Store())
    stopped, other = (races.add(make_race(), [], "ann") for _ in range(2))
    races.set_stopped(stopped)
    assert races.get(stopped).stopped
    assert not races.get(other).stopped


def test_an_unknown_race_is_said() -> None:
    with pytest.raises(RaceNotFound, match="Received: 'x'"):
        Races(Store()).get("x")
