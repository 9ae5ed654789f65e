"""The four cases: where the data lies on the map, and what that means for the network."""

import streamlit as st

from frame import state
from frame.datasets import redraw_when_done, show_thumbnails
from frame.drawings import map_click, plan, show_diagram, show_map
from frame.entry import enter
from frame.experiment_bar import IMAGINED_CLASSES, experiment_bar, num_images
from frame.settings import case_of
from frame.words import case_text, case_title, thresholds_widgets, weights_text
from tl_core.cases import Thresholds
from tl_core.data.dial import POSITIONS
from tl_core.networks import get_network

enter()

settings, data = experiment_bar()
experiment = settings.experiment
network = get_network(experiment.network)
size = num_images(settings, data)
measured = None
if data.measurement:
    measured = tuple(data.measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
similarity = settings.similarity if settings.imagined else (measured[0] if measured else None)
case = settings.case(similarity if similarity is not None else 1 - experiment.distance, size)
resolved = settings.resolved(case)
layers = plan(network, resolved.make_recipe(), data.num_classes or IMAGINED_CLASSES)


def move_point() -> None:
    """A click on the map moves the sliders; real pictures go to the nearest position of the dial."""
    click = map_click("map")
    if click is None:
        return
    images, wanted = click
    if settings.imagined:
        state.change(num_images=images, similarity=wanted)
    else:
        top = max(similarity or 0.0, 0.05) / max(1 - experiment.distance, 0.25)
        distance = min(POSITIONS, key=lambda position: abs(top * (1 - position) - wanted))
        state.change(num_images=images, distance=distance)


if data.error:
    st.error(data.error)
elif data.measure_error:
    st.info(data.measure_error)

chosen = case_of(resolved)
left, right = st.columns([5, 9], gap="large")
with left:
    show_map(size, similarity, settings.thresholds, measured=measured, key="map", on_pick=move_point)
    if settings.imagined:
        st.caption("Click on the map, or move the sliders.")
    elif measured:
        st.caption(f"Similarity measured: {measured[0]:.2f}, 95 % interval {measured[1]:.2f} to {measured[2]:.2f}.")
    elif data.waiting:
        st.caption("Measuring how similar these pictures are to what the network knows ...")
with right:
    case_title(case, chosen, settings.auto)
    show_diagram(layers, network.input_size, key="diagram")

case_text(chosen)
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    if settings.imagined:
        st.button(
            "Train this", disabled=True, help="An imagined data set cannot be trained on: choose one of real pictures."
        )
    elif st.button("Train this", type="primary", disabled=bool(data.error)):
        st.switch_page(st.session_state.pages["train"])
    thresholds_widgets(settings.thresholds, Thresholds())
    weights_text(layers)

waiting = data.waiting
if not settings.imagined and not data.error:
    st.subheader("The pictures", anchor=False)
    waiting += show_thumbnails(settings)
    if data.description:
        counts = data.description
        st.caption(
            f"{counts['num_images']:,} images in {len(counts['classes'])} classes: {counts['num_to_learn_from']:,} to learn "
            f"from, {counts['num_test']:,} kept apart for the test."
            + (f" {counts['num_skipped']:,} files could not be used." if counts["num_skipped"] else "")
        )
redraw_when_done(waiting)
