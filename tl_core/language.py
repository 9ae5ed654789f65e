"""The language on the screen. English texts stand where they are used; a translation is one file.

`_("{n:,} images", n=2000)` looks the text up in `assets/languages/<code>.po` (GNU gettext, read by Babel) and puts the values
in, numbers as that language writes them. A text without a translation is shown in English. Never put values into the text before
it is looked up (no f-strings). `mark` is for texts that are written down in one place and looked up in another.

Whatever is recorded, or made where nobody's language is known (in a worker, in a thread of the server), is English. `retold`
says it in the language spoken when it is shown: it finds the template again that the sentence was made from. So events, errors
and answers of workers stay plain sentences, and runs of earlier days are translated like today's.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from string import Formatter
from typing import Any

from tl_core.paths import ASSETS

LANGUAGES = {"en": "English", "de": "Deutsch"}
ENGLISH = "en"
SEPARATORS = {"en": ".,", "de": ",."}  # decimal, thousands
# Values of these names are texts of ours themselves, and are looked up when the sentence around them is retold.
TEXTS = frozenset(("advice", "doing", "error", "hint", "kind", "network", "reason", "recipe", "title", "what", "why"))
_FEWEST_LETTERS = 6  # of a template that can be told by its fixed words alone
_MOST_SENTENCES = 6  # in one text of ours
_forced: ContextVar[str | None] = ContextVar("language", default=None)


def _chosen() -> str:
    return ENGLISH


def choose_by(chosen: Callable[[], str]) -> None:
    """From now on `chosen()` says which of `LANGUAGES` is spoken, whenever a text is looked up."""
    global _chosen
    _chosen = chosen


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Within it, texts are looked up in this language, whoever is looking on."""
    token = _forced.set(code)
    try:
        yield
    finally:
        _forced.reset(token)


def language() -> str:
    """The language spoken now, one of `LANGUAGES`."""
    code = _forced.get() or _chosen()
    return code if code in LANGUAGES else ENGLISH


def separators() -> str:
    """Decimal and thousands separator of the language spoken now, as Plotly's `layout.separators` takes them."""
    return SEPARATORS[language()]


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


def joined(words: Sequence[str], last: str = "") -> str:
    """'a, b and c', or with another last word than 'and'."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last or _('and')} {words[-1]}"


def english(text: str, /, **values: Any) -> str:
    """A text that is kept: always English, and `retold` when it is shown."""
    return _fill(text, values, ENGLISH)


def retold(text: str) -> str:
    """An English sentence of ours, whoever made it and when, in the language spoken; any other text as it is."""
    code = language()
    return text if code == ENGLISH or not text else _retold(text, code)


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


@lru_cache(4096)
def _retold(text: str, code: str) -> str:
    whole = _retold_as_one(text, code)
    if whole is not None:
        return whole
    # several sentences of ours, one after the other, up to the first that is not
    said: list[str] = []
    rest = re.split(r"(?<=[.?!]) (?=[A-Z'\"])", text)
    while rest:
        for count in range(min(len(rest), _MOST_SENTENCES), 0, -1):
            found = _retold_as_one(" ".join(rest[:count]), code)
            if found is not None:
                break
        else:
            break
        said.append(found)
        rest = rest[count:]
    return " ".join([*said, *rest])


def _retold_as_one(text: str, code: str) -> str | None:
    exact = translations(code).get(text)
    if isinstance(exact, str):
        return exact
    for pattern, template in _templates(code):
        found = pattern.fullmatch(text)
        if found:
            table = str.maketrans(dict(zip(".,", SEPARATORS[code], strict=True)))
            return _refill(template, found.groupdict(), table, code)
    return None


@cache
def _templates(code: str) -> list[tuple[re.Pattern[str], str]]:
    """Patterns of the English texts with values in them, the one with most fixed words first, and their translations."""
    found = []
    for key, said in translations(code).items():
        for text, other in zip(key, said, strict=False) if isinstance(key, tuple) else ((key, said),):
            parts = list(Formatter().parse(text)) if "{" in text else []
            fixed = sum(letter.isalpha() for words, *_rest in parts for letter in words)
            if fixed < _FEWEST_LETTERS or not any(name for _words, name, *_rest in parts):
                continue
            seen: set[str] = set()
            pattern = ""
            for words, name, spec, _conversion in parts:
                pattern += re.escape(words)
                if name in seen:
                    pattern += f"(?P={name})"
                elif name:
                    seen.add(name)
                    pattern += rf"(?P<{name}>[-+\u2212]?[\d.,]+(?:[eE][-+]?\d+)?%?)" if spec else f"(?P<{name}>.+?)"
            found.append((fixed, re.compile(pattern, re.DOTALL), other))
    return [(pattern, other) for _fixed, pattern, other in sorted(found, key=lambda one: -one[0])]


def _refill(template: str, values: Mapping[str, str], table: dict[int, str], code: str) -> str:
    """The template with values that are written already: numbers change their separators, texts of ours their language."""
    parts = []
    for words, name, spec, _conversion in Formatter().parse(template):
        parts.append(words)
        if name:
            value = values.get(name, "")
            parts.append(value.translate(table) if spec else _retold(value, code) if name in TEXTS else value)
    return "".join(parts)


class _LocalNumbers(Formatter):
    """Writes numbers with the language's own decimal and thousands separators."""

    def __init__(self, code: str):
        decimal, thousands = SEPARATORS[code]
        self._table = str.maketrans({".": decimal, ",": thousands, "%": "\u00a0%"})

    def format_field(self, value: Any, format_spec: str) -> str:
        written = super().format_field(value, format_spec)
        return written.translate(self._table) if isinstance(value, int | float) else written


def _fill(text: str, values: dict[str, Any], code: str) -> str:
    if not values:
        return text
    return text.format(**values) if code == ENGLISH else _LocalNumbers(code).vformat(text, (), values)
