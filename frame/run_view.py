"""One run on the page: where it stands, its curves, its layers, its result. Drawn from recorded events only."""

from dataclasses import replace
from typing import Any

import streamlit as st

from frame import components
from frame.class_bars import show_class_bars
from frame.live_run import NO_LAYERS, show_live, show_over
from frame.outage import patient
from frame.places import in_place
from frame.recorded import run_changed
from frame.replay import end_replay, happened, is_replayed
from frame.run_drawings import last_of, run_figures, run_layers
from frame.run_errors import show_run_errors
from frame.run_fitting import show_fitting_now, show_fitting_result
from frame.run_status import show_status
from frame.services import get_catalogue, get_events, get_store
from frame.take_home import show_take_home
from frame.text import plain
from tl_core.cases import CASE_NAMES, CUSTOM, find_recipe, in_sentence
from tl_core.data.dial import position, position_name
from tl_core.errors import RunNotFound, UserError
from tl_core.experiment import Experiment
from tl_core.language import _, retold
from tl_core.mistakes import class_accuracies
from tl_core.networks import get_network
from tl_core.store import RUNNING, Run

POLL_SECONDS = 0.5


def run_title(run: Run) -> str:
    """'Run 3: digits, 300 images, 4 x 4 tiles, case 1'."""
    experiment = Experiment.from_json(run.experiment)
    parts = [
        data_word(experiment),
        _("{n:,} images", n=experiment.num_images) if experiment.num_images else _("all images"),
    ]
    if position(experiment.distance):
        parts.append(position_name(experiment.distance))
    parts += [_(get_network(experiment.network).title), recipe_word(experiment)]
    return _("Run {number}: {what}", number=run.number, what=", ".join(parts))


def data_word(experiment: Experiment) -> str:
    """The title of the data set; an upload has none that others should see."""
    entry = get_catalogue().get(experiment.data)
    return entry.shown_title if entry is not None else _("uploaded pictures")


def recipe_word(experiment: Experiment) -> str:
    """'case 1', 'tune one block', 'own recipe', and where the network was cut if that was chosen."""
    name = experiment.make_recipe().name
    if name in CASE_NAMES:
        word = _("case {number}", number=name.removeprefix("case-"))
    else:
        word = _("own recipe") if name == CUSTOM else in_sentence(_(find_recipe(name).title))
    return _("{recipe}, cut after {stage}", recipe=word, stage=experiment.cut) if experiment.cut else word


def find_run(run_id: str | None) -> Run | None:
    """The run that the page shows; None where there is none, or it has been deleted."""
    try:
        return get_store().get_run(run_id) if run_id else None
    except RunNotFound:
        return None


def is_going_on(run: Run | None, experiment: Experiment) -> bool:
    """Whether the run is this very experiment and not over yet."""
    return run is not None and run.active and run.experiment == experiment.to_json()


def is_another_plan(run: Run | None, experiment: Experiment) -> bool:
    """Whether the run's layers say nothing of this experiment: another network or recipe."""
    if run is None:
        return True
    try:
        shown = Experiment.from_json(run.experiment)
    except UserError:  # of an earlier program
        return True
    return (shown.network, shown.make_recipe()) != (experiment.network, experiment.make_recipe())


@in_place
def show_run(run_id: str, others: list[str]) -> None:
    """The run, live while it goes on; `others` are ids of runs whose curves are laid over it."""
    store = get_store()
    try:
        run = store.get_run(run_id)
    except RunNotFound as error:
        st.warning(plain(retold(str(error))))
        return
    st.subheader(plain(run_title(run)), anchor=False)

    replayed = is_replayed(run_id)
    if run.active and not replayed:
        show_live(run, others)
        return

    def overlaid() -> list[tuple[Run, list[dict[str, Any]]]]:
        return [(store.get_run(other), get_events().of(other)) for other in others if other != run_id]

    @st.fragment(run_every=POLL_SECONDS if replayed else None)
    @patient
    def watch() -> None:
        now = store.get_run(run_id)
        if is_replayed(run_id) != replayed or run_changed(run_id):
            st.rerun()
        events = get_events().of(run_id)
        if replayed:
            now, events = _replayed(now, events)
        show_status(now, events)
        if not now.active:
            return
        left, right = st.columns([5, 9], gap="large")
        with left:
            for metric, figure, alt in run_figures(now, events, overlaid(), st.context.theme.type == "dark"):
                components.live_plot(figure, alt=alt, key=f"live_{metric}")
            show_fitting_now(events)
        with right:
            _layers(events)

    watch()
    if not replayed:
        events = get_events().of(run_id)
        if last_of(events, "epoch") is not None:
            show_over(run, events, overlaid())
        _result(run, events)
        show_take_home(run, lambda: (run_title(run), data_word(Experiment.from_json(run.experiment))))


def _replayed(run: Run, events: list[dict[str, Any]]) -> tuple[Run, list[dict[str, Any]]]:
    """The run as it was at that moment; the end of the replay shows its result again."""
    so_far = happened(events)
    if len(so_far) == len(events):
        end_replay()
        st.rerun()
    return replace(run, status=RUNNING), so_far


def _layers(events: list[dict[str, Any]]) -> None:
    drawn = run_layers(events)
    if drawn is None:
        st.markdown(_(NO_LAYERS))
        return
    drawing, text = drawn
    components.drawing(*drawing, key="run_diagram")
    st.markdown(text)


@in_place
def _result(run: Run, events: list[dict[str, Any]]) -> None:
    finished, started = last_of(events, "finished"), last_of(events, "started")
    if finished is None or started is None:
        return
    left, right = st.columns([4, 5], gap="large")
    with left:
        low, high = (100 * finished[f"test_accuracy_{end}"] for end in ("low", "high"))
        st.metric(
            _("Test accuracy"),
            _("{share:.1f} %", share=100 * finished["test_accuracy"]),
            help=_("Share of the test images, never seen in training, that are right."),
        )
        st.markdown(
            _(
                "95 % interval {low:.1f} to {high:.1f} %, from {n:,} test images; weights of epoch {epoch}.",
                low=low, high=high, n=started["num_test"], epoch=finished["best_epoch"],
            )
        )  # fmt: skip
        show_fitting_result(events, started, finished)
    with right:
        show_class_bars(
            class_accuracies(finished["confusion"]), started["classes"], finished["test_accuracy"], key=f"bars_{run.id}"
        )  # fmt: skip
    show_run_errors(run, started, finished)
