from xml.etree import ElementTree

import pytest

from tl_core.cases import CASES, Thresholds
from tl_core.quadrants import describe_map, map_geometry, map_pick, map_svg

SVG = "{http://www.w3.org/2000/svg}"


def parse(*args, **kwargs) -> ElementTree.Element:
    return ElementTree.fromstring(map_svg(*args, **kwargs))


def with_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if name in element.get("class", "").split()]


@pytest.mark.parametrize(
    ("num_images", "similarity"), [(10, 0.0), (200, 0.8), (2_000, 0.5), (75_000, 0.13), (1_000_000, 1.0)]
)
def test_a_click_on_the_point_picks_what_it_was_drawn_for(num_images, similarity):
    (point,) = with_class(parse(num_images, similarity, Thresholds()), "tl-point")
    geometry = map_geometry()
    x, y = float(point.get("cx")) / geometry["view_width"], float(point.get("cy")) / geometry["view_height"]
    assert map_pick(x, y) == (num_images, pytest.approx(similarity, abs=0.0051))


def test_a_click_outside_the_plot_counts_as_its_edge():
    assert map_pick(0.0, 0.0) == (10, 1.0)
    assert map_pick(1.0, 1.0) == (1_000_000, 0.0)
    assert map_pick(-3.0, 9.0) == (10, 0.0)


def test_picked_sizes_have_two_significant_digits():
    for step in range(101):
        num_images, similarity = map_pick(step / 100, step / 100)
        assert num_images == int(f"{num_images:.1e}".split("e")[0].replace(".", "")) * 10 ** (len(str(num_images)) - 2)
        assert 0.0 <= similarity <= 1.0


@pytest.mark.parametrize(
    ("num_images", "similarity", "case"),
    [(200, 0.8, "case-1"), (200, 0.2, "case-2"), (50_000, 0.8, "case-3"), (50_000, 0.2, "case-4")],
)
def test_the_quadrant_of_the_point_is_the_active_one_and_holds_it(num_images, similarity, case):
    root = parse(num_images, similarity, Thresholds())
    (active,) = with_class(root, "tl-active")
    assert active.get("data-case") == case
    area, (point,) = active.find(f"{SVG}rect"), with_class(root, "tl-point")
    left, top = float(area.get("x")), float(area.get("y"))
    assert left <= float(point.get("cx")) <= left + float(area.get("width"))
    assert top <= float(point.get("cy")) <= top + float(area.get("height"))


def test_the_titles_of_all_four_cases_can_be_read():
    for group, case in zip(with_class(parse(200, 0.8, Thresholds()), "tl-quadrant"), CASES, strict=True):
        words = " ".join(text.text for text in group.iter(f"{SVG}text"))
        assert words == f"{case.number} {case.title}"


def test_the_lines_move_with_the_thresholds():
    (active,) = with_class(parse(1_500, 0.6, Thresholds(1_000, 0.7)), "tl-active")
    assert active.get("data-case") == "case-4"


@pytest.mark.parametrize(
    "thresholds", [Thresholds(10, 0.0), Thresholds(1_000_000, 1.0), Thresholds(12, 0.97), Thresholds(5, 0.5)]
)
def test_extreme_thresholds_draw_no_negative_area(thresholds):
    for element in parse(200, 0.4, thresholds).iter(f"{SVG}rect"):
        assert float(element.get("width")) >= 0
        assert float(element.get("height")) >= 0


def test_without_a_similarity_there_is_a_line_and_no_point():
    root = parse(1_000, None, Thresholds())
    assert with_class(root, "tl-unknown")
    assert not with_class(root, "tl-point")
    assert [group.get("data-case") for group in with_class(root, "tl-active")] == ["case-1", "case-2"]
    assert "not known yet" in describe_map(1_000, None, Thresholds())


def test_the_measured_value_stands_at_the_same_number_of_images():
    root = parse(200, 0.8, Thresholds(), measured=(0.6, 0.5, 0.7))
    (point,), (measured,) = with_class(root, "tl-point"), with_class(root, "tl-measured")
    assert measured.get("cx") == point.get("cx")
    assert float(measured.get("cy")) > float(point.get("cy"))
    assert [text.text for text in with_class(root, "tl-label")] == ["measured"]


def test_the_guess_is_a_diamond_beside_the_measured_value_and_both_are_labelled():
    root = parse(200, 0.1, Thresholds(), measured=(0.1, 0.0, 0.25), guess=0.8)
    assert {text.text for text in with_class(root, "tl-label")} == {"measured", "your guess"}
    (diamond,), (ring,) = with_class(root, "tl-guess"), with_class(root, "tl-measured")
    x, top = (float(value) for value in diamond.get("d")[1:].split("L")[0].split())
    assert x == float(ring.get("cx"))
    assert top < float(ring.get("cy"))
    assert "Your guess: 0.80." in root.find(f"{SVG}desc").text


@pytest.mark.parametrize("num_images", [10, 200, 1_000_000])
def test_labels_of_marks_that_meet_go_to_different_sides_where_there_is_room(num_images):
    root = parse(num_images, 0.5, Thresholds(), measured=(0.5, 0.45, 0.55), guess=0.5)
    labels = with_class(root, "tl-label")
    sides = {label.get("text-anchor") for label in labels}
    assert sides == ({"start", "end"} if num_images == 200 else {"start"} if num_images == 10 else {"end"})
    for label in labels:
        assert 0 < float(label.get("x")) < map_geometry()["view_width"]


def test_a_guess_can_stand_alone_before_anything_is_measured():
    root = parse(200, None, Thresholds(), guess=0.3)
    assert with_class(root, "tl-guess")
    assert with_class(root, "tl-unknown")
    assert not with_class(root, "tl-point")
    assert len(with_class(root, "tl-active")) == 2


def test_a_wide_interval_is_a_band_and_a_narrow_one_a_line():
    wide, narrow = (parse(200, 0.4, Thresholds(), measured=(0.4, 0.4 - half, 0.4 + half)) for half in (0.3, 0.1))
    (band,) = with_class(wide, "tl-band")
    assert float(band.get("height")) == pytest.approx(0.6 * map_geometry()["height"], abs=0.1)
    assert not with_class(wide, "tl-interval")
    assert with_class(narrow, "tl-interval")
    assert not with_class(narrow, "tl-band")


def test_a_measurement_that_cannot_tell_shows_its_band_and_no_value():
    root = parse(200, None, Thresholds(), measured=(0.4, 0.0, 1.0))
    assert with_class(root, "tl-band")
    for name in ("tl-point", "tl-measured", "tl-unknown"):
        assert not with_class(root, name)
    words = root.find(f"{SVG}desc").text
    assert "(0.00 to 1.00). That is too wide to tell." in words
    assert "0.40" not in words.replace("a similarity from 0.40 on", "")


def test_the_description_is_in_the_picture_and_says_everything():
    more = {"measured": (0.6, 0.5, 0.7), "available": (24, 12_000)}
    words = describe_map(200, 0.8, Thresholds(), **more)
    for part in (
        "200 images",
        "0.80",
        "case 1",
        "Train only a new last layer",
        "2,000",
        "0.60 (0.50 to 0.70)",
        "12,000",
    ):
        assert part in words
    root = parse(200, 0.8, Thresholds(), title_id="m", **more)
    assert root.find(f"{SVG}desc").text == words
    assert root.get("aria-labelledby") == "m m-desc"
    assert with_class(root, "tl-available")
