"""The accuracy of each class as bars with their intervals: a table that can be read aloud as well."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from tl_core.language import _, many
from tl_core.mistakes import ClassAccuracy

MOST_SHOWN = 12  # until all are asked for


def show_class_bars(rows: Sequence[ClassAccuracy], classes: Sequence[str], overall: float, *, key: str) -> None:
    """Worst class first. `overall`: accuracy of all test images, 0..1, drawn as a line."""
    shown = rows
    if len(rows) > MOST_SHOWN + 3:
        everything = st.toggle(_("All {n:,} classes", n=len(rows)), key=key)
        shown = rows if everything else rows[:MOST_SHOWN]
    body = "".join(_row(row, classes[row.label], overall) for row in shown)
    heads = (_("class"), _("right, with 95 % interval"), _("accuracy"), _("images"))
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in heads)
    caption = _(
        "Accuracy of each class, worst first. The line: all test images, {share:.1f} %. A class in bold is clearly harder; with "
        "this many classes, one interval may lie left of the line by luck.",
        share=100 * overall,
    )
    st.html(
        f'{_STYLE}<table class="tl-classes"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
    hidden = len(rows) - len(shown)
    if hidden:
        st.markdown(many("{number} more class is better.", "{number} more classes are as good or better.", hidden))


def _row(row: ClassAccuracy, name: str, overall: float) -> str:
    if row.accuracy is None:
        return f'<tr><th scope="row">{escape(name)}</th><td></td><td>{escape(_("none tested"))}</td><td>0</td></tr>'
    low, high = 100 * row.low, 100 * row.high
    interval = _("{low:.0f} to {high:.0f} %", low=low, high=high)
    bar = (
        f'<div class="bar" aria-hidden="true"><i style="width:{100 * row.accuracy:.1f}%"></i>'
        f'<b style="left:{low:.1f}%;width:{high - low:.1f}%"></b><s style="left:{100 * overall:.1f}%"></s></div>'
    )
    clearly = ' class="harder"' if row.harder else ""
    share = escape(_("{share:.0f} %", share=100 * row.accuracy))
    images = escape(_("{n:,}", n=row.num_images))
    return (
        f'<tr{clearly}><th scope="row">{escape(name)}</th><td>{bar}<span>{escape(interval)}</span></td>'
        f"<td>{share}</td><td>{images}</td></tr>"
    )


_STYLE = """<style>
.tl-classes { width: 100%; border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.tl-classes caption { caption-side: bottom; text-align: left; padding-top: 6px; line-height: 1.35; }
.tl-classes :is(th, td) { padding: 3px 10px 3px 0; text-align: left; font-weight: 400; border: 0; vertical-align: middle; }
.tl-classes thead th { font-size: 0.85rem; }
.tl-classes tbody th { max-width: 9rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tl-classes td:nth-child(2) { width: 60%; }
.tl-classes :is(td, th):nth-child(n + 3) { text-align: right; white-space: nowrap; padding-right: 0; padding-left: 6px; }
.tl-classes td > span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.tl-classes .bar { position: relative; height: 16px; background: color-mix(in srgb, currentColor 9%, transparent);
  border-radius: 3px; }
.tl-classes .bar i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: #56B4E9; }
.tl-classes .bar b { position: absolute; top: 7px; height: 2px; background: currentColor; }
.tl-classes .bar b::before, .tl-classes .bar b::after { content: ""; position: absolute; top: -4px; width: 2px; height: 10px;
  background: currentColor; }
.tl-classes .bar b::before { left: 0; }
.tl-classes .bar b::after { right: 0; }
.tl-classes .bar s { position: absolute; top: -3px; bottom: -3px; width: 0; border-left: 2px dashed #D55E00; }
.tl-classes .harder :is(th, td) { font-weight: 600; }
</style>"""
