"""The visitor's own pictures: which set is open on the page, edits of it, and what follows from them in the settings."""

from collections.abc import Callable

import streamlit as st

from frame import state
from frame.services import get_answers, owner
from frame.settings import IMAGINED, is_upload
from frame.text import plain
from frame.upload import disk_sentence
from tl_core.data.collection import Collection
from tl_core.data.edits import Classes
from tl_core.data.owned import list_own, new_upload_id, open_own, owner_hash
from tl_core.errors import DataError
from tl_core.language import _, retold

_OPEN = "my_images"  # id of the set that is open on the page
_NEW = "my_new_images"  # id for the set that the next upload makes; while there is one, the page is empty


def me() -> str:
    """What this visitor's sets remember of their owner."""
    return owner_hash(owner())


def open_set() -> Collection | None:
    """The set that the page shows: the one opened last, else the chosen data set, else the visitor's newest.

    None for a new one, which is also what is shown in place of one that was deleted elsewhere: pictures that the visitor has in
    hand must not go into some other set, and the id of the deleted one is not used again.
    """
    if _NEW in st.session_state:
        return None
    for spec in (st.session_state.get(_OPEN), state.get_settings().experiment.data):
        if spec is not None and is_upload(spec):
            found = open_own(spec, me())
            if found is not None:
                st.session_state[_OPEN] = found[0].id
                return found[0]
            if spec == st.session_state.get(_OPEN):
                st.toast(_("The set that was open here is deleted. What you add now makes a new one."))
                show_set()
                return None
    mine = list_own(me())
    if mine:
        st.session_state[_OPEN] = mine[-1].id
    return mine[-1] if mine else None


def open_id() -> str:
    """The id of the set that is open, or of the one that the next upload makes."""
    if _NEW not in st.session_state and _OPEN in st.session_state:
        return st.session_state[_OPEN]
    return st.session_state.setdefault(_NEW, new_upload_id())


def show_set(name: str | None = None) -> None:
    """Open one of the visitor's sets, or a new one. A name that is not of one of theirs changes nothing."""
    if name is None:
        st.session_state.pop(_OPEN, None)
        st.session_state[_NEW] = new_upload_id()
    elif "." not in name and open_own(name, me()) is not None:
        st.session_state[_OPEN] = name
        st.session_state.pop(_NEW, None)


def choose(collection: Collection) -> None:
    """Make the newest state of a set the data set of the experiment."""
    same_set = state.get_settings().experiment.data.split(".")[0] == collection.id
    more = {} if same_set else {"num_images": None, "distance": 0.0}
    state.change(data=collection.spec(), **more)


def edit(collection: Collection, did: str, change: Callable[[Classes], Classes]) -> bool:
    """Change the classes; what cannot be done is said. An experiment on this set goes on with the new version."""
    return _try(collection, lambda: collection.edit(did, change))


def undo(collection: Collection) -> None:
    _try(collection, collection.undo)


def redo(collection: Collection) -> None:
    _try(collection, collection.redo)


def delete(collection: Collection) -> None:
    """All of a set's pictures, at once and for good."""
    if state.get_settings().experiment.data.split(".")[0] == collection.id:
        state.change(data=IMAGINED, num_images=500, distance=0.0)
    collection.delete()
    get_answers().forget(collection.id)
    st.session_state.pop(_OPEN, None)
    st.toast(_("Deleted."))


def own_uploads(current: str) -> dict[str, str]:
    """The visitor's sets by the spec of their newest state, with titles that differ; `current`, which may be an older state of
    one, is among them."""
    titles: dict[str, str] = {}
    for collection in list_own(me()):
        try:
            spec = collection.spec()
        except DataError:
            continue  # deleted at this moment
        title, number = collection.title, 2
        while title in titles.values():
            title, number = f"{collection.title} {number}", number + 1
        titles[spec] = title
        if current != spec and current.split(".")[0] == collection.id:
            titles[current] = _("{name} (earlier state)", name=title)
    return titles


def _try(collection: Collection, action: Callable[[], object]) -> bool:
    try:
        action()
    except (DataError, OSError) as error:
        st.toast(plain(retold(disk_sentence(error) if isinstance(error, OSError) else str(error))))
        return False
    if state.get_settings().experiment.data.split(".")[0] == collection.id:
        choose(collection)
    return True
