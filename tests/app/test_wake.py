"""A page waits for what it has named, and for that alone."""

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
    return news.answer(page.session_state.wake_token).status_code


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


def test_a_page_that_the_server_does_not_know_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert news.answer("0" * 32).status_code == 404
    monkeypatch.setattr(news, "MOST_PAGES", 2)
    for token in "abc":
        news.await_news(token, ())
    assert [news.answer(token).status_code for token in "abc"] == [404, 204, 204], "the latest are kept"
