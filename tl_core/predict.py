"""Try a picture: what the network that a run left behind says about pictures it has never seen."""

import json
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor

from tl_core.backbones import build_stages
from tl_core.cases import Recipe
from tl_core.data import open_source
from tl_core.data.arrays import load_arrays, unreadable
from tl_core.data.dataset import known_bad, usable
from tl_core.data.images import MAX_FILE_BYTES, read_image, to_png
from tl_core.data.split import make_split
from tl_core.device import autocast, choose_device
from tl_core.errors import DataError, RunNotFound, WeightsMissing
from tl_core.experiment import Experiment
from tl_core.language import _, mark
from tl_core.networks import get_network
from tl_core.paths import run_weights
from tl_core.preprocess import Preprocess
from tl_core.saved_weights import read_weights
from tl_core.surgery import AdaptedNetwork, adapt
from tl_core.trainer import as_tensor

TOP = 3
KEEP_LOADED_MB = 768  # weights of the networks tried last: one VGG, or dozens of the small ones
FORWARD_PICTURES = 16  # at once
THUMBNAIL_SIDE = 112  # px; smaller inputs are shown pixel by pixel
_RUN_ID = re.compile("[0-9a-f]{32}")


def weights_path(run_id: str) -> Path:
    """Where the weights of a run are, if they are still kept. Raises `RunNotFound` for what is no run id."""
    if not _RUN_ID.fullmatch(run_id):
        raise RunNotFound(
            _("A run id is 32 hexadecimal digits. Received: '{value}'. Open the run again.", value=run_id[:64])
        )
    return run_weights(run_id)


