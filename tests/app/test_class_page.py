"""The page 'Class' for teachers, students and strangers, and what it means for the other pages."""

import json
import uuid
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from frame import class_room
from frame.class_live import get_live, live_class
from frame.class_store import get_classes, get_guesses, get_runs
from frame.class_tally import counted, question
from frame.services import get_store
from tests.opening import open_page
from tl_core.class_errors import NotYourClass
from tl_core.class_rules import Rules
from tl_core.classes import SchoolClass
from tl_core.experiment import Experiment
from tl_core.training import run

CLASS, TRAIN = "pages/8_class.py", "pages/2_train.py"
TEACHER, ANN, EVE = "f" * 32, "a" * 32, "e" * 32
PIN = "246810"
EVIL = "<b>*x*</b> $y$"

pytestmark = pytest.mark.usefixtures("server")


def visit(owner: str, page: str = CLASS, **query: str) -> AppTest:
    return open_page(page, owner, **query)


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


def texts(app: AppTest) -> str:
    elements = (*app.header, *app.subheader, *app.markdown, *app.warning, *app.info, *app.error, *app.toast)
    return "\n".join(str(element.value) for element in elements)


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def open_class(title: str = "Biology", owner: str = TEACHER) -> SchoolClass:
    return get_classes().open(title, PIN, owner)


def finish_run(owner: str, **settings: int | str) -> str:
    experiment = Experiment(**{"data": "digits", "num_images": 40, "epochs": 1, **settings})
    run_id = uuid.uuid4().hex
    get_store().add_run(run_id, experiment.to_json(), experiment.id, owner)
    get_runs().note(run_id, owner)
    for event in run(experiment, run_id=run_id):
        get_store().add_event(run_id, event.to_json())
    return run_id


def test_a_teacher_opens_a_class_and_a_student_joins_it_by_the_link() -> None:
    app = visit(TEACHER)
    app.text_input(key="class_open_title").set_value(EVIL)
    app.text_input(key="class_open_pin").set_value("1234")
    button(app, "Open").click().run()
    assert "6 to 64 digits" in texts(app)
    app.text_input(key="class_open_pin").set_value(PIN)
    button(app, "Open").click().run()
    assert not app.exception
    (found,) = get_classes().taught_by(TEACHER)
    assert "\\<b\\>\\*x\\*\\</b\\> \\$y\\$" in texts(app)
    assert any(f"join={found.code}" in code.value for code in app.code)

    student = visit(ANN, join=found.code.upper())
    assert student.text_input(key="class_join_code").value == f"{found.code[:5]}-{found.code[5:]}"
    assert student.query_params["join"] == found.code.upper(), (
        "a phone that sleeps before a name is given comes back to it"
    )
    student.text_input(key="class_join_name").set_value(EVIL)
    button(student, "Join").click().run()
    assert not student.exception
    assert "join" not in student.query_params
    assert get_classes().membership(ANN)[1].nickname == EVIL
    assert "you are \\<b\\>\\*x\\*\\</b\\> \\$y\\$" in texts(student)
    student.button(key="class_leave").click().run()
    assert "join" not in student.query_params, "an invitation that was followed is over"
    assert not student.text_input(key="class_join_code").value
    student.text_input(key="class_join_code").set_value(found.code)
    student.text_input(key="class_join_name").set_value(EVIL)
    button(student, "Join").click().run()
    assert not [one for one in student.button if one.label in ("Present", "Delete everything", "Open")]


def test_a_wrong_code_and_a_wrong_pin_are_said() -> None:
    found = open_class()
    app = visit(EVE)
    app.text_input(key="class_join_code").set_value("nonsense")
    app.text_input(key="class_join_name").set_value("Eve")
    button(app, "Join").click().run()
    assert "There is no class with this code" in texts(app)
    for _ in range(6):
        app.text_input(key="class_enter_code").set_value(found.code)
        app.text_input(key="class_enter_pin").set_value("999999")
        button(app, "Enter").click().run()
    assert "Too many wrong PINs" in texts(app)
    assert not get_classes().teaches(found.id, EVE)
    assert "leads to no class" in texts(visit(ANN, join="abcdefghjk"))


def column(app: AppTest, heading: str) -> list[str]:
    """What stands under a heading of the table."""
    data = next(
        json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.id.endswith("-class_table")
    )
    place = data["columns"].index(heading)
    return [row["cells"][place][0] for row in data["rows"]]


