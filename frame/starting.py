"""What pages need is loaded while the server starts, so that who opens the first one does not wait for it."""

import logging
import pkgutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from streamlit import delta_generator

import frame
from frame import leaving

log = logging.getLogger(__name__)

_loaded = threading.Event()
_loaded.set()  # unless a server is starting


@asynccontextmanager
async def starting(_app: Any) -> AsyncIterator[None]:
    """From the moment at which Streamlit's runtime is there: components must not be made before."""
    _loaded.clear()
    threading.Thread(target=_make_ready, name="make ready", daemon=True).start()
    yield


def wait() -> None:
    """Until everything is loaded: two threads that import the same modules may get one of them half made."""
    _loaded.wait()


def _warm_up() -> None:
    """What the first page would have to wait for, if it did not have to be there for it."""
    try:
        import_module("frame.ahead").make_ready()
        # with its first element Streamlit looks once whether somebody has typed it at a prompt: a tenth of a second
        delta_generator._maybe_print_use_warning()
    except Exception:
        log.log(logging.WARNING, "the first page will come a little later", exc_info=True)


def _make_ready() -> None:
    try:
        for module in pkgutil.iter_modules(frame.__path__):
            import_module(f"frame.{module.name}")
        _warm_up()
        leaving.settle()
    except Exception:
        log.log(logging.ERROR, "what pages need could not be loaded; they will say so too", exc_info=True)
    finally:
        _loaded.set()
    try:
        import_module("frame.services").get_engine()
    except Exception as error:  # the first page says it, or finds that it has passed
        log.log(logging.WARNING, "the engine could not be started with the server: %s", error)
