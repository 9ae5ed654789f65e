"""The tally of what a class guessed, kept back from the students until the teacher shows it."""

from collections import Counter
from html import escape

import streamlit as st

from frame.class_live import live_class
from frame.class_words import network_of
from frame.services import get_catalogue
from frame.text import plain
from tl_core.class_errors import NotYourClass
from tl_core.class_guesses import SIMILARITY, Tally, read_about
from tl_core.data.dial import position, position_name
from tl_core.experiment import Experiment
from tl_core.language import _, many
from tl_core.recipe_marks import recipe_name

EVERY_SECONDS = 3.0
MOST_TALLIES = 8
_STEPS = 10  # bars of the guessed similarity

_STYLE = """<style>
.tl-tally { display: grid; grid-template-columns: max-content 1fr max-content; gap: 3px 10px; align-items: center;
  max-width: 640px; font-variant-numeric: tabular-nums; }
.tl-tally i { display: block; height: 1.05em; background: var(--st-primary-color, #0072B2); border-radius: 3px; min-width: 1px; }
</style>"""


def show_tallies(class_id: str, *, teacher: bool, big: bool = False) -> None:
    """Live; students see how many have guessed, and what was guessed only when the teacher has shown it."""

    @st.fragment(run_every=EVERY_SECONDS)
    def watch() -> None:
        try:
            live = live_class(class_id)
        except NotYourClass:
            return  # the board says so
        if not live.tallies:
            return
        st.subheader(_("Guesses"), anchor=False)
        shown = live.rules.show_guesses
        if not shown:
            st.markdown(
                _("What was guessed is not shown to the class yet.")
                if teacher
                else _("Your teacher will show what was guessed.")
            )
        for tally in live.tallies[:MOST_TALLIES]:
            _show(tally, live.num_members, shown, big)

    watch()


def question(tally: Tally) -> str:
    """What was asked, in words; not fit for Markdown as it is."""
    parts = read_about(tally.about)
    if tally.kind != SIMILARITY or len(parts) != 3:
        return ", ".join(parts)
    data, network, distance = parts
    entry = get_catalogue().get(data)
    words = _(
        "How similar are the pictures of '{data}' to what the network '{network}' knows?",
        data=entry.shown_title if entry else data,
        network=network_of(Experiment(network=network)),
    )
    where = float(distance)
    return f"{words} ({position_name(where)})" if position(where) else words


def counted(tally: Tally) -> list[tuple[str, int]]:
    """Each bar's name and length: similarities in steps of a tenth, other answers the most frequent first."""
    if tally.kind != SIMILARITY:
        return [(recipe_name(answer), number) for answer, number in tally.answers.most_common()]
    steps: Counter[int] = Counter()
    for answer, number in tally.answers.items():
        steps[min(_STEPS - 1, int(float(answer) * _STEPS))] += number
    return [
        (_("{low:.1f} to {high:.1f}", low=step / _STEPS, high=(step + 1) / _STEPS), steps[step])
        for step in range(_STEPS)
    ]


def _show(tally: Tally, num_members: int, shown: bool, big: bool) -> None:
    members = many("{number} member", "{number} members", num_members)
    st.markdown(
        f"**{plain(question(tally))}** " + _("{number} of {members} have guessed.", number=tally.total, members=members)
    )
    if not shown:
        return
    bars = counted(tally)
    most = max(number for _name, number in bars)
    cells = "".join(
        f'<span>{escape(name)}</span><i style="width:{100 * number / most:.0f}%"></i><span>{number}</span>'
        for name, number in bars
    )
    words = escape("; ".join(f"{name}: {number}" for name, number in bars if number), quote=True)
    size = "font-size:1.35rem" if big else ""
    st.html(f'{_STYLE}<div class="tl-tally" style="{size}" role="img" aria-label="{words}">{cells}</div>')
