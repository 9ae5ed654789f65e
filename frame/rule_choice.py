"""What takes part in the map of who won: network, runs, recipes, and where the textbook's lines are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from frame import state
from frame.rule_data import HERE, STUDY
from frame.words import thresholds_widgets
from tl_core.cases import Thresholds
from tl_core.language import _, mark
from tl_core.networks import get_network
from tl_core.recipe_marks import in_order, recipe_name

ALL = mark("all")


@dataclass(frozen=True)
class RuleChoice:
    """`source`: one of `STUDY` and `HERE`, or None for both."""

    network: str
    source: str | None
    recipes: list[str]


def rule_choice(rows: Sequence[Mapping[str, Any]]) -> RuleChoice:
    """The widgets; the network with the most runs comes first."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["network"]] = counts.get(row["network"], 0) + 1
    networks = sorted(counts, key=lambda name: (-counts[name], name))
    known = in_order({row["recipe"] for row in rows})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        network = st.selectbox(
            _("Network"),
            networks,
            format_func=lambda name: _(get_network(name).title),
            key="rule_network",
            persist_state="session",
            width=280,
        )
        source = st.selectbox(
            _("Runs"),
            [ALL, STUDY, HERE],
            format_func=_,
            key="rule_source",
            persist_state="session",
            width=220,
        )
        recipes = st.multiselect(
            _("Recipes that take part"),
            known,
            default=known,
            format_func=recipe_name,
            key="rule_recipes",
            width=520,
            help=_("Take one away, and the others are compared among themselves."),
        )
        thresholds_widgets(state.get_settings().thresholds, Thresholds())
    return RuleChoice(network, None if source == ALL else source, recipes)
