"""My images: the visitor's own pictures become a data set like any other."""

import io

import streamlit as st

from frame import my_images, state
from frame.datasets import redraw_when_done
from frame.entry import enter
from frame.my_images_add import add_area
from frame.my_images_checkup import show_checkup
from frame.my_images_classes import show_classes
from frame.presses import forget_press, press_button, take_press
from frame.text import plain
from tl_core.data.collection import Collection, Version
from tl_core.data.edits import MAX_PICTURES
from tl_core.data.owned import UNUSED_HOURS
from tl_core.data.set_zip import write_zip, zip_name
from tl_core.language import _, many, retold


def as_zip(collection: Collection, version: Version) -> bytes:
    buffer = io.BytesIO()  # whose bytes are handed on without a copy
    write_zip(collection, version, buffer)
    return buffer.getvalue()


def set_row(collection: Collection | None) -> None:
    """Which of the visitor's sets is shown, where there is a choice."""
    titles = {spec.split(".")[0]: title for spec, title in my_images.own_uploads("").items()}
    shown = collection.id if collection else None
    if titles and (len(titles) > 1 or shown is None):
        st.selectbox(
            _("Your sets"),
            list(titles),
            index=list(titles).index(shown) if shown in titles else None,
            format_func=lambda one: titles.get(one, one),
            key=f"my_set_{shown}",
            placeholder=_("A new set"),
            on_change=lambda: my_images.show_set(st.session_state[f"my_set_{shown}"]),
            width=320,
        )


def tool_row(collection: Collection, version: Version) -> None:
    """Undo, redo, download, delete."""
    undone = collection.undone()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Undo"),
            key="my_undo",  # one button whatever its tip says, or old and new stand side by side for a moment
            on_click=my_images.undo,
            args=(collection,),
            disabled=version.parent is None,
            help=_("Last change: {what}.", what=plain(retold(version.did))) if version.did else _("Nothing to undo."),
        )
        st.button(
            _("Redo"),
            key="my_redo",
            on_click=my_images.redo,
            args=(collection,),
            disabled=undone is None,
            help=_("Do again: {what}.", what=plain(retold(undone.did))) if undone else _("Nothing to do again."),
        )
        st.download_button(
            _("Download as zip"),
            lambda: as_zip(collection, version),
            zip_name(collection.title),
            "application/zip",
            on_click="ignore",
            disabled=not version.num_pictures,
            help=_(
                "One folder for each class, as the pictures are kept here. You can upload it again another day, as long as it "
                "is not larger than the {mb} MB that one file may have.",
                mb=st.get_option("server.maxUploadSize"),
            ),
        )
        st.button(_("Start another set"), on_click=my_images.show_set, help=_("This one is kept."))
        with st.popover(_("Delete this set"), help=_("Delete these pictures from the computer that runs this page.")):
            st.write(
                _("All pictures of this set and all its earlier states are deleted at once. This cannot be undone.")
            )
            st.button(_("Delete now"), type="primary", on_click=my_images.delete, args=(collection,))
        if version.did:
            st.caption(_("Last change: {what}", what=plain(retold(version.did))), width="content")


enter()

st.header(_("My images"), anchor=False)
st.write(
    _(
        "Bring pictures of two classes or more, at least three of each; twenty or more make a better lesson. They go to the "
        "computer that runs this page and nowhere else, only you can see them, and they are shrunk on arrival and lose place "
        "and camera data. They are deleted when you press *Delete this set*, or {hours} hours after you last used them.",
        hours=UNUSED_HOURS,
    )
)
st.caption(
    _(
        "Limits: {mb} MB a file, {most:,} pictures in a set, 25 million pixels a picture; JPEG, PNG, WebP, BMP or GIF. For "
        "more than about 500 pictures use one zip.",
        mb=st.get_option("server.maxUploadSize"),
        most=MAX_PICTURES,
    )  # fmt: skip
)

collection = my_images.open_set()
set_row(collection)
add_area(collection)
version = collection.head() if collection is not None else None
if version is None or not (version.classes or version.parent is not None or collection.undone()):
    st.markdown(
        _(
            "**Nothing here yet.** Type the name of a class above and choose its pictures, then the next class; or bring a "
            "folder or a zip in which each class has a folder of its own."
        )
    )
else:
    st.divider()
    total = many("{number:,} picture", "{number:,} pictures", version.num_pictures)
    classes = many("{number:,} class", "{number:,} classes", len(version.classes))
    num_off = sum(not one.on for one in version.classes)
    classes += _(", {n:,} of them switched off", n=num_off) if num_off else ""
    heading = _("{name}: {pictures} in {classes}", name=plain(collection.title), pictures=total, classes=classes)
    st.subheader(heading, anchor=False)
    tool_row(collection, version)
    waiting = ()
    if version.classes:
        can_train, waiting = show_checkup(collection, version)
        chosen = state.get_settings().experiment.data
        if chosen.startswith(collection.id) and chosen != collection.spec(version):
            st.caption(
                _(
                    "The experiment is still set to an earlier state of these pictures; the buttons below take the one shown."
                )
            )
        with st.container(horizontal=True):
            for label, page in ((_("Train on them"), "train"), (_("See them on the map"), "cases")):
                key = f"my_to_{page}"
                press_button(label, key=key, disabled=not can_train, type="primary" if page == "train" else "secondary")
                if take_press(key, ready=can_train, waiting=bool(waiting)):
                    my_images.choose(collection)
                    forget_press(key)
                    st.switch_page(st.session_state.pages[page])
        show_classes(collection, version)
    redraw_when_done(waiting)
