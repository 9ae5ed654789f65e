"""The four cases: where the data lies on the map, and what that means for the network."""

import streamlit as st

from frame import guess, state
from frame.ahead import go_ahead
from frame.data_trouble import show_trouble
from frame.datasets import counts_text, redraw_when_done, show_thumbnails
from frame.drawings import map_click, plan, show_diagram, show_map
from frame.entry import enter
from frame.experiment_bar import IMAGINED_CLASSES, experiment_bar, imagined_size, num_images, real_pictures_button
from frame.glossary import tell
from frame.measured import show_measured
from frame.prescription import prescribe
from frame.presses import forget_press, press_button, take_press
from frame.settings import case_of
from frame.text import plain
from frame.where_to_cut import show_where_to_cut
from frame.words import case_text, case_title, glossary, thresholds_widgets, weights_words
from tl_core.cases import Thresholds
from tl_core.data.dial import POSITIONS
from tl_core.language import _, retold
from tl_core.networks import get_network

STEADY = """<style>
.st-key-map_panel { min-height: 19rem; }
.st-key-case_title { min-height: 5.4rem; }
.st-key-cut_choice { min-height: 5rem; }
@media (min-width: 640px) { .st-key-case_text { min-height: 14.5rem; } }
@media (max-width: 639px) { .st-key-map_panel { min-height: 21.5rem; } .st-key-case_title { min-height: 9.2rem; } }
</style>"""

enter()

tell(
    _(
        "**Transfer learning**: re-use a network that has already learnt from many pictures for pictures of your own. How much "
        "of it to re-use depends on how many pictures you have, and on how similar they are."
    )
)
settings, data = experiment_bar()
experiment = settings.experiment
network = get_network(experiment.network)
size = num_images(settings, data)
asking = guess.is_asking(settings, data)
prescription = prescribe(settings, data, size, asking)
resolved = settings.resolved(prescription.case)
layers = plan(network, resolved.make_recipe(), data.num_classes or IMAGINED_CLASSES)
at = {"images": imagined_size(settings), "similarity": settings.similarity} if settings.imagined else None


def move_point() -> None:
    """A click on the map moves the sliders, or the guess; real pictures go to the nearest position of the dial."""
    click = map_click("map")
    if click is None:
        return
    images, wanted = click
    settings = state.get_settings()  # of this moment, not of when the page was last drawn
    if settings.imagined:
        state.change(num_images=images, similarity=wanted)
        return
    if asking:
        guess.set_guess(settings, wanted)
        state.change(num_images=images)
        return
    top = max(prescription.similarity or 0.0, 0.05) / max(1 - settings.experiment.distance, 0.25)
    distance = min(POSITIONS, key=lambda position: abs(top * (1 - position) - wanted))
    state.change(num_images=images, distance=distance)
    if wanted > top + 0.1:
        st.toast(_("Real pictures cannot be made more similar than they are, only less."))


show_trouble(data, measuring=False)

waiting = () if asking and data.description else data.waiting  # nothing on the page waits for what is kept back
st.html(STEADY)
left, right = st.columns([5, 9], gap="large")
with left:
    show_map(
        size,
        prescription.similarity,
        settings.thresholds,
        measured=prescription.interval,
        guess=guess.guess_on_map(settings, asking),
        key="map",
        on_pick=move_point,
        at=at,
    )
    with st.container(key="map_panel" if not settings.imagined else "map_caption"):
        if settings.imagined:
            st.caption(_("Click on the map, or move the sliders."))
        elif asking:
            waiting += guess.ask(settings)
        elif data.measure_error:
            st.info(plain(retold(data.measure_error)))
        else:
            show_measured(data, network, size, guess.comparison(settings, data, size), resolved.recipe)
with right:
    chosen = case_of(resolved)
    with st.container(key="case_title"):
        case_title(prescription, chosen, settings.auto)
    show_diagram(layers, network.input_size, key="diagram", at=at)
    with st.container(key="case_weights"):
        learnt = _("{network}: pre-trained on {what}.", network=_(network.title), what=_(network.trained_on))
        st.caption(f"{learnt}\n\n{weights_words(layers)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if settings.imagined:
            real_pictures_button()
        else:
            press_button(
                _("Train this"),
                key="train_this",
                type="secondary" if asking else "primary",
                disabled=data.description is None,
            )
            if take_press("train_this", ready=data.description is not None):
                if asking:
                    guess.skip(settings, always=False)
                forget_press("train_this")
                st.switch_page(st.session_state.pages["train"])
        thresholds_widgets(settings.thresholds, Thresholds())
        glossary()
    if not settings.imagined and not data.error and not data.missing:
        show_where_to_cut(settings, resolved, network, data, asking)

with st.container(key="case_text"):
    case_text(chosen, layers)

if settings.imagined:
    go_ahead(settings, network)
if not settings.imagined and not data.error and not data.missing:
    st.subheader(_("The pictures"), anchor=False)
    waiting += show_thumbnails(settings)
    if data.description:
        st.caption(counts_text(data.description))
    else:
        st.caption(_("Reading the pictures. The first time this may take half a minute for a large set ..."))
redraw_when_done(waiting)
