"""The language on the screen. English texts stand where they are used; a translation is one file.

`_("{n:,} images", n=2000)` looks the text up in `assets/languages/<code>.po` (GNU gettext, read by Babel) and puts the values
in, numbers as that language writes them. A text without a translation is shown in English. Never put values into the text before
it is looked up (no f-strings). `mark` is for texts that are written down in one place and looked up in another.
"""

from collections.abc import Callable, Mapping
from functools import cache
from string import Formatter
from typing import Any

from tl_core.paths import ASSETS

LANGUAGES = {"en": "English", "de": "Deutsch"}
ENGLISH = "en"
SEPARATORS = {"en": ".,", "de": ",."}  # decimal, thousands


def _chosen() -> str:
    return ENGLISH


def choose_by(chosen: Callable[[], str]) -> None:
    """From now on `chosen()` says which of `LANGUAGES` is spoken, whenever a text is looked up."""
    global _chosen
    _chosen = chosen


def language() -> str:
    """The language spoken now, one of `LANGUAGES`."""
    code = _chosen()
    return code if code in LANGUAGES else ENGLISH


def mark(text: str) -> str:
    """The text as it is; for the list of what is to be translated."""
    return text


def _(text: str, /, **values: Any) -> str:
    """The text in the language spoken, with the values in it (`str.format`). Without values, braces are left alone."""
    code = language()
    return _fill(translations(code).get(text) or text, values, code)


def many(one: str, other: str, number: int, /, **values: Any) -> str:
    """`one` for a number of 1 and `other` for the rest, with `{number}` and the values in it."""
    code = language()
    found = translations(code).get((one, other)) or (one, other)
    return _fill(found[number != 1], {"number": number, **values}, code)


@cache
def translations(code: str) -> Mapping[str | tuple[str, str], str | tuple[str, str]]:
    """All texts of a language by the English one; pairs (one, other) where the number matters."""
    path = ASSETS / "languages" / f"{code}.po"
    if code == ENGLISH or not path.is_file():
        return {}
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
    return {message.id: message.string for message in catalog if message.id and message.string and not message.fuzzy}


class _LocalNumbers(Formatter):
    """Writes numbers with the language's own decimal and thousands separators."""

    def __init__(self, code: str):
        decimal, thousands = SEPARATORS[code]
        self._table = str.maketrans({".": decimal, ",": thousands})

    def format_field(self, value: Any, format_spec: str) -> str:
        written = super().format_field(value, format_spec)
        return written.translate(self._table) if isinstance(value, int | float) else written


def _fill(text: str, values: dict[str, Any], code: str) -> str:
    if not values:
        return text
    return text.format(**values) if code == ENGLISH else _LocalNumbers(code).vformat(text, (), values)
