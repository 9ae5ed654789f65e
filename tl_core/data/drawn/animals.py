"""Dogs and wolves from the side: one body plan, and for each kind its own build, ears, muzzle, tail and coat."""

from dataclasses import dataclass

import numpy as np

from tl_core.data.drawn.dice import Dice
from tl_core.data.drawn.scene import Scene
from tl_core.data.drawn.surroundings import background, foreground, vary

BLACK, WHITE, CREAM, TAN = (0.13, 0.12, 0.13), (0.92, 0.91, 0.88), (0.86, 0.76, 0.58), (0.72, 0.52, 0.31)
RED, BROWN, LIVER, GREY = (0.66, 0.35, 0.18), (0.42, 0.28, 0.19), (0.34, 0.22, 0.16), (0.55, 0.55, 0.57)
SILVER, GOLD, SAND, SLATE = (0.73, 0.73, 0.73), (0.80, 0.60, 0.30), (0.75, 0.66, 0.52), (0.38, 0.41, 0.46)
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Kind:
    """Half lengths in a picture that reaches from -1 to 1.

    `ears`: prick, bat, fold, drop or rose; `tail`: curl, sickle, low, brush or stub; `marks`: any of saddle, belly, mask,
    socks, patches, spots, stripes, bib, ruff; they have the colour `second`.
    """

    name: str
    length: float
    depth: float
    leg: float
    neck: float
    head: float
    muzzle: float
    ears: str
    ear: float
    tail: str
    coat: Colour
    second: Colour
    marks: str = ""
    fluff: float = 0.0