def predict(run_id: str, pictures: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """What the run's network says about pictures, (name, path of the file) each; one row for each, in the same order.

    - `name`: as given.
    - `top`: the `TOP` most probable classes or all if there are fewer, best first: `{label, confidence}` with 0..1,
      the softmax of the logits. Empty for a picture that cannot be read.
    - `png`: base64, the picture as the network gets it: centre square, its size, the dial turned.
    - `error`: why the picture cannot be read, or None.

    Raises `RunNotFound` for a bad id, `WeightsMissing` where the weights are gone.
    """
    loaded = _loaded.get(run_id)
    images, errors = [], {}
    for row, (name, path) in enumerate(pictures):
        try:
            with open(path, "rb") as file:
                images.append(read_image(file.read(MAX_FILE_BYTES + 1), loaded.preprocess.size, name))
        except DataError as error:
            errors[row] = str(error)
        except OSError:
            errors[row] = _("'{name}' did not arrive whole. Choose it again.", name=name)
    answers = iter(loaded.answer(np.stack(images)) if images else [])
    return [
        {"name": name, "top": [], "png": "", "error": errors[row]}
        if row in errors
        else {"name": name, **next(answers), "error": None}
        for row, (name, _) in enumerate(pictures)
    ]


def predict_test_pictures(run_id: str, count: int = 6, seed: int = 0) -> list[dict[str, Any]]:
    """The same for test pictures of the run's own data set, drawn by `seed`; `true` is the class each really has.

    Raises `DataError` where the data set is not on this machine any more, and what `predict` raises.
    """
    loaded = _loaded.get(run_id)
    size = loaded.preprocess.size
    source = open_source(loaded.experiment.data)
    good, labels, given = usable(source, known_bad(source, size))
    test = good[make_split(labels, given, None, 0).test]
    drawn = np.random.default_rng(seed).permutation(test)[: 2 * count]  # some to spare, in case one cannot be read
    bad = unreadable(source, drawn, size)
    drawn = np.array([index for index in drawn if int(index) not in bad][:count], dtype=np.int64)
    if not len(drawn):
        raise DataError(
            _("None of the test images of '{title}' can be read. Upload a picture instead.", title=source.title)
        )
    answers = loaded.answer(np.asarray(load_arrays(source, drawn, size)))
    names = [Path(source.items[index].ref).name for index in drawn]
    trues = [source.class_names[label] for label in source.labels[drawn]]
    return [
        {"name": name, **answer, "error": None, "true": true}
        for name, answer, true in zip(names, answers, trues, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A run's network, ready to answer."""

    experiment: Experiment
    classes: list[str]
    model: AdaptedNetwork
    preprocess: Preprocess

    @property
    def num_bytes(self) -> int:
        return self.model.num_bytes

    @torch.no_grad()
    def answer(self, images: np.ndarray) -> list[dict[str, Any]]:
        """`top` and `png` of each of (N, size, size, 3) uint8 images."""
        rows = []
        for part in as_tensor(images).split(FORWARD_PICTURES):
            batch = self.preprocess(part)
            # as `Trainer` does at the end of a run, so that a test image gets the class it got there
            with autocast(batch.device):
                pooled = self.model.features(batch).float()
            confidences = self.model.new.classify(pooled).softmax(1).cpu()
            best = confidences.topk(min(TOP, len(self.classes)), dim=1)
            for seen, values, labels in zip(self._undo_normalising(batch), *best, strict=True):
                top = [
                    {"label": self.classes[label], "confidence": value}
                    for label, value in zip(labels.tolist(), values.tolist(), strict=True)
                ]
                rows.append({"top": top, "png": _thumbnail(seen)})
        return rows

    def _undo_normalising(self, batch: Tensor) -> np.ndarray:
        """(N, 3, H, W) float32 as the network gets them, as (N, H, W, 3) uint8 to look at."""
        pixels = batch * self.preprocess.std + self.preprocess.mean
        return pixels.round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()


def _load(path: Path) -> _Loaded:
    """Rebuild a network from what a run saved; the pre-trained weights themselves are not needed."""
    try:
        tensors, beside = read_weights(path)
        meta = json.loads(beside["tl"])
        experiment, classes = Experiment.from_json(meta["experiment"]), list(meta["classes"])
        network = get_network(experiment.network)
        with torch.device("meta"):  # no memory and no time for random weights that are replaced at once
            stages = build_stages(network, pretrained=False)
            model = adapt(network, Recipe(**meta["recipe"]), len(classes), stages=stages)
        model.load_state_dict(tensors, strict=True, assign=True)
    except FileNotFoundError:
        raise WeightsMissing(_GONE) from None
    except (SafetensorError, RuntimeError, OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsMissing(
            _("The weights of this run cannot be used ({detail}); run it again.", detail=type(error).__name__)
        ) from error
    device = choose_device()
    model = model.to(device, memory_format=torch.channels_last).eval()
    model.fold()
    return _Loaded(experiment, classes, model, Preprocess(network, experiment.distance, False, device))


class _LoadedNetworks:
    """The networks that were tried last, so that a second try answers at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Loaded] = OrderedDict()
        self._lock = threading.Lock()  # an answer that nobody waits for any more may still be at work

    def get(self, run_id: str) -> _Loaded:
        """Load the network unless it is here. Raises as `predict` does."""
        with self._lock:
            return self._get(run_id, weights_path(run_id))

    def _get(self, run_id: str, path: Path) -> _Loaded:
        if not path.is_file():
            self._kept.pop(run_id, None)
            raise WeightsMissing(_GONE)
        if run_id not in self._kept:
            self._kept[run_id] = _load(path)
        self._kept.move_to_end(run_id)
        room = KEEP_LOADED_MB * 2**20 - sum(loaded.num_bytes for loaded in self._kept.values())
        while room < 0 and len(self._kept) > 1:
            room += self._kept.popitem(last=False)[1].num_bytes
        return self._kept[run_id]


_GONE = mark("The weights of this run are no longer kept; run it again.")
_loaded = _LoadedNetworks()


def _thumbnail(pixels: np.ndarray) -> str:
    image = Image.fromarray(pixels)
    if image.width > THUMBNAIL_SIDE:
        image = image.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BICUBIC)
    return to_png(image)
