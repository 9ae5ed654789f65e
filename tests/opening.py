"""A page as one visitor sees it."""

from streamlit.testing.v1 import AppTest

from tl_core.paths import ROOT


def open_page(page: str, owner: str, **query: str) -> AppTest:
    """`page`: its file, as in 'pages/7_race.py'; `query`: the parts of the address. Fails if the page does."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = owner
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    return app
