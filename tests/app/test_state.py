"""The address brings the settings; one of ours that comes back late does not, unless the visitor has gone back to it."""

import pytest
from streamlit.testing.v1 import AppTest

from frame import state
from tests.opening import open_page

pytestmark = pytest.mark.usefixtures("server")


def images_at(app: AppTest, address_says: int) -> int:
    app.query_params["images"] = str(address_says)
    app.run()
    assert not app.exception
    return app.session_state.settings.experiment.num_images


def test_going_back_brings_an_address_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("pages/1_cases.py", "0" * 32)
    assert images_at(app, 100) == 100
    assert images_at(app, 60) == 60, "a new address"
    assert images_at(app, 100) == 60, "ours, which may have been sent before it had changed"
    monkeypatch.setattr(state, "_has_gone_back", lambda: True)
    assert images_at(app, 100) == 100
    app.session_state.settings_changed = True
    assert images_at(app, 60) == 60, "whatever the last script has changed"


def test_going_back_to_what_is_set_leaves_what_no_address_says(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("pages/1_cases.py", "0" * 32)
    images_at(app, 100)
    monkeypatch.setattr(state, "_has_gone_back", lambda: True)
    before = app.session_state.settings
    images_at(app, 100)
    assert app.session_state.settings is before
