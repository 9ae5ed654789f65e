"""The page 'Race' with a real engine: what is asked, what is kept, and whose race it is."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame import race_data
from frame.race_data import about_race, get_race_runs, get_races
from frame.services import get_engine, get_store
from frame.time_limit import PATIENCE, SECONDS
from tests.conftest import write_stripes
from tests.opening import open_page
from tests.races import make_race
from tests.waiting import wait_until
from tl_core.engine import limits
from tl_core.errors import UserError
from tl_core.paths import data_dir
from tl_core.race import NOBODY, Guess

ANN, BOB = "a" * 32, "b" * 32


@pytest.fixture(autouse=True)
def _stripes(server: None) -> None:
    write_stripes(data_dir() / "stripes", count=20)


def show(owner: str = ANN, **query: str) -> AppTest:
    return open_page("pages/7_race.py", owner, **query)


def ready(app: AppTest) -> AppTest:
    """After the pictures have been read and measured."""
    wait_until(lambda: not app.run().button(key="race_start").disabled, seconds=90)
    return app


def texts(app: AppTest) -> str:
    elements = (*app.header, *app.subheader, *app.markdown, *app.info, *app.warning)
    return "\n".join(str(element.value) for element in elements).replace("\\", "")


def finish(race_id: str) -> None:
    kept = get_races().get(race_id)
    wait_until(lambda: not any(run.active for run in get_race_runs().of(kept)), seconds=120)


def test_from_the_guess_to_the_verdict_and_a_second_time_from_the_record() -> None:
    app = ready(show(data="stripes", epochs="1"))
    app.multiselect[0].set_value(["case-1", "case-2"]).run()
    app.button_group(key="race_seeds_5").set_value(2).run()
    assert "4 runs" in texts(app)
    next(box for box in app.selectbox if box.label.startswith("Predict first")).set_value(NOBODY)
    next(box for box in app.number_input if box.label.startswith("Test accuracy")).set_value(50)
    app.button(key="race_start").click().run()  # in the same moment
    race_id = app.session_state["race_id"]
    finish(race_id)
    app.run()

    kept = get_races().get(race_id)
    assert kept.race.guess == Guess(NOBODY, 0.5)
    assert kept.race.recipes == ("case-1", "case-2")
    assert kept.race.base.epochs == 1
    assert kept.race.similarity is not None or kept.race.prescribed is None
    said = texts(app)
    assert "You expected that nobody would win clearly" in said
    assert "You expected 50 %" in said
    assert "trained weights" in said
    assert not [button for button in app.button if button.key == "race_stop"]

    app.button(key="race_start").click().run()
    second = app.session_state["race_id"]
    assert second != race_id
    finish(second)
    app.run()
    assert "with the same settings: 4 of 4 runs" in texts(app)
    assert "You expected" not in texts(app), "every race begins with an empty form"
    app.button(key="race_afresh").click().run()
    third = get_races().get(app.session_state["race_id"])
    finish(third.id)
    assert not any(get_store().get_run(run_id).recorded for run_id in third.run_ids)
    finished = [{run.finished["test_accuracy"] for run in get_race_runs().of(kept)} for kept in (kept, third)]
    assert finished[0] == finished[1], "same experiments, same numbers"


def test_a_race_needs_two_recipes_and_the_guess_can_be_skipped() -> None:
    app = ready(show(data="stripes"))
    app.multiselect[0].set_value(["case-1"]).run()
    assert app.button(key="race_start").disabled
    assert "needs two different recipes" in texts(app)
    app.multiselect[0].set_value(["case-1", "lp-ft"]).run()
    assert any(box.label.startswith("Predict first") for box in app.selectbox)
    app.button(key="race_guess_skip").click().run()
    assert not any(box.label.startswith("Predict first") for box in app.selectbox)
    assert not app.button(key="race_start").disabled


def test_a_time_limit_is_chosen_comes_with_a_link_and_shortens_what_is_expected() -> None:
    app = ready(show(data="stripes"))
    assert "on this machine" not in texts(app), "nothing is known of the network yet"
    app.multiselect[0].set_value(["case-1", "case-2"]).run()
    get_engine()._pace.note(make_race().base, 100.0)
    assert "minutes on this machine" in texts(app.run())
    longest = max(limit for limit in SECONDS if 6 * limit / get_engine().trainers <= PATIENCE)
    app.button(key="race_offer_limit").click().run()
    assert app.selectbox(key="race_seconds").value == longest
    assert not [button for button in app.button if button.key == "race_offer_limit"], "one limit is enough"
    app.selectbox(key="race_seconds").set_value(5.0).run()
    seconds = 6 * 5 / get_engine().trainers
    assert f"About {seconds:.0f} s of training on this machine" in texts(app), "six runs"
    app.button(key="race_start").click().run()
    race_id = app.session_state["race_id"]
    assert get_races().get(race_id).race.base.seconds == 5.0
    finish(race_id)
    linked = show(data="stripes", seconds="7.5").selectbox(key="race_seconds")
    assert linked.value == 7.5
    assert "7.5 s" in linked.options


def test_a_verdict_says_first_that_a_time_limit_has_ended_runs() -> None:
    st.session_state["owner"] = ANN
    for seconds, said in ((0.2, True), (None, False)):
        base = make_race().base.__class__(data="stripes", epochs=500 if seconds else 1, seconds=seconds)
        race_id = race_data.start_race(make_race(("case-1", "case-4"), base=base, sizes=(None,)), fresh=True)
        finish(race_id)
        page = texts(show(ANN, data="stripes", race=race_id))
        assert "test images, the same for all" in page
        assert ("With a time limit of 0.2 s for each run:" in page) == said


def test_a_lesson_may_leave_the_guess_out_and_a_chosen_recipe_is_preset() -> None:
    app = show(data="stripes", guess="off", recipe="one-block")
    assert not any(box.label.startswith("Predict first") for box in app.selectbox)
    assert app.multiselect[0].value == ["case-1", "case-2", "case-3", "case-4", "one-block"]


def test_an_imagined_data_set_cannot_be_raced() -> None:
    app = show()
    assert "no pictures to train on" in texts(app)
    assert not [button for button in app.button if button.key == "race_start"]


def test_nobody_stops_the_race_of_another() -> None:
    st.session_state["owner"] = ANN
    race = make_race(("case-3", "case-4"), base=make_race().base.__class__(data="stripes", epochs=300), sizes=(None,))
    ids = get_engine().submit_many(race.experiments(), ANN)
    race_id = get_races().add(race, ids, ANN)

    app = show(BOB, data="stripes", race=race_id)
    assert "Race 1" not in texts(app)
    assert "The race in this link is somebody else's" in texts(app)
    assert "race_id" not in app.session_state
    assert not [button for button in app.button if button.key == "race_stop"]
    st.session_state["owner"] = BOB
    race_data.stop_race(get_races().get(race_id))
    assert not get_races().get(race_id).stopped
    assert any(get_store().get_run(run_id).active for run_id in ids)

    own = show(ANN, data="stripes", race=race_id)
    assert own.button(key="race_start").disabled, "the race is still going on"
    own.button(key="race_stop").click().run()
    finish(race_id)
    assert "Stopped after 0 of 6 runs" in texts(own.run())
    assert {get_store().get_run(run_id).status for run_id in ids} == {"stopped"}


def test_a_race_that_the_queue_does_not_take_is_not_kept() -> None:
    st.session_state["owner"] = ANN
    race = make_race(("case-3", "case-4"), base=make_race().base.__class__(data="stripes", epochs=300), sizes=(None,))
    started = [race_data.start_race(race, fresh=True) for _ in range(limits.MOST_BATCHES)]
    with pytest.raises(UserError, match="waiting already"):
        race_data.start_race(race, fresh=True)
    assert len(get_races().list(ANN)) == len(started)
    for race_id in reversed(started):
        race_data.stop_race(get_races().get(race_id))
        finish(race_id)


def test_equal_races_are_guessed_about_alike() -> None:
    race, other = make_race(("case-1", "case-3")), make_race(("case-3", "case-1"), seeds=1)
    assert about_race(race) == about_race(other)
    assert about_race(race) != about_race(make_race(("case-1", "case-4")))
    assert "stripes" in about_race(race)
    assert len(about_race(make_race(base=race.base.__class__(data="x" * 400)))) <= 255
