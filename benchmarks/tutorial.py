"""The rivals: the loop of PyTorch's transfer learning tutorial, and fastai's, on the folders that ours reads too.

https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html: `ImageFolder`, `DataLoader`, random resized crops
and mirror images, SGD with momentum whose rate falls by ten every seven epochs, float32, a forward pass through the frozen
layers in every epoch, training and validation in turn. The batch is ours, not the tutorial's four, which would only slow it.
"""

import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from tl_core.networks import Network
from tl_core.surgery import AdaptedNetwork

WORKERS = min(4, os.cpu_count() or 1)


def loaders(folder: Path, network: Network, batch_size: int) -> dict[str, DataLoader]:
    """Of the parts `train`, `val` and `test`; larger pictures are cropped as in the tutorial."""
    size = network.input_size
    end = [transforms.ToTensor(), transforms.Normalize(network.mean, network.std)]
    augmented = [transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip()]
    plain = [transforms.Resize(size * 256 // 224), transforms.CenterCrop(size)]
    if size <= 64:  # crops of tiny pictures lose the subject: CIFAR's recipe
        augmented = [transforms.RandomCrop(size, padding=4), transforms.RandomHorizontalFlip()]
        plain = [transforms.Resize((size, size))]
    return {
        part: DataLoader(
            datasets.ImageFolder(folder / part, transforms.Compose([*(augmented if part == "train" else plain), *end])),
            batch_size=batch_size,
            shuffle=part == "train",
            num_workers=WORKERS,
            drop_last=part == "train",
        )
        for part in ("train", "val", "test")
    }


class Tutorial:
    """One model on one folder; `epochs()` gives the seconds of each."""

    def __init__(
        self,
        folder: Path,
        network: Network,
        model: AdaptedNetwork,
        batch_size: int,
        device: torch.device,
        num_epochs: int,
    ):
        self.model, self.device, self.num_epochs = model.to(device), device, num_epochs
        self.loaders = loaders(folder, network, batch_size)
        self.loss = nn.CrossEntropyLoss()
        learning = [weight for weight in model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.SGD(learning, lr=0.001, momentum=0.9)
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, step_size=7, gamma=0.1)
        self.best, self.best_weights = -1.0, {}

    def epochs(self) -> Iterator[float]:
        for _number in range(self.num_epochs):
            start = time.perf_counter()
            self._phase("train")
            self.scheduler.step()
            accuracy = self._phase("val")
            if accuracy > self.best:
                self.best = accuracy
                self.best_weights = {key: value.clone() for key, value in self.model.state_dict().items()}
            yield time.perf_counter() - start

    def test_accuracy(self) -> float:
        """Of the weights that were best on the validation part."""
        self.model.load_state_dict(self.best_weights)
        return self._phase("test")

    def _phase(self, part: str) -> float:
        """Accuracy, 0..1."""
        learning = part == "train"
        self.model.train(learning)
        right = 0.0
        for images, labels in self.loaders[part]:
            images, labels = images.to(self.device), labels.to(self.device)
            self.optimizer.zero_grad()
            with torch.set_grad_enabled(learning):
                logits = self.model(images)
                loss = self.loss(logits, labels)
                if learning:
                    loss.backward()
                    self.optimizer.step()
            right += float((logits.argmax(1) == labels).sum())
        return right / len(self.loaders[part].dataset)


def fastai_epoch(folder: Path, network: Network, model: AdaptedNetwork, batch_size: int) -> float | None:
    """Seconds of fastai's epoch (training and validation) after one to warm up; None where fastai is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from fastai.callback import progress, schedule  # noqa: F401 - both give the learner its methods
            from fastai.data.transforms import Normalize
            from fastai.learner import Learner
            from fastai.vision.augment import Resize, aug_transforms
            from fastai.vision.data import ImageDataLoaders
    except ImportError:
        return None
    normalise = Normalize.from_stats(network.mean, network.std)
    data = ImageDataLoaders.from_folder(
        folder, train="train", valid="val", item_tfms=Resize(network.input_size), bs=batch_size, num_workers=WORKERS,
        batch_tfms=[*aug_transforms(), normalise],
    )  # fmt: skip
    learner = Learner(data, model, loss_func=nn.CrossEntropyLoss())
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(1, 1e-3)
        start = time.perf_counter()
        learner.fit_one_cycle(1, 1e-3)
    return time.perf_counter() - start
