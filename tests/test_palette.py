from typing import get_args

import pytest

from tl_core.palette import CURVES, MARKS, curve_colour, text_width, wrap
from tl_core.plan import LayerState


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_state_has_a_mark_that_differs_without_colour():
    assert set(MARKS) == set(get_args(LayerState))
    assert len({(mark.icons, mark.dots, mark.border > 2) for mark in MARKS.values()}) == len(MARKS)
    assert len({mark.word for mark in MARKS.values()}) == len(MARKS)


@pytest.mark.parametrize("state", [state for state in MARKS if state != "sliced"])
def test_icons_can_be_seen_on_their_disc(state):
    assert contrast(MARKS[state].on_colour, MARKS[state].colour) >= 3


def test_curve_colours_start_again():
    assert curve_colour(len(CURVES)) == curve_colour(0)
    assert len(set(CURVES)) == len(CURVES)


def test_wrapping_keeps_a_number_with_its_word_where_it_fits():
    assert wrap("fully connected 1", 17, 130) == ["fully", "connected\u00a01"]
    assert wrap("convolutions 1", 17, 100) == ["convolutions", "1"]
    assert all(text_width(line, 15) <= 90 for line in wrap("combinations of features", 15, 90) if " " in line)
