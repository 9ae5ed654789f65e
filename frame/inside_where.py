"""Where did it look? Grad-CAM of the picture for the class that the network guesses and for the true one."""

from concurrent.futures import Future
from html import escape
from typing import Any

import streamlit as st

from frame.inside_answers import ask, take
from frame.inside_picture import Picture
from frame.inside_subject import Subject
from frame.inside_words import where_alt
from frame.text import plain
from frame.try_picture import percent
from tl_core.language import _, retold

PLACES = 3  # pictures in the row, as in the style below


def show_where(subject: Subject, picture: Picture) -> tuple[Future, ...]:
    """The panel for a run; returns what is awaited."""
    future = ask("look_where", private=picture.private, run_id=subject.run_id, **picture.args)
    answer, error = take(future)
    st.subheader(_("Where did it look?"), anchor=False)
    if error:
        st.info(plain(retold(error)))
        return ()
    st.markdown(_("The answer is being worked out.") if answer is None else _verdict(answer))
    figures = [_BLANK] * PLACES if answer is None else _figures(subject, answer)
    st.html(f'{_STYLE}<div class="tl-where">{"".join(figures)}</div>')
    stage = subject.network.stage(answer["stage"]) if answer else None
    st.markdown(
        _(
            "Grad-CAM takes the maps of {layer} ({height} × {width} numbers), weighs each by how much it speaks for the class, "
            "and adds them up. Bright places speak for the class most, dark ones do not. It shows where, not why.",
            layer=_(stage.title),
            height=answer["grid"][0],
            width=answer["grid"][1],
        )
        if answer
        else "\u00a0"
    )
    return () if answer is not None or future.done() else (future,)


def _verdict(answer: dict[str, Any]) -> str:
    guess = answer["top"][0]
    text = _(
        "The network takes this picture for **{label}**, with a confidence of {percent}.",
        label=plain(guess["label"]),
        percent=plain(percent(guess["confidence"])),
    )
    if answer["true"] is None:
        return text
    if answer["true"] == guess["label"]:
        return text + " " + _("It is right.")
    return text + " " + _("It is wrong: this is **{label}**.", label=plain(answer["true"]))


def _figures(subject: Subject, answer: dict[str, Any]) -> list[str]:
    figures = [_figure(_("The picture as the network sees it"), answer["picture"], _("What the network sees"), "")]
    for number, one in enumerate(answer["maps"]):
        if number == 0:
            role = _("Its guess: {label}", label=one["label"])
        elif one["label"] == answer["true"]:
            role = _("The true class: {label}", label=one["label"])
        else:
            role = _("Its second guess: {label}", label=one["label"])
        note = _("confidence {percent}", percent=percent(one["confidence"]))
        if not one["found"]:
            note += "; " + _("nothing here speaks for it")
        figures.append(_figure(where_alt(one["label"], one["peak"], one["found"]), one["png"], role, note))
    return figures


def _figure(alt: str, png: str, title: str, note: str) -> str:
    return (
        f'<figure><img alt="{escape(alt)}" src="data:image/png;base64,{png}"><figcaption><b>{escape(title)}</b><br>'
        f"{escape(note) or '&nbsp;'}</figcaption></figure>"
    )


_BLANK = "<figure><span></span><figcaption>&nbsp;<br>&nbsp;</figcaption></figure>"
_STYLE = """<style>
.tl-where { display: grid; grid-template-columns: repeat(3, minmax(0, 224px)); gap: 14px; }
.tl-where figure { margin: 0; min-width: 0; }
.tl-where img, .tl-where span { display: block; width: 100%; aspect-ratio: 1; border-radius: 4px;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.tl-where figcaption { font-size: 0.9rem; line-height: 1.35; margin-top: 6px; }
</style>"""
