"""Widgets whose value lives in the settings, and buttons that act on the page as it is when they are pressed."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from frame import state
from frame.agreed import agreed
from frame.settings import Settings
from tl_core.cases import ALL, CUSTOM, EXCEPT_FIRST
from tl_core.language import _
from tl_core.networks import get_network

PATIENCE = 10.0  # seconds: who pressed longer ago has given up


def press_button(label: str, *, key: str, **options: Any) -> None:
    """A button whose press is kept for `take_press`.

    A callback would act on what the page was when the button was last drawn, and who types a number and presses at once would
    not be asked for the number; a plain button forgets a press where the page is drawn again before it is reached.
    """
    st.button(label, key=key, on_click=lambda: st.session_state.update({_pressed(key): time.monotonic()}), **options)


def take_press(key: str, *, ready: bool = True, busy: bool = False) -> bool:
    """Whether the button was pressed; once for each press. What is not `ready` yet keeps a press for `PATIENCE`; what is `busy`
    with an earlier one forgets it."""
    if not ready and not busy:
        return False
    when = st.session_state.pop(_pressed(key), None)
    return when is not None and not busy and time.monotonic() - when < PATIENCE


def _pressed(key: str) -> str:
    return f"{key}_pressed"


def widget(key: str, value: Any, changed: Callable[[], None] | None = None) -> str:
    """Give a widget its value from the settings; returns its key.

    Only where they differ: a value that is set would overwrite what the visitor does at this moment. Under quick
    changes Streamlit may drop the callback of the last one; then the widget is ahead of the settings, which have not changed
    since, and `changed` is called here.
    """
    before = agreed()
    shown = st.session_state.get(key, value)
    if changed is not None and shown != value and before.get(key) == value:
        changed()
        st.rerun()
    if key not in st.session_state or shown != value:
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


def change_network(settings: Settings, name: str) -> None:
    """Another network has other stages to cut after."""
    if name != settings.experiment.network:
        own = settings.experiment.freeze if settings.experiment.recipe == CUSTOM else None
        freeze = own if own in (ALL, EXCEPT_FIRST) else None
        state.change(network=name, cut=None, freeze=freeze)
        network = get_network(name)
        st.toast(
            _("Network: {network}, which learnt from {what}.", network=_(network.title), what=_(network.trained_on))
        )
