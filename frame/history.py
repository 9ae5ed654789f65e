"""The visitor's runs so far: a table whose rows can be laid over each other, and a choice of the run that is shown."""

import streamlit as st

from frame.run_view import data_word, recipe_word, run_title
from frame.services import get_store, owner
from frame.table import Number, Row, show_table
from frame.widgets import choice
from tl_core.data.dial import position_name
from tl_core.experiment import MAX_IMAGES, Experiment
from tl_core.language import _, mark
from tl_core.networks import get_network
from tl_core.store import Run


def show_history() -> None:
    """Draw the table; `selected_runs` says which rows are ticked."""
    runs = get_store().list_runs(owner())
    if not runs:
        return
    endings = get_store().endings([run.id for run in runs])
    st.subheader(_("Runs so far"), anchor=False)
    _choose_shown(runs)
    st.markdown(_("Tick runs to lay their curves over the one above."))
    known = {run.id for run in runs}
    ticked = st.session_state.ticked = [run_id for run_id in selected_runs() if run_id in known]
    rows = [_row(run, endings.get(run.id), run.id in ticked) for run in runs]
    label = _("Table of the runs so far: settings, test accuracy and state.")

    def tick(ids: list[str]) -> None:
        # nobody else's, whatever the browser says
        st.session_state.ticked = [run_id for run_id in ids if run_id in known]

    show_table(rows, label=label, key="history", on_ticked=tick)


def selected_runs() -> list[str]:
    """Ids of the runs ticked in the table."""
    return st.session_state.get("ticked", [])


# The states of a run, as the store calls them
STATES = (mark("queued"), mark("running"), mark("finished"), mark("stopped"), mark("failed"), mark("interrupted"))


def _choose_shown(runs: list[Run]) -> None:
    """Open an earlier run again, to see its result or to stop it."""
    titles = {run.id: _("{name} ({status})", name=run_title(run), status=_(run.status)) for run in runs}
    shown = st.session_state.get("run_id")
    if shown is not None and shown not in titles:
        titles = {shown: _("the run above"), **titles}

    def choose(run_id: str) -> None:
        st.session_state.run_id = run_id

    choice(
        _("Show run"), titles, shown, choose, key="shown_run", placeholder=_("Choose a run"),
        help=_("Opens an earlier run above, with its result."),
    )  # fmt: skip


def _row(run: Run, ending: dict | None, ticked: bool) -> Row:
    experiment = Experiment.from_json(run.experiment)
    accuracy, interval = Number(None), "\u2013"
    if ending is not None and ending["event"] == "finished":
        share = 100 * ending["test_accuracy"]
        accuracy = Number(share, _("{n:.1f} %", n=share))
        interval = _(
            "{low:.1f} to {high:.1f} %",
            low=100 * ending["test_accuracy_low"],
            high=100 * ending["test_accuracy_high"],
        )
    images = experiment.num_images
    cells = {
        _("Run"): Number(run.number, _("{n:,}", n=run.number)),
        _("Recipe"): recipe_word(experiment),
        _("Test accuracy"): accuracy,
        _("95 % interval"): interval,
        _("Data set"): data_word(experiment),
        # all of a set are more than any number of them
        _("Images"): Number(images or MAX_IMAGES + 1, _("{n:,}", n=images) if images else _("all")),
        _("Pictures"): position_name(experiment.distance),
        _("Network"): _(get_network(experiment.network).title),
        _("State"): _(run.status),
    }
    return Row(run.id, cells, ticked, _("Lay run {number} over the one above", number=run.number))
