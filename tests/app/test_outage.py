"""A database that does not answer is a sentence on the page, and the page comes back by itself."""

import sqlite3
import uuid

import pytest
from sqlalchemy.exc import OperationalError

from frame.services import get_store
from tests.opening import open_page
from tl_core.experiment import Experiment
from tl_core.store import Store

ANN = "a" * 32
pytestmark = pytest.mark.usefixtures("server")


def down(*args: object, **values: object) -> None:
    raise OperationalError("SELECT secret FROM runs", {}, sqlite3.OperationalError("the server closed the connection"))


def test_a_database_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, experiment = uuid.uuid4().hex, Experiment(data="digits", num_images=40)
    get_store().add_run(run_id, experiment.to_json(), experiment.id, ANN)
    app = open_page("pages/2_train.py", ANN, data="digits", run=run_id)
    assert app.subheader[0].value.startswith("Run 1")
    with monkeypatch.context() as patch:
        for name in ("get_run", "list_runs", "events"):
            patch.setattr(Store, name, down)
        app.run()
        assert not app.exception
        (error,) = (one.value for one in app.error)
        assert "does not answer at this moment" in error
        assert "the server closed the connection" in error
        assert "secret" not in error
    app.run()
    assert not app.error
    assert app.subheader[0].value.startswith("Run 1")
