"""How pictures come in: files into a class, a folder, a zip or the camera; then progress, until they are there."""

from concurrent.futures import TimeoutError as NotYet

import streamlit as st

from frame import my_images
from frame.presses import Press, forget_press, press_button, take_press
from frame.text import plain
from frame.upload import PICTURES, Import, Received, begin_import
from tl_core.data.collection import Collection
from tl_core.errors import Cancelled, UserError, WorkerDied
from tl_core.language import _, many, mark, retold

INTO_CLASS, FOLDER, ZIP, CAMERA = mark("Into one class"), mark("A folder"), mark("A zip"), mark("Camera")
WAYS = [INTO_CLASS, FOLDER, ZIP, CAMERA]
QUICK = 0.8  # seconds: what takes no longer needs no progress bar
_IMPORT, _COUNT = "my_import", "my_upload_count"


def add_area(collection: Collection | None) -> None:
    """The ways in, or the progress of what is coming in."""
    running: Import | None = st.session_state.get(_IMPORT)
    if running is not None and not _finish(running, QUICK):
        _show_progress()
        return
    if st.session_state.pop("my_redraw", False):
        st.rerun()
    st.segmented_control(
        _("Add pictures"),
        WAYS,
        format_func=_,
        key="my_way",
        default=WAYS[0],
        required=True,
        help=_("A folder or a zip brings its classes along: one sub-folder for each class."),
    )
    way = st.session_state.my_way
    count = st.session_state.setdefault(_COUNT, 0)  # a new key empties the widget
    received: Received = []
    title = _("My images")
    if way in (INTO_CLASS, CAMERA):
        left, right = st.columns([1, 2], gap="medium")
        with left:
            name = _class_box(collection)
        if way == CAMERA:
            with right:
                _camera(collection, name, count)
            return
        files = right.file_uploader(
            _("Pictures of this class"),
            PICTURES,
            accept_multiple_files=True,
            key=f"my_files_{count}",
            disabled=not name,
        )
        received = [(name, file) for file in files]
    elif way == FOLDER:
        files = st.file_uploader(
            _("A folder with one sub-folder for each class"),
            PICTURES,
            accept_multiple_files="directory",
            key=f"my_folder_{count}",
        )
        received = [("", file) for file in files]
        title = files[0].name.split("/")[0] if files else title
    else:
        archive = st.file_uploader(_("A zip with one folder for each class"), ["zip"], key=f"my_zip_{count}")
        if archive is not None:
            received, title = [("", archive)], archive.name
    press_button(
        _("Add {n:,} files", n=len(received)) if len(received) > 1 else _("Add"),
        key="my_add",
        type="primary",
        disabled=not received,
    )
    if press := take_press("my_add", ready=bool(received)):
        _begin(received, title, press)
    _show_error()


def _class_box(collection: Collection | None) -> str:
    names = [one.name for one in collection.head().classes] if collection else []
    name = st.selectbox(
        _("Class"),
        names,
        index=None,
        key="my_class",
        accept_new_options=True,
        placeholder=_("Choose a class or type a new name") if names else _("Type the name of a class, such as cat"),
        help=_("What the pictures show. The network learns to tell the classes apart, so you need two or more."),
    )
    return (name or "").strip()


def _camera(collection: Collection | None, name: str, count: int) -> None:
    if not name:
        st.info(_("Say first which class the pictures belong to."))
        return
    photo = st.camera_input(
        _("Each click adds one picture to '{name}'", name=plain(name)), key=f"my_camera_{count}", resolution="480p"
    )
    if collection is not None:
        there = next((len(one.pictures) for one in collection.head().classes if one.name == name), 0)
        st.caption(many("{number:,} picture in this class so far.", "{number:,} pictures in this class so far.", there))
    if photo is not None:
        _begin([(name, photo)], _("My images"), Press())
    _show_error()


def _begin(received: Received, title: str, press: Press) -> None:
    there, upload_id, me = my_images.open_set() is not None, my_images.open_id(), my_images.me()
    error = ""
    try:
        press.result = press.result or begin_import(received, upload_id, me, title, there)
    except UserError as refused:
        error = str(refused)
    st.session_state.my_error = error
    if press.result is not None:
        st.session_state[_IMPORT] = press.result
    st.session_state[_COUNT] += 1
    forget_press("my_add")
    st.rerun()


def _finish(running: Import, wait: float) -> bool:
    """Take note of an import that has ended; False if it goes on."""
    try:
        answer = running.question.future.result(wait)
    except NotYet:
        return False
    except Cancelled:
        st.session_state.my_error = ""
        st.toast(_("Cancelled. Nothing was added."))
    except (UserError, WorkerDied) as error:
        st.session_state.my_error = str(error)
    else:
        st.session_state.my_redraw = True
        my_images.show_set()  # if it was deleted in this very moment
        my_images.show_set(running.upload_id)
        collection = my_images.open_set()
        if collection is not None:
            my_images.choose(collection)
        if answer["known"]:
            st.toast(_("These files were here already, so nothing had to be read again."))
    del st.session_state[_IMPORT]
    return True


def _show_error() -> None:
    if st.session_state.get("my_error"):
        st.error(plain(retold(st.session_state.my_error)))


@st.fragment(run_every=0.5)
def _show_progress() -> None:
    running: Import | None = st.session_state.get(_IMPORT)
    if running is None or running.question.future.done():
        st.rerun()
    doing, done, total = running.question.progress or (mark("Waiting for the worker"), 0, 1)
    left = running.seconds_left()
    doing = retold(doing)
    parts = [_("{doing}: {done:,} of {total:,}", doing=doing, done=done, total=total) if done else doing]
    if left is not None and done:
        parts.append(_("about {n:,} s left", n=max(1, round(left))))
    st.progress(min(1.0, done / max(1, total)), ", ".join(parts))
    st.button(_("Cancel"), key="my_cancel", on_click=running.question.cancel)
