"""What was measured, as two small meters with their intervals and a few sentences."""

from html import escape
from typing import Any

import streamlit as st

from frame import state
from frame.datasets import DataInfo
from frame.prescription import measured_text
from frame.text import plain
from frame.words import recipe_name
from tl_core.advisor import advice_for
from tl_core.cases import find_recipe
from tl_core.language import _, retold
from tl_core.networks import Network


def show_measured(data: DataInfo, network: Network, size: int, comparison: str, present: str) -> None:
    """The guess beside the measurement, the meters, what they mean, and what real runs speak for with `size` images.

    `present`: the recipe that is chosen now.
    """
    measurement = data.measurement
    if comparison:
        st.markdown(plain(comparison))
    if measurement is None:
        st.caption(measured_text(data))
        return
    value, low, high = (measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
    known = measurement.get("can_tell", True)
    rows = _meter(
        _("Similarity measured"),
        value if known else None,
        low,
        high,
        _("0: no help, 1: as on the original pictures"),
    )
    looks = measurement.get("looks")
    if looks:
        ends = _("0: look like the original pictures, 1: look quite different")
        rows += _meter(_("How different they look"), looks["gap"], looks["low"], looks["high"], ends)
    st.html(f'{_STYLE}<div class="tl-meters">{rows}</div>')
    sentences = [measured_text(data), retold(measurement.get("looks_why") or "")]
    st.caption(plain(" ".join(sentence for sentence in sentences if sentence)))
    st.markdown(plain(advice_text(measurement, network, size)))
    advice = advice_for(measurement, network.name, size)
    if advice and advice.recipe != present:
        st.button(
            _("Take this advice"),
            key="take_advice",
            on_click=state.change,
            kwargs={"auto": False, "recipe": advice.recipe, "cut": None, "freeze": None, "init": None},
            help=_(
                "Chooses {recipe}. *As the map says* under *Recipe* brings the map's case back.",
                recipe=recipe_name(find_recipe(advice.recipe)),
            ),
        )


def advice_text(measurement: dict[str, Any], network: Network, size: int) -> str:
    """The recipe that real runs speak for, beside the textbook's case; '' where they say nothing."""
    advice = advice_for(measurement, network.name, size)
    if not advice:
        return ""
    told = _("Our advice from real runs: {recipe}.", recipe=recipe_name(find_recipe(advice.recipe)))
    return f"{told} {advice.why}"


def _meter(label: str, value: float | None, low: float, high: float, ends: str) -> str:
    said = _("{low:.2f} to {high:.2f}", low=low, high=high)
    number = f"{_('{n:.2f}', n=value)} <small>({said})</small>" if value is not None else f"<small>{said}</small>"
    mark = f'<b style="left:{100 * value:.1f}%"></b>' if value is not None else ""
    if value is not None:
        spoken = _("{n:.2f}, 95 % interval {interval}", n=value, interval=said)
    else:
        spoken = _("somewhere from {interval}", interval=said)
    return (
        f'<span>{escape(label)}</span><div class="tl-gauge" role="meter" aria-label="{escape(label)}" aria-valuemin="0" '
        f'aria-valuemax="1" aria-valuenow="{value if value is not None else (low + high) / 2:.2f}" aria-valuetext="{spoken}" '
        f'title="{escape(ends)}"><i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>{mark}</div>'
        f'<span class="tl-numbers">{number}</span>'
    )


_STYLE = """<style>
.tl-meters { display: grid; grid-template-columns: auto minmax(60px, 1fr) auto; gap: 6px 12px; align-items: center;
  font-size: 0.9rem; }
.tl-meters small { opacity: 0.8; }
.tl-gauge { position: relative; height: 10px; border-radius: 5px;
  background: color-mix(in srgb, currentColor 14%, transparent); }
.tl-gauge i { position: absolute; top: 0; height: 100%; min-width: 2px; border-radius: 5px;
  background: color-mix(in srgb, #0072B2 62%, transparent); }
.tl-gauge b { position: absolute; top: -3px; height: 16px; width: 3px; margin-left: -1.5px; border-radius: 1.5px;
  background: currentColor; }
</style>"""
