import pytest

from tl_core import language
from tl_core.language import _, many, translations


@pytest.fixture
def german(monkeypatch):
    monkeypatch.setattr(language, "_chosen", lambda: "de")
    words = {
        "{n:,} of {share:.1f} %": "{n:,} von {share:.1f} %",
        ("{number} run", "{number} runs"): ("{number} Lauf", "{number} Läufe"),
    }
    monkeypatch.setattr(language, "translations", lambda code: words if code == "de" else {})


def test_english_stands_where_it_is_used():
    assert _("{n:,} of {share:.1f} %", n=2000, share=3.25) == "2,000 of 3.2 %"
    assert _("{braces} stay") == "{braces} stay"
    assert many("{number} run", "{number} runs", 1) == "1 run"
    assert many("{number} run", "{number} runs", 0) == "0 runs"


@pytest.mark.usefixtures("german")
def test_another_language_has_its_own_words_and_numbers():
    assert _("{n:,} of {share:.1f} %", n=2000, share=3.25) == "2.000 von 3,2 %"
    assert many("{number} run", "{number} runs", 2) == "2 Läufe"


@pytest.mark.usefixtures("german")
def test_what_nobody_has_translated_stays_english():
    assert _("Not translated: {name}", name="a.b") == "Not translated: a.b"


def test_a_language_nobody_knows_is_english(monkeypatch):
    monkeypatch.setattr(language, "_chosen", lambda: "xx")
    assert language.language() == "en"
    assert translations("xx") == {}
