"""Train: the experiment of the bar as a real run, live."""

import streamlit as st

from frame import class_room
from frame.data_trouble import show_trouble
from frame.datasets import redraw_when_done
from frame.drawings import plan, show_diagram
from frame.entry import enter
from frame.experiment_bar import experiment_bar, num_images, real_pictures_button
from frame.history import selected_runs, show_history
from frame.prescription import Prescription, prescribe
from frame.presses import Press, forget_press, press_button, take_press
from frame.replay import is_replayed
from frame.run_view import find_run, is_another_plan, is_going_on, show_run
from frame.services import get_engine, owner
from frame.settings import Settings, case_of
from frame.text import plain
from frame.train_options import train_options
from frame.try_picture import show_try_picture
from frame.words import case_text, few_or_many, recipe_name, weights_words
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _, retold
from tl_core.networks import get_network
from tl_core.store import Run


def why(settings: Settings, prescription: Prescription) -> str:
    """Where the recipe comes from."""
    if not settings.auto:
        return _("your choice")
    if prescription.similarity is None:
        return _("by the number of images only: the similarity is not measured")
    return _("the map's choice for {kind} images", kind=few_or_many(prescription.case))


def standing(run_id: str | None, experiment: Experiment) -> tuple[Run | None, bool]:
    """The shown run, and whether it is this very experiment and goes on."""
    shown = find_run(run_id)
    return shown, is_going_on(shown, class_room.as_allowed(experiment))


def start(experiment: Experiment, press: Press) -> None:
    """Submit it, once, and show it from now on."""
    try:
        if press.result is None:
            wanted, visitor = class_room.allowed(experiment), owner()
            press.result = get_engine().submit(wanted, visitor)  # nothing of the session is read between here ...
            class_room.note_run(press.result, visitor)  # ... and here
        st.session_state.run_id = press.result
    except UserError as error:
        st.toast(plain(retold(str(error))))
    forget_press("train_start")


def show_plan(experiment: Experiment, num_classes: int) -> None:
    """What a run would do with the layers, in words and drawn."""
    network = get_network(experiment.network)
    layers = plan(network, experiment.make_recipe(), num_classes)
    left, right = st.columns([5, 9], gap="large")
    with left:
        case_text(case_of(experiment), layers, stacked=True)
        st.caption(weights_words(layers))
    with right:
        show_diagram(layers, network.input_size, key="plan_diagram")


enter()

settings, data = experiment_bar()
show_trouble(data)

run_id = st.session_state.get("run_id")
if settings.imagined:
    st.info(
        _(
            "An imagined data set has no pictures to train on. Choose a data set in the bar above, or bring your own on the "
            "page 'My images'."
        )
    )
    real_pictures_button()
else:
    prescription = prescribe(settings, data, num_images(settings, data))
    experiment = settings.resolved(prescription.case)
    ready = data.description is not None and not (settings.auto and data.waiting)
    shown, busy = standing(run_id, experiment)
    if press := take_press("train_start", ready=ready, waiting=bool(data.waiting), busy=busy):
        start(experiment, press)
        run_id = st.session_state.get("run_id")
        shown, busy = standing(run_id, experiment)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        press_button(_("Start"), type="primary", key="train_start", disabled=not ready or busy)
        train_options(settings, get_network(experiment.network))
        recipe = recipe_name(case_of(experiment))
        st.markdown(_("Recipe: **{recipe}** ({choice}).", recipe=recipe, choice=why(settings, prescription)))
    with st.container():  # whether there is something in it or not: see frame.places
        if not run_id:
            show_plan(experiment, data.num_classes or 2)
        elif ready and is_another_plan(shown, experiment):
            with st.expander(_("What Start would train now"), expanded=True):
                show_plan(experiment, data.num_classes or 2)

if run_id:
    show_run(run_id, selected_runs())
    if not is_replayed(run_id):
        show_try_picture(run_id)
show_history()
redraw_when_done(data.waiting)
