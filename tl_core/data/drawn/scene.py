"""Shapes of B pictures at once: geometry in NumPy for all of them together, filled by Pillow one by one.

Coordinates run from -1 to 1, x to the right, y downwards, in float64: single precision rounds a little differently with
the number of pictures that are drawn together, which could be seen. Colours are red, green, blue, 0..1. Whatever is added later
lies on top. Numbers may be (B,) arrays or plain.
"""

import numpy as np
from PIL import Image, ImageDraw

Value = float | np.ndarray

_CORNERS = 18  # of what stands for an ellipse
_CAP = 5  # corners of each round end of a limb


class Scene:
    def __init__(self, count: int):
        self.count = count
        self._points: list[np.ndarray] = []  # (B, n, 2) each
        self._colours: list[np.ndarray] = []  # (B, 3) each
        self._shown: list[np.ndarray] = []  # (B,) each

    def __len__(self) -> int:
        return len(self._points)

    def polygon(self, points: np.ndarray, colour: np.ndarray, shown: Value = True) -> None:
        """`points` (B, n, 2) or (n, 2); `colour` (B, 3) or (3,); `shown` (B,) bool: whether the picture has it."""
        self._points.append(np.broadcast_to(points, (self.count, *points.shape[-2:])))
        self._colours.append(np.broadcast_to(colour, (self.count, 3)))
        self._shown.append(np.broadcast_to(shown, (self.count,)))

    def ellipse(
        self, x: Value, y: Value, rx: Value, ry: Value, colour: np.ndarray, angle: Value = 0.0, shown: Value = True,
        ruffle: Value = 0.0, waves: int = 9,
    ) -> None:  # fmt: skip
        """`angle` in radians, clockwise; `ruffle`: height of the waves along the edge, a share of the radius."""
        smooth = np.ndim(ruffle) == 0 and ruffle == 0
        turn = np.linspace(0, 2 * np.pi, _CORNERS if smooth else 2 * waves, endpoint=False)
        wave = 1 + self._column(ruffle) * np.where(np.arange(len(turn)) % 2 == 0, 1.0, -1.0)
        u, v = self._column(rx) * np.cos(turn) * wave, self._column(ry) * np.sin(turn) * wave
        cos, sin = np.cos(self._column(angle)), np.sin(self._column(angle))
        points = np.stack([self._column(x) + u * cos - v * sin, self._column(y) + u * sin + v * cos], axis=2)
        self.polygon(points, colour, shown)

    def limb(
        self, x0: Value, y0: Value, r0: Value, x1: Value, y1: Value, r1: Value, colour: np.ndarray, shown: Value = True
    ) -> None:
        """A bar with round ends, of radius `r0` at (x0, y0) and `r1` at (x1, y1)."""
        x0, y0, r0, x1, y1, r1 = map(self._column, (x0, y0, r0, x1, y1, r1))
        along = np.arctan2(y1 - y0, x1 - x0)
        half = np.linspace(-np.pi / 2, np.pi / 2, _CAP)
        far, near = along + half, along + half + np.pi
        x = np.concatenate([x1 + r1 * np.cos(far), x0 + r0 * np.cos(near)], axis=1)
        y = np.concatenate([y1 + r1 * np.sin(far), y0 + r0 * np.sin(near)], axis=1)
        self.polygon(np.stack([x, y], axis=2), colour, shown)

    def move(self, first: int, scale: Value, angle: Value, x: Value, y: Value, squeeze: Value = 1.0) -> None:
        """Squeeze in x (negative mirrors), scale, turn and shift all shapes from number `first` on."""
        cos, sin = np.cos(self._column(angle)), np.sin(self._column(angle))
        scale, squeeze, x, y = map(self._column, (scale, squeeze, x, y))
        for number in range(first, len(self)):
            u, v = self._points[number][..., 0] * scale * squeeze, self._points[number][..., 1] * scale
            self._points[number] = np.stack([x + u * cos - v * sin, y + u * sin + v * cos], axis=2)

    def render(self, size: int) -> np.ndarray:
        """(B, size, size, 3) float32, 0..255, edges smooth."""
        finer = 3 if size < 64 else 2
        side = size * finer
        flat = [((p + 1) * (side / 2)).reshape(self.count, -1).tolist() for p in self._points]
        colours = [(c * 255).clip(0, 255).astype(np.uint8).tolist() for c in self._colours]
        shown = [s.tolist() for s in self._shown]
        shapes = list(zip(flat, colours, shown, strict=True))
        out = np.empty((self.count, size, size, 3), np.float32)
        for row in range(self.count):
            image = Image.new("RGB", (side, side))
            polygon = ImageDraw.Draw(image).polygon
            for points, colour, visible in shapes:
                if visible[row]:
                    polygon(points[row], tuple(colour[row]))
            out[row] = np.asarray(image.reduce(finer))
        return out

    def _column(self, value: Value) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, np.float64), (self.count,))[:, None]
