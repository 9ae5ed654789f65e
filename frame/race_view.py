"""A race on the page: live while it goes on, then its verdict. Drawn from recorded events only."""

import streamlit as st

from frame import components
from frame.glossary import tell
from frame.live_race import EPOCHS, SECONDS, race_drawing, show_live_bar, show_live_curves
from frame.places import in_place
from frame.race_data import get_race_runs, get_races, start_race
from frame.race_result import show_lanes, show_sizes, show_verdict
from frame.run_view import data_word
from frame.services import owner
from frame.text import plain
from tl_core.data.dial import position, position_name
from tl_core.errors import UserError
from tl_core.language import _, mark, retold
from tl_core.networks import get_network
from tl_core.race import SIZES
from tl_core.race_runs import RaceRun, verdict_of
from tl_core.races import KeptRace

_AXES = {EPOCHS: mark("by epochs"), SECONDS: mark("by seconds of training")}


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
    if any(run.active for run in runs):
        show_live_bar(kept, runs, "race")
        show_live_curves(kept, "live_race", _axis(kept))
        _what_is_drawn(kept, runs)
        _table(kept, runs)
        return

    @st.fragment
    def curves() -> None:
        figure, alt = race_drawing(kept, runs, _axis(kept), st.context.theme.type == "dark")
        components.live_plot(figure, alt=alt, key="race_curves")
        _what_is_drawn(kept, runs)

    show_verdict(kept, runs)
    curves()
    _table(kept, runs)
    _again(kept, runs)


def _axis(kept: KeptRace) -> str:
    """What the curves are drawn against, which can be chosen."""
    if kept.race.kind == SIZES:
        return EPOCHS
    return st.segmented_control(
        _("Curves"), list(_AXES), format_func=lambda name: _(_AXES[name]), default=EPOCHS, required=True, key="race_axis"
    )  # fmt: skip


def _what_is_drawn(kept: KeptRace, runs: list[RaceRun]) -> None:
    if kept.race.kind == SIZES:
        return
    words = _("Accuracy on the held-out images, which are never learnt from.")
    if len(kept.race.seeds) > 1:
        words += " " + _("Thin lines: single runs. Thick lines: the mean of those that are over.")
    if any(run.epochs and not run.active for run in runs):
        words += " " + _(
            "Dotted: the value at the end. A run ends when it gets no better, or its time is up, so each has its own length."
        )
    tell(words)


def _table(kept: KeptRace, runs: list[RaceRun]) -> None:
    (show_sizes if kept.race.kind == SIZES else show_lanes)(kept, runs)


def _again(kept: KeptRace, runs: list[RaceRun]) -> None:
    """Recorded runs may be run afresh."""
    recorded = sum(run.recorded for run in runs)
    if not recorded or verdict_of(runs) is None:
        return

    def afresh() -> None:
        if st.session_state.get("race_id") != kept.id:
            return  # pressed twice
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
