"""A race: recipes on the same pictures with the same seeds, or two recipes on more and more of them. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from tl_core.cases import RECIPE_NAMES, Thresholds
from tl_core.errors import UserError
from tl_core.experiment import Experiment
from tl_core.language import _

RECIPES, SIZES = "recipes", "sizes"
Kind = Literal["recipes", "sizes"]
FEWEST_RECIPES, MOST_RECIPES = 2, 5
MOST_SEEDS = 5
SEEDS = 3  # by default
MOST_RUNS = 40  # in one race; the engine takes no larger batch
SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)  # of the pictures, in a race over sizes
LEAST_PER_CLASS = 2  # pictures: one to train, one to check
NOBODY = "nobody"  # a guess: no recipe will be clearly the best


class RaceError(UserError):
    """A race that cannot be held."""


@dataclass(frozen=True)
class Guess:
    """What somebody expects before the race. `recipe`: a recipe's name, `NOBODY`, or None for no guess; `accuracy`: 0..1, of
    the best recipe, or None."""

    recipe: str | None = None
    accuracy: float | None = None

    @property
    def made(self) -> bool:
        return self.recipe is not None or self.accuracy is not None


@dataclass(frozen=True)
class Entry:
    """One run of a race. `num_images`: as in an experiment, None for all."""

    recipe: str
    num_images: int | None
    seed: int


@dataclass(frozen=True)
class Race:
    """What is raced, and what was known and guessed before.

    - `base`: data set, dial, network and options; recipe, number of images and seed are those of each entry.
    - `sizes`: numbers of images, ascending; one of them in a race of recipes. None stands for all there are.
    - `num_images`: how many the largest size comes to.
    - `prescribed`: the recipe that the map names, None where the similarity is not known.
    - `similarity`: measured, with both ends of its interval.

    Raises `RaceError` for too few, too many or unknown recipes, and for too many runs.
    """

    base: Experiment
    recipes: tuple[str, ...]
    seeds: tuple[int, ...]
    sizes: tuple[int | None, ...]
    num_images: int
    kind: Kind = RECIPES
    prescribed: str | None = None
    similarity: tuple[float, float, float] | None = None
    thresholds: Thresholds = Thresholds()
    guess: Guess = field(default_factory=Guess)

    def __post_init__(self) -> None:
        unknown = [name for name in self.recipes if name not in RECIPE_NAMES]
        if unknown:
            raise RaceError(_("A race is between known recipes. Received: '{name}'.", name=str(unknown[0])[:40]))
        count = len(set(self.recipes))
        most = 2 if self.kind == SIZES else MOST_RECIPES
        if not FEWEST_RECIPES <= count <= most or count < len(self.recipes):
            raise RaceError(
                _(
                    "A race is between {fewest} to {most} different recipes. Received: {number}.",
                    fewest=FEWEST_RECIPES, most=most, number=len(self.recipes),
                )
            )  # fmt: skip
        if not 1 <= len(set(self.seeds)) <= MOST_SEEDS or len(set(self.seeds)) < len(self.seeds):
            raise RaceError(
                _("A race has 1 to {most} seeds. Received: {number}.", most=MOST_SEEDS, number=len(self.seeds))
            )
        if not self.sizes or (self.kind == RECIPES and len(self.sizes) > 1):
            raise RaceError(_("A race of recipes is held at one number of images. Received: {n}.", n=len(self.sizes)))
        if len(self.entries()) > MOST_RUNS:
            raise RaceError(
                _(
                    "A race has at most {most} runs. Received: {number}. Choose fewer seeds.",
                    most=MOST_RUNS, number=len(self.entries()),
                )
            )  # fmt: skip

    def entries(self) -> tuple[Entry, ...]:
        """In the order in which they are run: the first seed of everybody, then the second, so that all appear early."""
        return tuple(Entry(recipe, size, seed) for seed in self.seeds for size in self.sizes for recipe in self.recipes)

    def experiment(self, entry: Entry) -> Experiment:
        return replace(
            self.base,
            recipe=entry.recipe,
            num_images=entry.num_images,
            seed=entry.seed,
            cut=None,
            freeze=None,
            init=None,
        )

    @property
    def varied(self) -> tuple[str, ...]:
        """The fields of an experiment in which the runs differ."""
        return ("recipe", "cut", "freeze", "init", "seed", *(["num_images"] if self.kind == SIZES else []))

    def experiments(self) -> list[Experiment]:
        return [self.experiment(entry) for entry in self.entries()]

    def images_of(self, entry: Entry) -> int:
        """Images to learn from, as a number."""
        return self.num_images if entry.num_images is None else entry.num_images

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "base": self.base.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Race":
        values = dict(data)
        values |= {key: tuple(values[key]) for key in ("recipes", "seeds", "sizes")}
        values["base"] = Experiment.from_json(values["base"])
        values["similarity"] = tuple(values["similarity"]) if values["similarity"] else None
        values["thresholds"] = Thresholds(**values["thresholds"])
        values["guess"] = Guess(**values["guess"])
        return cls(**values)


def seeds_from(first: int, count: int) -> tuple[int, ...]:
    """`count` seeds from `first` on, none above the largest that an experiment takes."""
    first = min(first, 2**31 - 1 - count)
    return tuple(range(first, first + count))


def most_seeds(num_recipes: int, num_sizes: int) -> int:
    """How many seeds a race may have without becoming too long."""
    return max(1, min(MOST_SEEDS, MOST_RUNS // max(1, num_recipes * num_sizes)))


def sizes_of(num_images: int, num_classes: int) -> tuple[list[int], list[int]]:
    """5, 10, 25, 50 and 100 % of `num_images`, and those of them that are left out: fewer than two of each class."""
    sizes = sorted({round(share * num_images) for share in SHARES})
    least = LEAST_PER_CLASS * num_classes
    return [size for size in sizes if size >= least], [size for size in sizes if size < least]


def preset(prescribed: str | None, chosen: str | None, cases: Sequence[str]) -> list[str]:
    """The recipes that a race begins with: all cases, which hold the prescribed one, and a chosen one that is none of them."""
    more = [name for name in (prescribed, chosen) if name in RECIPE_NAMES and name not in cases]
    return [*cases, *dict.fromkeys(more)][:MOST_RECIPES]
