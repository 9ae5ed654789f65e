"""Road signs of the European kind, on a post, in all weathers."""

import numpy as np

from tl_core.data.drawn.dice import Dice
from tl_core.data.drawn.scene import Scene
from tl_core.data.drawn.surroundings import background, foreground, vary

NAMES = (
    "stop", "give way", "no entry", "priority road", "danger", "bend", "crossing", "roundabout", "turn left", "turn right",
    "parking", "speed limit 30", "speed limit 50", "speed limit 80", "no stopping", "no passing",
)  # fmt: skip
RED, WHITE, BLUE, YELLOW, BLACK = (
    (0.78, 0.11, 0.13),
    (0.92, 0.92, 0.90),
    (0.10, 0.28, 0.66),
    (0.95, 0.76, 0.12),
    (0.1, 0.1, 0.11),
)


def draw(dice: Dice, labels: np.ndarray, scene: Scene) -> None:
    """Add pictures of these signs, `labels` (B,) int, to an empty scene."""
    background(dice, scene)
    first = len(scene)
    grey = vary(dice, np.array([0.5, 0.5, 0.52]), 0.3)
    scene.limb(0, 0, 0.045, 0, 2.2, 0.045, grey)
    paint = _Paint(dice, labels, scene)
    for draw_one in (
        _stop, _give_way, _no_entry, _priority, _warnings, _roundabout, _turns, _parking, _speed, _prohibitions
    ):  # fmt: skip
        draw_one(paint)
    scene.move(
        first, dice.uniform(0.4, 0.95), dice.uniform(-0.3, 0.3), dice.uniform(-0.5, 0.5), dice.uniform(-0.5, 0.35),
        dice.uniform(0.5, 1.0),
    )  # fmt: skip
    foreground(dice, scene, 0.6)


class _Paint:
    """Shapes that only the pictures of one sign get, in colours that have faded by different amounts."""

    def __init__(self, dice: Dice, labels: np.ndarray, scene: Scene):
        self.dice, self.labels, self.scene = dice, labels, scene
        self._fade = dice.uniform(0.0, 0.55)[:, None]
        self._dirt = dice.uniform(0.55, 1.0)[:, None]

    def colour(self, colour: tuple[float, float, float]) -> np.ndarray:
        base = np.array(colour)
        return (base * (1 - self._fade) + (0.4 + 0.5 * base.mean()) * self._fade) * self._dirt

    def shape(self, name: str, corners: list[tuple[float, float]], colour: tuple[float, float, float]) -> None:
        self.scene.polygon(np.array(corners), self.colour(colour), self.labels == NAMES.index(name))

    def disc(self, name: str, radius: float, colour: tuple[float, float, float]) -> None:
        self.regular(name, 20, radius, colour)

    def regular(
        self, name: str, corners: int, radius: float, colour: tuple[float, float, float], turn: float = 0.0
    ) -> None:
        angle = turn + np.arange(corners) * 2 * np.pi / corners
        self.shape(name, list(zip(radius * np.cos(angle), radius * np.sin(angle), strict=True)), colour)

    def bar(
        self, name: str, x0: float, y0: float, x1: float, y1: float, thick: float, colour: tuple[float, float, float]
    ) -> None:
        self.scene.limb(x0, y0, thick, x1, y1, thick, self.colour(colour), self.labels == NAMES.index(name))


def _box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _triangle(radius: float, up: bool) -> list[tuple[float, float]]:
    sign = -1 if up else 1
    return [(0, sign * radius), (radius * 0.95, -sign * radius * 0.62), (-radius * 0.95, -sign * radius * 0.62)]


def _stop(paint: _Paint) -> None:
    paint.regular("stop", 8, 0.55, WHITE, np.pi / 8)
    paint.regular("stop", 8, 0.50, RED, np.pi / 8)
    for x in (-0.33, -0.11, 0.11, 0.33):  # four letters, too far away to be read
        paint.shape("stop", _box(x - 0.075, -0.15, x + 0.075, 0.15), WHITE)
        paint.shape("stop", _box(x - 0.02, -0.08, x + 0.02, 0.08), RED)


def _give_way(paint: _Paint) -> None:
    paint.shape("give way", _triangle(0.58, up=False), RED)
    paint.shape("give way", _triangle(0.36, up=False), WHITE)


def _no_entry(paint: _Paint) -> None:
    paint.disc("no entry", 0.52, RED)
    paint.shape("no entry", _box(-0.36, -0.1, 0.36, 0.1), WHITE)


