"""The visitor's runs so far: a table whose rows can be laid over each other, and a choice of the run that is shown."""

import streamlit as st

from frame.run_view import data_word, recipe_word, run_title
from frame.services import get_store, owner
from frame.widgets import choice
from tl_core.data.dial import position_name
from tl_core.experiment import Experiment
from tl_core.language import ENGLISH, _, language, mark
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
    ticked = st.session_state.get("ticked", [])
    # a new run is a new first row: a table of its own, with the same runs ticked as before
    key = f"history_{runs[0].id}"
    rows = [row for row, run in enumerate(runs) if run.id in ticked]
    picked = st.dataframe(
        [_row(run, endings.get(run.id)) for run in runs],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": rows, "columns": [], "cells": []}},
        key=key,
        column_config={accuracy_title(): st.column_config.NumberColumn(format=accuracy_format())},
        alt=_("Table of the runs so far: settings, test accuracy and state."),
    )
    now = [runs[row].id for row in picked["selection"]["rows"] if row < len(runs)]
    if now != ticked:
        st.session_state.ticked = now
        st.rerun()


def selected_runs() -> list[str]:
    """Ids of the runs ticked in the table."""
    return st.session_state.get("ticked", [])


# The states of a run, as the store calls them
STATES = (mark("queued"), mark("running"), mark("finished"), mark("stopped"), mark("failed"), mark("interrupted"))


def accuracy_title() -> str:
    """The heading of the column; it says the unit where `accuracy_format` does not."""
    return _("Test accuracy") if language() == ENGLISH else _("test accuracy, %")


def accuracy_format() -> str:
    """How a column of per cent is written: in English with its sign, else with the separators of the browser."""
    return "%.1f %%" if language() == ENGLISH else "localized"


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


def _row(run: Run, ending: dict | None) -> dict:
    experiment = Experiment.from_json(run.experiment)
    finished = ending if ending is not None and ending["event"] == "finished" else None
    interval = "\u2013"
    if finished:
        interval = _(
            "{low:.1f} to {high:.1f} %",
            low=100 * finished["test_accuracy_low"],
            high=100 * finished["test_accuracy_high"],
        )
    return {
        _("Run"): run.number,
        _("Recipe"): recipe_word(experiment),
        accuracy_title(): round(100 * finished["test_accuracy"], 1) if finished else None,
        _("95 % interval"): interval,
        _("Data set"): data_word(experiment),
        _("Images"): _("{n:,}", n=experiment.num_images) if experiment.num_images else _("all"),
        _("Pictures"): position_name(experiment.distance),
        _("Network"): _(get_network(experiment.network).title),
        _("State"): _(run.status),
    }
