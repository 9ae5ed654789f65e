"""A page waits for what it has named, and for that alone."""

import gc

import pytest
from streamlit.testing.v1 import AppTest

from frame import news

SCRIPT = """
import streamlit as st
from frame import wake
wake.begin()
for name in st.session_state.get("names", []):
    wake.when(lambda name=name: name in st.session_state["happened"], 0.3)
wake.listen()
"""


def status(page: AppTest) -> int:
    return news.answer(page.session_state.awaited.token).status_code


def test_a_page_hears_of_what_it_waits_for_and_no_longer_of_what_it_did() -> None:
    happened = set()
    page = AppTest.from_string(SCRIPT)
    page.session_state.happened = happened
    page.run()
    assert status(page) == 204
    page.session_state.names = ["one", "other"]
    page.run()
    assert not page.exception
    with pytest.MonkeyPatch.context() as patch:  # the conditions are asked outside of the page
        patch.setattr("streamlit.session_state", {"happened": happened})
        assert status(page) == 204
        happened.add("other")
        assert status(page) == 200
    page.session_state.names = ["one"]
    page.run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.session_state", {"happened": happened})
        assert status(page) == 204


def test_a_page_that_the_server_does_not_know_is_told_so() -> None:
    assert news.answer("0" * 32).status_code == 404


def test_who_has_left_for_good_is_forgotten() -> None:
    page = news.Awaited()
    page.conditions = (lambda own=page: own.token == "",)  # in a circle with it, as those of a session are
    token = page.token
    assert news.answer(token).status_code == 204
    del page
    gc.collect()
    assert news.answer(token).status_code == 404
