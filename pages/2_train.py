"""Train: the experiment of the bar as a real run, live."""

import streamlit as st

from frame.datasets import redraw_when_done
from frame.drawings import plan, show_diagram
from frame.entry import enter
from frame.experiment_bar import experiment_bar, num_images
from frame.history import selected_runs, show_history
from frame.run_view import show_run
from frame.services import get_engine, owner
from frame.settings import case_of
from frame.train_options import train_options
from frame.words import case_text, weights_text
from tl_core.networks import get_network

enter()

settings, data = experiment_bar()
if data.error:
    st.error(data.error)
elif data.measure_error:
    st.info(data.measure_error)

if settings.imagined:
    st.info(
        "An imagined data set has no pictures to train on. Choose a data set in the bar above, or bring your own on the "
        "page 'My images'."
    )
else:
    size = num_images(settings, data)
    similarity = data.measurement["similarity"] if data.measurement else 1 - settings.experiment.distance
    case = settings.case(similarity, size)
    experiment = settings.resolved(case)
    network = get_network(experiment.network)
    chosen = case_of(experiment)

    def start() -> None:
        st.session_state.run_id = get_engine().submit(experiment, owner())

    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        ready = data.description is not None and not (settings.auto and data.waiting)
        st.button("Start", type="primary", on_click=start, disabled=not ready, help="Train now, with these settings.")
        train_options(settings, network)
        name = f"case {chosen.number}, {chosen.title.lower()}" if chosen else "a recipe of your own"
        why = f"the map says so for a {case.quadrant}" if settings.auto else "chosen on purpose"
        st.markdown(f"Recipe: **{name}** ({why}).")
    if not st.session_state.get("run_id"):
        layers = plan(network, experiment.make_recipe(), data.num_classes or 2)
        left, right = st.columns([5, 9], gap="large")
        with left:
            case_text(chosen, stacked=True)
            weights_text(layers)
        with right:
            show_diagram(layers, network.input_size, key="plan_diagram")

if st.session_state.get("run_id"):
    show_run(st.session_state.run_id, selected_runs())
show_history()
redraw_when_done(data.waiting)
