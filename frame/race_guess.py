"""Predict first: a small form before a race, which nobody has to fill in."""

from collections.abc import Sequence

import streamlit as st

from tl_core.language import _
from tl_core.race import NOBODY, RECIPES, Guess
from tl_core.recipe_marks import recipe_name

_SKIPPED = "race_guess_skipped"
_ROUND = "race_guess_round"  # counts the races that were started, so that each begins with an empty form


def ask_guess(recipes: Sequence[str], kind: str) -> Guess:
    """What the visitor expects so far; an empty guess where nothing is said or the question was skipped."""
    if kind != RECIPES or len(recipes) < 2 or st.session_state.get(_SKIPPED):
        return Guess()
    number = st.session_state.get(_ROUND, 0)
    with st.container(border=True, key="race_guess"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            recipe = st.selectbox(
                _("Predict first: which recipe will win?"),
                [*recipes, NOBODY],
                index=None,
                format_func=_choice,
                placeholder=_("No guess"),
                key=f"race_guess_recipe_{number}_{'_'.join(recipes)}",
                width=320,
            )
            percent = st.number_input(
                _("Test accuracy of the best one, %"),
                0,
                100,
                value=None,
                placeholder=_("No guess"),
                key=f"race_guess_accuracy_{number}",
                width=240,
            )
            st.button(
                _("Skip"), type="tertiary", on_click=_skip, key="race_guess_skip",
                help=_("Race without a guess, and do not ask again during this visit."),
            )  # fmt: skip
    return Guess(recipe, None if percent is None else percent / 100)


def forget_guess() -> None:
    """The next race begins with an empty form."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def _skip() -> None:
    st.session_state[_SKIPPED] = True


def _choice(name: str) -> str:
    return _("Nobody clearly") if name == NOBODY else recipe_name(name)
