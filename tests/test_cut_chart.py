from xml.etree import ElementTree

import pytest

from tl_core.cases import make_recipe
from tl_core.cut_chart import CutBar, bars_of, cut_chart_svg, describe_cuts, say
from tl_core.diagram import diagram_svg
from tl_core.networks import get_network, networks
from tl_core.plan import layer_plan

SVG = "{http://www.w3.org/2000/svg}"
STAGES = (("conv1", "first"), ("conv2", "second"), ("conv3", "third"))
WAYS = pytest.mark.parametrize("way", ["horizontal", "vertical"])


def bar(stage: str, score: float, half: float = 0.04, untrained: float = 0.3) -> CutBar:
    title = dict(STAGES)[stage]
    return CutBar(stage, title, score, score - half, score + half, untrained, untrained - half, untrained + half)


BARS = (bar("conv1", 0.41), bar("conv2", 0.54), bar("conv3", 0.58))


def parse(bars=BARS, stages=STAGES, **options) -> ElementTree.Element:
    return ElementTree.fromstring(cut_chart_svg(stages, bars, **options))


def with_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if name in element.get("class", "").split()]


@WAYS
def test_bars_are_as_long_as_what_they_stand_for(way):
    root = parse(orientation=way)
    side = "width" if way == "vertical" else "height"
    pretrained = [float(element.get(side)) for element in with_class(root, "tl-pretrained-bar")[:3]]
    untrained = [float(element.get(side)) for element in with_class(root, "tl-untrained-bar")[:3]]
    full = pretrained[0] / 0.41
    assert pretrained == pytest.approx([full * score for score in (0.41, 0.54, 0.58)], abs=0.1)
    assert untrained == pytest.approx([full * 0.3] * 3, abs=0.1)


@WAYS
def test_every_stage_is_a_button_with_a_name_and_the_cuts_are_marked(way):
    root = parse(recommended="conv3", present="conv2", orientation=way)
    buttons = [element for element in root.iter() if element.get("role") == "button"]
    assert [button.get("data-pick") for button in buttons] == ["conv1", "conv2", "conv3"]
    assert [button.get("aria-pressed") for button in buttons] == ["false", "true", "false"]
    assert all(button.get("tabindex") == "0" for button in buttons)
    assert buttons[0].get("aria-label").startswith("Cut after first: pre-trained 41 % (37 to 45 %), untrained 30 %")
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words.count("recommended") == words.count("cut now") == 1
    assert len(with_class(root, "tl-best")) == len(with_class(root, "tl-cut")) == 1
    assert root.find(f"{SVG}desc").text == describe_cuts(BARS, "conv3", "conv2")
    assert root.get("aria-labelledby") == "cuts cuts-desc"


@WAYS
@pytest.mark.parametrize("name", sorted(networks()))
def test_the_chart_has_its_size_before_it_has_bars(way, name):
    stages = [(stage.name, stage.title) for stage in get_network(name).stages[:-1]]
    empty = parse((), stages, waiting="Measuring ...", present=stages[0][0], orientation=way)
    full = parse([CutBar(*stage, 1.0, 0.9, 1.0, 0.0, 0.0, 0.1) for stage in stages], stages, orientation=way)
    assert empty.get("viewBox") == full.get("viewBox")
    assert not [element for element in empty.iter() if element.get("data-pick")]
    assert "Measuring" in " ".join(text.text for text in empty.iter(f"{SVG}text"))


def test_the_cut_stands_below_the_cut_of_the_diagram():
    network = get_network("demo")
    layers = layer_plan(network, make_recipe("case-2"), 5)
    diagram = ElementTree.fromstring(diagram_svg(layers))
    chart = parse((), [(stage.name, stage.title) for stage in network.stages[:-1]], present="conv2")
    assert diagram.get("viewBox").split()[2] == chart.get("viewBox").split()[2]
    above, below = (with_class(root, "tl-cut")[0].get("d").split()[0] for root in (diagram, chart))
    assert above == below


@pytest.mark.parametrize(
    ("bars", "stage", "says"),
    [
        (BARS, "conv1", "Cut after first: about 41 % (37 to 45 %), 17 points below the best, third."),
        (BARS, "conv2", "4 points below the highest, third: the difference is inside the error bars, so it may be none."),
        (BARS, "conv3", "the highest bar, but not clearly above second: the difference is inside the error bars. This is the"),
        ((bar("conv1", 0.2), bar("conv2", 0.7)), "conv2", "(66 to 74 %), the highest bar."),
        ((bar("conv1", 0.5), bar("conv2", 0.5)), "conv2", "(46 to 54 %), no different from the highest, first. The error"),
        ((bar("conv1", 0.5), bar("conv2", 0.55)), "conv2", "the highest bar. The error bars of all stages overlap: these"),
        ((bar("conv1", 0.5, 0.0), bar("conv2", 0.51, 0.0)), "conv1", "1 point below the best, second."),
    ],
)  # fmt: skip
def test_no_verdict_that_the_error_bars_do_not_carry(bars, stage, says):
    assert says in say(bars, stage, "conv3")


def test_bars_come_from_a_measurement_and_an_older_one_without_has_none():
    row = {"stage": "conv1", "title": "first", "score": 0.4, "low": 0.3, "high": 0.5}
    row |= {"untrained": 0.2, "untrained_low": 0.1, "untrained_high": 0.3}
    assert bars_of({"cut_curve": [row]}) == (CutBar("conv1", "first", 0.4, 0.3, 0.5, 0.2, 0.1, 0.3),)
    assert bars_of({"cut_scores": {"conv1": 0.4}}) == ()


def test_strange_titles_stay_text():
    root = parse((CutBar("a", "<b>&", 0.5, 0.4, 0.6, 0.3, 0.2, 0.4),), (("a", "<b>&"),), recommended="a")
    assert "<b>&" in [text.text for text in root.iter(f"{SVG}text")]
