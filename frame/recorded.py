"""What is said of a run that was answered from the store, and what can be done with it: replay it, or run it afresh."""

from datetime import datetime

import streamlit as st
from babel.dates import format_date

from frame import class_room
from frame.replay import PACES, end_replay, pace, seconds_left, set_pace, start_replay
from frame.services import get_catalogue, get_engine, get_events, owner
from frame.text import plain
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _, language, retold
from tl_core.store import Run

LOCALES = {"en": "en_GB"}  # day, month, year, as everywhere on the screen


def show_recorded(run: Run) -> None:
    """'Recorded on 23 November 2026 on NVIDIA H100', with its two buttons."""
    text = _(
        "Recorded on {date} on {hardware}.", date=date_text(run.ended or run.created), hardware=run.hardware or "?"
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{plain(text)}**", width="content")
        st.button(
            _("Replay"), key="replay_start", on_click=start_replay, args=(run.id,),
            help=_("Shows how it went once more, at the pace it had or faster."),
        )  # fmt: skip
        if run.owner == owner() or Experiment.from_json(run.experiment).data in get_catalogue():
            st.button(
                _("Run it afresh"), key="afresh", on_click=_run_afresh, args=(run,),
                help=_("Trains it again, now and on this computer. The numbers should come out the same."),
            )  # fmt: skip


def show_replay_bar(run: Run) -> None:
    """Pace, time left and the way out; always says that this is a recording."""
    events = get_events().of(run.id)
    text = _(
        "Replay of a run recorded on {date} on {hardware}; {seconds:.0f} s left.",
        date=date_text(run.ended or run.created), hardware=run.hardware or "?", seconds=seconds_left(events),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(f"**{plain(text)}**", width="content")
        st.session_state.replay_pace = pace()
        st.segmented_control(
            _("Pace"), PACES, key="replay_pace", required=True, label_visibility="collapsed", width="content",
            format_func=lambda times: _("as it was") if times == 1 else _("{times} times as fast", times=times),
            on_change=lambda: set_pace(st.session_state.replay_pace),
        )  # fmt: skip
        st.button(_("End the replay"), key="replay_end", on_click=end_replay)


def date_text(seconds: float) -> str:
    """'23 November 2026' in the language spoken; `seconds` since 1970, in this machine's time."""
    return format_date(datetime.fromtimestamp(seconds).date(), "long", LOCALES.get(language(), language()))


def run_changed(run_id: str) -> bool:
    """Whether this run has just been given up for a fresh one, so that the whole page is to be drawn again."""
    return st.session_state.pop("afresh_instead_of", None) == run_id


def _run_afresh(run: Run) -> None:
    if st.session_state.get("run_id") != run.id:
        return  # pressed twice
    try:
        experiment, visitor = class_room.allowed(Experiment.from_json(run.experiment)), owner()
        st.session_state.run_id = get_engine().submit(experiment, visitor, fresh=True)
        st.session_state.afresh_instead_of = run.id
        class_room.note_run(st.session_state.run_id, visitor)
    except UserError as error:
        st.toast(plain(retold(str(error))))
