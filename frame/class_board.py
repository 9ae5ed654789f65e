"""The board of a class: every finished run as a mark, live, with filters and as a table."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from frame import components
from frame.class_live import Live, get_live, live_class
from frame.class_words import data_of, network_of, table_row, to_point
from frame.table import Row, show_table
from frame.text import plain
from tl_core.class_errors import NotYourClass
from tl_core.class_figure import Point, board_figure, legend_html
from tl_core.class_runs import BoardRow, shown
from tl_core.language import _, language, many, retold

EVERY_SECONDS = 3.0


@dataclass(frozen=True)
class _Mark:
    """A run with the words for it; `data` and `network` are titles."""

    row: BoardRow
    point: Point
    data: str
    network: str


@dataclass(frozen=True)
class _Drawn:
    summary: str
    legend: str
    figure: dict[str, Any]
    alt: str
    table: list[Row]


def show_board(class_id: str, *, big: bool = False) -> None:
    """Drawn again by itself; `big` for the wall."""

    @st.fragment(run_every=EVERY_SECONDS)
    def watch() -> None:
        try:
            live = live_class(class_id)
        except NotYourClass as error:
            st.warning(plain(retold(str(error))))
            return
        marks = get_live().drawn((class_id, live.version, language()), lambda: _marks(shown(live.rows)))
        if not marks:
            st.markdown(_("No run of this class has ended yet. Each one appears here as soon as it has."))
            _say_people(live)
            return
        data, network = _filters(marks, big)
        dark = st.context.theme.type == "dark"
        key = (class_id, live.version, language(), data, network, dark, big)
        drawn = get_live().drawn(key, lambda: _draw(marks, data, network, dark, big))
        st.markdown(f"**{drawn.summary}**")
        _say_people(live)
        st.html(f'<div style="font-size:{"1.35" if big else "1"}rem">{drawn.legend}</div>')
        components.live_plot(drawn.figure, alt=drawn.alt, key="class_plot_big" if big else "class_plot")
        if not big:
            _table(drawn.table)

    watch()


def board_alt(points: list[Point]) -> str:
    """The chart in words."""
    if not points:
        return _("Chart of test accuracy against number of images; no run fits the filters.")
    best = max(points, key=lambda point: point.accuracy)
    return _(
        "Chart of test accuracy against number of images, {runs}. Best: {title} with {images:,} images, {accuracy:.1f} %. "
        "The table below has all of them.",
        runs=many("{number:,} run", "{number:,} runs", len(points)),
        title=best.title,
        images=best.num_images,
        accuracy=100 * best.accuracy,
    )


def _say_people(live: Live) -> None:
    said = [many("{number} student is in the class.", "{number} students are in the class.", live.num_members)]
    if live.going_on:
        said.append(
            many("{number} run is waiting or training.", "{number} runs are waiting or training.", live.going_on)
        )
    st.markdown(" ".join(said))


def _marks(rows: list[BoardRow]) -> list[_Mark]:
    return [_Mark(row, to_point(row), data_of(row.experiment), network_of(row.experiment)) for row in rows]


def _draw(marks: list[_Mark], data: str | None, network: str | None, dark: bool, big: bool) -> _Drawn:
    """What is seen of the marks that fit the filters."""
    chosen = [mark for mark in marks if data in (None, mark.data) and network in (None, mark.network)]
    points = [mark.point for mark in chosen]
    people = len({mark.row.member for mark in chosen})
    said = (
        many("{number:,} run", "{number:,} runs", len(chosen)),
        many("by {number} person", "by {number} people", people),
    )
    table = [] if big else [table_row(mark.row) for mark in reversed(chosen)]
    return _Drawn(
        " ".join(said), legend_html(points), board_figure(points, dark=dark, big=big), board_alt(points), table
    )


def _filters(marks: list[_Mark], big: bool) -> tuple[str | None, str | None]:
    with st.container(horizontal=True, gap="medium"):
        data = _filter({mark.data for mark in marks}, _("Data set"), _("All data sets"), f"class_data_{big}")
        network = _filter({mark.network for mark in marks}, _("Network"), _("All networks"), f"class_net_{big}")
    return data, network


def _filter(names: set[str], label: str, everything: str, key: str) -> str | None:
    if st.session_state.get(key) not in (None, *names):
        del st.session_state[key]
    return st.selectbox(
        label,
        [None, *sorted(names)],
        format_func=lambda name: everything if name is None else plain(name),
        key=key,
        width=260,
    )


def _table(rows: list[Row]) -> None:
    with st.expander(_("The board as a table")):
        if not rows:
            st.markdown(_("No run fits the filters."))
            return
        label = _("Table of the runs of the class: who, recipe, test accuracy, images, data set, network.")
        show_table(rows, label=label, key="class_table")
    st.markdown(
        _(
            "Recipes stand side by side where runs had the same number of images. Point at a mark to see whose run it is and "
            "its settings."
        )
    )
