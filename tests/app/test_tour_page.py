"""The page 'Tour' with a real engine: the address, a real run, whose it is, and what is said when it may not run."""

import pytest
from streamlit.testing.v1 import AppTest

from frame.race_data import get_race_runs, get_races
from frame.tour_state import STEP
from tests.opening import open_page
from tests.waiting import wait_until
from tl_core.engine import limits
from tl_core.paths import ROOT
from tl_core.tour import STEPS, without_guess

ANN, BOB = "a" * 32, "b" * 32
CHEAPEST = 2  # the step whose two runs are the quickest

pytestmark = pytest.mark.usefixtures("server")


def show(owner: str = ANN, **query: str) -> AppTest:
    return open_page("pages/9_tour.py", owner, **query)


def texts(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in (*app.header, *app.markdown, *app.error)).replace("\\", "")


@pytest.mark.parametrize(("asked", "number"), [("4", 4), ("99", 7), ("<b>", 1)])
def test_the_address_leads_to_a_step_and_keeps_it(asked: str, number: int) -> None:
    app = show(tour=asked)
    assert app.header[0].value.replace("\\", "") == STEPS[number - 1].title
    assert str(number) in app.query_params["tour"]
    assert app.button(key="tour_next").disabled == (number == 7)


def test_a_real_run_beside_the_prediction_and_nobody_elses() -> None:
    app = show(tour=str(CHEAPEST))
    app.radio(key="tour_guess_case-1").set_value("case-2")
    app.button(key="tour_run").click().run()  # in the same moment
    kept = get_races().list(ANN)[0]
    assert kept.race.guess.recipe == "case-2"
    assert without_guess(kept.race) == STEPS[CHEAPEST - 1].trial.race()
    assert not [button for button in app.button if button.key == "tour_run"], "one trial at a time"
    wait_until(lambda: not any(run.active for run in get_race_runs().of(kept)), seconds=200)
    app.run()
    said = texts(app)
    assert "Right on 2,000 new pictures" in said
    assert "You expected that case 2 would win" in said
    assert "One run each" in said
    assert "The rule of thumb loses here" in said, "what was recorded of all four cases"

    again = show(tour=str(CHEAPEST))
    assert "Right on 2,000 new pictures" in texts(again), "found again in another session of the same visitor"
    other = show(owner=BOB, tour=str(CHEAPEST))
    assert "Right on 2,000 new pictures" not in texts(other)
    assert other.button(key="tour_run").label == "Run it"


def test_a_refused_run_is_said_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BATCHES", 0)
    app = show(tour="1")
    app.button(key="tour_run").click().run()
    assert app.error
    assert not get_races().list(ANN)
    assert app.button(key="tour_run").label == "Run it"


def test_only_those_who_were_not_on_the_tour_are_invited() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = ANN
    app.run()
    links = [str(link.proto.label) for link in app.get("page_link")]
    assert any("The tour shows the four cases" in label for label in links)
    app.session_state[STEP] = "2"
    app.run()
    assert not any("The tour shows the four cases" in str(link.proto.label) for link in app.get("page_link"))
