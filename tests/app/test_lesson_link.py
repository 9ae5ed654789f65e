"""Lesson links: an experiment, controls and a text in one address, and what happens to broken ones."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from frame.class_invite import qr_svg
from frame.lesson_link import TEXT_LONGEST, Lesson, clean_text, lesson_address
from frame.settings import Settings
from tl_core.class_rules import CONTROLS
from tl_core.experiment import Experiment
from tl_core.paths import ROOT

TEXT = "Guess first!\n<img src=x onerror=alert(1)> **bold** [a](http://b) :+1:"

pytestmark = pytest.mark.usefixtures("server")


def visit(query: dict[str, str], page: str | None = None) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = "a" * 32
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    if page:
        app.switch_page(page).run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def notes(app: AppTest) -> list[str]:
    return [one.value.replace("\\", "") for one in app.warning]


def test_a_link_comes_back_as_it_was_made() -> None:
    settings = Settings(Experiment(data="digits", num_images=200, recipe="case-3"), auto=False)
    address = lesson_address("http://lab:8501/train", settings, ["images", "recipe"], TEXT)
    query = dict(parse_qsl(urlsplit(address).query))
    lesson, said = Lesson.from_query(query)
    assert said == []
    assert lesson.text == TEXT
    assert lesson.hidden == ("data", "similarity", "network", "options")
    assert Settings.from_query(query, ["digits"])[0] == settings
    assert lesson.to_query() == {key: query[key] for key in ("show", "text")}


def test_all_controls_or_none() -> None:
    everything = dict(parse_qsl(urlsplit(lesson_address("http://x/", Settings(), CONTROLS, "")).query))
    assert "show" not in everything
    assert Lesson.from_query(everything) == (Lesson(), [])
    nothing = dict(parse_qsl(urlsplit(lesson_address("http://x/", Settings(), [], "")).query))
    assert Lesson.from_query(nothing) == (Lesson(hidden=tuple(CONTROLS)), [])


def test_pictures_of_ones_own_do_not_travel() -> None:
    settings = Settings(Experiment(data="upload-" + "0" * 32, num_images=20))
    assert "upload" not in lesson_address("http://x/", settings, CONTROLS, "")


def test_unknown_parts_are_ignored_with_a_note() -> None:
    lesson, said = Lesson.from_query({"show": "images,everything", "text": "Hi", "color": "red", "race": "1"})
    assert lesson == Lesson(tuple(name for name in CONTROLS if name != "images"), "Hi")
    assert len(said) == 2
    assert "'everything'" in said[0]
    assert "'color'" in said[1]
    assert Lesson.from_query({"show": "nothing known"})[0] == Lesson()
    assert Lesson.from_query({"color": "red"}) == (Lesson(), [])  # no lesson link: nothing is said


def test_the_text_is_bounded_and_has_nothing_invisible() -> None:
    lesson, said = Lesson.from_query({"text": "x" * 5_000})
    assert len(lesson.text) == TEXT_LONGEST
    assert "cut off" in said[0]
    assert clean_text("a\u202eb\x00c\td\r\n" + "\n" * 50 + "e").startswith("abc d")
    assert clean_text("\n".join("abcdefghijklmnop")).count("\n") == 11


def test_the_page_shows_the_text_as_text_and_only_the_chosen_controls() -> None:
    app = visit({"data": "imagine", "images": "300", "show": "images,bogus", "text": TEXT})
    assert "&lt;img src=x onerror=alert(1)&gt; **bold** [a](http://b) :+1:" in html(app)
    assert "<img src=x" not in html(app)
    assert any("'bogus' was ignored" in note for note in notes(app))
    assert ".st-key-bar_network { display: none" in html(app)
    assert ".st-key-bar_images {" not in html(app)
    assert app.query_params["text"] == TEXT  # a refresh keeps the lesson
    assert app.query_params["show"] == "images"
    slider = next(one for one in app.select_slider if one.key == "bar_images")
    slider.set_value(1_000).run()
    assert next(one for one in app.select_slider if one.key == "bar_images").value == 1_000
    app.switch_page("pages/2_train.py").run()
    assert "&lt;img src=x" in html(app)


def test_the_maker_offers_the_link_of_what_is_set() -> None:
    app = visit({"data": "digits", "images": "200"}, "pages/8_class.py")
    app.text_area(key="lesson_text").set_value("What do you expect?").run()
    address = next(code.value for code in app.code if "text=" in code.value)
    lesson, said = Lesson.from_query(dict(parse_qsl(urlsplit(address).query)))
    assert (lesson, said) == (Lesson((), "What do you expect?"), [])
    assert "images=200" in address
    assert any("leads nowhere from other machines" in said.value for said in app.info), "no class has said so"


def test_a_qr_code_is_black_on_white_with_a_quiet_zone() -> None:
    svg = qr_svg("http://192.168.1.5:8501/class?join=abcdefghjk")
    assert svg.startswith("<svg")
    assert 'stroke="#000000"' in svg.replace("#000", "#000000").replace("#000000000", "#000000")
