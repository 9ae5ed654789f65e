"""The classes of a set: pictures, and what can be done to each class."""

import hashlib

import streamlit as st

from frame import my_images
from frame.my_images_tiles import picture_tiles
from frame.text import plain
from tl_core.data import edits
from tl_core.data.collection import Collection, Version
from tl_core.data.edits import PictureClass
from tl_core.language import _, english, many, mark

CLASSES_A_PAGE = 8
PICTURES_A_PAGE = 24


def show_classes(collection: Collection, version: Version) -> None:
    """All classes in the order in which they were made, a few at a time."""
    pages = max(1, -(-len(version.classes) // CLASSES_A_PAGE))
    page = 1
    if pages > 1:
        page = st.segmented_control(
            _("Classes"),
            range(1, pages + 1),
            format_func=lambda at: _(
                "{first} to {last}",
                first=(at - 1) * CLASSES_A_PAGE + 1,
                last=min(at * CLASSES_A_PAGE, len(version.classes)),
            ),
            default=1,
            required=True,
            key=f"my_page_{pages}",
        )
    pictures = collection.pictures()
    few = len(version.classes) <= CLASSES_A_PAGE // 2
    for one in version.classes[(page - 1) * CLASSES_A_PAGE : page * CLASSES_A_PAGE]:
        key = _key(collection, one)
        with st.container(horizontal=True, vertical_alignment="center", key=f"head_{key}"):
            count = many("{number:,} picture", "{number:,} pictures", len(one.pictures))
            off = "" if one.on else _(", switched off")
            st.markdown(f"**{plain(one.name)}**: {count}{off}", width="content")
            _change_menu(collection, version, one, key)
        if not one.pictures:
            continue
        with st.container(key=f"{'on' if one.on else 'switched_off'}_{key}"):
            picture_tiles(
                pictures,
                [number for number, _hash in one.pictures],
                key=f"tiles_{key}",
                page_size=PICTURES_A_PAGE if few else PICTURES_A_PAGE // 2,
                on_remove=lambda number, name=one.name: my_images.edit(
                    collection,
                    english("One picture deleted from '{name}'", name=name),
                    lambda classes: edits.remove(classes, [number]),
                ),
            )


def _change_menu(collection: Collection, version: Version, one: PictureClass, key: str) -> None:
    """Rename, merge, switch off, delete."""
    name = one.name

    def renamed() -> None:
        new = st.session_state[f"name_{key}"]
        if new.strip() != name:
            my_images.edit(
                collection, english("'{name}' renamed", name=name), lambda classes: edits.rename(classes, name, new)
            )

    def merged() -> None:
        into = st.session_state[f"merge_{key}"]
        if into is not None:
            my_images.edit(
                collection,
                english("'{name}' merged into '{into}'", name=name, into=into),
                lambda classes: edits.merge(classes, name, into),
            )

    def switched() -> None:
        did = english("'{name}' switched off" if one.on else mark("'{name}' switched on"), name=name)
        my_images.edit(collection, did, lambda classes: edits.switch(classes, name, not one.on))

    def deleted() -> None:
        my_images.edit(
            collection, english("Class '{name}' deleted", name=name), lambda classes: edits.delete(classes, name)
        )

    with st.popover(
        _("Change"), key=f"change_{key}", help=_("Rename, merge, switch off or delete '{name}'.", name=plain(name))
    ):
        st.text_input(_("Name"), value=name, key=f"name_{key}", max_chars=60, on_change=renamed)
        others = [other.name for other in version.classes if other.name != name]
        if others:
            st.selectbox(
                _("Merge into"),
                others,
                index=None,
                key=f"merge_{key}",
                on_change=merged,
                placeholder=_("Choose another class"),
                help=_("All its pictures go there, and this class is gone."),
            )
        with st.container(horizontal=True):
            st.button(
                _("Switch off") if one.on else _("Switch on"),
                key=f"switch_{key}",
                on_click=switched,
                help=_("A class that is switched off keeps its pictures but takes no part in training."),
            )
            st.button(_("Delete this class"), key=f"delete_{key}", on_click=deleted, help=_("Undo brings it back."))


def _key(collection: Collection, one: PictureClass) -> str:
    """Widget keys change with the name, so that no widget of another class is taken for this one's."""
    return hashlib.sha256(f"{collection.id}\0{one.name}\0{one.on}".encode()).hexdigest()[:12]
