"""Engines execute runs: submit, cancel, where in the queue; what happens is read from the store."""

import os
from typing import Any

from tl_core.engine.local import LocalEngine
from tl_core.engine.places import Places
from tl_core.errors import UserError, known
from tl_core.store import Store

ENGINES = ("local", "ray")

__all__ = ["ENGINES", "LocalEngine", "make_engine", "make_places"]


def make_engine(store: Store, **settings: Any) -> LocalEngine:
    """The engine that `TL_ENGINE` names; `settings` as for `LocalEngine`. Raises `UserError` for a setting that is not taken."""
    return LocalEngine(store, places=make_places(), **settings)


def make_places() -> Places | None:
    """Where `TL_ENGINE` has runs computed: 'local', None, on this machine, 'ray' on a Ray cluster. Raises `UserError`."""
    name = os.environ.get("TL_ENGINE") or "local"
    if name not in ENGINES:
        raise UserError(known("engine (TL_ENGINE)", name, ENGINES))
    if name == "local":
        return None
    from tl_core.engine.ray_places import RayPlaces

    return RayPlaces()
