"""A race that goes on, live: its bar and its curves. The page is drawn again as each of its runs ends."""

import re
from collections.abc import Sequence
from typing import Any

import streamlit as st
from starlette.requests import Request

from frame.live import Live, live_address, live_view, press, show_bar
from frame.race_data import get_race_runs, get_races, stop_race
from frame.services import get_engine, owner
from tl_core.language import _
from tl_core.race import SIZES
from tl_core.race_crossing import size_points
from tl_core.race_figures import race_alt, race_figure, sizes_alt, sizes_figure
from tl_core.race_runs import RaceRun, progress
from tl_core.race_words import progress_text
from tl_core.races import KeptRace, RaceNotFound

EPOCHS, SECONDS = "epochs", "seconds"  # what curves are drawn against: tl_core.race_figures.By
_view = live_view("tl_live_race", '<div class="tl-plot" data-metric="race"></div>')


def show_live_bar(kept: KeptRace, runs: Sequence[RaceRun], key: str) -> None:
    """How far the race is, and Stop for its owner."""
    bar, button = st.columns([8, 1], vertical_alignment="top")
    with bar:
        show_bar(live_address(f"race/{kept.id}"), _("How far the race is"), f"{key}_{kept.id}", _num_over(runs))
    if kept.owner == owner():
        button.button(_("Stop"), key=f"{key}_stop", on_click=press, args=(stop_race, kept), width="stretch")


def show_live_curves(kept: KeptRace, key: str, by: str = EPOCHS) -> None:
    """`by`: what the curves are drawn against."""
    _view(data={"url": live_address(f"race/{kept.id}", by=by)}, key=f"{key}_{kept.id}")


def race_drawing(kept: KeptRace, runs: Sequence[RaceRun], by: str, dark: bool) -> tuple[dict[str, Any], str]:
    """The figure, and what a screen reader says of it."""
    if kept.race.kind == SIZES:
        points = size_points(kept.race, runs)
        return sizes_figure(kept.race, points, dark, kept.id), sizes_alt(kept.race, points)
    return race_figure(kept.race, runs, by, dark, kept.id), race_alt(kept.race, runs)


def look(visitor: str, code: str, dark: bool, request: Request) -> Live:
    """For `/live/race/RACE?by=epochs`, of a race of the visitor's own. Raises `RaceNotFound`, `RunNotFound`."""
    race_id = request.path_params["race_id"]
    if not re.fullmatch("[0-9a-f]{32}", race_id) or not visitor:
        raise RaceNotFound("")
    kept = get_races().get(race_id)
    if kept.owner != visitor:
        raise RaceNotFound("")
    runs = get_race_runs().of(kept)
    by = SECONDS if request.query_params.get("by") == SECONDS else EPOCHS
    share, text = _standing(kept, runs)
    return Live(
        [text, share, [(run.status, len(run.events)) for run in runs]],
        ("race", kept.id, code, dark, by),
        lambda: _state(kept, runs, by, dark, share, text),
    )


def _state(kept: KeptRace, runs: Sequence[RaceRun], by: str, dark: bool, share: float, text: str) -> dict[str, Any]:
    figure, alt = race_drawing(kept, runs, by, dark)
    return {
        "over": not any(run.active for run in runs),
        "done": _num_over(runs),
        "share": share,
        "text": text,
        "plots": {"race": {"figure": figure, "alt": alt}},
    }


def _num_over(runs: Sequence[RaceRun]) -> int:
    return sum(not run.active for run in runs)


def _standing(kept: KeptRace, runs: Sequence[RaceRun]) -> tuple[float, str]:
    """How far it is, 0..1, and where it stands in words."""
    state = progress(kept.race, runs, get_engine().trainers)
    text = progress_text(kept.race, state)
    if not state.running:
        waiting = next((run for run in runs if run.status == "queued"), None)
        place = get_engine().position(waiting.run_id) if waiting else None
        if place:
            text += " " + _("The next one is number {place} in line.", place=place)
    return state.share, text
