"""The check-up on the page: what it found, and one click to mend it."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import streamlit as st

from frame import my_images
from frame.my_images_tiles import show_pictures
from frame.services import get_answers
from frame.text import plain
from tl_core.data import edits
from tl_core.data.collection import Collection, Version
from tl_core.language import ENGLISH, _, english, many, mark, retold, speaking

PATIENCE = 0.4  # seconds
SHOWN_PICTURES = 16
_MARK = {"stop": mark("Cannot be trained on"), "warn": mark("Worth a look"), "note": mark("Note")}


def show_checkup(collection: Collection, version: Version) -> tuple[bool, tuple[Future, ...]]:
    """Returns whether the set can be trained on, as far as is known, and what is still awaited."""
    future = get_answers().ask("checkup", spec=collection.spec(version))
    try:
        findings = future.result(PATIENCE)
    except NotYet:
        st.caption(_("Checking the pictures ..."))
        return False, (future,)
    except Exception as error:
        st.error(plain(retold(str(error))))
        return False, ()
    if not findings:
        st.caption(_("Check-up: enough pictures, classes of similar size, none twice. Nothing to mend."))
        return True, ()
    class_of = {number: one.name for one in version.classes for number, _hash in one.pictures}
    for at, finding in enumerate(findings):
        _show(collection, finding, class_of, f"{version.number}_{at}")
    return all(finding["severity"] != "stop" for finding in findings), ()


def _show(collection: Collection, finding: dict[str, Any], class_of: dict[int, str], key: str) -> None:
    text = (
        f"**{_(_MARK[finding['severity']])}:** {plain(retold(finding['sentence']))} {plain(retold(finding['advice']))}"
    )
    if finding["severity"] == "stop":
        st.error(text)
    else:
        st.markdown(text)
    pictures = [number for number in finding["pictures"] if number in class_of]
    with st.container(horizontal=True, vertical_alignment="center"):
        if finding["remedy"]:
            st.button(_(finding["remedy"]["label"]), key=f"mend_{key}", on_click=_mender(collection, finding["remedy"]))
        show = False
        if pictures and finding["kind"] in ("twins", "two_labels", "tiny"):
            show = st.toggle(_("Show them") if len(pictures) > 1 else _("Show it"), key=f"show_{key}")
    if show:
        shown = pictures[:SHOWN_PICTURES]
        show_pictures(collection.pictures(), shown, [class_of[number] for number in shown])
        if len(pictures) > len(shown):
            st.caption(_("The first {n} of them.", n=len(shown)))
    if finding["files"]:
        with st.expander(_("Which files, and why"), expanded=len(finding["files"]) <= 5):
            st.text("\n".join(f"{name}: {retold(reason)}" for name, reason in finding["files"]))


def _mender(collection: Collection, remedy: dict[str, Any]) -> Callable[[], None]:
    def mend() -> None:
        if "remove" in remedy:
            numbers = remedy["remove"]
            with speaking(ENGLISH):  # it is kept
                did = many("{number:,} picture deleted", "{number:,} pictures deleted", len(numbers))
            my_images.edit(collection, did, lambda classes: edits.remove(classes, numbers))
        else:
            name = remedy["switch_off"]
            my_images.edit(
                collection,
                english("'{name}' switched off", name=name),
                lambda classes: edits.switch(classes, name, False),
            )

    return mend
