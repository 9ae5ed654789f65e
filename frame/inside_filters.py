"""The filters of the first layer as small coloured pictures."""

from concurrent.futures import Future
from html import escape
from typing import Any

import streamlit as st

from frame.inside_answers import ask, take
from frame.inside_stages import choose_channel, chosen_channel
from frame.inside_subject import Subject
from frame.inside_tiles import choice_tiles, tile
from frame.text import plain
from tl_core.language import _, retold


def show_filters(subject: Subject, first: dict[str, Any] | None) -> tuple[Future, ...]:
    """Draw them; `first`: what is known of the first stage. Returns what is awaited."""
    future = ask("look_filters", network=subject.network.name, run_id=subject.run_id)
    answer, error = take(future)
    st.subheader(_("The filters of the first layer"), anchor=False)
    if error:
        st.warning(plain(retold(error)))
        return ()
    if answer is None:
        st.markdown(_("The filters are being read."))
        return (future,)
    st.markdown(
        _(
            "Each filter is a little picture of {side} × {side} pixels that is laid on every place of the photograph: where it "
            "fits, its channel lights up. Grey is a weight of 0, and each filter's largest weight is in full colour.",
            side=answer["side"],
        )
    )
    both = [(side, answer[side]) for side in ("before", "after") if answer[side] is not None]
    columns = st.columns(2, gap="large") if subject.run else [st.container()]
    for column, (side, pngs) in zip(columns, both, strict=False):
        with column:
            _side(subject, answer, side, pngs, first)
    if len(pngs) < answer["count"]:
        st.markdown(_("The first {shown} of {count:,} filters.", shown=len(pngs), count=answer["count"]))
    return ()


def _side(subject: Subject, answer: dict[str, Any], side: str, pngs: list[str], first: dict[str, Any] | None) -> None:
    if subject.run:
        st.markdown(_("**Before the run**") if side == "before" else f"**{_('After the run')}**: {_same_text(answer)}")
    names = [_("filter {number}", number=number + 1) for number in range(len(pngs))]
    if answer["is_channel"] and first is not None:
        choice_tiles(
            [tile(number, name, png=png) for number, (name, png) in enumerate(zip(names, pngs, strict=True))],
            chosen_channel(subject, first),
            label=_("Filters of the first layer"),
            key=f"inside_filters_{side}",
            on_choose=lambda number: choose_channel(subject, answer["stage"], number),
            columns=16 if subject.run else 32,
            few=8,
        )
        return
    images = "".join(
        f'<img alt="{escape(name)}" src="data:image/png;base64,{png}">' for name, png in zip(names, pngs, strict=True)
    )
    st.html(f'{_STYLE}<div class="tl-filters">{images}</div>')


def _same_text(answer: dict[str, Any]) -> str:
    if answer["same"] is None:
        return _("the pre-trained weights are not on this machine, so there is nothing to compare with.")
    return _("the same, byte for byte.") if answer["same"] else _("re-trained, so the weights differ.")


_STYLE = """<style>
.tl-filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(34px, 1fr)); gap: 6px; max-width: 960px; }
.tl-filters img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 2px; }
</style>"""
