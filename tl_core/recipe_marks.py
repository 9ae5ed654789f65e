"""How a recipe is called and marked wherever recipes are compared: a short code, a colour and a pattern."""

from dataclasses import dataclass

from tl_core.cases import RECIPE_NAMES, find_recipe, in_sentence
from tl_core.errors import ExperimentError
from tl_core.language import _
from tl_core.palette import MARKS


@dataclass(frozen=True)
class RecipeMark:
    """`code`: one character that stands for the recipe where there is no room for its name; `pattern`: solid, stripes or dots."""

    code: str
    colour: str
    on_colour: str
    pattern: str = "solid"


# The cases have the colours that the map of the four cases gives them; 1 and 2, both frozen, differ in pattern and shade.
_MARKS = {
    "case-1": RecipeMark("1", MARKS["frozen"].colour, "#ffffff"),
    "case-2": RecipeMark("2", "#56B4E9", "#1f2933", "stripes"),
    "case-3": RecipeMark("3", "#007F5F", "#ffffff"),
    "case-4": RecipeMark("4", "#C65400", "#ffffff", "dots"),
    "lp-ft": RecipeMark("H", "#CC79A7", "#1f2933", "stripes"),
    "all-stages": RecipeMark("A", "#E69F00", "#1f2933"),
    "one-block": RecipeMark("B", "#777c85", "#ffffff", "stripes"),
}
_OTHER = RecipeMark("?", "#777c85", "#ffffff")


def mark_of(recipe: str) -> RecipeMark:
    return _MARKS.get(recipe, _OTHER)


def recipe_title(recipe: str) -> str:
    """'Case 1: train only a new last layer', or the title of another recipe."""
    try:
        found = find_recipe(recipe)
    except ExperimentError:
        return recipe
    title = _(found.title)
    return _("Case {number}: {title}", number=found.number, title=in_sentence(title)) if found.number else title


def recipe_short(recipe: str) -> str:
    """'case 1', or the title of another recipe in quotes."""
    if recipe.startswith("case-"):
        return _("case {number}", number=recipe.removeprefix("case-"))
    return _("'{title}'", title=recipe_title(recipe))


def recipe_name(recipe: str) -> str:
    """'Case 1', or the title of another recipe: for labels."""
    if recipe.startswith("case-"):
        return _("Case {number}", number=recipe.removeprefix("case-"))
    return recipe_title(recipe)


def in_order(recipes: set[str]) -> list[str]:
    """The four cases first, then the others as they are listed."""
    known = list(RECIPE_NAMES)
    return sorted(recipes, key=lambda name: (known.index(name) if name in known else len(known), name))
