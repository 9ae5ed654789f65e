from streamlit.testing.v1 import AppTest


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