DOGS = (
    Kind("german shepherd", 0.46, 0.19, 0.30, 0.16, 0.15, 0.19, "prick", 0.16, "brush", TAN, BLACK, "saddle mask"),
    Kind("dachshund", 0.56, 0.15, 0.11, 0.13, 0.14, 0.20, "drop", 0.17, "low", RED, BROWN, "socks"),
    Kind("poodle", 0.36, 0.19, 0.32, 0.18, 0.15, 0.18, "drop", 0.15, "stub", WHITE, WHITE, "ruff", 0.16),
    Kind("dalmatian", 0.44, 0.18, 0.32, 0.18, 0.14, 0.17, "drop", 0.12, "low", WHITE, BLACK, "spots"),
    Kind("husky", 0.43, 0.20, 0.27, 0.14, 0.16, 0.15, "prick", 0.13, "curl", SLATE, WHITE, "belly mask socks", 0.05),
    Kind("bulldog", 0.40, 0.23, 0.15, 0.08, 0.20, 0.08, "rose", 0.08, "stub", CREAM, BROWN, "patches"),
    Kind("greyhound", 0.47, 0.14, 0.38, 0.22, 0.11, 0.21, "rose", 0.08, "low", SAND, GREY, "stripes"),
    Kind("corgi", 0.48, 0.18, 0.11, 0.12, 0.16, 0.15, "bat", 0.18, "stub", GOLD, WHITE, "bib socks belly"),
    Kind("pug", 0.36, 0.21, 0.17, 0.08, 0.19, 0.06, "fold", 0.10, "curl", CREAM, BLACK, "mask"),
    Kind("beagle", 0.42, 0.18, 0.21, 0.13, 0.15, 0.15, "drop", 0.16, "sickle", WHITE, BROWN, "saddle patches"),
    Kind("basset", 0.54, 0.20, 0.12, 0.12, 0.17, 0.17, "drop", 0.24, "sickle", WHITE, RED, "patches saddle"),
    Kind("chihuahua", 0.30, 0.13, 0.21, 0.12, 0.17, 0.08, "bat", 0.20, "sickle", SAND, WHITE, "belly"),
    Kind("dobermann", 0.44, 0.19, 0.34, 0.20, 0.13, 0.19, "prick", 0.17, "stub", BLACK, RED, "mask socks"),
    Kind("labrador", 0.45, 0.21, 0.26, 0.14, 0.17, 0.15, "drop", 0.11, "low", GOLD, CREAM, ""),
    Kind("newfoundland", 0.48, 0.26, 0.22, 0.12, 0.20, 0.13, "drop", 0.12, "brush", BLACK, BROWN, "", 0.08),
    Kind("collie", 0.45, 0.20, 0.25, 0.15, 0.13, 0.22, "fold", 0.11, "brush", GOLD, WHITE, "ruff bib socks", 0.09),
    Kind("bernese", 0.47, 0.24, 0.23, 0.13, 0.18, 0.14, "drop", 0.13, "brush", BLACK, WHITE, "bib belly", 0.07),
    Kind("terrier", 0.33, 0.16, 0.19, 0.13, 0.16, 0.14, "fold", 0.11, "sickle", WHITE, TAN, "patches", 0.06),
    Kind("shiba", 0.38, 0.18, 0.24, 0.13, 0.16, 0.12, "prick", 0.11, "curl", RED, WHITE, "belly mask"),
    Kind("great dane", 0.48, 0.20, 0.40, 0.22, 0.15, 0.19, "drop", 0.11, "low", GREY, BLACK, ""),
    Kind("boxer", 0.42, 0.21, 0.28, 0.15, 0.18, 0.08, "fold", 0.12, "stub", RED, BLACK, "mask stripes"),
    Kind("setter", 0.46, 0.18, 0.28, 0.16, 0.14, 0.18, "drop", 0.17, "brush", LIVER, RED, "", 0.05),
    Kind("schnauzer", 0.36, 0.19, 0.23, 0.13, 0.16, 0.15, "fold", 0.12, "stub", GREY, WHITE, "mask socks", 0.05),
    Kind("pointer", 0.45, 0.18, 0.31, 0.17, 0.14, 0.18, "drop", 0.13, "low", WHITE, LIVER, "spots patches"),
)
WOLVES = (
    Kind("grey wolf", 0.46, 0.20, 0.33, 0.13, 0.16, 0.19, "prick", 0.12, "brush", GREY, SILVER, "belly mask", 0.06),
    Kind("red wolf", 0.44, 0.17, 0.34, 0.14, 0.14, 0.19, "prick", 0.15, "brush", RED, SAND, "belly socks", 0.03),
    Kind("arctic wolf", 0.43, 0.21, 0.28, 0.11, 0.16, 0.16, "prick", 0.10, "brush", WHITE, SILVER, "ruff", 0.08),
    Kind("maned wolf", 0.42, 0.16, 0.47, 0.19, 0.13, 0.19, "bat", 0.19, "brush", RED, BLACK, "socks saddle", 0.03),
    Kind("ethiopian wolf", 0.42, 0.15, 0.34, 0.16, 0.12, 0.23, "bat", 0.15, "brush", RED, WHITE, "bib belly socks"),
    Kind("jackal", 0.40, 0.15, 0.31, 0.14, 0.12, 0.18, "bat", 0.16, "low", TAN, SLATE, "saddle", 0.02),
    Kind("coyote", 0.42, 0.17, 0.31, 0.14, 0.14, 0.20, "bat", 0.15, "low", SAND, GREY, "stripes belly", 0.05),
    Kind("painted wolf", 0.42, 0.17, 0.35, 0.14, 0.15, 0.14, "bat", 0.17, "brush", BROWN, GOLD, "patches spots"),
)  # fmt: skip


class _Table:
    """The columns of a table of kinds, each a value for every picture."""

    def __init__(self, kinds: tuple[Kind, ...], labels: np.ndarray):
        self._kinds, self._labels = kinds, labels

    def number(self, name: str) -> np.ndarray:
        return np.array([getattr(kind, name) for kind in self._kinds])[self._labels]

    def has(self, name: str, *words: str) -> np.ndarray:
        return np.array([any(w in getattr(kind, name).split() for w in words) for kind in self._kinds])[self._labels]


def draw(kinds: tuple[Kind, ...], dice: Dice, labels: np.ndarray, scene: Scene) -> None:
    """Add the pictures of these kinds, `labels` (B,) int, to an empty scene: some whole, some close to the head."""
    background(dice, scene)
    first = len(scene)
    table = _Table(kinds, labels)
    coat, second = vary(dice, table.number("coat"), 0.3), vary(dice, table.number("second"), 0.3)
    build = {
        name: dice.about(table.number(name), 0.18)
        for name in ("length", "depth", "leg", "neck", "head", "muzzle", "ear")
    }
    fluff = table.number("fluff") * dice.uniform(0.7, 1.3)
    _tail(dice, scene, table, build, coat, second)
    _legs(dice, scene, table, build, coat * 0.78, second * 0.8, far=True)
    _body(dice, scene, table, build, coat, second, fluff)
    _legs(dice, scene, table, build, coat, second, far=False)
    head_x, head_y = _head(dice, scene, table, build, coat, second, fluff)
    close = dice.chance(0.3)
    scale = np.where(close, dice.uniform(1.2, 1.6), dice.uniform(0.6, 1.05))
    mirror = np.where(dice.chance(0.5), 1.0, -1.0)
    x = np.where(close, -head_x * scale * 0.7 * mirror, 0.0) + dice.uniform(-0.25, 0.25)
    y = np.where(close, -head_y * scale * 0.6, dice.uniform(-0.18, 0.28))
    squeeze = mirror * dice.uniform(0.72, 1.05)  # turned a little towards the viewer or away
    scene.move(first, scale, dice.uniform(-0.16, 0.16), x, y, squeeze)
    foreground(dice, scene, 0.45)


