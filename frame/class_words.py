"""A class's runs and people in words, the same on the chart, in the table and in the file."""

from frame.run_view import data_word, recipe_word
from frame.table import Number, Row
from tl_core.class_figure import Point
from tl_core.class_runs import BoardRow
from tl_core.data.dial import position, position_name
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _
from tl_core.networks import get_network
from tl_core.recipe_marks import recipe_name


def name_of(row: BoardRow) -> str:
    """The nickname, or a number where the teacher hides it; not fit for Markdown or HTML as it is."""
    return row.nickname if row.nickname is not None else _("Student {number}", number=row.member)


def data_of(experiment: Experiment) -> str:
    return data_word(experiment)


def network_of(experiment: Experiment) -> str:
    try:
        return _(get_network(experiment.network).title)
    except UserError:  # a network of another version
        return experiment.network


def recipe_key(experiment: Experiment) -> str:
    """A case's or bonus recipe's name, or 'custom'."""
    return experiment.make_recipe().name


def recipe_label(experiment: Experiment) -> str:
    key = recipe_key(experiment)
    return _("Own recipe") if key == "custom" else recipe_name(key)


def to_point(row: BoardRow) -> Point:
    own = row.experiment
    where = f", {position_name(own.distance)}" if position(own.distance) else ""
    lines = (
        name_of(row),
        recipe_word(own),
        _("{data}, {images:,} images{where}", data=data_of(own), images=row.num_images, where=where),
        network_of(own),
        _(
            "{accuracy:.1f} % right (95 %: {low:.1f} to {high:.1f} %)",
            accuracy=100 * row.accuracy,
            low=100 * row.low,
            high=100 * row.high,
        ),
        _("{epochs} epochs, {seconds:.1f} s, seed {seed}", epochs=row.epochs, seconds=row.seconds, seed=own.seed),
    )
    return Point(row.number, row.num_images, row.accuracy, row.low, row.high, recipe_key(own), recipe_label(own), lines)


def table_row(row: BoardRow) -> Row:
    own, accuracy = row.experiment, 100 * row.accuracy
    cells = {
        _("Run"): Number(row.number, _("{n:,}", n=row.number)),
        _("Name"): name_of(row),
        _("Recipe"): recipe_word(own),
        _("Test accuracy"): Number(accuracy, _("{n:.1f} %", n=accuracy)),
        _("95 % interval"): _("{low:.1f} to {high:.1f} %", low=100 * row.low, high=100 * row.high),
        _("Images"): Number(row.num_images, _("{n:,}", n=row.num_images)),
        _("Data set"): data_of(own),
        _("Pictures"): position_name(own.distance),
        _("Network"): network_of(own),
    }
    return Row(str(row.number), cells)
