"""Stage by stage from input to output: the claim, the maps of one picture, and the pictures that excite a channel most."""

from concurrent.futures import Future
from html import escape
from typing import Any

import streamlit as st

from frame.inside_answers import ask, take
from frame.inside_picture import Picture
from frame.inside_search import Search, search_again
from frame.inside_subject import Subject
from frame.inside_tiles import choice_tiles, marked_pictures, tile
from frame.inside_words import claim_text, excited_text, scale_text, state_text
from frame.text import plain
from frame.widgets import widget
from tl_core.language import _, retold

TOP = 9
PATIENCE = 1.5  # seconds that a page is not drawn for the maps of another picture; they take 0.1 s
CLICK_PATIENCE = 3.0  # seconds a click on a channel may wait for its pictures; they take 0.03 s


def look(subject: Subject, picture: Picture) -> tuple[dict[str, Any] | None, str | None, tuple[Future, ...]]:
    """The maps of every stage for a picture, an error, and what is awaited."""
    answer, error, future = _ask(subject, picture, ())
    if answer is None:
        return None, error, () if future.done() else (future,)
    hidden = tuple(
        (row["name"], channel)
        for row in answer["stages"]
        if (channel := chosen_channel(subject, row)) not in row["channels"]
    )
    if hidden:
        answer, error, future = _ask(subject, picture, hidden, CLICK_PATIENCE)
    return answer, error, () if future.done() else (future,)


def _ask(
    subject: Subject, picture: Picture, chosen: tuple, patience: float = PATIENCE
) -> tuple[dict[str, Any] | None, str | None, Future]:
    future = ask(
        "look_maps",
        private=picture.private,
        network=subject.network.name,
        distance=subject.distance,
        run_id=subject.run_id,
        chosen=chosen,
        **picture.args,
    )
    return *take(future, patience), future


def chosen_channel(subject: Subject, row: dict[str, Any]) -> int:
    """The channel of a stage that the visitor chose, or the strongest one."""
    channel = _channels().get((subject.network.name, row["name"]), row["channels"][0])
    return channel if channel < row["shape"][0] else row["channels"][0]


def choose_channel(subject: Subject, stage: str, channel: int) -> None:
    _channels()[subject.network.name, stage] = channel


def _channels() -> dict[tuple[str, str], int]:
    return st.session_state.setdefault("inside_channels", {})


def show_stages(subject: Subject, answer: dict[str, Any], searches: dict[str, Search]) -> tuple[Future, ...]:
    """All stages in order; returns what is still awaited."""
    asked = []
    for row in answer["stages"]:  # all of them before the first is waited for
        for side, search in searches.items():
            if search.found and row[side] is not None:
                asked.append(search.exciting(row["name"], chosen_channel(subject, row)))
    for number, row in enumerate(answer["stages"], start=1):
        _show_stage(subject, number, row, searches)
    return tuple(future for future in asked if not future.done())


@st.fragment
def _show_stage(subject: Subject, number: int, row: dict[str, Any], searches: dict[str, Search]) -> None:
    channel = chosen_channel(subject, row)
    if channel not in row["channels"]:  # its map is not here yet
        st.rerun()
    stage = subject.network.stage(row["name"])
    with st.container(key=f"inside_stage_{number}"):
        text, control = st.columns([9, 2], gap="large")
        with text:
            st.html(f'{_STYLE}<h4 class="tl-stage">{number} · {escape(_(stage.title))}</h4>')
            size = subject.network.input_size
            st.markdown(f"{claim_text(stage, row, size)}  \n{scale_text(row)}")
        with control:
            _channel_input(subject, row, channel)
        left, right = st.columns(2, gap="large")
        with left:
            if subject.run:
                _side_title(subject, row, "before")
            _tiles(subject, row, "before", channel)
            if subject.run:
                _pictures(subject, row, "before", channel, searches)
        with right:
            if subject.run:
                _side_title(subject, row, "after")
                _tiles(subject, row, "after", channel)
            _pictures(subject, row, "after" if subject.run else "before", channel, searches)


