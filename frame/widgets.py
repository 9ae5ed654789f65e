"""Widgets whose value lives in the settings."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from frame import state
from frame.agreed import agreed
from tl_core.cases import ALL, CUSTOM, EXCEPT_FIRST
from tl_core.language import _
from tl_core.networks import get_network


def widget(key: str, value: Any, changed: Callable[[], None] | None = None) -> str:
    """Give a widget its value from the settings; returns its key.

    Only where they differ, or the widget is new on the page: a value that is set would overwrite what the visitor does at this
    moment. Under quick changes Streamlit may drop the callback of the last one; then the widget is ahead of the settings, which
    have not changed since, and `changed` is called here.
    """
    before = agreed()
    shown = st.session_state.get(key, value)
    if changed is not None and shown != value and before.get(key) == value:
        changed()
        st.rerun()
    if key not in before or key not in st.session_state or shown != value:
        st.session_state[key] = value
    before[key] = value
    return key


def choice(
    label: str,
    titles: Mapping[str, str],
    current: str | None,
    choose: Callable[[str], None],
    *,
    key: str,
    **options: Any,
) -> None:
    """A select box over the keys of `titles`; `choose` is called with what the visitor chooses.

    The browser knows an option by its title. Where that changes (a run that ends, a download that has arrived), it sends the
    earlier one with its next click: that is no choice, and what was chosen stays.
    """

    def changed() -> None:
        if st.session_state[key] in titles:
            choose(st.session_state[key])

    st.selectbox(
        label,
        list(titles),
        index=None if current is None else 0,
        format_func=lambda name: titles.get(name, titles.get(current, "")),
        key=widget(key, current),
        on_change=changed,
        **options,
    )


def change_network(name: str) -> None:
    """Another network has other stages to cut after."""
    settings = state.get_settings()
    if name != settings.experiment.network:
        own = settings.experiment.freeze if settings.experiment.recipe == CUSTOM else None
        freeze = own if own in (ALL, EXCEPT_FIRST) else None
        state.change(network=name, cut=None, freeze=freeze)
        network = get_network(name)
        st.toast(
            _("Network: {network}, which learnt from {what}.", network=_(network.title), what=_(network.trained_on))
        )
