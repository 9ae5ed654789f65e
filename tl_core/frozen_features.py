"""What frozen layers make of pictures, kept from run to run: no picture goes through the same frozen layers twice.

A picture and its mirror image are two *views*. A view's features depend on nothing but the view and the layers, as long as
the batches it goes through in all have the same size (`tests/test_frozen_features.py` holds that against the networks), so
a run gets the same numbers whether they were kept or not, whatever else was asked before, by whatever seed.
"""

import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

DEFAULT_LIMIT_MB = 512


@dataclass
class _Table:
    """Features of the views that went through one body: row `rows[view]` of `features`, on the CPU; -1 where there is none."""

    rows: np.ndarray
    features: Tensor
    seconds: float  # of one view through the body

    @property
    def num_bytes(self) -> int:
        return self.rows.nbytes + self.features.nbytes


class FrozenFeatures:
    """One table for each body and set of pictures; the least recently used are forgotten first."""

    def __init__(self, limit_bytes: int | None = None):
        """`limit_bytes`: of all tables together; None takes `TL_FEATURES_MB` (512) megabytes."""
        self._limit = limit_bytes
        self._tables: OrderedDict[str, _Table] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many views are kept."""
        return sum(len(table.features) for table in self._tables.values())

    def clear(self) -> None:
        with self._lock:
            self._tables.clear()

    def get(self, key: str, views: np.ndarray, compute: Callable[[np.ndarray], Tensor]) -> tuple[Tensor, float]:
        """Features (n, num_features) float32 on the CPU of `views`, and the seconds that one view took or had taken.

        - `key`: of everything that the features depend on besides the view; see `body_key`.
        - `views`: (n,) numbers from 0, none twice.
        - `compute(positions)`: the features of those of `views` that are not kept, (m, num_features) float32 on any device.
        """
        with self._lock:
            table = self._tables.get(key)
        kept = _rows_of(table, views)
        missing = np.flatnonzero(kept < 0)
        if len(missing):
            start = time.perf_counter()
            fresh = compute(missing).cpu()
            seconds = (time.perf_counter() - start) / len(missing)
            table = _grown(table, views[missing], fresh, seconds)
            if len(missing) == len(views):
                found = fresh
            else:
                found = table.features[torch.from_numpy(_rows_of(table, views))]
        else:
            found = table.features[torch.from_numpy(kept)]
        with self._lock:
            self._tables[key] = table
            self._tables.move_to_end(key)
            self._forget_oldest()
        return found, table.seconds

    def _forget_oldest(self) -> None:
        limit = self._limit
        if limit is None:
            limit = int(float(os.environ.get("TL_FEATURES_MB") or DEFAULT_LIMIT_MB) * 2**20)
        while self._tables and sum(table.num_bytes for table in self._tables.values()) > limit:
            self._tables.popitem(last=False)


def _rows_of(table: _Table | None, views: np.ndarray) -> np.ndarray:
    rows = np.full(len(views), -1, np.int64)
    if table is not None:
        known = views < len(table.rows)
        rows[known] = table.rows[views[known]]
    return rows


def _grown(table: _Table | None, views: np.ndarray, features: Tensor, seconds: float) -> _Table:
    """A table with these views more; the old one, which another run may be reading, stays as it is."""
    old = table.rows if table is not None else np.empty(0, np.int32)
    rows = np.full(max(len(old), int(views.max()) + 1), -1, np.int32)
    rows[: len(old)] = old
    first = len(table.features) if table is not None else 0
    rows[views] = np.arange(first, first + len(views), dtype=np.int32)
    return _Table(rows, torch.cat([table.features, features]) if table is not None else features, seconds)


def body_key(body: torch.nn.Module, *rest: object) -> str:
    """A digest of all weights and buffers of `body`, and of what else the features depend on."""
    digest = hashlib.blake2b(repr(rest).encode(), digest_size=20)
    for name, value in body.state_dict().items():
        digest.update(f"\0{name} {tuple(value.shape)} {value.dtype}\0".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


kept = FrozenFeatures()  # by this process
