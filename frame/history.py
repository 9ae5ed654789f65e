"""The visitor's runs so far, as a table whose rows can be laid over each other."""

import pandas as pd
import streamlit as st

from frame.run_view import recipe_word
from frame.services import get_catalogue, get_store, owner
from tl_core.data.dial import position_name
from tl_core.experiment import Experiment
from tl_core.networks import get_network
from tl_core.store import Run


def show_history() -> None:
    """Draw the table; `selected_runs` says which rows are ticked."""
    store = get_store()
    runs = store.list_runs(owner())
    if not runs:
        return
    finished = store.last_events([run.id for run in runs], "finished")
    table = pd.DataFrame([_row(run, finished.get(run.id)) for run in runs])
    st.subheader("Runs so far", anchor=False)
    st.caption("Tick runs to lay their curves over the one above.")
    st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="history",
        column_config={
            "run": st.column_config.NumberColumn("Run", format="%d", width="small"),
            "accuracy": st.column_config.NumberColumn("Test accuracy", format="%.1f %%"),
        },
        alt="Table of the runs so far: settings, test accuracy and state.",
    )


def selected_runs() -> list[str]:
    """Ids of the runs ticked in the table, before it is drawn."""
    rows = st.session_state.get("history", {}).get("selection", {}).get("rows", [])
    runs = get_store().list_runs(owner()) if rows else []
    return [runs[row].id for row in rows if row < len(runs)]


def _row(run: Run, finished: dict | None) -> dict:
    experiment = Experiment.from_json(run.experiment)
    catalogue = get_catalogue()
    interval = ""
    if finished:
        interval = f"{100 * finished['test_accuracy_low']:.1f} to {100 * finished['test_accuracy_high']:.1f} %"
    return {
        "run": run.number,
        "Data set": catalogue[experiment.data].title if experiment.data in catalogue else "uploaded pictures",
        "Images": f"{experiment.num_images:,}" if experiment.num_images else "all",
        "Similarity dial": position_name(experiment.distance),
        "Network": get_network(experiment.network).title,
        "Recipe": recipe_word(experiment),
        "accuracy": 100 * finished["test_accuracy"] if finished else None,
        "95 % interval": interval,
        "State": run.status,
    }