def test_the_board_gathers_the_runs_and_two_classes_do_not_see_each_other() -> None:
    one, two = open_class("One"), open_class("Two", EVE)
    get_classes().join(one.code, "<i>Ann</i>", ANN)
    get_classes().join(two.code, "Bob", "b" * 32)
    run_id = finish_run(ANN)
    finish_run("b" * 32, recipe="case-4")

    app = visit(TEACHER)
    assert "**1 run by 1 person**" in texts(app)
    assert column(app, "Name") == ["<i>Ann</i>"]
    shown = str([one.proto for one in app.get("bidi_component")])
    assert "&lt;i&gt;Ann" in shown
    assert shown.count("<i>Ann") == 1, "in the table alone, which takes it for text"
    assert "Bob" not in shown
    student = visit(ANN)
    assert "**1 run by 1 person**" in texts(student)
    assert run_id not in shown
    assert column(visit(EVE), "Recipe") == ["case 4"]


def test_only_the_people_of_a_class_can_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found, own = open_class(), open_class("Eve's own", EVE)
    get_classes().join(found.code, "Ann", ANN)
    app = visit(EVE)
    app.session_state["class_taught"] = found.id  # as if a message could set it
    app.session_state["class_presented"] = found.id
    app.run()
    assert not app.exception
    assert app.subheader[0].value == "Eve's own"
    assert found.code not in texts(app) + "".join(code.value for code in app.code)
    assert own.code in "".join(code.value for code in app.code)
    monkeypatch.setattr("frame.class_live.owner", lambda: EVE)
    with pytest.raises(NotYourClass):
        live_class(found.id)


def test_a_click_on_a_page_from_before_is_checked_again() -> None:
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    finish_run(ANN)
    app = visit(TEACHER)
    app.checkbox(key=f"class_sure_{found.id}").check().run()
    app.selectbox(key=f"class_hide_run_{found.id}").select_index(0).run()
    app.selectbox(key=f"class_hide_name_{found.id}").select_index(0).run()
    get_classes().step_down(found.id, TEACHER)
    for act in (
        lambda: app.toggle(key=f"class_paused_{found.id}").set_value(True).run(),
        lambda: button(app, "Hide this run").click().run(),
        lambda: button(app, "Delete everything").click().run(),
    ):
        stale = visit_as_before(app, found)
        act()
        assert not app.exception
        assert stale
    assert get_classes().get(found.id)[0].rules == Rules()
    assert not get_runs().board(found.id)[0][0].hidden


def visit_as_before(app: AppTest, found: SchoolClass) -> bool:
    """Let the page be drawn for the teacher once more, then take the right away, so that the next click is a stale one."""
    get_classes().enter(found.code, PIN, TEACHER)
    app.run()
    get_classes().step_down(found.id, TEACHER)
    return any(one.label == "Delete everything" for one in app.button)


def test_the_teacher_hides_presents_and_deletes() -> None:
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    finish_run(ANN)
    app = visit(TEACHER)
    app.selectbox(key=f"class_hide_name_{found.id}").select_index(0).run()
    button(app, "Hide this name").click().run()
    assert column(app, "Name") == ["Student 1"]
    app.selectbox(key=f"class_hide_run_{found.id}").select_index(0).run()
    button(app, "Hide this run").click().run()
    assert "No run of this class has ended yet" in texts(app)
    button(app, "Show it again").click().run()
    button(app, "Present").click().run()
    assert "stHeader" in html(app)
    assert not [one for one in app.button if one.label == "Delete everything"]
    button(app, "End the presentation").click().run()
    app.checkbox(key=f"class_sure_{found.id}").check().run()
    button(app, "Delete everything").click().run()
    assert not app.exception
    assert get_classes().taught_by(TEACHER) == []
    assert get_classes().membership(ANN) is None
    assert len(get_store().list_runs(ANN)) == 1  # her own run is still hers


def test_pause_and_limits_hold_on_the_page_train() -> None:
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    app = visit(ANN, TRAIN, data="digits", images="300", recipe="case-1", epochs="1")
    get_classes().set_rules(found.id, Rules(max_images=100), TEACHER)
    start(app)
    assert "at most 100 images" in texts(app)
    get_classes().set_rules(found.id, Rules(paused=True), TEACHER)
    start(app)
    assert "paused" in texts(app)
    assert get_store().list_runs(ANN) == []
    get_classes().set_rules(found.id, Rules(max_epochs=1), TEACHER)
    start(app)
    assert len(get_store().list_runs(ANN)) == 1
    assert get_runs().board(found.id)[1] == 1


def start(app: AppTest) -> None:
    for _ in range(200):
        if not button(app, "Start").disabled:
            break
        app.run()
    button(app, "Start").click().run()
    assert not app.exception


