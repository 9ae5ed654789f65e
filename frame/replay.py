"""Replay: a recorded run is shown once more as it went, at its own pace or faster."""

import time
from dataclasses import dataclass
from typing import Any

import streamlit as st

PACES = (1, 4, 16)


@dataclass
class _Replay:
    run_id: str
    since: float  # when this pace began, and how many seconds of the run lay behind then
    behind: float = 0.0
    pace: int = PACES[0]

    def seconds(self) -> float:
        """How far into the run it is."""
        return self.behind + (time.monotonic() - self.since) * self.pace


def is_replayed(run_id: str) -> bool:
    replay = st.session_state.get("replay")
    return replay is not None and replay.run_id == run_id


def start_replay(run_id: str) -> None:
    st.session_state.replay = _Replay(run_id, time.monotonic())


def end_replay() -> None:
    st.session_state.replay = None


def set_pace(pace: int) -> None:
    """Go on at another pace from where it is now."""
    replay = st.session_state.get("replay")
    if replay is not None and pace in PACES:
        replay.behind, replay.since, replay.pace = replay.seconds(), time.monotonic(), pace


def pace() -> int:
    return st.session_state.replay.pace


def seconds_left(events: list[dict[str, Any]]) -> float:
    """Until the replay is over, at its present pace."""
    replay = st.session_state.replay
    return max(0.0, events[-1]["elapsed_seconds"] - replay.seconds()) / replay.pace


def happened(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of the run up to where the replay is."""
    seconds = st.session_state.replay.seconds()
    return [event for event in events if event["elapsed_seconds"] <= seconds]
