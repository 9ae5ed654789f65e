"""Buttons whose press is kept until all that it leads to is done."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from frame.presses import forget_press, forget_unasked, press_button, take_press

    state = st.session_state
    number = st.number_input("Number", 0, 100, 0, key="number")
    if state.leave:
        forget_unasked()
        st.stop()
    press = take_press("go", ready=state.ready, waiting=state.waiting, busy=state.busy)
    if press is not None:
        if press.result is None:
            press.result = number
            state.went.append(number)
        if state.interrupted:  # the drawing ends here, and begins once more
            state.interrupted = False
            st.rerun()
        forget_press("go")
    press_button("Go", key="go")
    forget_unasked()


def begin(**values: bool) -> AppTest:
    app = AppTest.from_function(page)
    usual = {"ready": True, "waiting": False, "busy": False, "leave": False, "interrupted": False}
    for name, value in {**usual, **values, "went": []}.items():
        app.session_state[name] = value
    return app.run()


def went(app: AppTest, **values: bool) -> list[int]:
    """After one more drawing."""
    for name, value in values.items():
        app.session_state[name] = value
    app.run()
    assert not app.exception
    return app.session_state.went


def test_a_press_acts_on_what_was_typed_in_the_same_moment() -> None:
    app = begin()
    app.number_input(key="number").set_value(90)
    app.button(key="go").click().run()
    assert app.session_state.went == [90]
    assert went(app) == [90]


def test_a_drawing_that_is_interrupted_does_not_do_it_twice() -> None:
    app = begin(interrupted=True)
    app.button(key="go").click().run()
    assert not app.session_state.interrupted
    assert went(app) == [0]


def test_a_press_waits_until_what_is_awaited_is_there() -> None:
    app = begin(ready=False, waiting=True)
    app.button(key="go").click().run()
    assert app.session_state.went == []
    assert went(app, ready=True, waiting=False) == [0]


def test_a_press_is_forgotten_where_nothing_is_awaited_or_one_goes_on_already_or_the_page_is_left() -> None:
    for values in ({"ready": False}, {"busy": True}):
        app = begin(**values)
        app.button(key="go").click().run()
        assert went(app, ready=True, busy=False) == []
    app = begin(ready=False, waiting=True)
    app.button(key="go").click().run()
    assert went(app, leave=True) == []
    assert went(app, leave=False, ready=True) == []