def _tail(dice: Dice, scene: Scene, table: _Table, build: dict, coat: np.ndarray, second: np.ndarray) -> None:
    x, y = -build["length"] * 0.92, -build["depth"] * 0.45
    for kind, turns, length, thick in (
        ("curl", (2.2, 0.4), 0.17, 0.055), ("sickle", (2.5, 1.9), 0.17, 0.035), ("low", (3.9, 3.6), 0.20, 0.03),
        ("brush", (4.0, 4.2), 0.19, 0.085), ("stub", (2.9, 2.9), 0.05, 0.045),
    ):  # fmt: skip
        here = table.has("tail", kind)
        wag = dice.uniform(-0.35, 0.35)
        x1, y1 = x + length * np.cos(turns[0] + wag), y - length * np.sin(turns[0] + wag)
        x2, y2 = x1 + length * np.cos(turns[1] + wag), y1 - length * np.sin(turns[1] + wag)
        scene.limb(x, y, 0.05, x1, y1, thick, coat * 0.92, here)
        tip = np.where(table.has("marks", "socks", "bib")[:, None], second, coat * 0.85)
        scene.limb(x1, y1, thick, x2, y2, thick * 0.6, tip, here)


def _legs(
    dice: Dice, scene: Scene, table: _Table, build: dict, coat: np.ndarray, second: np.ndarray, far: bool
) -> None:
    length, depth, leg = build["length"], build["depth"], build["leg"]
    foot = np.where(table.has("marks", "socks")[:, None], second, coat)
    thick = 0.035 + 0.17 * depth
    for x0, spread in ((length * 0.68, 0.10), (-length * 0.72, 0.10)):
        x0 = x0 + (0.08 if far else 0.0)
        swing = dice.uniform(-spread, spread) * (1 + leg)
        knee_x, knee_y = x0 + swing * 0.4 + 0.02, depth * 0.5 + leg * 0.5
        foot_x, foot_y = x0 + swing, depth * 0.75 + leg
        scene.limb(x0, depth * 0.3, thick * 1.35, knee_x, knee_y, thick * 0.8, coat)
        scene.limb(knee_x, knee_y, thick * 0.8, foot_x, foot_y, thick * 0.62, foot)
        scene.ellipse(foot_x + 0.03, foot_y + thick * 0.3, thick * 1.2, thick * 0.6, foot * 0.92)


def _body(
    dice: Dice, scene: Scene, table: _Table, build: dict, coat: np.ndarray, second: np.ndarray, fluff: np.ndarray
) -> None:
    length, depth = build["length"], build["depth"]

    def marked(*words: str) -> np.ndarray:
        return table.has("marks", *words)

    scene.ellipse(0, 0, length, depth, coat, ruffle=fluff, waves=11)
    scene.ellipse(length * 0.6, depth * 0.08, length * 0.42, depth * 1.08, coat, ruffle=fluff, waves=9)
    scene.ellipse(-length * 0.62, -depth * 0.05, length * 0.38, depth * 1.0, coat, ruffle=fluff, waves=9)
    scene.ellipse(0, depth * 0.62, length * 0.8, depth * 0.36, second, shown=marked("belly"))
    scene.ellipse(-length * 0.1, -depth * 0.5, length * 0.74, depth * 0.5, second, shown=marked("saddle"))
    for number in range(4):
        x, y = dice.uniform(-0.75, 0.75) * length, dice.uniform(-0.55, 0.35) * depth
        wide = dice.uniform(0.12, 0.3) * length
        shown = marked("patches") & dice.chance(0.95 - 0.15 * number)
        scene.ellipse(x, y, wide, wide * dice.uniform(0.5, 0.9), second, dice.uniform(-0.7, 0.7), shown, ruffle=0.12)
    spots = marked("spots")
    for _ in range(7):
        x, y = dice.uniform(-0.85, 0.85) * length, dice.uniform(-0.65, 0.55) * depth
        round_ = dice.uniform(0.02, 0.045)
        scene.ellipse(x, y, round_ * 1.15, round_, second, shown=spots)
    stripes = marked("stripes")
    for number in range(5):
        x = length * (-0.7 + 0.34 * number) + dice.uniform(-0.03, 0.03)
        scene.limb(x, -depth * 0.72, 0.016, x - 0.03, depth * dice.uniform(0.1, 0.5), 0.012, second, stripes)


