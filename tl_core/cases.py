"""The four cases of transfer learning as data, the rule that picks one, and recipes beside them that research adds.

The rule and its wording follow the transfer-learning lesson of Udacity's self-driving-car course (also in the CS231n notes,
https://cs231n.github.io/transfer-learning/): what to do depends on how large the new data set is and how similar
it is to the data the network was trained on.
"""

from dataclasses import dataclass, replace
from typing import Literal

from tl_core.errors import ExperimentError, known
from tl_core.language import _, language, mark

Init = Literal["pretrained", "random"]
Features = Literal["top", "all"]

LAST = "last"  # symbolic cut: keep everything but the final fully connected layer
EARLY = "early"  # symbolic cut: keep the first stages only, as each network's table names them
ALL = "all"
NONE = "none"
CUSTOM = "custom"
EXCEPT = "except-"  # before a stage's name: freeze all kept stages but this one
EXCEPT_FIRST = "except-first"  # symbolic: the network's first stage


@dataclass(frozen=True)
class Recipe:
    """What to do to a pre-trained network.

    - `cut`: name of the last stage that is kept, or `"last"` / `"early"`; everything after it is sliced off and
      one new fully connected layer is put on.
    - `freeze`: `"all"` kept stages, `"none"`, or the name of a stage: that one and all before it are frozen; with
      `"except-"` before the name (or `"except-first"`) all kept stages but that one are.
    - `init`: kept stages start from the `"pretrained"` weights or from `"random"` ones.
    - `features`: what the new layer sees, the last kept stage (`"top"`) or `"all"` of them side by side.
    - `head_first`: train the new layer alone on the frozen network, then go on from there with all that may learn.
    """

    name: str
    cut: str = LAST
    freeze: str = NONE
    init: Init = "pretrained"
    features: Features = "top"
    head_first: bool = False


@dataclass(frozen=True)
class Case:
    """One quadrant of the map: which data it is for, what to do, and why."""

    number: int
    size: Literal["small", "large"]
    similarity: Literal["similar", "different"]
    title: str
    recipe: Recipe
    steps: tuple[str, ...]
    why: str
    alternative: str = ""

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def quadrant(self) -> str:
        return _(_QUADRANTS[self.size, self.similarity])


_QUADRANTS = {
    ("small", "similar"): mark("small data set, similar data"),
    ("small", "different"): mark("small data set, different data"),
    ("large", "similar"): mark("large data set, similar data"),
    ("large", "different"): mark("large data set, different data"),
}
SIZE_WORDS = mark("small"), mark("large")
SIMILARITY_WORDS = mark("similar"), mark("different")


def in_sentence(title: str) -> str:
    """A title as it stands within a sentence: with a small first letter, except where nouns have capitals."""
    return title if language() == "de" else title[:1].lower() + title[1:]


CASES: tuple[Case, ...] = (
    Case(
        1,
        "small",
        "similar",
        mark("Train only a new last layer"),
        Recipe("case-1", cut=LAST, freeze=ALL),
        (
            mark("Slice off the end of the network: its last fully connected layer."),
            mark("Add a new fully connected layer with one output for each of your classes."),
            mark("Randomise the weights of the new layer; freeze all the pre-trained weights."),
            mark("Train only the new layer."),
        ),
        mark(
            "With few images a large network would learn them by heart (overfitting), so the pre-trained weights stay as they "
            "are. The images are similar, so the higher-level features already fit them, and nearly every layer is worth "
            "keeping."
        ),
    ),
    Case(
        2,
        "small",
        "different",
        mark("Keep only the early layers"),
        Recipe("case-2", cut=EARLY, freeze=ALL),
        (
            mark(
                "Slice off most of the pre-trained layers; keep those near the beginning, which see edges and simple textures."
            ),
            mark("Add a new fully connected layer with one output for each of your classes to what is left."),
            mark("Randomise the weights of the new layer; freeze the pre-trained weights that were kept."),
            mark("Train only the new layer."),
        ),
        mark(
            "With few images overfitting is still the danger, so the kept weights stay frozen. But the images are different: "
            "the higher-level features were made for other things, and only the low-level ones carry over."
        ),
    ),
    Case(
        3,
        "large",
        "similar",
        mark("Fine-tune the whole network"),
        Recipe("case-3", cut=LAST, freeze=NONE),
        (
            mark("Replace the last fully connected layer by a new one with one output for each of your classes."),
            mark("Randomise the weights of the new layer."),
            mark("Start all the other layers from their pre-trained weights."),
            mark("Re-train the whole network."),
        ),
        mark(
            "With many images overfitting is no great danger, so everything may learn. The images are similar, so the "
            "pre-trained weights are a head start that is worth keeping as the starting point."
        ),
    ),
    Case(
        4,
        "large",
        "different",
        mark("Train from scratch"),
        Recipe("case-4", cut=LAST, freeze=NONE, init="random"),
        (
            mark("Replace the last fully connected layer by a new one with one output for each of your classes."),
            mark("Throw the pre-trained weights away: start every layer from random weights."),
            mark("Train the whole network from scratch."),
        ),
        mark(
            "With many images the network can learn its own features, and features learnt from very different images may not "
            "help. It needs more training than the other cases."
        ),
        mark(
            "You may use the recipe of case 3 instead: starting from the pre-trained weights may train faster, even on "
            "different images."
        ),
    ),
)


@dataclass(frozen=True)
class Bonus:
    """A recipe that is none of the four cases: what to do, when it pays, and the paper it comes from.

    `summary` is the recipe in one sentence.
    """

    title: str
    summary: str
    recipe: Recipe
    steps: tuple[str, ...]
    why: str
    source: str
    address: str
    number: None = None
    alternative: str = ""

    @property
    def name(self) -> str:
        return self.recipe.name


