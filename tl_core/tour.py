"""The guided tour as data: seven steps, and the small real experiment that belongs to each of the first six."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tl_core.experiment import Experiment
from tl_core.language import mark
from tl_core.race import Guess, Race
from tl_core.rule_cells import recorded
from tl_core.verdicts import Verdict, winner

NETWORK = "demo-drawn"
NUM_CLASSES = 8  # of both sets


@dataclass(frozen=True)
class Shown:
    """A cell of the recorded study that is laid beside a step's own runs. `prescribed`: what the rule of thumb says of it."""

    data: str
    num_images: int
    recipes: tuple[str, ...]
    prescribed: str | None


@dataclass(frozen=True)
class Trial:
    """What the button of a step runs: each recipe once, on the same pictures.

    - `recipes`: the step's own recipe first, whose diagram is shown; then what it is compared with.
    - `epochs`: passes over the training images, None for the default of each recipe.
    - `prescribed`: what the rule of thumb says of these very pictures; None where the step is not about that.
    - `by_heart`: whether the result is about training images against new ones.
    """

    data: str
    num_images: int
    recipes: tuple[str, str]
    epochs: int | None = None
    prescribed: str | None = None
    by_heart: bool = False

    def race(self, guess: Guess | None = None) -> Race:
        base = Experiment(data=self.data, num_images=self.num_images, network=NETWORK, epochs=self.epochs)
        return Race(
            base,
            self.recipes,
            (0,),
            (self.num_images,),
            self.num_images,
            prescribed=self.prescribed,
            guess=guess or Guess(),
        )


@dataclass(frozen=True)
class Step:
    """One idea: `text` explains it, `question` asks for a prediction. The last step has nothing to run."""

    name: str
    title: str
    text: str
    question: str = ""
    trial: Trial | None = None
    recorded: tuple[Shown, ...] = ()
    after: str = ""  # what the recorded runs are, and why they are shown


_CASES = ("case-1", "case-2", "case-3", "case-4")

STEPS: tuple[Step, ...] = (
    Step(
        "idea",
        mark("What transfer learning is"),
        mark(
            "This network has learnt to tell 24 kinds of drawn dogs apart; it is pre-trained. You have 200 pictures of drawn "
            "wolves, of 8 kinds, and want a network for them. Transfer learning keeps what was learnt from the dogs and "
            "trains only what is new. The other way is to train from scratch: the same network, but it begins with random "
            "weights and knows nothing."
        ),
        mark("Both learn for 8 epochs from the same 200 wolves. Which will be right more often on new wolves?"),
        Trial("wolves", 200, ("case-1", "case-4"), epochs=8),
        (Shown("wolves", 200, ("case-1", "case-4"), None),),
        mark(
            "Eight epochs are few for a network that starts from nothing. With as many as it wanted, five times each:"
        ),
    ),
    Step(
        "case-1",
        mark("Case 1: few images, similar"),
        mark(
            "Wolves look much like dogs, so even the last layers of the network, which see shapes, fit them. The rule of thumb: "
            "keep all layers but the last, freeze them, and train only a new last layer. Case 2 would keep only the early "
            "layers, which see edges and textures."
        ),
        mark("Again 200 wolves: keep nearly all layers (case 1), or only the early ones (case 2)?"),
        Trial("wolves", 200, ("case-1", "case-2"), prescribed="case-1"),
        (Shown("wolves", 200, _CASES, "case-1"),),
        mark("All four cases on 200 wolves, five times each:"),
    ),
    Step(
        "case-2",
        mark("Case 2: few images, different"),
        mark(
            "Flowers are built nothing like dogs. What the last layers look for is not there, but edges and textures are the "
            "same everywhere. The rule of thumb: slice off the later layers, and put a new layer on the early ones, which stay "
            "frozen."
        ),
        mark("Now 1,000 flowers: only the early layers (case 2), or nearly all of them (case 1)?"),
        Trial("flowers", 1_000, ("case-2", "case-1"), prescribed="case-2"),
        (Shown("flowers", 2_000, ("case-1", "case-2"), "case-2"), Shown("flowers", 200, _CASES, "case-2")),
        mark("With 2,000 and with only 200 flowers, five times each:"),
    ),
    Step(
        "overfitting",
        mark("Why small sets freeze: overfitting"),
        mark(
            "A network with many weights can learn a few pictures by heart, as one learns the answers of an old exam. Then it "
            "is right on the training images and wrong on new ones: overfitting. Frozen weights cannot change, so they cannot "
            "learn by heart."
        ),
        mark("25 epochs on 200 wolves: which will have the wider gap between training images and new ones?"),
        Trial("wolves", 200, ("case-4", "case-1"), epochs=25, by_heart=True),
    ),
    Step(
        "case-3",
        mark("Case 3: many images, similar"),
        mark(
            "With many images learning by heart is hard, so all layers may learn. Similar images make the pre-trained weights a "
            "head start. The rule of thumb: fine-tune, that is, start from the pre-trained weights and train the whole "
            "network. A large set takes minutes to train on; here you run 600 wolves, and 20,000 stand beside them as they "
            "were recorded."
        ),
        mark("600 wolves, 4 epochs: train the whole network (case 3), or only a new last layer (case 1)?"),
        Trial("wolves", 600, ("case-3", "case-1"), epochs=4),
        (Shown("wolves", 20_000, _CASES, "case-3"),),
        mark("A large set: 20,000 wolves, as many epochs as each case wanted, five times each:"),
    ),
    Step(
        "case-4",
        mark("Case 4: many images, different"),
        mark(
            "With many images that are different, the network can find features of its own, and those of the dogs may be in "
            "the way. The rule of thumb: start every layer from random weights and train from scratch, or fine-tune as in "
            "case 3. Again you run a set that is too small for it, and the large one stands beside it."
        ),
        mark("Only 500 flowers, 4 epochs: from scratch (case 4), or from the pre-trained weights (case 3)?"),
        Trial("flowers", 500, ("case-4", "case-3"), epochs=4),
        (Shown("flowers", 20_000, _CASES, "case-4"),),
        mark("A large set: 20,000 flowers, as many epochs as each case wanted, five times each:"),
    ),
    Step(
        "next",
        mark("Where next"),
        mark(
            "You have seen the four cases at work, and where their rule of thumb did not win. Two questions decide: how many "
            "pictures there are, and how similar they are to what the network knows. The rest is for you to try."
        ),
    ),
)


def step_number(asked: object) -> int:
    """The number of a step, 1 to 7, from an address: whatever is none becomes the nearest, or the first."""
    text = str(asked)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    return min(max(number, 1), len(STEPS))


def without_guess(race: Race) -> Race:
    """What two visitors' races of one step have in common."""
    return replace(race, guess=Guess())


def recorded_verdict(shown: Shown) -> Verdict | None:
    """The verdict on the recorded runs; None where the study that ships has none of them."""
    rows = [row for row in recorded().rows if _is_of(row, shown)]
    return winner(rows) if len({row["recipe"] for row in rows}) > 1 else None


def _is_of(row: Mapping[str, Any], shown: Shown) -> bool:
    return (
        row["network"] == NETWORK
        and row["data"] == shown.data
        and row["num_images"] == shown.num_images
        and row["distance"] == 0.0
        and row["recipe"] in shown.recipes
    )
