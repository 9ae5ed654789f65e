"""Grad-CAM: where in the picture did the network find what speaks for a class?

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
arXiv 1610.02391. The maps A of the last convolution are added up, each weighted with the mean gradient of the class's
logit y over the map, and what is negative is left out:

    L = ReLU(sum over k of a_k * A_k),  a_k = mean over places of dy / dA_k
"""

from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from tl_core.data.images import to_png
from tl_core.device import autocast
from tl_core.errors import ExperimentError
from tl_core.explain.feature_maps import pixels_seen
from tl_core.explain.pictures import load_picture
from tl_core.explain.subject import Subject, at_work, open_subject
from tl_core.language import _
from tl_core.preprocess import Preprocess
from tl_core.surgery import AdaptedNetwork
from tl_core.trainer import as_tensor

OVERLAY_SIDE = 224  # px
TOP = 3
_HEAT = np.array(
    [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]], float
)  # inferno, five stops


class Classifier(nn.Module):
    """An adapted network in which gradients pass through frozen stages too; (N, 3, H, W) to logits (N, num_classes)."""

    def __init__(self, model: AdaptedNetwork):
        super().__init__()
        layers = model.layers
        self.new = layers.pop("new")
        self.stages = nn.Sequential(OrderedDict((name, _relu_first(stage)) for name, stage in layers.items()))

    def forward(self, images: Tensor) -> Tensor:
        outputs = []
        for stage in self.stages:
            images = stage(images)
            outputs.append(images)
        return self.new.classify(self.new.pool_all(outputs))


def _relu_first(stage: nn.Module) -> nn.Module:
    """A stage that pools before its ReLU the other way round, which gives the same: the maps are wanted before that."""
    if not isinstance(stage, nn.Sequential):
        return stage
    parts = list(stage.named_children())
    for at in range(len(parts) - 1):
        if isinstance(parts[at][1], nn.MaxPool2d) and isinstance(parts[at + 1][1], nn.ReLU):
            parts[at : at + 2] = parts[at + 1], parts[at]
    return nn.Sequential(OrderedDict(parts))


def where(run_id: str, data: str = "", index: int = -1, png: str = "", classes: tuple[str, ...] = ()) -> dict[str, Any]:
    """Where a run's network looked for its best guess and for the true class, or for `classes`.

    - `top`: the `TOP` most probable classes, `{label, confidence}` with 0..1, best first; `true`: None for a received picture.
    - `picture`: PNG in base64, as the network sees it, `OVERLAY_SIDE` wide.
    - `stage`, `grid`: where the last maps are, and (h, w) of them.
    - `maps`: for the guess and the true class (if they are the same, for the second guess): `label`, `confidence`,
      `png`: the picture with the map over it, `peak`: where the map is largest, (x, y) in 0..1,
      `found`: False where nothing in the maps speaks for the class.

    Raises `ExperimentError` if a class is not among the run's or the network has no maps, and as `open_subject` and
    `load_picture` do.
    """
    subject = open_subject(run_id=run_id)
    names = subject.run.classes
    image, true = load_picture(subject.network.input_size, data, index, png)
    batch = Preprocess(subject.network, subject.run.experiment.distance, False, subject.device)(as_tensor(image[None]))
    with at_work:
        confidences = _confidences(subject, batch)
        order = [names[k] for k in np.argsort(-confidences, kind="stable")]
        true = true if true in names else None
        second = true if true not in (None, order[0]) else order[1]
        wanted = list(classes) or [order[0], second]
        for name in wanted:
            if name not in names:
                raise ExperimentError(
                    _("This run has no class of that name. Received: '{name}'. Choose one of its own.", name=name)
                )
        classifier = Classifier(subject.model)
        layer = last_maps(classifier, batch)
        cams = grad_cam(
            classifier, layer, batch.expand(len(wanted), -1, -1, -1), [names.index(name) for name in wanted]
        )
    seen = pixels_seen(subject, batch)
    return {
        "top": [{"label": name, "confidence": float(confidences[names.index(name)])} for name in order[:TOP]],
        "true": true,
        "picture": to_png(_large(seen)),
        "stage": layer.split(".")[1],
        "grid": list(cams.shape[1:]),
        "maps": [
            {"label": name, "confidence": float(confidences[names.index(name)]), "png": to_png(overlay(seen, cam)),
             "peak": _peak(cam), "found": bool(cam.max() > 0)}
            for name, cam in zip(wanted, cams, strict=True)
        ],
    }  # fmt: skip


