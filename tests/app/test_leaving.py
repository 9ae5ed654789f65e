"""Sessions that cannot come back are let go, and nothing else is."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from streamlit import config
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from frame import leaving
from tests.loops import run_in_loop

TTL = 1.0  # seconds


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sessions may come back for a moment only; what has been imported is looked after in a moment, too."""
    monkeypatch.setattr(config, "get_option", lambda name: {"server.disconnectedSessionTTL": TTL - 0.9}[name])
    monkeypatch.setattr(leaving, "EVERY", 1.0)
    monkeypatch.setattr(leaving, "_leaving", leaving.Leaving())
    gc.disable()  # nothing is collected but what `Leaving` collects
    yield
    gc.enable()
    gc.unfreeze()


class Session:
    """As Streamlit's: in a circle, so that only a collection frees it."""

    def __init__(self, name: str) -> None:
        self.id, self.itself = name, self


def leave(storage: MemorySessionStorage, name: str) -> weakref.ref:
    session = Session(name)
    leaving._save_and_note(storage, SimpleNamespace(session=session))
    return weakref.ref(session)


@pytest.mark.usefixtures("quick")
def test_who_has_left_is_forgotten_and_who_left_later_is_not_yet() -> None:
    storage = MemorySessionStorage(maxsize=8, ttl_seconds=TTL)

    async def visits() -> None:
        first = leave(storage, "first")
        await asyncio.sleep(0.6)
        assert storage.get("first") is not None, "it may still come back"
        second = leave(storage, "second")
        await asyncio.sleep(0.8)  # 1.4: the first was over at 1.0 and looked after at 1.1, the second is over at 1.6
        assert (first() is None, second() is None) == (True, False)
        await asyncio.sleep(1.2)  # 2.6: looked after again at 2.1
        assert second() is None
        assert not leaving._leaving._looking, "nobody is left to look after"
        third = leave(storage, "third")
        await asyncio.sleep(1.6)
        assert third() is None

    run_in_loop(visits())


@pytest.mark.usefixtures("quick")
def test_who_has_come_back_is_kept_and_nothing_is_collected_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    collections: list[None] = []
    monkeypatch.setattr(leaving.memory, "give_back", lambda: collections.append(None))
    storage = MemorySessionStorage(maxsize=8, ttl_seconds=TTL)

    async def visits() -> None:
        one = leave(storage, "one")
        back = storage.get("one")
        leaving._delete_and_note(storage, "one")  # as when a session is active again
        await asyncio.sleep(1.4)
        assert one() is back.session
        assert (leaving._leaving._looking, collections) == (False, [])

    run_in_loop(visits())


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("here", [True, False])
def test_what_is_left_when_nobody_is_here_is_kept_out_of_collections(
    monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    gc.unfreeze()
    monkeypatch.setattr(leaving, "_somebody_is_here", lambda: here)
    storage = MemorySessionStorage(maxsize=8, ttl_seconds=TTL)

    async def visit() -> None:
        one = leave(storage, "one")
        await asyncio.sleep(1.4)
        assert one() is None

    run_in_loop(visit())
    assert (gc.get_freeze_count() > 0) is not here


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("here", [True, False])
def test_files_that_nobody_fetches_any_more_are_let_go_when_all_have_left(
    monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    let_go: list[None] = []
    monkeypatch.setattr(leaving.made_files, "KEPT", -0.9)
    monkeypatch.setattr(leaving.made_files, "let_go", lambda: let_go.append(None))
    monkeypatch.setattr(leaving, "_somebody_is_here", lambda: here)
    storage = MemorySessionStorage(maxsize=8, ttl_seconds=TTL)

    async def visit() -> None:
        leave(storage, "one")
        await asyncio.sleep(1.6)
        for _wait in range(0 if here else 100):  # a collection may take long
            if let_go:
                break
            await asyncio.sleep(0.1)

    run_in_loop(visit())
    assert let_go == ([] if here else [None]), "the next script that ends sees to it where somebody is here"


@pytest.mark.usefixtures("quick")
def test_what_was_kept_out_is_collected_when_it_has_become_garbage() -> None:
    monument = Session("loaded")
    gone = weakref.ref(monument)
    leaving.settle()
    del monument
    gc.collect()
    assert gone() is not None
    storage = MemorySessionStorage(maxsize=8, ttl_seconds=TTL)

    async def visit() -> None:
        leave(storage, "one")
        await asyncio.sleep(1.4)

    run_in_loop(visit())
    assert gone() is None


def test_the_name_is_that_of_the_installed_streamlit() -> None:
    storage = MemorySessionStorage(maxsize=8, ttl_seconds=0)
    leaving._save(storage, SimpleNamespace(session=Session("one")))
    storage._cache.expire()
    assert not storage.list()
