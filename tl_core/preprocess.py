"""From uint8 images to what the network sees: augmentation, the distance dial and normalisation, on whole batches."""

import numpy as np
import torch
from torch import Tensor

from tl_core.data.dial import pixel_index, turn_colours
from tl_core.device import send
from tl_core.networks import Network

SHIFT = 8  # random shifts go up to 1/8 of the side, as in the usual CIFAR recipe (4 of 32 pixels)


class Preprocess:
    """Turns batches (N, H, W, 3) uint8 into (N, 3, H, W) float32, normalised with the network's mean and std.

    Mirroring and shifting happen before the dial moves the tiles, so an augmented image is still one that the
    camera could have taken. All of it is one gather of pixels.
    """

    def __init__(self, network: Network, distance: float, mirror_safe: bool, device: torch.device):
        self.device = device
        self.size = network.input_size
        self.mirror_safe = mirror_safe
        self.turn_colours = turn_colours(distance)
        index = pixel_index(self.size, distance)
        self.tiles = torch.tensor(index, device=device)
        self.moves_tiles = bool((index != np.arange(self.size**2)).any())
        self.mean = torch.tensor(network.mean, device=device).view(1, 3, 1, 1) * 255
        self.std = torch.tensor(network.std, device=device).view(1, 3, 1, 1) * 255

    def __call__(self, images: Tensor, mirror: Tensor | None = None) -> Tensor:
        """The plain view, or the mirrored one where `mirror` (N,) is true."""
        if not self.moves_tiles:
            pixels = send(images, self.device)
            if mirror is not None:
                pixels = torch.where(send(mirror, self.device)[:, None, None, None], pixels.flip(2), pixels)
            return self._normalise(pixels)
        count = len(images)
        rows = columns = torch.arange(self.size, device=self.device).expand(count, -1)
        if mirror is not None:
            columns = torch.where(send(mirror, self.device)[:, None], columns.flip(1), columns)
        return self._gather(images, rows, columns)

    def augment(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """A random view of each image: mirrored half the time (where that is safe) and shifted, edges reflected."""
        count, size, reach = len(images), self.size, max(1, self.size // SHIFT)
        shifts = send(torch.randint(-reach, reach + 1, (2, count, 1), generator=generator), self.device)
        mirrored = send(torch.rand(count, 1, generator=generator), self.device) < 0.5
        line = torch.arange(size, device=self.device).expand(count, -1)
        rows, columns = (self._reflect(line + shift) for shift in shifts)
        if self.mirror_safe:
            columns = torch.where(mirrored, columns.flip(1), columns)
        return self._gather(images, rows, columns)

    def _reflect(self, index: Tensor) -> Tensor:
        last = self.size - 1
        return last - (last - index.abs()).abs()

    def _gather(self, images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        count, size = len(images), self.size
        images = send(images, self.device).reshape(count, size * size, 3)
        index = (rows[:, :, None] * size + columns[:, None, :]).reshape(count, -1)[:, self.tiles]
        pixels = images.gather(1, index[:, :, None].expand(-1, -1, 3)).reshape(count, size, size, 3)
        return self._normalise(pixels)

    def _normalise(self, pixels: Tensor) -> Tensor:
        batch = pixels.permute(0, 3, 1, 2).float()
        if self.turn_colours:
            batch = 255 - batch.roll(-1, 1)  # as in tl_core.data.dial: green, blue, red
        return batch.sub_(self.mean).div_(self.std).contiguous(memory_format=torch.channels_last)
