"""What the teacher allows: pause, limits, and which controls the students may change."""

import streamlit as st

from frame.class_act import attempt
from frame.class_fixed import WORDS
from frame.class_live import get_live
from frame.class_store import get_classes
from frame.run_view import data_word, recipe_word
from frame.services import owner
from frame.settings import IMAGINED, is_upload
from frame.state import get_settings
from frame.text import plain
from tl_core.class_rules import CONTROLS, FREE, HIDDEN, LOCKED
from tl_core.classes import SchoolClass
from tl_core.experiment import MAX_EPOCHS, MAX_IMAGES
from tl_core.language import _, mark
from tl_core.networks import get_network

_STATES = {FREE: mark("free"), LOCKED: mark("locked"), HIDDEN: mark("hidden")}


def show_switches(found: SchoolClass) -> None:
    """What a teacher needs at once, each with one click."""
    rules = found.rules
    with st.container(horizontal=True, gap="large"):
        for name, value, label, words in (
            ("paused", rules.paused, _("Pause new runs"), _("Runs that wait or train already go on.")),
            (
                "closed",
                rules.closed,
                _("Let nobody else join"),
                _("Those who have joined stay in it, and can come back."),
            ),
            ("show_guesses", rules.show_guesses, _("Show the guesses"), _("The class sees what was guessed.")),
        ):
            key = f"class_{name}_{found.id}"
            st.session_state[key] = value
            st.toggle(label, key=key, help=words, on_change=_switch, args=(found, name, key))


def _switch(found: SchoolClass, name: str, key: str) -> None:
    change_rules(found, **{name: bool(st.session_state[key])})


def change_rules(found: SchoolClass, **values: object) -> bool:
    """Write some of the rules; whether this visitor may is asked again. False, and a sentence, if not."""
    done = attempt(lambda: get_classes().change_rules(found.id, owner(), **values))
    get_live().forget(found.id)
    return done is not None


def show_limits(found: SchoolClass) -> None:
    """A form: limits, and the state of every control, fixed at what the teacher has in the bar."""
    rules = found.rules
    settings = get_settings()
    with st.expander(_("What the students may change")), st.form(f"class_rules_{found.id}", border=False):
        left, right = st.columns([1, 2], gap="large")
        with left:
            images = st.number_input(
                _("Most images for a run"), 10, MAX_IMAGES, value=rules.max_images, step=10, placeholder=_("no limit")
            )
            epochs = st.number_input(
                _("Most epochs of a run"), 1, MAX_EPOCHS, value=rules.max_epochs, step=1, placeholder=_("no limit")
            )
        with right:
            chosen = {}
            for row in (list(CONTROLS)[:3], list(CONTROLS)[3:]):
                for column, name in zip(st.columns(3), row, strict=True):
                    with column:
                        chosen[name] = st.selectbox(
                            _(WORDS[name]).capitalize()
                            if name == "options"
                            else _(WORDS[name])[0].upper() + _(WORDS[name])[1:],
                            list(_STATES),
                            index=list(_STATES).index(rules.state_of(name)),
                            format_func=lambda one: _(_STATES[one]),
                        )
            st.markdown(
                _(
                    "What is locked or hidden is fixed at what you have in the bar now: {settings}.",
                    settings=plain(in_words()),
                )
            )
        if st.form_submit_button(_("Set for the class")):
            fixed = any(value != FREE for value in chosen.values())
            given = settings.to_query()
            if chosen["data"] == FREE:  # the other settings hold for every data set
                given.pop("data", None)
            if chosen["data"] != FREE and is_upload(settings.experiment.data):
                st.error(_("Your own pictures cannot be seen by the class. Choose another data set in the bar first."))
            elif change_rules(
                found,
                max_images=images,
                max_epochs=epochs,
                locked=tuple(name for name in CONTROLS if chosen[name] == LOCKED),
                hidden=tuple(name for name in CONTROLS if chosen[name] == HIDDEN),
                given=given if fixed else {},
            ):
                st.rerun()


def in_words() -> str:
    """The experiment in the bar."""
    settings = get_settings()
    own = settings.experiment
    parts = [
        _("an imagined data set") if own.data == IMAGINED else data_word(own),
        _("{n:,} images", n=own.num_images) if own.num_images else _("all images"),
        _(get_network(own.network).title),
        _("the recipe as the map says") if settings.auto else recipe_word(own),
    ]
    return ", ".join(parts)
