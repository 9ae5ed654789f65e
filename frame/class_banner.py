"""Above every page: the text of a lesson, the class one is in, and the controls that are locked or not shown."""

import json
from html import escape

import streamlit as st

from frame.class_fixed import WORDS, get_lesson, hidden_controls, locked_controls
from frame.class_room import note_guess
from frame.class_store import get_classes, membership
from frame.places import in_place
from frame.services import get_catalogue, owner
from frame.text import plain
from tl_core.class_guesses import SIMILARITY, about_similarity
from tl_core.language import _

# Streamlit gives the box of a widget a class with its key
_BOXES = {
    "data": ("bar_data",),
    "images": ("bar_images", "bar_images_unknown"),
    "similarity": ("bar_similarity", "bar_distance"),
    "network": ("bar_network",),
    "recipe": ("bar_recipe", "bar_cut", "bar_freeze", "bar_init", "bar_block"),
    "options": ("train_options", "race_seconds"),
}
_LESSON = """<style>
.tl-lesson { border-left: 4px solid var(--st-primary-color, #0072B2); padding: 0.1rem 0 0.1rem 0.8rem; white-space: pre-line;
  overflow-wrap: anywhere; max-width: 75ch; }
</style>"""


@in_place
def show_banner() -> None:
    """Drawn before the page."""
    _note_guesses()
    text = get_lesson().text
    if text:
        st.html(f'{_LESSON}<div class="tl-lesson" role="note">{escape(text)}</div>')
    _show_class()
    _style_controls()


def _show_class() -> None:
    now = membership()
    if now is None:
        if st.session_state.get("class_code") and get_classes().find(st.session_state.class_code):
            st.page_link(st.session_state.pages["class"], label=_("You are invited to a class: join it"))
        return
    found, member = now
    words = [_("Class {title}: you are {name}.", title=plain(found.title), name=plain(member.nickname))]
    if not get_classes().teaches(found.id, owner()):
        if found.rules.paused:
            words.append(_("**New runs are paused by your teacher.**"))
        limits = []
        if found.rules.max_images is not None:
            limits.append(_("{number:,} images", number=found.rules.max_images))
        if found.rules.max_epochs is not None:
            limits.append(_("{number:,} epochs", number=found.rules.max_epochs))
        if limits:
            words.append(_("A run may have at most {limits}.", limits=" / ".join(limits)))
        if locked := locked_controls():
            names = ", ".join(_(WORDS[name]) for name in locked)
            words.append(_("Locked by your teacher: {controls}.", controls=names))
    st.markdown(" ".join(words))


def _style_controls() -> None:
    """Hidden controls are gone for keyboard and screen reader too; locked ones cannot be clicked, and go back to their value."""
    rules = []
    for name in hidden_controls():
        for key in _BOXES[name]:
            rules.append(
                f"[data-testid=stColumn]:has(> * .st-key-{key}), .st-key-{key} {{ display: none !important; }}"
            )
    mark = json.dumps(f" ({_('locked')})").replace("<", "")
    for name in locked_controls():
        for key in _BOXES[name]:
            rules.append(f".st-key-{key} {{ pointer-events: none; }}")
            rules.append(f".st-key-{key} label p::after {{ content: {mark}; }}")
    if rules:
        st.html(f"<style>{' '.join(rules)}</style>")


def _note_guesses() -> None:
    """Guesses of the four cases that were answered since the last time go into the tally of the class."""
    noted = st.session_state.setdefault("class_guesses_noted", set())
    for (data, network), guess in st.session_state.get("guesses", {}).items():
        about = about_similarity(data, network, guess.distance)
        if guess.done and guess.value is not None and data in get_catalogue() and (about, guess.value) not in noted:
            noted.add((about, guess.value))
            note_guess(SIMILARITY, about, f"{guess.value:.2f}", owner())