def grad_cam(classifier: Classifier, layer: str, batch: Tensor, targets: list[int]) -> np.ndarray:
    """Grad-CAM by Captum: (N, h, w) float32, not negative, of normalised images (N, 3, H, W) for one class each."""
    from captum.attr import LayerGradCam  # brings Matplotlib, which takes a while

    batch = batch.detach().clone().requires_grad_()
    cam = LayerGradCam(classifier, classifier.get_submodule(layer))
    return cam.attribute(batch, targets, relu_attributions=True)[:, 0].detach().float().cpu().numpy()


@torch.no_grad()
def last_maps(classifier: Classifier, batch: Tensor) -> str:
    """The name of the module whose output are the last maps, at the resolution of the last convolution.

    Of several modules that end there (an activation, the block around it) it is the outermost. Raises `ExperimentError` for a
    network without maps.
    """
    ended: list[tuple[str, bool, int]] = []

    def hook(name: str) -> Any:
        def note(module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.ndim == 4 and output.shape[-1] > 1:
                ended.append((name, isinstance(module, nn.Conv2d), output.shape[-1]))

        return note

    hooks = [m.register_forward_hook(hook(name)) for name, m in classifier.named_modules() if name.count(".") >= 1]
    try:
        classifier(batch)
    finally:
        for each in hooks:
            each.remove()
    if not ended or any(isinstance(m, nn.MultiheadAttention) for m in classifier.modules()):
        raise ExperimentError(
            _(
                "Grad-CAM needs the maps of a convolution, and this network has none. Choose a run with a convolutional "
                "network."
            )
        )
    last = max(number for number, (_, is_convolution, _) in enumerate(ended) if is_convolution)
    side = ended[last][2]
    return [name for name, _, width in ended[last:] if width == side][-1]


@torch.no_grad()
def _confidences(subject: Subject, batch: Tensor) -> np.ndarray:
    """(num_classes,) softmax, computed as at the end of the run."""
    with autocast(subject.device):
        pooled = subject.model.features(batch).float()
    return subject.model.new.classify(pooled).softmax(1)[0].cpu().numpy()


def overlay(pixels: np.ndarray, cam: np.ndarray) -> np.ndarray:
    """A picture (S, S, 3) uint8 with a map (h, w) over it: dark where it is 0, glowing at its peak; `OVERLAY_SIDE` wide."""
    heat = Image.fromarray((cam / (cam.max() or 1.0)).astype(np.float32))
    share = np.asarray(heat.resize((OVERLAY_SIDE, OVERLAY_SIDE), Image.Resampling.BILINEAR)).clip(0, 1)
    colours = np.stack([np.interp(share, np.linspace(0, 1, len(_HEAT)), part) for part in _HEAT.T], axis=-1)
    mixed = 0.45 * _large(pixels) + 0.55 * colours
    return mixed.round().clip(0, 255).astype(np.uint8)


def _large(pixels: np.ndarray) -> np.ndarray:
    way = Image.Resampling.NEAREST if len(pixels) < OVERLAY_SIDE // 2 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(pixels).resize((OVERLAY_SIDE, OVERLAY_SIDE), way))


def _peak(cam: np.ndarray) -> list[float]:
    row, column = np.unravel_index(int(cam.argmax()), cam.shape)
    return [round(float(column + 0.5) / cam.shape[1], 3), round(float(row + 0.5) / cam.shape[0], 3)]
