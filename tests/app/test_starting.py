"""What pages need is there before the first of them is drawn, and a server that cannot load it still answers."""

import asyncio
import pkgutil
import sys
from collections.abc import Callable
from typing import Any

import pytest
from streamlit import delta_generator

import frame
from frame import ahead, leaving, services, starting
from tests.loops import run_in_loop
from tests.waiting import wait_until


def start(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Returns once pages would be drawn; one entry for each time that something was kept out of collections."""
    settled: list[None] = []
    monkeypatch.setattr(leaving, "settle", lambda: settled.append(None))

    async def serve() -> None:
        async with starting.starting(None):
            await asyncio.to_thread(starting.wait)

    run_in_loop(serve())
    return settled


def engines(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]) -> None:
    monkeypatch.setattr(services, "get_engine", make)


def test_all_is_loaded_and_the_engine_is_there_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[None] = []
    engines(monkeypatch, lambda: made.append(None))
    monkeypatch.setattr(delta_generator, "_use_warning_has_been_displayed", False)
    ahead._cases.cache_clear()
    assert start(monkeypatch) == [None]
    assert delta_generator._use_warning_has_been_displayed, "Streamlit's look at the stack is behind it"
    assert ahead._cases.cache_info().currsize == 1
    assert {f"frame.{module.name}" for module in pkgutil.iter_modules(frame.__path__)} <= set(sys.modules)
    wait_until(lambda: made == [None], seconds=10)


def test_pages_are_drawn_whatever_goes_wrong(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no room")

    engines(monkeypatch, fail)
    assert start(monkeypatch) == [None]
    wait_until(lambda: "could not be started with the server: no room" in caplog.text, seconds=10)
    with monkeypatch.context() as patch:
        patch.setattr(starting, "import_module", fail)
        assert start(patch) == []
    assert "could not be loaded" in caplog.text
