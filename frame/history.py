"""The visitor's runs so far: a table whose rows can be laid over each other, and a choice of the run that is shown."""

import streamlit as st

from frame.run_view import data_word, recipe_word, run_title
from frame.services import get_store, owner
from tl_core.data.dial import position_name
from tl_core.experiment import Experiment
from tl_core.networks import get_network
from tl_core.store import Run


def show_history() -> None:
    """Draw the table; `selected_runs` says which rows are ticked."""
    runs = get_store().list_runs(owner())
    if not runs:
        return
    endings = get_store().endings([run.id for run in runs])
    st.subheader("Runs so far", anchor=False)
    _choose_shown(runs)
    st.caption("Tick runs to lay their curves over the one above.")
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
        column_config={"Test accuracy": st.column_config.NumberColumn(format="%.1f %%")},
        alt="Table of the runs so far: settings, test accuracy and state.",
    )
    now = [runs[row].id for row in picked["selection"]["rows"] if row < len(runs)]
    if now != ticked:
        st.session_state.ticked = now
        st.rerun()


def selected_runs() -> list[str]:
    """Ids of the runs ticked in the table."""
    return st.session_state.get("ticked", [])


def _choose_shown(runs: list[Run]) -> None:
    """Open an earlier run again, to see its result or to stop it."""
    titles = {run.id: f"{run_title(run)} ({run.status})" for run in runs}
    shown = st.session_state.get("run_id")
    if shown is not None and shown not in titles:
        titles = {shown: "the run above", **titles}
    st.session_state.shown_run = shown

    def changed() -> None:
        st.session_state.run_id = st.session_state.shown_run

    st.selectbox(
        "Show run", list(titles), format_func=titles.get, index=None, key="shown_run", on_change=changed,
        placeholder="Choose a run", help="Opens an earlier run above, with its result.",
    )  # fmt: skip


def _row(run: Run, ending: dict | None) -> dict:
    experiment = Experiment.from_json(run.experiment)
    finished = ending if ending is not None and ending["event"] == "finished" else None
    interval = "\u2013"
    if finished:
        interval = f"{100 * finished['test_accuracy_low']:.1f} to {100 * finished['test_accuracy_high']:.1f} %"
    return {
        "Run": run.number,
        "Recipe": recipe_word(experiment),
        "Test accuracy": 100 * finished["test_accuracy"] if finished else None,
        "95 % interval": interval,
        "Data set": data_word(experiment),
        "Images": f"{experiment.num_images:,}" if experiment.num_images else "all",
        "Pictures": position_name(experiment.distance),
        "Network": get_network(experiment.network).title,
        "State": run.status,
    }
