"""Where a visitor is in the tour, and the races that are his trials of its steps. A refresh and another page keep both."""

import streamlit as st

from frame.race_data import get_races, start_race
from frame.services import owner
from tl_core.errors import UserError
from tl_core.race import Guess
from tl_core.races import KeptRace
from tl_core.tour import STEPS, Step, step_number, without_guess

STEP = "tour_step"  # in the session; the parameter `tour` of the address
_RACES = "tour_races"  # in the session: the race of each step by the step's name


def here() -> int:
    """The number of the step, 1 to 7."""
    return step_number(st.session_state.get(STEP, 1))


def go(number: int) -> None:
    st.session_state[STEP] = str(step_number(number))


def forward() -> None:
    go(here() + 1)


def back() -> None:
    go(max(1, here() - 1))


def is_new_here() -> bool:
    """Whether the visitor has not been on the tour in this visit."""
    return STEP not in st.session_state


def race_of(step: Step) -> KeptRace | None:
    """The visitor's latest trial of a step, also one of an earlier visit; None where there is none."""
    known = st.session_state.setdefault(_RACES, {})
    if step.name in known:
        try:
            return get_races().get(known[step.name])
        except UserError:
            del known[step.name]
    if step.trial is None:
        return None
    wanted = step.trial.race()
    found = next((kept for kept in get_races().list(owner()) if without_guess(kept.race) == wanted), None)
    if found is not None:
        known[step.name] = found.id
    return found


def start(step: Step, guess: str | None) -> None:
    """Submit a step's runs. Raises `UserError` where the class or the queue does not take them."""
    st.session_state.setdefault(_RACES, {})[step.name] = start_race(step.trial.race(Guess(guess)))


def progress() -> float:
    return here() / len(STEPS)
