"""What the tests of pages share."""

from collections.abc import Iterator
from functools import partial

import pytest
import streamlit as st

from frame import services


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's store and engine of the test's own, with nothing cached before and nothing left behind.

    Workers are started by the first run or question that needs them: most tests have none.
    """
    monkeypatch.setattr(services, "make_engine", partial(services.make_engine, warm=False))
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    services.get_engine().close()
    st.cache_resource.clear()
    st.cache_data.clear()
