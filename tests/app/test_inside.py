"""'Look inside' as a page, with a real run, a real engine and its interactive worker."""

import re
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame import services
from frame.services import get_store
from tests.conftest import write_stripes
from tests.waiting import wait_until
from tl_core.engine import LocalEngine
from tl_core.experiment import Experiment
from tl_core.paths import ROOT, data_dir, uploads_dir
from tl_core.predict import weights_path
from tl_core.training import run

ANN, BOB = "a" * 32, "b" * 32


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's store and engine, without a training worker that nobody asks for anything."""
    monkeypatch.setattr(services, "LocalEngine", partial(LocalEngine, warm=False))
    monkeypatch.setenv("TL_DEVICE", "cpu")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    services.get_engine().close()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def stripes() -> str:
    """A set of the shelf, by its name."""
    write_stripes(data_dir() / "stripes")
    return "stripes"


def finish(owner: str = ANN, **values: object) -> str:
    """A run in the store as the engine would have left it; its id."""
    experiment = Experiment(**{"data": "stripes", "network": "demo-drawn", "epochs": 2} | values)
    run_id = uuid.uuid4().hex
    get_store().add_run(run_id, experiment.to_json(), experiment.id, owner)
    for event in run(experiment, run_id=run_id, save_to=weights_path(run_id)):
        get_store().add_event(run_id, event.to_json())
    return run_id


def opened(owner: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = owner
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def show(owner: str = ANN, **query: str) -> AppTest:
    return settle(opened(owner, **query).switch_page("pages/6_inside.py").run())


def settle(app: AppTest) -> AppTest:
    """Draw the page again until nothing is awaited any more; a browser's timers do not tick here."""

    def settled() -> bool:
        app.run()
        assert not app.exception
        return "looked through" in texts(app) and "being read" not in texts(app) and len(marked(app)) >= 5

    wait_until(settled, seconds=60)
    return app


def texts(app: AppTest) -> str:
    bars = [element.proto.text for element in app.get("progress")]
    parts = [*app.markdown, *app.info, *app.warning, *app.error, *app.subheader]
    return re.sub(r"\\(.)", r"\1", "\n".join([*(part.value for part in parts), *bars]))


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def marked(app: AppTest) -> list[str]:
    """The rows of pictures that excite a channel, those that have come."""
    rows = [element.proto.body for element in app.get("html") if 'class="tl-marked"' in element.proto.body]
    return [row for row in rows if "<img" in row]


def choose_run(app: AppTest, run_id: str) -> AppTest:
    settle(app.selectbox(key="inside_run_choice").set_value(run_id).run())
    wait_until(lambda: "takes this picture for" in texts(app.run()), seconds=60)
    return app


def test_an_imagined_set_shows_drawn_pictures_and_every_stage_with_its_claim() -> None:
    app = show(network="demo-drawn")
    assert app.header[0].value == "Look inside"
    assert "you see Drawn wolves here" in texts(app)
    for what in ("edges", "shapes", "higher-level features", "24 kinds of dogs"):
        assert f"this layer detects **{what}**" in texts(app)
    assert "Each number sees 6 × 6 of the 32 × 32 pixels" in texts(app)
    assert re.findall(r'<h4 class="tl-stage">(\d)', html(app)) == list("123456")
    assert "Where did it look?" not in texts(app), "the pre-trained network alone was asked nothing"
    assert [one.options for one in app.selectbox if one.key == "inside_run_choice"] == [
        ["Drawn dogs network, pre-trained"]
    ]
    for picture in re.findall("<img [^>]*>", html(app)):
        assert re.search('alt="[^"]+"', picture)


def test_a_channel_is_chosen_by_its_number_and_stays(stripes: str) -> None:
    app = show(data=stripes, network="demo-drawn")
    key = "inside_channel_demo-drawn_conv2"
    strongest = app.number_input(key=key).value
    other = 1 if strongest != 1 else 2
    settle(app.number_input(key=key).set_value(other).run())
    assert re.search(rf"excite channel {other} most|Channel {other} stays silent", texts(app))
    app.switch_page("pages/1_cases.py").run()
    settle(app.switch_page("pages/6_inside.py").run())
    assert app.number_input(key=key).value == other
    first = marked(app)[0]
    assert len(re.findall('alt="(?:across|down); channel', first)) == 9


def test_a_run_stands_beside_what_it_began_with(stripes: str) -> None:
    run_id = finish(recipe="one-block", freeze="except-conv2")
    app = choose_run(show(), run_id)
    said = texts(app)
    assert "Frozen.** Its weights and its maps are the same as before, byte for byte." in said
    assert re.search(r"Re-trained\.\*\* Its weights have moved by \d+\.\d\d % of their size", said)
    assert re.search(
        r"Frozen\.\*\* Its weights are the same as before, byte for byte\. What comes in has changed", said
    )
    assert "Sliced off.** This layer is not there any more" in said
    assert "**After the run**: the same, byte for byte." in said, "the filters"
    assert "Where did it look?" in said
    assert re.search(r"takes this picture for \*\*(across|down)\*\*, with a confidence of", said)
    assert len(re.findall("Heat map for (?:across|down): ", html(app))) == 2
    assert "imagined" not in said, "the run's own pictures are shown"


def test_nobody_opens_the_runs_of_others_or_those_without_weights(stripes: str) -> None:
    mine, gone, _ = finish(), finish(), finish(owner=BOB)
    weights_path(gone).unlink()
    app = show(data=stripes)
    assert len(app.selectbox(key="inside_run_choice").options) == 2
    choose_run(app, mine)
    weights_path(mine).unlink()
    settle(app.run())
    assert app.selectbox(key="inside_run_choice").value == "", "back to the pre-trained network"


def test_a_picture_of_my_own_is_looked_at_and_its_file_deleted(stripes: str, tmp_path: Path) -> None:
    app = show(data=stripes, network="demo-drawn")
    own = (sorted((data_dir() / "stripes" / "down").iterdir())[0]).read_bytes()
    app.file_uploader(key="inside_file_0").set_value(("letter.png", b"no picture", "image/png"))
    app.run()
    assert "'letter.png' is not an image" in texts(app)
    app.file_uploader(key="inside_file_0").set_value(("mine.png", own, "image/png"))
    settle(app.run())
    assert 'alt="The picture as the network sees it: your own"' in html(app)
    assert list((uploads_dir() / "incoming").iterdir()) == []
    answers = services.get_answers()
    assert not any(dict(key[2:]).get("png") for key in answers._kept), "nothing of it is kept for all"
    (back,) = (button for button in app.button if button.label == "Back to the data set")
    settle(back.click().run())
    assert re.search("The picture as the network sees it: (across|down)", html(app))


def test_a_network_that_is_not_here_is_not_downloaded_by_looking() -> None:
    app = opened(ANN, network="resnet18").switch_page("pages/6_inside.py").run()
    assert not app.exception
    assert "The weights of ResNet-18 are not on this machine yet." in texts(app)
    assert not app.file_uploader
