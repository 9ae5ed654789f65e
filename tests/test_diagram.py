import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tl_core import blocks, glyphs
from tl_core.cases import BONUS, CASES, Recipe, make_recipe
from tl_core.diagram import describe, diagram_svg
from tl_core.diagram_words import count_text, moved_text
from tl_core.networks import Network, Stage
from tl_core.palette import MARKS
from tl_core.plan import Layer, layer_plan

SVG = "{http://www.w3.org/2000/svg}"


def make_network() -> Network:
    rows = (
        ("conv1", "edges", (64, 16, 16), 4_928),
        ("conv2", "shapes", (96, 8, 8), 153_792),
        ("conv3", "higher-level features", (192, 4, 4), 461_184),
        ("fc1", "combinations of features", (256,), 786_944),
        ("fc2", "combinations of features", (256,), 66_048),
        ("fc3", "58 kinds of animals", (58,), 14_906),
    )
    stages = tuple(Stage(name, name, detects, shape, weights, False) for name, detects, shape, weights in rows)
    return Network(
        name="demo", title="demo", input_size=32, mean=(0.5,) * 3, std=(0.5,) * 3, stages=stages, early_cut="conv1",
        trained_on="animals", num_classes=58, accuracy=None, download_mb=0.0, licence="MIT", source="", weights_file="none",
        builtin=True, reference_advantage=None,
    )  # fmt: skip


def plan(recipe: Recipe) -> tuple[Layer, ...]:
    return layer_plan(make_network(), recipe, num_classes=6)


def words_of(element: ElementTree.Element) -> str:
    return " ".join(text.text or "" for text in element.iter(f"{SVG}text"))


def groups(svg: str) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return {group.attrib["data-layer"]: group for group in root.iter(f"{SVG}g") if "data-layer" in group.attrib}


@pytest.mark.parametrize("orientation", ["horizontal", "vertical"])
@pytest.mark.parametrize("case", [*CASES, *BONUS], ids=lambda case: case.name)
def test_every_layer_says_its_state_by_icon_and_word(case, orientation):
    layers = plan(case.recipe)
    drawn = groups(diagram_svg(layers, orientation=orientation))
    assert set(drawn) == {layer.name for layer in layers}
    for layer in layers:
        mark, group = MARKS[layer.state], drawn[layer.name]
        icons = [element.attrib["data-icon"] for element in group.iter() if "data-icon" in element.attrib]
        assert icons == list(mark.icons)
        assert mark.word in words_of(group)
        assert layer.title in words_of(group)


@pytest.mark.parametrize("orientation", ["horizontal", "vertical"])
def test_sliced_layers_are_dashed_ghosts_and_only_they(orientation):
    layers = plan(CASES[1].recipe)
    svg = diagram_svg(layers, orientation=orientation)
    assert re.search(r"\.tl-ghost \{ fill: none;[^}]*stroke-dasharray", svg)
    for layer, group in zip(layers, map(groups(svg).get, (layer.name for layer in layers)), strict=True):
        ghost = [element for element in group.iter() if element.get("class") == "tl-ghost"]
        solid = [element for element in group.iter() if element.get("class") == "tl-shape"]
        assert bool(ghost) == (layer.state == "sliced")
        assert bool(solid) == (layer.state != "sliced")


@pytest.mark.parametrize(
    ("state", "dotted"), [(0, False), (2, False), (3, True)], ids=["frozen", "re-trained", "random"]
)
def test_pattern_and_border_tell_the_states_apart_without_colour(state, dotted):
    drawn = groups(diagram_svg(plan(CASES[state].recipe), title_id="p"))
    fills = {element.get("fill") for element in drawn["conv1"].iter() if element.get("class") == "tl-shape"}
    assert all(fill.startswith("url(#p-dots-random)") == dotted for fill in fills)
    thick = [float(e.get("stroke-width", 0)) for e in drawn["conv1"].iter() if "tl-border" in e.get("class", "")]
    assert any(width > 2 for width in thick) == (state == 2)
    assert any(e.get("fill") == "url(#p-dots-new)" for e in drawn["new"].iter())


def test_there_is_one_cut_before_the_first_sliced_layer_and_none_without():
    layers = plan(CASES[0].recipe)
    assert diagram_svg(layers).count('class="tl-cut"') == 1
    assert diagram_svg([layer for layer in layers if layer.state != "sliced"]).count('class="tl-cut"') == 0