def _priority(paint: _Paint) -> None:
    paint.regular("priority road", 4, 0.58, WHITE)
    paint.regular("priority road", 4, 0.42, YELLOW)


def _warnings(paint: _Paint) -> None:
    for name in ("danger", "bend", "crossing"):
        paint.shape(name, _triangle(0.58, up=True), RED)
        paint.shape(name, _triangle(0.40, up=True), WHITE)
    paint.bar("danger", 0, -0.16, 0, 0.06, 0.035, BLACK)
    paint.bar("danger", 0, 0.17, 0, 0.17, 0.035, BLACK)
    for x0, y0, x1, y1 in ((-0.08, 0.18, -0.08, 0.04), (-0.08, 0.04, 0.08, -0.04), (0.08, -0.04, 0.08, -0.18)):
        paint.bar("bend", x0, y0, x1, y1, 0.035, BLACK)
    paint.bar("crossing", -0.15, 0.17, 0.15, -0.12, 0.035, BLACK)
    paint.bar("crossing", -0.15, -0.12, 0.15, 0.17, 0.035, BLACK)


def _roundabout(paint: _Paint) -> None:
    paint.disc("roundabout", 0.52, BLUE)
    for number in range(3):
        angle = number * 2 * np.pi / 3 - 0.4
        x0, y0 = 0.3 * np.cos(angle), 0.3 * np.sin(angle)
        x1, y1 = 0.3 * np.cos(angle + 1.3), 0.3 * np.sin(angle + 1.3)
        paint.bar("roundabout", x0, y0, x1, y1, 0.055, WHITE)
        paint.bar("roundabout", x1, y1, x1 * 1.4, y1 * 1.4, 0.045, WHITE)


def _turns(paint: _Paint) -> None:
    for name, side in (("turn right", 1), ("turn left", -1)):
        paint.disc(name, 0.52, BLUE)
        paint.bar(name, -0.15 * side, 0.3, -0.15 * side, -0.08, 0.06, WHITE)
        paint.bar(name, -0.15 * side, -0.08, 0.15 * side, -0.08, 0.06, WHITE)
        paint.shape(name, [(0.12 * side, -0.27), (0.38 * side, -0.08), (0.12 * side, 0.11)], WHITE)


def _parking(paint: _Paint) -> None:
    paint.shape("parking", _box(-0.46, -0.46, 0.46, 0.46), BLUE)
    paint.bar("parking", -0.13, -0.27, -0.13, 0.28, 0.06, WHITE)
    paint.bar("parking", -0.1, -0.25, 0.1, -0.22, 0.06, WHITE)
    paint.bar("parking", 0.16, -0.2, 0.16, -0.02, 0.06, WHITE)
    paint.bar("parking", 0.1, 0.02, -0.1, 0.05, 0.06, WHITE)


def _speed(paint: _Paint) -> None:
    # the seven strokes of a digit: top, upper left, upper right, middle, lower left, lower right, bottom
    strokes = (
        (-1, -2, 1, -2),
        (-1, -2, -1, 0),
        (1, -2, 1, 0),
        (-1, 0, 1, 0),
        (-1, 0, -1, 2),
        (1, 0, 1, 2),
        (-1, 2, 1, 2),
    )
    digits = {"3": (0, 2, 3, 5, 6), "5": (0, 1, 3, 5, 6), "8": (0, 1, 2, 3, 4, 5, 6), "0": (0, 1, 2, 4, 5, 6)}
    for tens in "358":
        name = f"speed limit {tens}0"
        paint.disc(name, 0.54, RED)
        paint.disc(name, 0.42, WHITE)
        for digit, middle in ((tens, -0.16), ("0", 0.16)):
            for number in digits[digit]:
                x0, y0, x1, y1 = strokes[number]
                paint.bar(name, middle + 0.075 * x0, 0.09 * y0, middle + 0.075 * x1, 0.09 * y1, 0.03, BLACK)


def _prohibitions(paint: _Paint) -> None:
    paint.disc("no stopping", 0.54, RED)
    paint.disc("no stopping", 0.42, BLUE)
    paint.bar("no stopping", -0.3, -0.3, 0.3, 0.3, 0.06, RED)
    paint.bar("no stopping", 0.3, -0.3, -0.3, 0.3, 0.06, RED)
    paint.disc("no passing", 0.54, RED)
    paint.disc("no passing", 0.42, WHITE)
    for x, colour in ((-0.17, RED), (0.17, BLACK)):
        paint.shape("no passing", _box(x - 0.12, -0.06, x + 0.12, 0.16), colour)
        paint.shape("no passing", _box(x - 0.08, -0.18, x + 0.08, -0.06), colour)
