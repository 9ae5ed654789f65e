from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'test.sqlite'}")


@pytest.fixture
def engine(store: Store) -> Iterator[LocalEngine]:
    """Two runs at a time, as on a machine with two cores."""
    engine = LocalEngine(store, device="cpu", warm=False, trainers=2)
    yield engine
    engine.close()


@pytest.fixture
def one_slot(store: Store) -> Iterator[LocalEngine]:
    """One run at a time."""
    engine = LocalEngine(store, device="cpu", warm=False, trainers=1)
    yield engine
    engine.close()


@pytest.fixture
def wait() -> Callable[[Callable[[], object]], None]:
    return partial(wait_until, seconds=60.0)


@pytest.fixture
def short(stripes: Path) -> Callable[..., Experiment]:
    """A run of two epochs on the stripes, and whatever is given beside that."""
    return lambda **values: Experiment(**{"data": str(stripes), "recipe": "case-4", "epochs": 2, **values})


@pytest.fixture
def endless(short: Callable[..., Experiment]) -> Callable[..., Experiment]:
    return partial(short, epochs=500)
