"""The words of the field: every page has its own, and tips are safe whatever the text holds."""

import re

import pytest

from frame.glossary import GLOSSARY, terms_of, with_tips
from tl_core.paths import ROOT
from tl_core.tour import STEPS

PAGES = sorted(re.sub(r"^\d+_", "", path.stem) for path in ROOT.glob("pages/*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_words_that_are_explained(page: str) -> None:
    assert len(terms_of(page)) >= 5
    assert set(terms_of(page)) <= set(GLOSSARY)


def test_a_page_without_words_of_its_own_has_them_all() -> None:
    assert terms_of("a page to come") == GLOSSARY


def test_the_first_use_of_a_term_is_a_button_and_the_longer_term_wins() -> None:
    html = with_tips("A pre-trained layer and the new layer: frozen weights stay. Another layer.")
    found = re.findall(r'<button type="button" class="tl-term" popovertarget="(.*?)" title=".*?">(.*?)</button>', html)
    assert [word for _, word in found] == ["pre-trained", "layer", "new layer", "frozen", "weights"]
    assert re.findall(r'<span popover id="(.*?)"', html) == [name for name, _ in found]
    assert "its weights are not changed in training" in html


def test_markup_in_a_text_stays_text() -> None:
    assert with_tips("<script>epoch</script> & more", {}) == "&lt;script&gt;epoch&lt;/script&gt; &amp; more"
    assert "<script>" not in with_tips("<script>epoch</script>")
    assert '"><img' not in with_tips("an x here", {"x": '"><img src=y>'})


def test_every_step_of_the_tour_explains_its_terms() -> None:
    for step in STEPS[:6]:
        assert 'class="tl-term"' in with_tips(step.text)


def test_signs_stay_on_the_line_of_the_term_they_touch() -> None:
    html = with_tips("Few (overfitting), and an epoch more; weights")
    assert re.findall(r'<span class="tl-word">(\(?)<button.*?</span>([^<]*)</span>', html) == [("(", "),")]
    assert html.endswith("</span>")
    assert re.sub(r"<span popover.*?</span>|<[^>]*>", "", html) == "Few (overfitting), and an epoch more; weights"
