"""The training loop proper: features or images in, losses and accuracies out, one epoch at a time."""

import math
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tl_core.budget import Budget
from tl_core.data import DataSet
from tl_core.device import autocast, is_out_of_memory, likes_bfloat16, resident, send
from tl_core.errors import ExperimentError
from tl_core.events import SoFar
from tl_core.experiment import Experiment
from tl_core.frozen_features import body_key, kept
from tl_core.language import _, mark
from tl_core.networks import Network
from tl_core.preprocess import Preprocess
from tl_core.schedule import Schedule
from tl_core.surgery import AdaptedNetwork

SO_FAR_EVERY = 0.2  # seconds between two looks at the epoch that goes on: each waits for the device
STANDARDISE_ON = 1_000  # training images that fix the new layer's standardisation where the body is trained too
# images at once where nothing is learnt, and pixels in float32: on a CPU what fits into its caches and lets Stop answer soon
FORWARD_BATCH = {"cpu": (128, 8 * 224**2), "cuda": (2048, 128 * 224**2), "mps": (256, 64 * 224**2)}


def part_size(device: torch.device, size: int) -> int:
    """How many images of `size` x `size` pixels go through a network at once where nothing is learnt."""
    most, pixels = FORWARD_BATCH[device.type]
    if likes_bfloat16(device):
        pixels *= 2
    return max(8, min(most, pixels // size**2))


def as_tensor(images: np.ndarray) -> Tensor:
    """The same memory as a tensor. Decoded images are mapped read-only from disk, and nothing here writes to them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(images)


_NO_SCORE = (-1.0, 0.0)


class StopRequested(Exception):
    """A person pressed Stop."""


def stop_within(should_stop: Callable[[], bool]) -> Callable[[Tensor], None]:
    """To be called with the output of each stage, on the way up, and so on the way back too: a batch alone can take seconds."""

    def check(_value: Tensor) -> None:
        if should_stop():
            raise StopRequested

    def after_stage(output: Tensor) -> None:
        check(output)
        if output.requires_grad:
            output.register_hook(check)

    return after_stage


class Trainer:
    """Trains an adapted network on one data set.

    Where everything before the new layer is frozen, its features are the same in every epoch: they are computed once, for each
    image and its mirror image, and only the new layer runs after that. The same holds for the first step of a budget that
    has two; `go_on` begins the second.
    """

    def __init__(
        self,
        model: AdaptedNetwork,
        data: DataSet,
        network: Network,
        budget: Budget,
        experiment: Experiment,
        device: torch.device,
        should_stop: Callable[[], bool] = lambda: False,
    ):
        self.device = device
        self.model = model.to(device, memory_format=torch.channels_last)
        self.model.after_stage = stop_within(should_stop)
        self.lr = budget.lr  # as the user set it
        self.budget = budget
        self.only_head = model.only_head_trains or budget.only_head
        self.model.fold(self.only_head)
        self.epochs_before = 0  # of the first step, once the second has begun
        self.should_stop = should_stop
        self.batch_size = budget.batch_size
        self.num_train = len(data.train_labels)
        mirror = data.mirror_safe if experiment.mirror is None else experiment.mirror
        self.preprocess = Preprocess(network, experiment.distance, mirror, device)
        self.network, self.distance = network.name, experiment.distance
        self.fingerprint, self.places = data.fingerprint, data.places
        images = {"train": data.train_images, "val": data.val_images, "test": data.test_images}
        self.images = resident({name: as_tensor(each) for name, each in images.items()}, device)
        self.labels = {
            "train": torch.from_numpy(np.asarray(data.train_labels, np.int64)).to(device),
            "val": torch.from_numpy(np.asarray(data.val_labels, np.int64)).to(device),
        }
        # random layers change too much in their first steps for fixed statistics to mean anything
        self.standardise = experiment.make_recipe().init == "pretrained"
        self.features: dict[str, Tensor] = {}  # pooled; "train" holds (views, N, num_features)
        self.generator = torch.Generator().manual_seed(experiment.seed)
        self.best_epoch = 0
        self.best_score = _NO_SCORE
        self.best_weights: dict[str, Tensor] = {}
        self.best_in_step = (0, _NO_SCORE)  # epoch and score; early stopping counts from here
        self.pass_seconds = 0.0  # of one image through the frozen layers
        self._make_optimizer()
        self.on_progress: Callable[[str, int, int], None] = lambda doing, done, total: None
        self.on_so_far: Callable[[SoFar], None] = lambda so_far: None
        self._told = 0.0  # when it was called last

    def prepare(self, progress: Callable[[str, int, int], None]) -> None:
        """Pass the images through the frozen layers once and fix the new layer's standardisation.

        `progress(doing, done, total)` is told of this and of the batches of every epoch.
        """
        self.on_progress = progress
        only_head = self.only_head
        doing = (
            mark("Passing the images once through the frozen layers")
            if only_head
            else mark("Passing the images once through the network")
        )
        if not only_head and not self.standardise:
            return
        whole = {split: torch.arange(len(images)) for split, images in self.images.items()}
        if only_head:
            mirrored = [("train", whole["train"], True)] if self.preprocess.mirror_safe else []
            passes = [("train", whole["train"], False), *mirrored]
            passes += [("val", whole["val"], False), ("test", whole["test"], False)]
        else:
            some = torch.randperm(self.num_train, generator=self.generator)[:STANDARDISE_ON]
            passes = [("train", some, False)]
        self.model.eval()
        features = self._frozen_features(passes, lambda done, total: progress(doing, done, total))
        self.model.new.fit_standardisation(features[0])
        if only_head:
            *views, val, test = features
            self.features = {"train": torch.stack(views), "val": val, "test": test}

    def guess_epoch_seconds(self) -> float:
        """About how long an epoch takes in which all layers are trained: learning costs three times a mere pass."""
        return 3 * self.num_train * self.pass_seconds

    def go_on(self, num_epochs_done: int) -> None:
        """Begin the budget's second step: from the best new layer of the first on, all that may learn is trained.

        The standardisation stays, since the new layer has learnt with it.
        """
        self.restore_best()
        self.epochs_before = num_epochs_done
        self.budget = self.budget.then
        self.batch_size = min(self.batch_size, self.budget.batch_size)
        self.only_head = False
        self.model.fold(False)
        self.features = {}
        self.best_in_step = (self.epochs_before, _NO_SCORE)
        self._make_optimizer()

    def train_epoch(self, epoch: int) -> dict[str, Any]:
        """One pass over the training images; the fields of an `Epoch` event that are measured here.

        Training loss and accuracy are means over the epoch's batches, as they were seen (augmented, and while learning); the
        held-out ones are taken at its end. Raises `ExperimentError` when the loss is no longer a number.
        """
        notes = []
        while True:
            try:
                train_loss, train_accuracy = self._train_batches(epoch)
                break
            except Exception as error:
                if not is_out_of_memory(error) or self.batch_size <= 2:
                    raise
                self.batch_size = max(2, self.batch_size // 2)
                notes.append(
                    _("Out of memory: the batch was halved to {batch_size} images.", batch_size=self.batch_size)
                )
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
        val_loss, val_accuracy = self._evaluate_val()
        if not math.isfinite(train_loss + val_loss):
            lr = self.lr
            raise ExperimentError(
                _(
                    "The loss is no longer a number (NaN or infinite) in epoch {epoch}: training has diverged. Received: "
                    "learning rate {lr:g}. Use a smaller one, such as {n:g}.",
                    epoch=epoch,
                    lr=lr,
                    n=lr / 10,
                )
            )
        score = (val_accuracy, -val_loss)
        if score > self.best_in_step[1]:
            self.best_in_step = (epoch, score)
        if score > self.best_score:
            self.best_score, self.best_epoch = score, epoch
            self.best_weights = {key: value.to("cpu", copy=True) for key, value in self._learning_state().items()}
        return {
            "train_loss": train_loss,
            "val_loss": val_loss,
            "train_accuracy": train_accuracy,
            "val_accuracy": val_accuracy,
            "notes": notes,
        }

    def restore_best(self) -> None:
        """Put the weights of the best epoch back."""
        self.model.load_state_dict(self.best_weights, strict=False)

    @torch.no_grad()
    def predict_test(self) -> np.ndarray:
        """Predicted class of every test image, int64."""
        self.model.eval()
        if not self.features:
            self.model.fold()
        logits = [self._logits("test", part) for part in self._parts(len(self.images["test"]))]
        return torch.cat(logits).argmax(1).cpu().numpy()

    def _learning_state(self) -> dict[str, Tensor]:
        state = self.model.state_dict()
        return {key: value for key, value in state.items() if not key.startswith(("frozen.", "above."))}

    def _make_optimizer(self) -> None:
        budget, model = self.budget, self.model
        groups = [{"params": list(model.new.parameters()), "lr": budget.lr}]
        body = list(model.trained.parameters())
        if body and not self.only_head:
            groups.append({"params": body, "lr": budget.lr * budget.body_lr_factor})
        fused = self.device.type in ("cuda", "cpu")
        self.optimizer = torch.optim.AdamW(groups, weight_decay=budget.weight_decay, fused=fused)
        self.schedule = Schedule(self.optimizer)

    def _train_batches(self, epoch: int) -> tuple[float, float]:
        self.model.train()
        loss_sum = torch.zeros((), device=self.device)
        num_right = torch.zeros((), device=self.device)
        count = 0
        doing = _(
            "Training: epoch {epoch} of {last}, images", epoch=epoch, last=self.epochs_before + self.budget.total_epochs
        )
        in_step = epoch - self.epochs_before
        for batch in self._batches():
            self._check_stop()
            self.schedule.set_rates((in_step - 1 + count / self.num_train) / self.budget.num_epochs)
            here = send(batch, self.device)
            labels = self.labels["train"][here]
            logits = self._training_logits(batch, here)
            loss = F.cross_entropy(logits, labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            loss_sum += loss.detach() * len(batch)
            num_right += (logits.detach().argmax(1) == labels).sum()
            count += len(batch)
            self.on_progress(doing, count, self.num_train)
            self._tell_so_far(epoch, loss_sum, num_right, count)
            if self.schedule.time_share() >= 1:  # what is left of the epoch would be learnt at no rate at all
                break
        return float(loss_sum) / count, float(num_right) / count

    def _tell_so_far(self, epoch: int, loss_sum: Tensor, num_right: Tensor, count: int) -> None:
        now = time.perf_counter()
        if now - self._told < SO_FAR_EVERY:
            return
        self._told = now
        loss = float(loss_sum) / count
        if math.isfinite(loss):
            self.on_so_far(SoFar(epoch=epoch, train_loss=loss, train_accuracy=float(num_right) / count))

    def _batches(self) -> Iterator[Tensor]:
        """Random batches of indices; a last batch of one image is left out, since BatchNorm cannot use it."""
        order = torch.randperm(self.num_train, generator=self.generator)
        return (batch for batch in order.split(self.batch_size) if len(batch) > 1)

    def _training_logits(self, batch: Tensor, here: Tensor) -> Tensor:
        """Of the images whose numbers are in `batch`, and on the device in `here`."""
        if self.features:
            views = torch.randint(len(self.features["train"]), (len(batch),), generator=self.generator)
            pooled = self.features["train"][send(views, self.device), here]
            return self.model.new.classify(pooled)
        images = self.images["train"]
        images = self.preprocess.augment(images[here if images.device == here.device else batch], self.generator)
        with autocast(self.device):
            pooled = self.model.features(images)
        return self.model.new.classify(pooled)

    @torch.no_grad()
    def _evaluate_val(self) -> tuple[float, float]:
        self.model.eval()
        logits = torch.cat([self._logits("val", part) for part in self._parts(len(self.labels["val"]))])
        labels = self.labels["val"]
        return float(F.cross_entropy(logits, labels)), float((logits.argmax(1) == labels).float().mean())

    def _logits(self, split: str, part: slice) -> Tensor:
        self._check_stop()
        if self.features:
            return self.model.new.classify(self.features[split][part])
        return self.model.new.classify(self._forward(self.images[split][part]))

    @torch.no_grad()
    def _frozen_features(
        self, passes: list[tuple[str, Tensor, bool]], tell: Callable[[int, int], None]
    ) -> list[Tensor]:
        """Pooled features (N, num_features) float32 for each pass (part, which of its images, mirrored) through the body.

        All batches have one size, the last one filled up with what was there: that keeps features the same to the bit whatever
        other images go with them, so that those of earlier runs can be taken. `tell(done, total)` counts images.
        """
        lengths = [len(which) for _part, which, _mirror in passes]
        ends = np.cumsum(lengths)
        total, size = int(ends[-1]), part_size(self.device, self.preprocess.size)
        pass_of = np.repeat(np.arange(len(passes)), lengths)

        def compute(positions: np.ndarray) -> Tensor:
            """Those at `positions` of all passes in a row."""
            pooled, done = [], total - len(positions)
            images = self.images["train"].new_zeros((size, *self.images["train"].shape[1:]))
            tell(done, total)
            for start in range(0, len(positions), size):
                part = positions[start : start + size]
                flipped = torch.zeros(size, dtype=torch.bool)
                for number in np.unique(pass_of[part]):
                    name, which, mirror = passes[number]
                    here = np.flatnonzero(pass_of[part] == number)
                    within = which[torch.from_numpy(part[here] - (ends[number] - lengths[number]))]
                    images[torch.from_numpy(here)] = self.images[name][within]
                    flipped[torch.from_numpy(here)] = mirror
                pooled.append(self._forward(images, flipped)[: len(part)])
                done += len(part)
                tell(done, total)
            return torch.cat(pooled)

        if self.fingerprint:
            views = np.concatenate([self.places[name][which.numpy()] * 2 + mirror for name, which, mirror in passes])
            precision = (self.device.type, torch.get_num_threads(), size, self.model.is_folded)
            layers = self.model.layers.items()
            body = torch.nn.ModuleDict({name: layer for name, layer in layers if layer is not self.model.new})
            grids = getattr(self.model.new, "grids", self.model.new.grid)
            key = body_key(body, self.network, self.fingerprint, self.distance, grids, *precision)
            found, self.pass_seconds = kept.get(key, views, compute)
        else:
            start = time.perf_counter()
            found = compute(np.arange(total))
            self.pass_seconds = (time.perf_counter() - start) / total
        tell(total, total)
        return list(found.to(self.device).split(lengths))

    def _forward(self, images: Tensor, mirror: Tensor | None = None) -> Tensor:
        """Pooled features (N, num_features) float32, mirrored where `mirror` (N,) is true; what does not fit into memory at once
        goes through in halves."""
        try:
            with autocast(self.device):
                return self.model.features(self.preprocess(images, mirror)).float()
        except Exception as error:
            if not is_out_of_memory(error) or len(images) < 2:
                raise
        half = len(images) // 2
        parts = (slice(half), slice(half, None))
        return torch.cat([self._forward(images[part], None if mirror is None else mirror[part]) for part in parts])

    def _parts(self, count: int) -> Iterator[slice]:
        """Slices for passes in which nothing is learnt."""
        size = part_size(self.device, self.preprocess.size)
        return (slice(start, start + size) for start in range(0, count, size))

    def _check_stop(self) -> None:
        if self.should_stop():
            raise StopRequested
