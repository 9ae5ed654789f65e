"""Those who have left are forgotten, and their memory is given back.

Streamlit keeps what a closed tab has held for `server.disconnectedSessionTTL` seconds, for it may come back. After that it drops
it only when somebody else leaves, and since it collects no garbage of its own here (`runner.postScriptGC`), the memory of a
class that has gone home would stay with the server.
"""

import asyncio
import gc

from streamlit import config, runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.session_manager import SessionInfo

from frame import made_files
from tl_core import memory

EVERY = 5.0  # seconds, while there are such; a collection stands everybody still for 20 to 60 ms
_save, _delete = MemorySessionStorage.save, MemorySessionStorage.delete


class Leaving:
    """All of it happens in the server's events loop."""

    def __init__(self) -> None:
        self._left: set[str] = set()  # sessions that may come back
        self._looking = False

    def has_come_back(self, session_id: str) -> None:
        self._left.discard(session_id)

    def note(self, storage: MemorySessionStorage, session_id: str) -> None:
        """Somebody has left: look after their session when it cannot come back any more."""
        self._left.add(session_id)
        if not self._looking:
            self._look_later(storage, config.get_option("server.disconnectedSessionTTL") + 1.0)

    def _look_later(self, storage: MemorySessionStorage, seconds: float) -> None:
        self._looking = True
        asyncio.get_running_loop().call_later(seconds, self._look, storage)

    def _look(self, storage: MemorySessionStorage) -> None:
        storage._cache.expire()  # private, as what is told in frame.last_words; `list` only passes over those that are over
        left = {info.session.id for info in storage.list()}
        if self._left - left:
            if left or _somebody_is_here():
                gc.collect()
            else:
                gc.unfreeze()
                settle()
                asyncio.get_running_loop().call_later(made_files.KEPT + 1.0, _let_files_go)  # no script ends before
            memory.give_back()
        self._left, self._looking = left, False
        if left:
            self._look_later(storage, EVERY)


_leaving = Leaving()


def install() -> None:
    """For everybody who leaves from now on."""
    memory.share_heap()
    MemorySessionStorage.save = _save_and_note
    MemorySessionStorage.delete = _delete_and_note


def settle() -> None:
    """Keep what there is out of later collections: at a time when no visitor's things are among it."""
    gc.collect()
    gc.freeze()


def _let_files_go() -> None:
    made_files.let_go()
    memory.give_back()


def _somebody_is_here() -> bool:
    return runtime.exists() and runtime.get_instance()._session_mgr.num_active_sessions() > 0


def _save_and_note(self: MemorySessionStorage, session_info: SessionInfo) -> None:
    _save(self, session_info)
    _leaving.note(self, session_info.session.id)


def _delete_and_note(self: MemorySessionStorage, session_id: str) -> None:
    _delete(self, session_id)
    _leaving.has_come_back(session_id)
