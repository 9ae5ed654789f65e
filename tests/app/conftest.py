"""What the tests of pages share."""

from collections.abc import Iterator

import pytest
import streamlit as st

from frame import services


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's store and engine of the test's own, with nothing cached before and nothing left behind."""
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    services.get_engine().close()
    st.cache_resource.clear()
    st.cache_data.clear()
