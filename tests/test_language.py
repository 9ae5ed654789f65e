import ast
import re
from string import Formatter

import pytest

from scripts import texts
from tl_core import language
from tl_core.cases import Thresholds, get_case
from tl_core.diagram_words import describe
from tl_core.errors import known
from tl_core.figures import curves_figure
from tl_core.language import _, english, many, retold, translations
from tl_core.networks import get_network
from tl_core.paths import ROOT
from tl_core.plan import layer_plan
from tl_core.quadrants import describe_map, map_svg

GERMAN = "de"
LABELLED = (
    "write markdown caption text title header subheader info warning error success toast metric button download_button "
    "selectbox slider select_slider multiselect segmented_control radio checkbox toggle text_input text_area number_input "
    "file_uploader camera_input popover expander"
).split()
WORDS_BY_NAME = ("label", "help", "placeholder", "alt", "text")


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


@pytest.fixture
def in_german():
    with language.speaking(GERMAN):
        yield


def fields(text: str) -> set[tuple[str, str]]:
    return {(name, spec) for _, name, spec, _ in Formatter().parse(text) if name} if "{" in text else set()


def test_every_text_is_translated_with_the_same_values():
    known = translations(GERMAN)
    missing, other = [], []
    for message in texts.template():
        if not message.id:
            continue
        said = known.get(message.id)
        if not said or not all(said if isinstance(said, tuple) else (said,)):
            missing.append(message.id)
            continue
        pairs = zip(message.id, said, strict=True) if isinstance(message.id, tuple) else [(message.id, said)]
        other += [(one, two) for one, two in pairs if fields(one) != fields(two)]
    assert not missing, "run `python -m scripts.texts` and translate what is new in assets/languages/de.po"
    assert not other


def test_extraction_finds_what_is_looked_up():
    found = list(
        texts.in_code('_("a"); many("b", "c", n); mark("d") if x else english("e"); _("f" if x else "g"); _(h["i"])')
    )
    assert found == ["a", ("b", "c"), "d", "e", "f", "g"]


def words_of(node: ast.expr) -> str:
    """The words that are written into this argument without being looked up."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return " ".join(part.value for part in node.values if isinstance(part, ast.Constant))
    if isinstance(node, ast.IfExp):
        return words_of(node.body) + words_of(node.orelse)
    if isinstance(node, ast.BinOp):
        return words_of(node.left) + words_of(node.right)
    return ""


def bypasses(source: str) -> list[str]:
    """Words that are given to a widget or shown without having been looked up."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in LABELLED:
            continue
        shown = [*call.args[:1], *(word.value for word in call.keywords if word.arg in WORDS_BY_NAME)]
        found += [words for node in shown if re.search(r"[A-Za-z]{2}", words := words_of(node))]
    return found


def test_the_guard_sees_what_is_not_looked_up():
    assert bypasses('st.button("Start", help=_("x")); left.caption(f"{n} runs")') == ["Start", " runs"]
    assert bypasses('st.write(_("fine")); st.markdown(f"**{a}**")') == []


SCRIPTS = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "frame").glob("*.py"))]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_on_the_screen_bypasses_the_lookup(path):
    assert bypasses(path.read_text("utf-8")) == []


@pytest.mark.usefixtures("in_german")
def test_what_was_made_in_english_is_retold():
    with language.speaking("en"):
        error = known("data set", "digit", ["digits", "dogs"])
        note = _(
            "Asked for {num_images:,} images to learn from; {name} has {n:,}, so all of them are used.",
            num_images=5000,
            name="digits",
            n=1438,
        )
        plural = many("{number:,} picture deleted", "{number:,} pictures deleted", 1200)
    assert error.startswith("Unknown data set")
    assert (
        retold(error)
        == "Unbekannt (Datensatz). Erhalten: „digit“. Meintest du „digits“? Wähle eines von: digits, dogs."
    )
    assert retold(note) == "Gewünscht waren 5.000 Bilder zum Lernen; digits hat 1.438, also werden alle verwendet."
    assert retold(plural) == "1.200 Bilder gelöscht"
    assert retold("cat_0001.png") == "cat_0001.png"
    assert retold("your 10 classes") == "deine 10 Klassen"


@pytest.mark.usefixtures("in_german")
def test_two_sentences_in_one_are_retold_one_by_one():
    both = "Add some, or delete the class. Use larger pictures if you have them."
    assert retold(both) == "Füge welche hinzu oder lösche die Klasse. Nimm größere Bilder, wenn du welche hast."


@pytest.mark.usefixtures("in_german")
def test_a_text_of_very_many_sentences_is_retold():
    one = "Add some, or delete the class."
    assert retold(one) != one
    assert retold(" ".join([one] * 3_000)) == " ".join([retold(one)] * 3_000)


def test_what_is_kept_is_english_whoever_looks_on():
    with language.speaking(GERMAN):
        assert english("'{name}' renamed", name="cat") == "'cat' renamed"
        assert retold("'cat' renamed") == "„cat“ umbenannt"
    assert retold("'cat' renamed") == "'cat' renamed"


@pytest.mark.usefixtures("in_german")
def test_numbers_are_written_the_german_way_in_drawings_and_figures():
    svg = map_svg(2_000, 0.55, Thresholds())
    assert ">10.000<" in svg
    assert ">0,25<" in svg
    assert "0,55" in describe_map(2_000, 0.55, Thresholds())
    assert curves_figure([], "accuracy")["layout"]["separators"] == ",."
    assert _("{share:.0%}", share=0.5) == "50\u00a0%"


@pytest.mark.usefixtures("in_german")
def test_cases_and_layers_are_told_in_german():
    network = get_network("demo")
    words = describe(layer_plan(network, get_case("case-1").recipe, 10))
    assert "Faltung 1 (Kanten, Ausgang" in words
    assert "deine 10 Klassen" in words
    assert get_case("case-1").quadrant == "kleiner Datensatz, ähnliche Daten"
