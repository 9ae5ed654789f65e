"""A race on the page: live while it goes on, then its verdict. Drawn from recorded events only."""

import streamlit as st

from frame import components
from frame.glossary import tell
from frame.outage import patient
from frame.places import in_place
from frame.race_data import get_race_runs, get_races, start_race, stop_race
from frame.race_result import show_lanes, show_sizes, show_verdict
from frame.run_view import data_word
from frame.services import get_engine, owner
from frame.text import plain
from tl_core.data.dial import position, position_name
from tl_core.errors import UserError
from tl_core.language import _, mark, retold
from tl_core.networks import get_network
from tl_core.race import SIZES
from tl_core.race_crossing import size_points
from tl_core.race_figures import race_alt, race_figure, sizes_alt, sizes_figure
from tl_core.race_runs import RaceRun, progress, verdict_of
from tl_core.race_words import progress_text
from tl_core.races import KeptRace

POLL_SECONDS = 1.0
_AXES = {"epochs": mark("by epochs"), "seconds": mark("by seconds of training")}


def race_title(kept: KeptRace) -> str:
    """'Race 2: flowers, 500 images, demo'."""
    race = kept.race
    parts = [data_word(race.base), _("{n:,} images", n=race.num_images)]
    if position(race.base.distance):
        parts.append(position_name(race.base.distance))
    parts.append(_(get_network(race.base.network).title))
    words = ", ".join(parts)
    if race.kind == SIZES:
        return _("Race {number}: up to {what}", number=kept.number, what=", ".join([parts[1], parts[0], *parts[2:]]))
    return _("Race {number}: {what}", number=kept.number, what=words)


def is_busy(race_id: str | None) -> bool:
    """Whether the shown race is the visitor's own and not over yet."""
    if not race_id:
        return False
    try:
        kept = get_races().get(race_id)
        return kept.owner == owner() and any(run.active for run in get_race_runs().of(kept))
    except UserError:
        return False


@in_place
def show_race(race_id: str) -> None:
    """The race with this id; a sentence where there is none."""
    try:
        kept = get_races().get(race_id)
        runs, title = get_race_runs().of(kept), race_title(kept)
    except UserError as error:
        st.warning(plain(retold(str(error))))
        return
    st.subheader(plain(title), anchor=False)
    active = any(run.active for run in runs)

    @st.fragment(run_every=POLL_SECONDS if active else None)
    @patient
    def watch() -> None:
        now = get_race_runs().of(get_races().get(race_id))
        if active and not any(run.active for run in now):
            st.rerun()
        if active:
            _status(kept, now)
        else:
            show_verdict(kept, now)
        _chart(kept, now)
        if kept.race.kind == SIZES:
            show_sizes(kept, now)
        else:
            show_lanes(kept, now)

    watch()
    if not active:
        _again(kept, runs)


def _status(kept: KeptRace, runs: list[RaceRun]) -> None:
    state = progress(kept.race, runs, get_engine().trainers)
    bar, button = st.columns([8, 1], vertical_alignment="bottom")
    text = progress_text(kept.race, state)
    if not state.running:
        waiting = next((run for run in runs if run.status == "queued"), None)
        place = get_engine().position(waiting.run_id) if waiting else None
        if place:
            text += " " + _("The next one is number {place} in line.", place=place)
    bar.progress(state.share, text)
    if kept.owner == owner():
        button.button(_("Stop"), key="race_stop", on_click=stop_race, args=(kept,), width="stretch")


def _chart(kept: KeptRace, runs: list[RaceRun]) -> None:
    dark = st.context.theme.type == "dark"
    race = kept.race
    if race.kind == SIZES:
        points = size_points(race, runs)
        components.live_plot(sizes_figure(race, points, dark, kept.id), alt=sizes_alt(race, points), key="race_sizes")
        return
    by = st.segmented_control(
        _("Curves"), list(_AXES), format_func=lambda name: _(_AXES[name]), default="epochs", required=True, key="race_axis"
    )  # fmt: skip
    components.live_plot(race_figure(race, runs, by, dark, kept.id), alt=race_alt(race, runs), key="race_curves")
    words = _("Accuracy on the held-out images, which are never learnt from.")
    if len(race.seeds) > 1:
        words += " " + _("Thin lines: single runs. Thick lines: the mean of those that are over.")
    if any(run.epochs and not run.active for run in runs):
        words += " " + _("Dotted: the value at the end. A run ends when it gets no better, so each has its own length.")
    tell(words)


def _again(kept: KeptRace, runs: list[RaceRun]) -> None:
    """Recorded runs may be run afresh."""
    recorded = sum(run.recorded for run in runs)
    if not recorded or verdict_of(runs) is None:
        return

    def afresh() -> None:
        try:
            st.session_state.race_id = start_race(kept.race, fresh=True)
        except UserError as error:
            st.toast(plain(retold(str(error))))

    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(
            _(
                "Recorded earlier on this machine, with the same settings: {recorded} of {total} runs.",
                recorded=recorded, total=len(runs),
            )
        )  # fmt: skip
        st.button(_("Run the race afresh"), on_click=afresh, key="race_afresh")
