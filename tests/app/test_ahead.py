"""What the browser shows before the server has answered is what the server answers, in each case and language."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame.ahead import _cases
from frame.services import get_engine
from tl_core.cases import Thresholds
from tl_core.language import LANGUAGES, speaking
from tl_core.networks import get_network
from tl_core.paths import ROOT


@pytest.fixture(autouse=True)
def _engine() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    get_engine().close()
    st.cache_resource.clear()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    ("number", "images", "similarity"), [(1, 2000, 0.5), (2, 10, 0.49), (3, 2001, 1.0), (4, 1_000_000, 0.0)]
)
@pytest.mark.parametrize("network", ["demo", "resnet18"])
def test_words_and_drawings(network: str, number: int, images: int, similarity: float, code: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"], app.session_state["language"] = "0" * 32, code
    app.query_params.update(network=network, images=str(images), similarity=str(similarity))
    app.run()
    assert not app.exception
    with speaking(code):
        expected = _cases(get_network(network), Thresholds(), code)[number]
    assert app.subheader[0].value == expected["title"]
    assert any(one.value.endswith("\n\n" + expected["weights"]) for one in app.caption)
    told = [one.proto.body for one in app.get("html") if 'class="tl-told"' in one.proto.body]
    assert told[-2:] == expected["told"]
