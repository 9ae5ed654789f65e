"""The page 'Train' with a real engine: what a press of Start trains."""

from frame.services import get_store
from tests.conftest import write_stripes
from tests.opening import open_page
from tests.waiting import wait_until
from tl_core.paths import data_dir


def test_start_trains_what_the_page_says_at_that_moment(server: None) -> None:
    write_stripes(data_dir() / "stripes", count=20)
    app = open_page("pages/2_train.py", "a" * 32, data="stripes", recipe="case-1", epochs="1", seed="3")
    wait_until(lambda: not app.run().button(key="train_start").disabled, seconds=90)
    slider = next(one for one in app.select_slider if one.key == "bar_images")
    before = slider.value
    slider.set_value(12)
    app.button(key="train_start").click().run()
    assert not app.exception
    (run,) = get_store().list_runs("a" * 32)
    assert run.experiment["num_images"] == 12 != before
    assert run.id in app.query_params["run"]
