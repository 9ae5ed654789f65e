"""Where to cut: the bars under the diagram, and the choice of another cut."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from frame import state
from frame.browser import browser_part
from frame.datasets import DataInfo
from frame.settings import Settings
from frame.text import plain
from frame.widgets import widget
from tl_core.cases import ALL
from tl_core.cut_chart import CutBar, bars_of, cut_chart_svg, say
from tl_core.cut_model import load_model
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _, language, retold
from tl_core.networks import Network
from tl_core.plan import layer_plan, resolve_cut

_JS = Path(__file__).parent / "js"
_chart = browser_part(
    "tl_cut_chart",
    html='<div class="tl-drawing"><div class="tl-wide"></div><div class="tl-tall"></div></div>',
    css=(_JS / "drawing.css").read_text(),
    js=(_JS / "pick_part.js").read_text(),
)


def show_where_to_cut(settings: Settings, resolved: Experiment, network: Network, data: DataInfo, asking: bool) -> None:
    """Two bars a stage; a click on one, or the box below, puts the experiment's cut there.

    `resolved`: the experiment with its recipe. Nothing is shown where no stage was, or will be, measured.
    """
    measurement = None if asking else data.measurement
    bars = bars_of(measurement) if measurement else ()
    if not bars and not asking and not data.waiting:
        return
    present = resolve_cut(network, resolved.make_recipe().cut)
    recommended = measurement["cut"] if measurement else ""
    waiting = _("Shown after your guess.") if asking else _("Measuring each stage ...")

    def change(stage: str | None) -> None:
        now = state.get_settings()
        if now.experiment.network != network.name:
            return  # another since this was drawn
        experiment = resolved if now.auto else now.experiment
        if stage and stage != resolve_cut(network, experiment.make_recipe().cut):
            try:
                state.change(**cut_change(experiment, network, stage))
            except UserError as error:
                st.toast(plain(retold(str(error))))

    title = _("**Where to cut?** The accuracy of a new layer put here, leave-one-out estimate with 95 % interval.")
    if bars:
        title = _(
            "**Where to cut?** The accuracy of a new layer put here: leave-one-out estimate on {n:,} pictures, with 95 % "
            "interval.",
            n=measurement["num_probed"],
        )
    st.markdown(title)
    wide, tall = _drawings(network, bars, recommended, present, waiting, language())
    _chart(
        data={"wide": wide, "tall": tall},
        key="cut_chart",
        on_pick_change=lambda: change((st.session_state.get("cut_chart") or {}).get("pick")),
    )
    titles = {stage.name: _(stage.title) for stage in network.stages[:-1]}
    with st.container(key="cut_choice"):
        left, right = st.columns([2, 5], gap="medium", vertical_alignment="center")
        left.selectbox(
            _("Cut after"),
            list(titles),
            format_func=titles.get,
            key=widget("cut_after", present),
            on_change=lambda: change(st.session_state.cut_after),
            help=_(
                "Everything after this layer is sliced off, and the new layer is put here. A click on a bar does the same."
            ),
        )
        if bars:
            text = plain(say(bars, present, recommended))
            if present == recommended and load_model(network.name):
                text += " " + _("It rests on these scores and on layers that were really trained on other data sets.")
            right.write(text + _reservation(resolved))


def cut_change(resolved: Experiment, network: Network, stage: str) -> dict[str, Any]:
    """The settings that change when the cut is put after `stage`.

    Cases 1 and 2 differ in the cut alone, so the one turns into the other; every other recipe keeps its name. Raises
    `UserError` where the recipe cannot be cut there.
    """
    change: dict[str, Any] = {"auto": False, "recipe": resolved.recipe, "cut": stage}
    if resolved.recipe in ("case-1", "case-2"):
        last = stage == network.stages[-2].name
        change["recipe"] = "case-1" if last else "case-2"
        if last or stage == network.early_cut:
            change["cut"] = None
    layer_plan(network, Settings(resolved).change(**change).experiment.make_recipe(), 2)
    return change


def _reservation(resolved: Experiment) -> str:
    """The bars are for a new layer on one frozen stage, which not every recipe has."""
    recipe = resolved.make_recipe()
    if recipe.features == "all":
        return " " + _("The bars are for a new layer on one stage; this recipe's sees all the kept ones.")
    if recipe.freeze == ALL:
        return ""
    return " " + _("The bars are for frozen layers; this recipe trains them, too.")


@lru_cache(32)
def _drawings(
    network: Network, bars: tuple[CutBar, ...], recommended: str, present: str, waiting: str, spoken: str
) -> tuple[str, str]:
    stages = [(stage.name, _(stage.title)) for stage in network.stages[:-1]]
    wide, tall = (
        cut_chart_svg(
            stages,
            bars,
            recommended=recommended,
            present=present,
            waiting=waiting,
            orientation=way,
            title_id=f"cuts-{way}",
        )
        for way in ("horizontal", "vertical")
    )
    return wide, tall
