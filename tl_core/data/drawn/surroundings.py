"""What is around the thing itself: ground and sky, things behind and before it, light and noise."""

import numpy as np

from tl_core.data.drawn.dice import Dice
from tl_core.data.drawn.scene import Scene

# grass, sand, snow, floor, hedge, street, dusk
_GROUNDS = np.array(
    [[0.36, 0.52, 0.25], [0.74, 0.66, 0.47], [0.86, 0.88, 0.92], [0.52, 0.40, 0.31], [0.22, 0.38, 0.20],
     [0.47, 0.48, 0.50], [0.34, 0.30, 0.36]], np.float32,
)  # fmt: skip
_SKIES = np.array(
    [[0.60, 0.76, 0.92], [0.80, 0.84, 0.86], [0.93, 0.80, 0.66], [0.42, 0.55, 0.42], [0.70, 0.62, 0.55],
     [0.35, 0.42, 0.55], [0.55, 0.62, 0.48]], np.float32,
)  # fmt: skip


def vary(dice: Dice, colour: np.ndarray, spread: float) -> np.ndarray:
    """(B, 3): the colour, lighter or darker, and a little off its hue."""
    light = dice.uniform(1 - spread, 1 + spread)[:, None]
    tint = np.stack([dice.uniform(-spread, spread) for _ in range(3)], axis=1) * 0.35
    return (colour * light + tint).clip(0.02, 0.98)


def background(dice: Dice, scene: Scene) -> None:
    """Sky, ground, and a few bushes, stones or houses."""
    sky, ground = vary(dice, dice.pick(_SKIES), 0.2), vary(dice, dice.pick(_GROUNDS), 0.25)
    horizon, tilt = dice.uniform(-0.4, 0.7), dice.uniform(-0.12, 0.12)
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    scene.polygon(box, sky)
    edge = np.stack(
        [np.stack([np.full_like(horizon, x), np.full_like(horizon, y)], 1) for x, y in ((-1, 0), (1, 0), (1, 1.1), (-1, 1.1))], 1
    )  # fmt: skip
    edge[:, 0, 1], edge[:, 1, 1] = horizon - tilt, horizon + tilt
    scene.polygon(edge, ground)
    for number in range(5):
        colour = vary(dice, np.where(dice.chance(0.5)[:, None], ground, dice.pick(_GROUNDS)), 0.35)
        x, y = dice.uniform(-1.1, 1.1), horizon + dice.uniform(-0.5, 0.6)
        wide = dice.uniform(0.08, 0.4)
        scene.ellipse(
            x, y, wide, wide * dice.uniform(0.3, 1.6), colour, angle=dice.uniform(-0.6, 0.6),
            shown=dice.chance(0.75 - 0.1 * number), ruffle=dice.uniform(0, 0.1), waves=9,
        )  # fmt: skip


def foreground(dice: Dice, scene: Scene, chance: float) -> None:
    """A blade, branch or post in front of one part of the picture."""
    for _ in range(2):
        x, lean = dice.uniform(-1, 1), dice.uniform(-0.5, 0.5)
        colour = vary(dice, dice.pick(_GROUNDS) * 0.7, 0.3)
        top = dice.uniform(-1.2, 0.5)
        scene.limb(
            x, 1.1, dice.uniform(0.03, 0.11), x + lean, top, dice.uniform(0.01, 0.08), colour, dice.chance(chance)
        )
    x, y = dice.uniform(-1, 1), dice.uniform(0.3, 1.1)
    wide = dice.uniform(0.15, 0.4)
    colour = vary(dice, dice.pick(_GROUNDS) * 0.85, 0.3)
    scene.ellipse(x, y, wide, wide * dice.uniform(0.5, 1.0), colour, shown=dice.chance(chance), ruffle=0.12, waves=7)


def finish(dice: Dice, images: np.ndarray, noise: float) -> np.ndarray:
    """Light from one side, exposure, warmth, shadows of leaves, grain: (B, S, S, 3) float32 in, uint8 out."""
    count, size = len(images), images.shape[1]
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    across, down, gain = (dice.uniform(-0.22, 0.22), dice.uniform(-0.22, 0.22), dice.uniform(0.6, 1.22))
    light = gain[:, None, None] * (
        1 + across[:, None, None] * axis[None, None, :] + down[:, None, None] * axis[None, :, None]
    )
    patches = (dice.field(25) >> np.uint64(40)).astype(np.float32).reshape(count, 5, 5) * np.float32(2**-23) - 1
    stretch = _stretch(size)
    light *= 1 + dice.uniform(0, 0.22)[:, None, None] * (stretch @ patches @ stretch.T)
    warmth = 1 + np.stack([dice.uniform(-0.12, 0.12) for _ in range(3)], axis=1)
    images = images * light[..., None].astype(np.float32)
    images *= warmth[:, None, None, :].astype(np.float32)
    # the sum of four bytes is near enough to a normal distribution, of deviation 147.8
    grain = dice.field(-(-size * size * 3 // 2)).view(np.uint8).reshape(count, -1, 4).sum(axis=2, dtype=np.int16)
    grain = grain[:, : size * size * 3].reshape(images.shape).astype(np.float32) - 510
    images += grain * (dice.uniform(0.3 * noise, noise)[:, None, None, None] * (255 / 147.8)).astype(np.float32)
    return images.clip(0, 255).astype(np.uint8)


def _stretch(size: int) -> np.ndarray:
    """(size, 5): five values along a side, joined by straight lines."""
    place = np.linspace(0, 4, size)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(5)[None, :])).astype(np.float32)
