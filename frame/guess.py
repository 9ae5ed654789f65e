"""Guess first, then measure: the student says how similar the pictures are before the measurement is shown."""

import json
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape

import streamlit as st

from frame.datasets import DataInfo, picture_strip, source_pictures
from frame.settings import Settings, is_upload
from frame.widgets import widget
from tl_core.language import _, language
from tl_core.networks import Network, get_network
from tl_core.paths import ASSETS

START = 0.5
NAMED_CLASSES = 8


@dataclass(frozen=True)
class Guess:
    """A similarity of 0..1 and the position of the distance dial it was meant for; `done` once it has been measured or skipped.

    `value` is None where the question was skipped.
    """

    value: float | None = START
    distance: float = 0.0
    done: bool = False


def is_asking(settings: Settings, data: DataInfo) -> bool:
    """Whether the measurement is kept back until the visitor has guessed; asked once for each set and network."""
    if settings.imagined or not settings.guess or st.session_state.get("guess_skipped"):
        return False
    if data.missing or data.error or data.measure_error:
        return False
    return not _get(settings).done


def guess_on_map(settings: Settings, asking: bool) -> float | None:
    """Where the map shows the guess: while it is being made, and afterwards for the pictures it was made for."""
    if settings.imagined:
        return None
    guess = _get(settings)
    if guess.done:
        return guess.value if guess.distance == settings.experiment.distance else None
    return guess.value if asking else None


def set_guess(settings: Settings, value: float) -> None:
    _put(settings, replace(_get(settings), value=value))


def skip(settings: Settings, *, always: bool) -> None:
    """Show the measurement without a guess: for this set, or `always` for the rest of the visit."""
    _put(settings, Guess(None, done=True))
    if always:
        st.session_state.guess_skipped = True


def ask(settings: Settings) -> tuple[Future, ...]:
    """The question, pictures of both sides, the slider and the two buttons; returns what is still awaited."""
    network = get_network(settings.experiment.network)
    st.markdown(_("**How similar do you think these pictures are to what the network has learnt from?**"))
    learnt = source_pictures(network)
    other = picture_strip(learnt) if learnt is not None else f"<p>{escape(_classes(network, language()))}</p>"
    st.html(
        f'{_STYLE}<div class="tl-sides"><div><h4>{escape(_("These pictures"))}</h4>{picture_strip(settings)}</div>'
        f"<div><h4>{escape(_('What the network learnt from'))}</h4>{other}</div></div>"
    )

    def moved() -> None:
        set_guess(settings, st.session_state.guess_value)

    st.slider(
        _("Your guess: 0 quite different, 1 just like them"),
        0.0,
        1.0,
        step=0.01,
        key=widget("guess_value", _get(settings).value, moved),
        on_change=moved,
        help=_(
            "Move the slider, or click on the map. What counts is whether the shapes and objects that the network knows help "
            "to tell these classes apart."
        ),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(_("Measure"), type="primary", on_click=_measure, args=(settings,))
        st.button(_("Skip"), type="tertiary", on_click=skip, args=(settings,), kwargs={"always": True})
    return (learnt,) if learnt is not None and not learnt.done() else ()


def comparison(settings: Settings, data: DataInfo, size: int) -> str:
    """The visitor's guess beside the measurement; see `compare`."""
    return compare(_get(settings), settings, data, size)


def compare(guess: Guess, settings: Settings, data: DataInfo, size: int) -> str:
    """A guess beside the measurement in one or two sentences; "" where there is no guess or no measurement."""
    measurement = data.measurement
    if not guess.done or guess.value is None or measurement is None:
        return ""
    if guess.distance != settings.experiment.distance:
        return _("Your guess of {guess:.2f} was for another position of the slider.", guess=guess.value)
    value, low, high = (measurement[key] for key in ("similarity", "similarity_low", "similarity_high"))
    if not measurement.get("can_tell", True):
        return _("You guessed {guess:.2f}; the measurement cannot tell.", guess=guess.value)
    if low <= guess.value <= high:
        verdict = _("your guess lies in the interval")
    elif guess.value > high:
        verdict = _("what the network knows helps less here than you thought")
    else:
        verdict = _("what the network knows helps more here than you thought")
    ends = {settings.case(end, size).number for end in (low, high)}
    thought = settings.case(guess.value, size).number
    if len(ends) > 1:
        meaning = ""  # the measurement does not decide the case either
    elif thought in ends:
        meaning = " " + _("Either way it is case {number}.", number=thought)
    else:
        meaning = " " + _(
            "By your guess it would be case {number}, by the measurement it is case {measured}.",
            number=thought, measured=ends.pop(),
        )  # fmt: skip
    text = _(
        "You guessed {guess:.2f}; measured {value:.2f} ({low:.2f} to {high:.2f}): {verdict}.",
        guess=guess.value, value=value, low=low, high=high, verdict=verdict,
    )  # fmt: skip
    return text + meaning


def _measure(settings: Settings) -> None:
    _put(settings, replace(_get(settings), distance=settings.experiment.distance, done=True))


def _key(settings: Settings) -> tuple[str, str]:
    data = settings.experiment.data
    return (data.split(".")[0] if is_upload(data) else data), settings.experiment.network


def _get(settings: Settings) -> Guess:
    return st.session_state.get("guesses", {}).get(_key(settings), Guess())


def _put(settings: Settings, guess: Guess) -> None:
    st.session_state.setdefault("guesses", {})[_key(settings)] = guess


@lru_cache(64)
def _classes(network: Network, spoken: str) -> str:
    """What the network was trained on, with the names of a few of its classes where its card gives them."""
    card = ASSETS / f"{network.name}.json"
    names = json.loads(card.read_text())["card"]["classes"] if network.builtin and card.is_file() else []
    few = ", ".join(name.replace("_", " ") for name in names[:: max(1, len(names) // NAMED_CLASSES)][:NAMED_CLASSES])
    return f"{_(network.trained_on)}: {few} ..." if few else _(network.trained_on)


_STYLE = """<style>
.tl-sides { display: grid; grid-template-columns: 1fr 1fr; gap: 20px; }
.tl-sides h4 { margin: 0 0 4px; padding: 0; font-size: 0.82rem; font-weight: 600; }
.tl-sides p { margin: 0; font-size: 0.82rem; line-height: 1.35; opacity: 0.85; }
.tl-strip { display: grid; grid-template-columns: repeat(4, minmax(0, 56px)); gap: 4px; }
.tl-strip img, .tl-strip span { display: block; width: 100%; aspect-ratio: 1; border-radius: 3px; object-fit: cover;
  background: color-mix(in srgb, currentColor 8%, transparent); }
</style>"""