def test_patterns_are_named_after_the_title_id():
    first, second = (diagram_svg(plan(CASES[3].recipe), title_id=name) for name in ("left", "right"))
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, second)]
    assert "left-dots-random" in ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip((first, second), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= own
        assert len(own) == len(re.findall(r' id="', svg))


@pytest.mark.parametrize("orientation", ["horizontal", "vertical"])
def test_labels_are_escaped(orientation):
    evil = '<script>alert("&")</script>'
    layers = [Layer(evil, evil, evil, "frozen", 1, 0, (3, 4, 4)), Layer("new", "new layer", evil, "new", 1, 1, (2,))]
    svg = diagram_svg(layers, orientation=orientation, title_id="a")
    assert "<script" not in svg
    assert evil in groups(svg)


@pytest.mark.parametrize("orientation", ["horizontal", "vertical"])
def test_the_drawing_does_not_move_when_the_changes_arrive(orientation):
    layers = plan(CASES[2].recipe)
    moved = {layer.name: 0.123 for layer in layers if layer.state != "sliced"}
    before, after = diagram_svg(layers, orientation=orientation), diagram_svg(
        layers, orientation=orientation, weights_moved=moved
    )  # fmt: skip

    def places(svg):
        root = ElementTree.fromstring(svg)
        texts = [(e.text, e.get("x"), e.get("y")) for e in root.iter(f"{SVG}text")]
        return root.get("viewBox"), [text for text in texts if "moved" not in text[0] and "%" not in text[0]]

    assert places(before) == places(after)
    assert "moved" not in words_of(ElementTree.fromstring(before))


def test_meters_show_how_far_each_kept_layer_moved():
    layers = plan(CASES[0].recipe)
    svg = diagram_svg(layers, weights_moved={"conv1": 0.0, "conv2": 0.25, "fc3": 0.5, "new": 7.0})
    drawn = groups(svg)
    bars = {
        name: float(bar.get("width")) for name, g in drawn.items() for bar in g.iter() if bar.get("class") == "tl-bar"
    }
    full = next(float(e.get("width")) for e in drawn["conv1"].iter() if e.get("class") == "tl-meter")
    assert bars == {"conv1": 0.0, "conv2": pytest.approx(full / 2, abs=0.1), "new": pytest.approx(full)}
    assert "moved\u00a00.0" not in svg  # the number may go to the next line, whole
    assert "0.0\u00a0%" in words_of(drawn["conv1"])


@pytest.mark.parametrize(
    ("moved", "words"),
    [(0.0, "0.0 %"), (0.0004, "< 0.1 %"), (0.1234, "12.3 %"), (1.5, "150 %"), (float("inf"), "without bound")],
)
def test_only_a_layer_that_did_not_move_says_zero(moved, words):
    assert moved_text(moved) == words


def test_counts_are_short_from_a_million_on():
    assert [count_text(n) for n in (1_542, 999_999, 25_557_032)] == ["1,542", "999,999", "25.6 M"]


@pytest.mark.parametrize("num_stages", [3, 9])
def test_horizontal_blocks_stay_apart_and_inside(num_stages):
    stages = [
        Layer(f"s{i}", f"stage {i}", "parts of objects", "frozen", 2_000_000, 0, (2048, 112, 112))
        for i in range(num_stages)
    ]
    layers = [*stages, Layer("new", "new layer", "your 6 classes", "new", 10, 10, (6,))]
    slot = min(168, 980 / (num_stages + 2))
    scale = min(1.15, (slot - 24) / 100)
    assert blocks.block(layers[0], 0, 0, "x", scale).width < slot - 2
    xs = [float(e.get("x")) for e in ElementTree.fromstring(diagram_svg(layers)).iter(f"{SVG}text")]
    assert min(xs) > 0
    assert max(xs) < 980


def test_tokens_and_vectors_have_shapes_of_their_own():
    shapes = [(64, 8, 8), (197, 768), (256,)]
    drawn = [blocks.block(Layer("a", "a", "", "frozen", 1, 0, shape), 50, 50, "x") for shape in shapes]
    assert len({body.svg for body in drawn}) == 3
    assert drawn[2].height > 3 * drawn[2].width
    lying = blocks.block(Layer("a", "a", "", "frozen", 1, 0, (256,)), 50, 50, "x", lying=True)
    assert (lying.width, lying.height) == (drawn[2].height, drawn[2].width)


def test_bigger_maps_are_higher_and_more_channels_thicker():
    assert blocks.sheet_side(4) < blocks.sheet_side(16) < blocks.sheet_side(112)
    assert blocks.num_sheets(64) < blocks.num_sheets(192) < blocks.num_sheets(2048)
    assert [blocks.num_neurons(dim) for dim in (2, 6)] == [2, 6]
    assert blocks.num_neurons(6) < blocks.num_neurons(58) < blocks.num_neurons(4096)


def test_every_icon_of_a_mark_is_drawn_by_us():
    assert {name for mark in MARKS.values() for name in mark.icons} <= set(glyphs.ICONS)
    for name in glyphs.ICONS:
        ElementTree.fromstring(glyphs.icon(name, 0, 0, 24, "#000"))


@pytest.mark.parametrize("case", [*CASES, *BONUS], ids=lambda case: case.name)
def test_the_description_says_every_state_and_is_in_the_picture(case):
    layers = plan(case.recipe)
    words = describe(layers, {"conv1": 0.0})
    for layer in layers:
        assert layer.title in words
        assert MARKS[layer.state].word in words
    assert "moved by 0.0 %" in words
    svg = ElementTree.fromstring(diagram_svg(layers, weights_moved={"conv1": 0.0}, title_id="d"))
    by_id = {element.get("id"): element for element in svg.iter() if element.get("id")}
    assert svg.get("role") == "img"
    assert [by_id[name].tag for name in svg.get("aria-labelledby").split()] == [f"{SVG}title", f"{SVG}desc"]
    assert by_id["d-desc"].text == words


def test_the_description_of_case_2_in_full():
    words = describe(plan(CASES[1].recipe))
    assert words.startswith(
        "conv1 (edges, output 64 × 16 × 16): frozen, its 4,928 pre-trained weights stay as they are. new layer"
    )
    assert "The network is cut after conv1; sliced off: conv2, conv3, fc1, fc2 and fc3." in words
    assert words.endswith("6,150 of 11,078 weights are trained.")


def feeds(svg: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(svg).iter(f"{SVG}path") if "data-from" in e.attrib]


@pytest.mark.parametrize("orientation", ["horizontal", "vertical"])
def test_a_new_layer_on_all_stages_has_a_line_from_each_of_them(orientation):
    layers = plan(make_recipe("all-stages"))
    svg = diagram_svg(layers, orientation=orientation)
    assert [line.get("data-from") for line in feeds(svg)] == ["conv1", "conv2", "conv3", "fc1"]
    ways = [re.findall(r"[\d.]+", line.get("d")) for line in feeds(svg)]  # start x and y, then the corners
    assert len({(way[0], way[1]) for way in ways}) == 4
    assert len({(way[-2], way[-1]) for way in ways}) == 1, "they meet at the new layer"
    assert "side by side" in words_of(ElementTree.fromstring(svg))
    assert not feeds(diagram_svg(plan(CASES[0].recipe), orientation=orientation))


def test_two_steps_are_numbered_and_said():
    layers = plan(make_recipe("lp-ft"))
    drawn = groups(diagram_svg(layers))
    steps = {name: [e.text for e in group.iter(f"{SVG}text") if e.text in ("1", "2")] for name, group in drawn.items()}
    assert steps == {**{f"conv{n}": ["2"] for n in (1, 2, 3)}, "fc1": ["2"], "fc2": ["2"], "fc3": [], "new": ["1"]}
    tall = groups(diagram_svg(layers, orientation="vertical"))
    assert "re-trained · from step 2" in words_of(tall["conv1"])
    assert "new · from step 1" in words_of(tall["new"])
    assert not any("step" in words_of(group) for group in groups(diagram_svg(plan(CASES[2].recipe))).values())


@pytest.mark.parametrize("orientation", ["horizontal", "vertical"])
def test_one_tuned_block_stands_among_frozen_ones(orientation):
    layers = plan(make_recipe("one-block", freeze="except-conv2"))
    drawn = groups(diagram_svg(layers, orientation=orientation))
    states = [group.get("data-state") for group in drawn.values()]
    assert sorted(states) == ["frozen"] * 4 + ["new", "pretrained", "sliced"]
    assert drawn["conv2"].get("data-state") == "pretrained"


def test_the_descriptions_of_bonus_recipes_say_what_is_drawn():
    all_stages = describe(plan(make_recipe("all-stages")))
    assert all_stages.count("its output also goes straight to the new layer") == 4
    assert "The new layer sees what every kept layer has found, side by side." in all_stages
    head_first = describe(plan(make_recipe("lp-ft")))
    assert head_first.count("from step 2 on") == 5
    assert head_first.count("from step 1 on") == 1
    assert "Step 1: only the new layer is trained. Step 2: all layers." in head_first
    partly = describe(plan(make_recipe("lp-ft", freeze="conv1")))
    assert "Step 2: all that are not frozen." in partly
    assert "step" not in describe(plan(make_recipe("one-block")))


def test_the_words_below_the_picture_fit_into_it():
    for name in ("lp-ft", "all-stages"):
        for orientation in ("horizontal", "vertical"):
            root = ElementTree.fromstring(diagram_svg(plan(make_recipe(name)), orientation=orientation))
            height = float(root.get("viewBox").split()[3])
            assert max(float(e.get("y")) for e in root.iter(f"{SVG}text")) < height - 3


def test_drawing_needs_neither_torch_nor_streamlit_nor_plotly():
    code = (
        "import sys, tl_core.diagram, tl_core.quadrants, tl_core.figures;"
        "print([name for name in ('torch', 'streamlit', 'plotly') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
