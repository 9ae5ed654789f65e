"""Names that people give: of themselves in a class, and of the class. Short, printable, one line; still not to be trusted."""

import unicodedata

from tl_core.class_errors import ClassError
from tl_core.language import _

NICKNAME_LONGEST, TITLE_LONGEST = 24, 60
_MOST_ACCENTS = 2  # marks in a row on one letter; more climb over the neighbouring lines


def clean_line(text: str, longest: int) -> str:
    """`text` as one line of at most `longest` characters: no control characters, nothing invisible, no turned direction."""
    kept: list[str] = []
    accents = 0
    for character in unicodedata.normalize("NFC", text[: 8 * longest]):
        kind = unicodedata.category(character)
        accents = accents + 1 if kind in ("Mn", "Me", "Mc") else 0
        if kind[0] == "Z" or character in "\t\n\r":
            kept.append(" ")
        elif kind[0] != "C" and accents <= _MOST_ACCENTS:
            kept.append(character)
    return " ".join("".join(kept).split())[:longest].strip()


def clean_nickname(text: str) -> str:
    """Raises `ClassError` if nothing that can be read is left, or if it is too long."""
    if len(text.strip()) > NICKNAME_LONGEST:
        raise ClassError(
            _(
                "A nickname has at most {longest} characters. Received: {number}. Choose a shorter one.",
                longest=NICKNAME_LONGEST,
                number=len(text.strip()),
            )
        )
    name = clean_line(text, NICKNAME_LONGEST)
    if not any(character.isalnum() for character in name):
        raise ClassError(_("A nickname needs at least one letter or digit. Received: none. Type another one."))
    return name


def name_key(name: str) -> str:
    """Equal for names that look alike: of different case, or of letters in another form."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).replace(" ", "")
