"""Every page in German, and the way from one language to the other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tl_core.language import speaking, translations
from tl_core.paths import ROOT

PAGES = {path.stem.split("_")[1]: f"pages/{path.name}" for path in sorted((ROOT / "pages").glob("*.py"))}
TEXTS = "markdown caption header subheader info warning error button selectbox slider select_slider multiselect toggle".split()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("TL_HOME", str(tmp_path))
    monkeypatch.delenv("TL_DATA_DIR", raising=False)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = "f" * 32
    yield app
    from frame.services import get_engine

    get_engine().close()
    st.cache_resource.clear()
    st.cache_data.clear()


def shown(app: AppTest) -> list[str]:
    """Every text on the page: what is written, labels, help and options."""
    found: list[str] = []
    for kind in TEXTS:
        for element in getattr(app, kind):
            for name in ("value", "label", "help", "options"):
                value = getattr(element, name, None)
                found += (
                    [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)] if value else []
                )
    return found


def english_leftovers(found: list[str]) -> list[str]:
    """Texts that stand on the page although there is a German one for them."""
    known = translations("de")
    sentences = {text for text, said in known.items() if isinstance(text, str) and len(text) > 14 and said != text}
    return [text for text in found if text in sentences or re.sub(r"\\(.)", r"\1", text) in sentences]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_german_without_an_english_leftover(app: AppTest, page: str) -> None:
    app.query_params["lang"] = "de"
    app.run()
    with speaking(
        "de"
    ):  # this side asks the widgets for the words of their options; the page runs in a thread of its own
        app.switch_page(PAGES[page]).run()
        found = shown(app)
    assert not app.exception
    assert found
    assert english_leftovers(found) == []


def test_the_button_changes_the_language_and_the_address_keeps_it(app: AppTest) -> None:
    app.run()
    assert any(box.label == "Data set" for box in app.selectbox)
    app.button(key="language_de").click().run()
    assert any(box.label == "Datensatz" for box in app.selectbox)
    assert app.query_params["lang"] == "de"
    assert app.button(key="language_en").label == "English"
    with speaking("de"):
        app.button(key="language_en").click().run()
    assert any(box.label == "Data set" for box in app.selectbox)
    assert "lang" not in app.query_params


def test_settings_stay_when_the_language_changes(app: AppTest) -> None:
    app.query_params["images"] = "3000"
    app.run()
    app.button(key="language_de").click().run()
    assert not app.exception
    assert app.session_state["settings"].experiment.num_images == 3000
    assert "3.000" in "".join(shown(app)) or app.select_slider(key="bar_images").value == 3000


def test_links_are_judged_in_the_language_of_the_link(app: AppTest) -> None:
    app.query_params["lang"] = "de"
    app.query_params["network"] = "resnet81"
    app.run()
    assert any("Das Netz des Links wurde" in warning.value for warning in app.warning)
    assert "Unbekannt" in app.warning[0].value