def test_what_is_locked_goes_back_to_the_teachers_value() -> None:
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    rules = Rules(locked=("images",), hidden=("network",), given={"data": "imagine", "images": "200"})
    get_classes().set_rules(found.id, rules, TEACHER)
    app = visit(ANN, "pages/1_cases.py", data="imagine", images="5000", similarity="0.3")
    slider = next(one for one in app.select_slider if one.key == "bar_images")
    assert slider.value == 200
    slider.set_value(1_000).run()
    assert not app.exception
    assert next(one for one in app.select_slider if one.key == "bar_images").value == 200
    assert app.slider(key="bar_similarity").value == 0.3
    app.slider(key="bar_similarity").set_value(0.6).run()
    assert app.slider(key="bar_similarity").value == 0.6
    assert "Locked by your teacher: number of images" in texts(app)
    assert ".st-key-bar_network { display: none" in html(app)
    assert ".st-key-bar_images { pointer-events: none" in html(app)
    get_classes().set_rules(found.id, Rules(), TEACHER)
    app.run()
    next(one for one in app.select_slider if one.key == "bar_images").set_value(1_000).run()
    assert next(one for one in app.select_slider if one.key == "bar_images").value == 1_000


def test_the_form_sets_limits_and_fixes_controls_for_the_class() -> None:
    found = open_class()
    app = visit(TEACHER, data="digits", images="300")
    next(one for one in app.number_input if one.label == "Most images for a run").set_value(500)
    next(one for one in app.selectbox if one.label == "Data set").set_value("locked")
    button(app, "Set for the class").click().run()
    assert not app.exception
    rules = get_classes().get(found.id)[0].rules
    assert (rules.max_images, rules.locked, rules.hidden) == (500, ("data",), ())
    assert rules.given["data"] == "digits"
    app.toggle(key=f"class_paused_{found.id}").set_value(True).run()
    assert get_classes().get(found.id)[0].rules == rules.change(paused=True)


def test_an_experiment_from_a_page_before_the_lock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    get_classes().set_rules(found.id, Rules(locked=("data",), given={"data": "digits"}), TEACHER)
    monkeypatch.setattr("frame.class_store.owner", lambda: ANN)
    assert class_room.allowed(Experiment(data="digits")) == Experiment(data="digits")
    with pytest.raises(Exception, match="fixed this setting meanwhile: data set"):
        class_room.allowed(Experiment(data="flowers"))


def test_locks_hold_when_the_teacher_has_pictures_of_his_own_in_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data set is free: the other settings are fixed for every one."""
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    app = visit(TEACHER, data="digits", recipe="case-3", epochs="4")
    next(one for one in app.selectbox if one.label == "Recipe").set_value("locked")
    next(one for one in app.selectbox if one.label == "Options of the training").set_value("locked")
    button(app, "Set for the class").click().run()
    assert "data" not in get_classes().get(found.id)[0].rules.given
    monkeypatch.setattr("frame.class_store.owner", lambda: ANN)
    for data in ("digits", "stripes"):
        right = Experiment(data=data, recipe="case-3", epochs=4)
        assert class_room.allowed(right) == right
        with pytest.raises(Exception, match="fixed this setting meanwhile: recipe"):
            class_room.allowed(replace(right, recipe="case-1"))
        with pytest.raises(Exception, match="fixed this setting meanwhile: options of the training"):
            class_room.allowed(replace(right, epochs=5))
        assert class_room.allowed(replace(right, recipe="case-1", seed=2), ("recipe", "cut", "freeze", "init", "seed"))


def test_guesses_are_tallied_and_kept_back_until_they_are_shown() -> None:
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    app = visit(ANN, "pages/1_cases.py", data="digits")
    for _ in range(200):
        if [one for one in app.button if one.label == "Measure"]:
            break
        app.run()
    app.slider(key="guess_value").set_value(0.72).run()
    button(app, "Measure").click().run()
    (tally,) = get_guesses().tallies(found.id)
    assert dict(tally.answers) == {"0.72": 1}
    assert "Handwritten digits" in question(tally)
    assert [number for _name, number in counted(tally)] == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    app.run()
    assert get_guesses().tallies(found.id) == [tally]  # once
    student = visit(ANN)
    assert "1 of 1 member have guessed" in texts(student)
    assert "tl-tally" not in html(student)
    get_classes().set_rules(found.id, Rules(show_guesses=True), TEACHER)
    get_live().forget(found.id)
    assert "0.7 to 0.8: 1" in html(visit(ANN))


def test_students_see_a_race_guess_by_the_recipes_name() -> None:
    found = open_class()
    get_classes().join(found.code, "Ann", ANN)
    class_room.note_guess("race", "Which recipe wins on digits?", "case-3", ANN)
    (tally,) = get_guesses().tallies(found.id)
    assert (question(tally), counted(tally)) == ("Which recipe wins on digits?", [("Case 3", 1)])
