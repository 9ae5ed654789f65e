"""Engines execute runs: submit, cancel, where in the queue; what happens is read from the store."""

from tl_core.engine.local import LocalEngine

__all__ = ["LocalEngine"]
