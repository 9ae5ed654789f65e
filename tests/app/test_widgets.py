import time

import pytest
from streamlit.testing.v1 import AppTest

from frame import widgets


def page() -> None:
    import streamlit as st

    from frame.widgets import choice

    def choose(name: str) -> None:
        st.session_state.current = name
        st.session_state.chosen.append(name)

    choice("Run", st.session_state.titles, st.session_state.current, choose, key="run")


def begin(app: AppTest, titles: dict[str, str], current: str | None) -> None:
    for name, value in {"titles": titles, "current": current, "chosen": []}.items():
        app.session_state[name] = value
    app.run()


def test_a_title_that_changes_is_no_choice() -> None:
    app = AppTest.from_function(page)
    begin(app, {"a": "A (running)", "b": "B"}, "b")
    app.selectbox(key="run").set_value("a").run()
    assert app.session_state.chosen == ["a"]
    app.session_state.titles = {"a": "A (finished)", "b": "B"}
    for _ in range(2):  # the first one still finds it under the titles of the run before
        as_known = app._tree.get_widget_states()
        as_known.widgets[0].string_value = "A (running)"  # what a browser sends; `run` would send the new title
        app._run(as_known)
    assert app.session_state.chosen == ["a"]
    assert app.session_state.current == "a"
    assert app.selectbox(key="run").options == ["A (finished)", "B"]
    assert app.selectbox(key="run").value == "a"
    app.selectbox(key="run").set_value("b").run()
    assert app.session_state.chosen == ["a", "b"]


def test_nothing_is_chosen_at_first() -> None:
    app = AppTest.from_function(page)
    begin(app, {"a": "A", "b": "B"}, None)
    assert app.selectbox(key="run").value is None
    app.selectbox(key="run").set_value("b").run()
    assert app.session_state.chosen == ["b"]
    assert not app.exception


def form() -> None:
    import streamlit as st

    from frame.widgets import press_button, take_press

    number = st.number_input("Number", 0, 100, 0, key="number")
    if take_press("go", ready=st.session_state.ready, busy=st.session_state.busy):
        st.session_state.went.append(number)
    press_button("Go", key="go")


def begin_form(*, ready: bool = True, busy: bool = False) -> AppTest:
    app = AppTest.from_function(form)
    for name, value in {"ready": ready, "busy": busy, "went": []}.items():
        app.session_state[name] = value
    return app.run()


def test_a_press_acts_on_what_was_typed_in_the_same_moment() -> None:
    app = begin_form()
    app.number_input(key="number").set_value(90)
    app.button(key="go").click().run()
    assert app.session_state.went == [90]
    app.run()
    assert app.session_state.went == [90]


def test_a_press_waits_until_the_page_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    app = begin_form(ready=False)
    app.button(key="go").click().run()
    assert app.session_state.went == []
    app.session_state.ready = True
    app.run()
    assert app.session_state.went == [0]

    app.session_state.ready = False
    app.button(key="go").click().run()
    later = time.monotonic() + widgets.PATIENCE + 1
    monkeypatch.setattr(widgets.time, "monotonic", lambda: later)
    app.session_state.ready = True
    app.run()
    assert app.session_state.went == [0]


def test_a_second_press_of_what_goes_on_already_is_forgotten() -> None:
    app = begin_form(busy=True)
    app.button(key="go").click().run()
    app.session_state.busy = False
    app.run()
    assert app.session_state.went == []
