"""A class's board as a CSV file. Cells that a spreadsheet would take for a formula are made plain text."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from tl_core.class_runs import BoardRow
from tl_core.experiment import Experiment

COLUMNS = (
    "run", "name", "data", "num_images", "distance", "network", "recipe", "cut", "freeze", "init", "seed", "epochs",
    "lr", "test_accuracy", "test_accuracy_low", "test_accuracy_high", "training_seconds", "ended_utc", "hidden",
)  # fmt: skip
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20\u2212|%")


def safe_cell(value: object) -> object:
    """Text that could begin a formula gets an apostrophe before it, as OWASP advises; numbers stay numbers.

    A semicolon becomes a comma: half of Europe's spreadsheets would begin a new cell behind it.
    """
    if not isinstance(value, str):
        return value
    value = value.replace(";", ",")
    return f"'{value}" if value.lstrip().startswith(_FORMULA) or value.startswith(_FORMULA) else value


def board_csv(
    rows: Sequence[BoardRow], name_of: Callable[[BoardRow], str], data_of: Callable[[Experiment], str]
) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need; the first line names `COLUMNS`, accuracies are 0..1."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    for row in rows:
        own = row.experiment
        cells = (
            row.number, name_of(row), data_of(own), row.num_images, own.distance, own.network, own.recipe, own.cut,
            own.freeze, own.init, own.seed, row.epochs, own.lr, round(row.accuracy, 4), round(row.low, 4),
            round(row.high, 4), round(row.seconds, 2), f"{datetime.fromtimestamp(row.ended, UTC):%Y-%m-%d %H:%M:%S}",
            "yes" if row.hidden else "",
        )  # fmt: skip
        writer.writerow(["" if cell is None else safe_cell(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")
