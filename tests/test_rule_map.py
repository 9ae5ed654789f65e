import re
import xml.etree.ElementTree as ET

import pytest

from tests.test_rule_cells import row
from tl_core.cases import Thresholds
from tl_core.cell_plot import cell_plot_svg
from tl_core.recipe_marks import in_order, mark_of, recipe_name, recipe_title
from tl_core.rule_cells import gather
from tl_core.rule_map import TALL, WIDE, describe_rule_map, rule_map_svg
from tl_core.rule_marks import MARK_HEIGHT, mark_width, mark_words
from tl_core.verdicts import winner

SVG = "{http://www.w3.org/2000/svg}"


def make_cells(sizes=(50, 55, 60, 20_000)):
    rows = []
    for size in sizes:
        for seed in range(3):
            for recipe, accuracy in (("case-1", 0.5), ("case-2", 0.5 if size < 100 else 0.8)):
                one = row(recipe, seed, accuracy + 0.01 * seed)
                rows.append({**one, "num_images": size, "id": f"{one['id']}{size}"})
    return gather(rows, lambda *_: (0.1, 0.0, 0.2), lambda data: "A & <b>")


@pytest.mark.parametrize("layout", [WIDE, TALL], ids=["wide", "tall"])
def test_every_cell_is_a_mark_inside_the_picture_and_none_covers_another(layout):
    cells = make_cells()

    root = ET.fromstring(rule_map_svg(cells, Thresholds(), layout=layout, chosen=cells[0].key))

    marks = {}
    for group in root.iter(f"{SVG}g"):
        box = next(rect for rect in group.iter(f"{SVG}rect") if rect.get("height") == str(MARK_HEIGHT))
        marks[group.get("data-cell")] = (float(box.get("x")), float(box.get("x")) + float(box.get("width")))
    assert marks.keys() == {cell.key for cell in cells}
    ends = sorted(marks.values())
    assert all(right[0] >= left[1] for left, right in zip(ends, ends[1:], strict=False))
    assert ends[0][0] >= layout.left
    assert ends[-1][1] <= layout.right
    assert len(root.findall(f".//{SVG}rect[@class='tl-chosen']")) == 1
    assert "A & <b>" in "".join(root.itertext())


def test_a_mark_says_the_winner_or_who_is_tied():
    tied, clear = (make_cells((size,))[0].verdict for size in (50, 20_000))

    assert mark_words(tied) == "="
    assert mark_words(clear) == "2"
    assert mark_width(tied) >= MARK_HEIGHT
    svg = rule_map_svg(make_cells(), Thresholds())
    assert svg.count('class="tl-tie"') == 3
    assert 'class="tl-badge"' not in svg, "in the large, different corner the rule says case 4, which was not run"


def test_the_rule_is_marked_as_beaten_where_it_is():
    svg = rule_map_svg(make_cells((20_000,)), Thresholds(num_images=50_000, similarity=0.05))

    assert svg.count('class="tl-badge"') == 1


def test_the_description_counts_winners_and_ties():
    assert "case-2 in 1" in describe_rule_map(make_cells())
    assert "Within noise: 3" in describe_rule_map(make_cells())


def test_the_runs_of_a_cell_are_dots():
    verdict = make_cells((20_000,))[0].verdict

    svg = cell_plot_svg(verdict)

    ET.fromstring(svg)
    assert svg.count('class="tl-run"') == 6
    assert "Case 2 81.0 % (3 runs)" in re.search("<desc.*?>(.*?)</desc>", svg)[1]


def test_every_recipe_has_a_mark_of_its_own():
    names = in_order({"one-block", "case-4", "lp-ft", "case-1", "all-stages", "case-2", "case-3", "made up"})

    assert names[:4] == ["case-1", "case-2", "case-3", "case-4"]
    assert len({mark_of(name).code for name in names}) == len({mark_of(name).colour for name in names[:-1]}) + 1
    assert recipe_title("case-1") == "Case 1: train only a new last layer"
    assert recipe_name("case-1") == "Case 1"
    assert recipe_title("made up") == "made up"


@pytest.mark.parametrize(
    ("accuracies", "arrows"),
    [((0.50, 0.51, 0.52), 0), ((0.50, 0.60), 2), ((0.99, 1.0, 1.0, 1.0), 0)],
    ids=["inside", "both ends", "nothing is beyond 100 %"],
)
def test_an_arrow_says_where_an_interval_is_wider_than_the_axis(accuracies, arrows):
    rows = [row("case-1", seed, accuracy) for seed, accuracy in enumerate(accuracies)]

    svg = cell_plot_svg(winner(rows))

    ET.fromstring(svg)
    assert svg.count('class="tl-on"') == arrows