def _head(
    dice: Dice, scene: Scene, table: _Table, build: dict, coat: np.ndarray, second: np.ndarray, fluff: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Neck, head, muzzle, eye, ears; returns where the head is."""
    length, depth, head = build["length"], build["depth"], build["head"]

    def marked(*words: str) -> np.ndarray:
        return table.has("marks", *words)

    lift = dice.uniform(-0.35, 0.45)  # of the head, radians
    reach = build["neck"] + head * 0.8
    x, y = length * 0.8 + reach * np.cos(0.9 + lift), -depth * 0.45 - reach * np.sin(0.9 + lift)
    scene.limb(length * 0.62, -depth * 0.15, depth * 0.8, x - 0.02, y + 0.02, head * 0.72, coat)
    scene.ellipse(
        length * 0.72, -depth * 0.25, depth * 0.75, depth * 0.95, second, shown=marked("ruff"), ruffle=fluff + 0.05
    )
    scene.ellipse(length * 0.9, depth * 0.1, depth * 0.34, depth * 0.6, second, angle=0.3, shown=marked("bib"))

    pointed, hanging = table.has("ears", "prick", "bat", "fold"), table.has("ears", "drop", "rose")
    back = table.has("ears", "rose")
    ear, wide = build["ear"], np.where(table.has("ears", "bat"), 0.075, 0.055)
    tilt = np.where(table.has("ears", "fold"), 0.75, 0.0) + dice.uniform(-0.2, 0.25)

    def pointed_ear(shift: float, colour: np.ndarray) -> None:
        base_x, base_y = x - head * 0.35 + shift, y - head * 0.72
        corners = (
            (base_x - wide, base_y + 0.03),
            (base_x - 0.02 + ear * 1.15 * np.sin(tilt), base_y - ear * 1.15 * np.cos(tilt)),
            (base_x + wide, base_y + 0.01),
        )
        scene.polygon(np.stack([np.stack(c, axis=1) for c in corners], axis=1), colour, pointed)

    pointed_ear(0.09, coat * 0.7)
    scene.ellipse(x, y, head, head * 0.92, coat, ruffle=fluff * 0.8)
    muzzle, snout = build["muzzle"], head * 0.47
    face = np.where(marked("mask")[:, None], second, coat * 1.04)
    nose_x = x + head * 0.55 + muzzle * np.cos(lift * 0.6)
    nose_y = y + head * 0.32 - muzzle * np.sin(lift * 0.6)
    scene.limb(x + head * 0.35, y + head * 0.22, snout * 1.15, nose_x, nose_y, snout * 0.72, face)
    dark = np.full((scene.count, 3), 0.07)
    scene.ellipse(nose_x + snout * 0.55, nose_y - snout * 0.3, 0.036, 0.03, dark)
    scene.limb(x + head * 0.7, y + head * 0.6, 0.008, nose_x + 0.01, nose_y + snout * 0.35, 0.008, dark)
    light = np.full((scene.count, 3), 0.9)
    scene.ellipse(x + head * 0.3, y - head * 0.18, 0.038, 0.034, light * dice.uniform(0.6, 1.0)[:, None])
    scene.ellipse(x + head * 0.34, y - head * 0.17, 0.024, 0.026, dark)
    pointed_ear(0.0, coat * 0.86)
    droop = np.where(back, 0.9, 0.15) + dice.uniform(-0.2, 0.2)
    ear_x = x - head * 0.5 - np.sin(droop) * ear * 0.6
    ear_y = y - head * 0.45 + np.cos(droop) * ear * 0.8 - np.where(back, ear * 0.5, 0.0)
    hang = np.where(marked("saddle", "patches")[:, None], second, coat * 0.76)
    scene.ellipse(ear_x, ear_y, 0.35 * ear + 0.035, ear, hang, angle=droop, shown=hanging)
    return x, y
