"""The picture that is looked at: one of the data set, or one that the visitor brings."""

import tempfile
from concurrent.futures import Future
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from frame.inside_answers import ask, forget_private, take
from frame.inside_subject import Subject
from frame.inside_tiles import choice_tiles, tile
from frame.services import get_engine
from frame.text import plain
from frame.upload import PICTURES, forget, incoming, safe_name
from tl_core.errors import UserError, WorkerDied
from tl_core.language import _, mark, retold

NUM_SAMPLES = 12
PRIVACY = mark(
    "Your picture goes to the computer that runs this page, and the file is deleted there at once. A small copy of it stays, "
    "for you alone, while this page is open or until you use another picture."
)


@dataclass(frozen=True)
class Picture:
    """Arguments of the questions about it; `private` for a visitor's own."""

    data: str = ""
    index: int = -1
    png: str = ""
    label: str | None = None

    @property
    def private(self) -> bool:
        return bool(self.png)

    @property
    def args(self) -> dict[str, Any]:
        return {"png": self.png} if self.png else {"data": self.data, "index": self.index}


@dataclass
class _Chosen:
    """What a visitor has chosen so far; `indices`: by data set."""

    indices: dict[str, int] = field(default_factory=dict)
    png: str = ""
    error: str = ""
    answered: set[str] = field(default_factory=set)  # ids of files that the uploader and the camera still show
    clearings: int = 0  # a new number empties the uploader


def choose_picture(subject: Subject) -> tuple[Picture | None, Any, tuple[Future, ...]]:
    """Draw the choice; the picture, None until there is one, room for `show_seen`, and what is still awaited."""
    chosen: _Chosen = st.session_state.setdefault("inside_picture", _Chosen())
    _receive(chosen)
    samples, error, waiting = None, None, ()
    if subject.data:
        future = ask("look_samples", data=subject.data, size=subject.network.input_size, distance=subject.distance)
        samples, error = take(future)
        waiting = () if future.done() else (future,)
    picture = _picture(subject, chosen, samples)
    left, right = st.columns([1, 7], gap="medium", vertical_alignment="center")
    with left:
        slot = st.empty()
        slot.html(f'{_STYLE}<div class="tl-seen"></div>')
    with right:
        if error:
            st.error(plain(retold(error)))
        elif subject.data:
            _sample_tiles(subject, chosen, samples, picture)
        else:
            st.info(
                _(
                    "The pictures of this data set are not on this machine. Choose another one in the bar above, or use a "
                    "picture of your own."
                )
            )
        _own_picture(chosen)
    if chosen.error:
        st.error(plain(retold(chosen.error)))
    return picture, slot, waiting


def show_seen(slot: Any, picture: Picture, png: str) -> None:
    """Put the picture, as the network sees it, where `choose_picture` left room for it."""
    alt = _("The picture as the network sees it: {label}", label=picture.label or _("your own"))
    slot.html(f'{_STYLE}<img class="tl-seen" alt="{escape(alt)}" src="data:image/png;base64,{png}">')


def _picture(subject: Subject, chosen: _Chosen, samples: list[dict[str, Any]] | None) -> Picture | None:
    if chosen.png:
        return Picture(png=chosen.png)
    if not samples:
        return None
    index = chosen.indices.get(subject.data, -1)
    row = next((row for row in samples if row["index"] == index), samples[0])
    return Picture(subject.data, row["index"], label=row["label"])


def _sample_tiles(
    subject: Subject, chosen: _Chosen, samples: list[dict[str, Any]] | None, picture: Picture | None
) -> None:
    def choose(index: int) -> None:
        chosen.indices[subject.data] = index
        chosen.png = chosen.error = ""
        forget_private()

    blank = [tile(-1 - number, _("not here yet"), word="\u00a0") for number in range(NUM_SAMPLES)]
    tiles = blank if samples is None else [
        tile(row["index"], row["label"], png=row["png"], word=row["label"]) for row in samples
    ]  # fmt: skip
    st.markdown(_("**Picture to look at**: click one. No run has learnt from these."))
    choice_tiles(
        tiles,
        picture.index if picture is not None and not picture.private else None,
        label=_("Picture to look at"),
        key="inside_samples",
        on_choose=choose,
        columns=NUM_SAMPLES,
    )


def _own_picture(chosen: _Chosen) -> None:
    with st.popover(_("Use a picture of my own")):
        st.file_uploader(
            _("Picture to look at"),
            PICTURES,
            key=f"inside_file_{chosen.clearings}",
            help=_("The network sees the centre square of it."),
        )
        if st.toggle(
            _("Use the camera"), key="inside_camera_on", help=_("Your browser asks before it turns the camera on.")
        ):
            st.camera_input(_("Take a picture"), key="inside_camera", resolution="480p")
        st.markdown(_(PRIVACY))
    if chosen.png:
        st.button(
            _("Back to the data set"),
            on_click=lambda: _back(chosen),
            help=_("Forgets your picture and shows one of the data set again."),
        )


def _back(chosen: _Chosen) -> None:
    chosen.png = chosen.error = ""
    chosen.clearings += 1
    forget_private()


def _receive(chosen: _Chosen) -> None:
    """Take what the uploader or the camera brought, before the page is drawn with it."""
    for key in (f"inside_file_{chosen.clearings}", "inside_camera"):
        file = st.session_state.get(key)
        if isinstance(file, UploadedFile) and file.file_id not in chosen.answered:
            chosen.answered.add(file.file_id)
            _take_in(chosen, file)


def _take_in(chosen: _Chosen, file: UploadedFile) -> None:
    chosen.error = ""
    name = file.name.replace("\\", "/").rsplit("/", 1)[-1][:120] or "picture"
    try:
        with tempfile.TemporaryDirectory(dir=incoming()) as folder:
            path = Path(folder) / safe_name(file.name)
            path.write_bytes(file.getbuffer())
            png = get_engine().ask("look_receive", path=str(path), name=name)
    except (UserError, WorkerDied) as error:
        chosen.error = retold(str(error))
    else:
        forget_private()
        chosen.png = png
    forget([file])


_STYLE = """<style>
.tl-seen { display: block; width: 100%; max-width: 160px; aspect-ratio: 1; border-radius: 4px; image-rendering: pixelated;
  background: color-mix(in srgb, currentColor 8%, transparent); }
</style>"""