BONUS: tuple[Bonus, ...] = (
    Bonus(
        mark("Head first, then fine-tune"),
        mark("Train only the new layer first, then the whole network from there."),
        Recipe("lp-ft", cut=LAST, freeze=NONE, head_first=True),
        (
            mark("Replace the last fully connected layer by a new one with one output for each of your classes."),
            mark("Freeze the pre-trained weights and train only the new layer, as in case 1."),
            mark("Then unfreeze everything and go on training the whole network, as in case 3, in small steps."),
        ),
        mark(
            "A new layer starts from random weights. Trained together with the others from the first step, its large early "
            "mistakes also pull at good pre-trained features and distort them. Once the new layer fits those features, the "
            "whole network has little left to change."
        ),
        "Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution",
        "https://arxiv.org/abs/2202.10054",
    ),
    Bonus(
        mark("A new layer on all stages"),
        mark("Freeze everything; the new layer sees what each kept layer has found, not only the last."),
        Recipe("all-stages", cut=LAST, freeze=ALL, features="all"),
        (
            mark("Slice off the end of the network: its last fully connected layer."),
            mark("Freeze all the pre-trained weights."),
            mark(
                "Add a new fully connected layer that sees what every kept layer has found, side by side, not only the last."
            ),
            mark("Train only the new layer."),
        ),
        mark(
            "The early layers see edges and textures, the later ones shapes and whole objects. Which of them help with your "
            "pictures is hard to know before: here the new layer chooses by itself. With few images its many inputs can lead "
            "to overfitting."
        ),
        "after Evci et al. 2022, Head2Toe: Utilizing Intermediate Representations for Better Transfer Learning",
        "https://arxiv.org/abs/2201.03529",
    ),
    Bonus(
        mark("Tune one block"),
        mark("Train one pre-trained layer together with the new one; all others stay frozen."),
        Recipe("one-block", cut=LAST, freeze=EXCEPT_FIRST),
        (
            mark("Replace the last fully connected layer by a new one with one output for each of your classes."),
            mark(
                "Freeze the pre-trained weights of all other layers except one: the first, unless you choose another."
            ),
            mark("Train that layer, from its pre-trained weights, together with the new layer."),
        ),
        mark(
            "When pictures differ from the original ones only in how they look (noise, blur, another camera), the first layer "
            "can learn to see through that, and all that was learnt above it still holds. With few weights in training there "
            "is less to overfit with."
        ),
        "Lee et al. 2023, Surgical Fine-Tuning Improves Adaptation to Distribution Shifts",
        "https://arxiv.org/abs/2210.11466",
    ),
)

CASE_NAMES = tuple(case.name for case in CASES)
RECIPE_NAMES = (*CASE_NAMES, *(bonus.name for bonus in BONUS))


@dataclass(frozen=True)
class Thresholds:
    """Where small ends and similar begins. Both lines are a matter of judgement, so both can be moved.

    - `num_images`: a data set of at most this many images counts as small (the lesson calls 2,000 small and
      one million large, and says nothing about what lies between).
    - `similarity`: 0..1; from this value on, data counts as similar. Where a head on the top layer begins to beat one
      on the early layers in our own runs, see docs/measured.md.
    """

    num_images: int = 2_000
    similarity: float = 0.5


def recommend(num_images: int, similarity: float, thresholds: Thresholds = Thresholds()) -> Case:
    """The textbook's case for a data set of `num_images` images and a similarity of 0..1.

    Raises `ExperimentError` for a negative number of images or a similarity outside 0..1.
    """
    if num_images < 1:
        raise ExperimentError(_("The number of images must be at least 1. Received: {number}.", number=num_images))
    if not 0.0 <= similarity <= 1.0:
        raise ExperimentError(
            _("Similarity goes from 0 (different) to 1 (similar). Received: {number}.", number=similarity)
        )
    small = num_images <= thresholds.num_images
    similar = similarity >= thresholds.similarity
    return CASES[(0 if similar else 1) + (0 if small else 2)]


def get_case(name: str) -> Case:
    """The case called `name` (`"case-1"` .. `"case-4"`). Raises `ExperimentError` for any other name."""
    for case in CASES:
        if case.name == name:
            return case
    raise ExperimentError(known("recipe", name, [*CASE_NAMES, CUSTOM]))


def find_recipe(name: str) -> Case | Bonus:
    """The case or the bonus recipe called `name`. Raises `ExperimentError` for any other name."""
    for entry in (*CASES, *BONUS):
        if entry.name == name:
            return entry
    raise ExperimentError(known("recipe", name, [*RECIPE_NAMES, CUSTOM]))


def make_recipe(name: str, cut: str | None = None, freeze: str | None = None, init: Init | None = None) -> Recipe:
    """The recipe called `name` with some of its choices replaced; `"custom"` starts from case 3's choices.

    A recipe that differs in more than the cut, or the one block that is tuned, is no longer the one it was and is called
    `"custom"`.
    """
    base = Recipe(CUSTOM) if name == CUSTOM else find_recipe(name).recipe
    recipe = replace(base, cut=cut or base.cut, freeze=freeze or base.freeze, init=init or base.init)
    other_block = base.freeze.startswith(EXCEPT) and recipe.freeze.startswith(EXCEPT)
    if recipe.init != base.init or (recipe.freeze != base.freeze and not other_block):
        recipe = replace(recipe, name=CUSTOM)
    return recipe
