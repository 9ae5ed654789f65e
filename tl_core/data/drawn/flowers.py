"""Flowers, seen from above or from the side: petals, their number and shape, the centre, stem and leaves."""

from dataclasses import dataclass

import numpy as np

from tl_core.data.drawn.dice import Dice
from tl_core.data.drawn.scene import Scene
from tl_core.data.drawn.surroundings import background, foreground, vary

Colour = tuple[float, float, float]
WHITE, YELLOW, ORANGE, RED = (0.93, 0.92, 0.90), (0.95, 0.80, 0.20), (0.93, 0.52, 0.16), (0.80, 0.14, 0.16)
PINK, PURPLE, BLUE, DARK = (0.90, 0.52, 0.66), (0.52, 0.28, 0.66), (0.30, 0.40, 0.80), (0.24, 0.16, 0.12)
MOST_PETALS, MOST_RINGS = 16, 4


@dataclass(frozen=True)
class Flower:
    """`petals` in each ring, `long` and `wide` half axes of one; rings get smaller inwards; `pointed` petals end in a tip.

    `colours`: the flower may have any of them, so that colour alone does not tell.
    """

    name: str
    petals: int
    rings: int
    long: float
    wide: float
    pointed: bool
    centre: float
    centre_colour: Colour
    colours: tuple[Colour, ...]
    cup: bool = False


FLOWERS = (
    Flower("daisy", 14, 1, 0.26, 0.060, False, 0.15, YELLOW, (WHITE, PINK, YELLOW)),
    Flower("sunflower", 16, 2, 0.24, 0.075, True, 0.27, DARK, (YELLOW, ORANGE, RED)),
    Flower("rose", 6, 4, 0.24, 0.24, False, 0.05, RED, (RED, PINK, WHITE, YELLOW)),
    Flower("tulip", 3, 1, 0.34, 0.17, True, 0.0, DARK, (RED, YELLOW, PINK, PURPLE, WHITE), cup=True),
    Flower("poppy", 4, 1, 0.27, 0.27, False, 0.12, DARK, (RED, ORANGE, WHITE, YELLOW)),
    Flower("lily", 6, 1, 0.36, 0.10, True, 0.07, ORANGE, (WHITE, PINK, ORANGE, YELLOW)),
    Flower("violet", 5, 1, 0.22, 0.15, False, 0.07, YELLOW, (PURPLE, BLUE, WHITE, YELLOW)),
    Flower("cornflower", 9, 2, 0.27, 0.075, True, 0.08, PURPLE, (BLUE, PURPLE, PINK, WHITE)),
)
NAMES = tuple(flower.name for flower in FLOWERS)
_GREENS = np.array([[0.22, 0.45, 0.18], [0.35, 0.52, 0.22], [0.18, 0.36, 0.24]])


def draw(dice: Dice, labels: np.ndarray, scene: Scene) -> None:
    """Add pictures of these flowers, `labels` (B,) int, to an empty scene; some have a smaller one beside them."""
    background(dice, scene)
    beside = dice.chance(0.45)
    for number in range(2):
        first = len(scene)
        shown = beside if number == 0 else np.ones(len(labels), bool)
        _flower(dice, labels, scene, shown)
        small = number == 0
        scale = dice.uniform(0.45, 0.7) if small else dice.uniform(0.45, 1.0)
        x, y = dice.uniform(-0.75, 0.75) * (1 if small else 0.4), dice.uniform(-0.7, 0.3) * (1 if small else 0.6)
        scene.move(first, scale, dice.uniform(-0.35, 0.35), x, y, dice.uniform(0.65, 1.0))
    foreground(dice, scene, 0.55)


def _flower(dice: Dice, labels: np.ndarray, scene: Scene, shown: np.ndarray) -> None:
    green = vary(dice, dice.pick(_GREENS), 0.25)
    scene.limb(0, 0, 0.035, dice.uniform(-0.3, 0.3), 1.7, 0.045, green, shown)
    for side in (-1, 1):
        scene.ellipse(
            side * dice.uniform(0.14, 0.26), dice.uniform(0.5, 0.9), 0.2, dice.uniform(0.05, 0.09), green * 0.9,
            angle=side * dice.uniform(-0.9, -0.2), shown=shown & dice.chance(0.75),
        )  # fmt: skip

    def column(name: str) -> np.ndarray:
        return np.array([getattr(flower, name) for flower in FLOWERS])[labels]

    choice = dice.uniform()
    palettes = [np.array(flower.colours) for flower in FLOWERS]
    colour = np.stack([palettes[k][int(u * len(palettes[k]))] for k, u in zip(labels, choice, strict=True)])
    colour = vary(dice, colour, 0.18)
    petals, rings, cup = column("petals"), column("rings"), column("cup")
    long, wide = dice.about(column("long"), 0.22), dice.about(column("wide"), 0.28)
    centre = dice.about(column("centre"), 0.2)
    turn, wither = dice.uniform(0, 2 * np.pi), dice.uniform(0.0, 0.45)
    for ring in range(MOST_RINGS):
        inwards = 1 - 0.24 * ring
        shade = 1 - 0.11 * ((ring + 1) % 2) + 0.05 * ring
        for petal in range(MOST_PETALS):
            shorter, paler = dice.uniform(), dice.uniform(0.86, 1.08)  # thrown whether the flower has this petal or not
            here = shown & (ring < rings) & (petal < petals)
            if not here.any():
                continue
            spin = turn + (petal + 0.5 * (ring % 2)) * 2 * np.pi / petals
            angle = np.where(cup, -np.pi / 2 + (petal - 1) * 0.42 + 0.2 * np.sin(turn), spin)
            reach = (centre * 0.6 + long * 0.85) * inwards * np.where(cup, 0.55, 1.0)
            size = 1 - wither * shorter
            tone = colour * (shade * paler)[:, None]
            _petal(scene, angle, reach, long * inwards * size, wide * inwards * size, tone, column("pointed"), here)
    middle = vary(dice, column("centre_colour"), 0.2)
    scene.ellipse(0, 0, centre, centre, middle, shown=shown & (centre > 0.02), ruffle=0.06)
    scene.ellipse(
        centre * 0.15, -centre * 0.1, centre * 0.55, centre * 0.55, middle * 0.8, shown=shown & (centre > 0.1)
    )


def _petal(
    scene: Scene, angle: np.ndarray, reach: np.ndarray, long: np.ndarray, wide: np.ndarray, colour: np.ndarray,
    pointed: np.ndarray, shown: np.ndarray,
) -> None:  # fmt: skip
    """A petal that points outwards from (0, 0), its middle at `reach`; round, or with a tip."""
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    along, across = np.cos(turn)[None, :], np.sin(turn)[None, :]
    narrow = np.where(pointed[:, None], 1 - 0.55 * np.maximum(along, 0) ** 2, 1.0)
    stretch = np.where(pointed[:, None] & (along > 0.99), 1.25, 1.0)
    u = reach[:, None] + long[:, None] * along * stretch
    v = wide[:, None] * across * narrow
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    scene.polygon(np.stack([u * cos - v * sin, u * sin + v * cos], axis=2), colour, shown)
