"""The map and the diagram as the pages show them, kept by value: equal settings are drawn once in each language.

They are drawn quickly, and a diagram is large (tens of thousands of characters): few are kept.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from frame import components
from tl_core.cases import Thresholds
from tl_core.diagram import diagram_svg
from tl_core.language import language
from tl_core.plan import Layer, layer_plan
from tl_core.quadrants import map_pick, map_svg

plan = lru_cache(512)(layer_plan)


def _draw(
    layers: tuple[Layer, ...], size: int, moved: tuple[tuple[str, float], ...] | None, spoken: str
) -> tuple[str, str]:
    weights_moved = dict(moved) if moved is not None else None
    wide, tall = (
        diagram_svg(
            layers, input_shape=(3, size, size), orientation=way, weights_moved=weights_moved, title_id=f"diagram-{way}"
        )
        for way in ("horizontal", "vertical")
    )
    return wide, tall


_planned = lru_cache(64)(_draw)
_moved = lru_cache(16)(_draw)  # of runs, that are other ones after each epoch


def diagram(
    layers: tuple[Layer, ...], input_size: int, weights_moved: dict[str, float] | None = None
) -> tuple[str, str]:
    """The layer diagram as SVG, across and downwards."""
    if weights_moved is None:
        return _planned(layers, input_size, None, language())
    return _moved(layers, input_size, tuple(weights_moved.items()), language())


def show_diagram(
    layers: tuple[Layer, ...],
    input_size: int,
    *,
    key: str,
    weights_moved: dict[str, float] | None = None,
    at: Mapping[str, float] | None = None,
) -> None:
    """The layer diagram, across where there is room and downwards on a phone. `at`: see `components.drawing`."""
    components.drawing(*diagram(layers, input_size, weights_moved), key=key, at=at)


@lru_cache(128)
def _map(num_images: int, similarity: float | None, thresholds: Thresholds, spoken: str, **marks: Any) -> str:
    return map_svg(num_images, similarity, thresholds, **marks)


def show_map(
    num_images: int,
    similarity: float | None,
    thresholds: Thresholds,
    *,
    measured: tuple[float, float, float] | None,
    guess: float | None = None,
    key: str,
    on_pick: Callable[[], None],
    at: Mapping[str, float] | None = None,
) -> None:
    """The map of the four quadrants; a click calls `on_pick`, and `map_click(key)` then says where it was. `at`: see
    `components.drawing`."""
    svg = _map(num_images, similarity, thresholds, language(), measured=measured, guess=guess)
    components.drawing(svg, key=key, on_pick=on_pick, at=at)


def map_click(key: str) -> tuple[int, float] | None:
    """(number of images, similarity) where the map was clicked."""
    pick = components.picked(key)
    return map_pick(*pick) if pick else None
