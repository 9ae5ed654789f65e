"""Race: several recipes on the same pictures, live against each other; nobody wins inside the noise."""

import streamlit as st

from frame.data_trouble import show_trouble
from frame.datasets import redraw_when_done
from frame.entry import enter
from frame.experiment_bar import experiment_bar
from frame.glossary import tell
from frame.race_history import show_history
from frame.race_setup import race_setup
from frame.race_view import is_busy, show_race
from tl_core.language import _

enter()

settings, data = experiment_bar()
show_trouble(data)

race_id = st.session_state.get("race_id")
st.header(_("Race"), anchor=False)
if settings.imagined:
    st.info(
        _(
            "An imagined data set has no pictures to train on. Choose a data set in the bar above, or bring your own on the "
            "page 'My images'."
        )
    )
elif race_id:
    with st.expander(_("Another race")):
        race_setup(settings, data, is_busy(race_id))
else:
    tell(
        _(
            "Which recipe is really the best on these pictures? Each learns from the same pictures, several times with "
            "different luck, and only a difference larger than the luck counts as a win."
        )
    )
    race_setup(settings, data, busy=False)
if race_id:
    show_race(race_id)
show_history()
redraw_when_done(data.waiting)