def _channel_input(subject: Subject, row: dict[str, Any], channel: int) -> None:
    key = f"inside_channel_{subject.network.name}_{row['name']}"

    def changed() -> None:
        choose_channel(subject, row["name"], int(st.session_state[key]) - 1)

    st.number_input(
        _("Channel"),
        1,
        row["shape"][0],
        key=widget(key, channel + 1, changed),
        on_change=changed,
        help=_(
            "The channel whose pictures are shown: click on one, or type its number, 1 to {count:,}.",
            count=row["shape"][0],
        ),
    )


def _side_title(subject: Subject, row: dict[str, Any], side: str) -> None:
    with st.container(key=f"inside_side_{side}_{row['name']}"):
        if side == "before":
            learnt = plain(_(subject.network.trained_on))
            st.markdown(_("**Before the run**: pre-trained on {what}.", what=learnt))
        else:
            st.markdown(f"{_('**After the run**')}: {state_text(subject, row)}")


def _tiles(subject: Subject, row: dict[str, Any], side: str, channel: int) -> None:
    shown = row[side]
    if shown is None:
        return
    largest = max(max(one["values"]) for one in (row["before"], row["after"]) if one is not None)
    tiles = []
    for place, (number, value) in enumerate(zip(row["channels"], shown["values"], strict=True)):
        word = row["names"][place] if row["names"] else str(number + 1)
        name = _("channel {channel}, largest number {value:.2f}", channel=number + 1, value=value)
        name = f"{word}: {name}" if row["names"] else name
        if shown["tiles"]:
            tiles.append(tile(number, name, png=shown["tiles"][place], word=word))
        else:
            bar = max(0.0, value / largest) if largest > 0 else 0.0
            tiles.append(tile(number, name, bar=round(bar, 3), word=word))
    choice_tiles(
        tiles,
        channel,
        label=_("Channels of {layer}", layer=_(subject.network.stage(row["name"]).title)),
        key=f"inside_tiles_{side}_{subject.network.name}_{row['name']}",
        on_choose=lambda number: choose_channel(subject, row["name"], number),
    )
    if shown["strip"]:
        alt = _("All {count:,} numbers side by side, bright where they are large.", count=row["shape"][0])
        st.html(f'<img class="tl-strip-all" alt="{escape(alt)}" src="data:image/png;base64,{shown["strip"]}">')


def _pictures(subject: Subject, row: dict[str, Any], side: str, channel: int, searches: dict[str, Search]) -> None:
    """The pictures that excite the channel most, blank squares until they are there."""
    search = searches.get(side)
    if search is None or row[side] is None:
        return
    found, error = None, None
    if search.found:
        found, error = take(search.exciting(row["name"], channel), CLICK_PATIENCE)
        if found is None and error is None:
            search_again(search)
    if error:
        st.warning(plain(retold(error)))
        return
    st.markdown(plain(excited_text(channel, subject.data_title, found)))
    width = 58 if subject.run else 104
    st.html(
        marked_pictures([_picture(one, channel) for one in found or []], TOP, _("Pictures that excite it most"), width)
    )


def _picture(one: dict[str, Any], channel: int) -> dict[str, Any]:
    alt = _(
        "{label}; channel {channel} reaches {value:.2f}", label=one["label"], channel=channel + 1, value=one["value"]
    )
    if one["spot"]:
        alt += " " + _(
            "at {x:.0f} % from the left, {y:.0f} % from the top", x=100 * one["spot"][0], y=100 * one["spot"][1]
        )
    return {**one, "alt": alt, "word": one["label"]}


_STYLE = """<style>
.tl-stage { font-size: 1.15rem; font-weight: 600; margin: 0; padding: 0; }
.tl-strip-all { display: block; width: 100%; max-width: 860px; height: 22px; border-radius: 3px; image-rendering: pixelated; }
[class*="st-key-inside_stage_"] { border-top: 1px solid color-mix(in srgb, currentColor 16%, transparent); padding-top: 1rem; }
@media (min-width: 640px) { [class*="st-key-inside_side_"] { min-height: 3.1rem; } }
</style>"""
