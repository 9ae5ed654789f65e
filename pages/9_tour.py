"""Tour: the four cases in about ten minutes, each with a real run of a few seconds."""

import streamlit as st

from frame import tour_state
from frame.entry import enter
from frame.text import plain
from frame.tour_next import show_places
from frame.tour_view import show_step, show_way
from tl_core.language import _
from tl_core.tour import STEPS

enter()

tour_state.go(tour_state.here())
step = STEPS[tour_state.here() - 1]
show_way()
st.header(plain(_(step.title)), anchor=False)
show_step(step)
if step.trial is None:
    show_places()
