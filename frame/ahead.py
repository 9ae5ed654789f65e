"""The page of the four cases follows its sliders in the browser, without waiting for the server.

What an imagined data set can lead to are four answers. They are sent along with the page, so that map, diagram and words change
while a slider is still moved (`frame/js/ahead.js`). The server is told as always, and its answer, which is the same, takes the
place of what the browser has shown.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from frame.browser import browser_part
from frame.drawings import diagram, plan
from frame.experiment_bar import IMAGINED_CLASSES, imagined_sizes
from frame.glossary import told
from frame.settings import Settings
from frame.words import case_texts, heading, weights_words
from tl_core.cases import Case, Thresholds, recommend
from tl_core.experiment import DEFAULT_NETWORK
from tl_core.language import ENGLISH, language, speaking
from tl_core.networks import Network, get_network
from tl_core.quadrants import map_geometry, map_svg

_JS = Path(__file__).parent / "js"
_ahead = browser_part("tl_ahead", html="<span></span>\n", js=(_JS / "ahead.js").read_text())


def go_ahead(settings: Settings, network: Network) -> None:
    """From now on the page of this imagined data set follows its sliders; for the end of the page."""
    data = {
        "sliders": {"images": "bar_images", "similarity": "bar_similarity"},
        "sizes": imagined_sizes(settings),
        "lines": {"images": settings.thresholds.num_images, "similarity": settings.thresholds.similarity},
        "geometry": map_geometry(),
        "maps": _maps(settings.thresholds, language()),
        "cases": _cases(network, settings.thresholds, language()) if settings.auto else None,
    }
    _ahead(data=data, key="tl_ahead", height=1)


def make_ready() -> None:
    """Draw what the first visitor sees, in the language of most."""
    with speaking(ENGLISH):
        _maps(Thresholds(), ENGLISH)
        _cases(get_network(DEFAULT_NETWORK), Thresholds(), ENGLISH)


def _corners(thresholds: Thresholds) -> Iterator[tuple[Case, int, float]]:
    """Each case that there is between the lines, with a number of images and a similarity that lead to it."""
    for images in (1, thresholds.num_images + 1):
        for similarity in (1.0, 0.0):
            yield recommend(images, similarity, thresholds), images, similarity


@lru_cache(16)
def _maps(thresholds: Thresholds, spoken: str) -> dict[int, dict[str, str]]:
    """The map in each case, with its point in some place, and what is said of it meanwhile."""
    return {
        case.number: {"wide": map_svg(images, similarity, thresholds), "said": heading(case)}
        for case, images, similarity in _corners(thresholds)
    }


@lru_cache(16)
def _cases(network: Network, thresholds: Thresholds, spoken: str) -> dict[int, dict[str, Any]]:
    """What the page shows in each case, by the case's number."""
    found = {}
    for case, _images, _similarity in _corners(thresholds):
        layers = plan(network, case.recipe, IMAGINED_CLASSES)
        wide, tall = diagram(layers, network.input_size)
        found[case.number] = {
            "wide": wide,
            "tall": tall,
            "title": heading(case),
            "weights": weights_words(layers),
            "told": [told(text) for text in case_texts(case)],
        }
    return found
