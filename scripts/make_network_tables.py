"""Write the stage tables from the very modules that run: `python -m scripts.make_network_tables`.

Needs no weights and no network: shapes come from one pass of an empty image, the rest from torchvision's own records.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tl_core.backbones import DemoArchitecture, demo_stages
from tl_core.paths import ASSETS
from tl_core.torchvision_stages import build_model, official_weights, take_apart

IMAGENET_CLASSES = 1000
TRAINED_ON = "ImageNet-1k, 1.28 million photographs of 1,000 classes"
LICENCE = "Code BSD-3-Clause; weights trained on ImageNet, whose images are for non-commercial research and teaching"

DEMO_TRAINED_ON = "Tiny ImageNet at 32x32, 58 kinds of animals, 26,100 photographs"
DEMO_LICENCE = "Weights trained on images of ImageNet, which are for non-commercial research and teaching"

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Words = tuple[str, str]  # a stage's title and what it tends to detect

LAST = ("fully connected, last", "ImageNet's 1,000 classes")

_RESNET: dict[str, Words] = {
    "stem": ("stem", "edges and colours"),
    "layer1": ("layer 1", "textures"),
    "layer2": ("layer 2", "patterns"),
    "layer3": ("layer 3", "parts of objects"),
    "layer4": ("layer 4", "whole objects"),
    "fc": LAST,
}
_BLOCKS: dict[str, Words] = {
    "stem": ("stem", "edges and colours"),
    "blocks1": ("blocks 1", "simple textures"),
    "blocks2": ("blocks 2", "textures and patterns"),
    "blocks3": ("blocks 3", "parts of objects"),
    "blocks4": ("blocks 4", "whole objects"),
    "conv": ("last convolution", "combinations of features"),
}
_MOBILENET: dict[str, Words] = _BLOCKS | {"fc1": ("fully connected 1", "combinations of features"), "fc2": LAST}
_EFFICIENTNET: dict[str, Words] = _BLOCKS | {"fc": LAST}
_CONVNEXT: dict[str, Words] = {
    "stem": ("stem", "edges and colours"),
    "stage1": ("stage 1", "textures"),
    "stage2": ("stage 2", "patterns"),
    "stage3": ("stage 3", "parts of objects"),
    "stage4": ("stage 4", "whole objects"),
    "fc": LAST,
}
_VIT: dict[str, Words] = {
    "patches": ("patches", "edges and colours of each patch"),
    "blocks1": ("blocks 1-3", "textures"),
    "blocks2": ("blocks 4-6", "patterns"),
    "blocks3": ("blocks 7-9", "parts of objects"),
    "blocks4": ("blocks 10-12", "whole objects"),
    "fc": LAST,
}
_CONVOLUTIONS_THEN_FULLY_CONNECTED: dict[str, Words] = {
    "conv1": ("convolution 1", "edges and colours"),
    "conv2": ("convolution 2", "textures"),
    "conv3": ("convolution 3", "patterns"),
    "conv4": ("convolution 4", "parts of objects"),
    "conv5": ("convolution 5", "parts and whole objects"),
    "fc6": ("fully connected 6", "combinations of features"),
    "fc7": ("fully connected 7", "combinations of features"),
    "fc8": ("fully connected 8", "ImageNet's 1,000 classes"),
}
_VGG: dict[str, Words] = {
    name: (title.replace("convolution", "convolutions"), detects)
    for name, (title, detects) in _CONVOLUTIONS_THEN_FULLY_CONNECTED.items()
}

DEMO_DETECTS = {
    "conv1": "edges",
    "conv2": "shapes",
    "conv3": "higher-level features",
    "fc1": "combinations of features",
    "fc2": "combinations of features",
}


@dataclass(frozen=True)
class Entry:
    """What a person has to say about a network; the modules say the rest.

    `early_cut` ends about the first third of the stages: what case 2 keeps.
    """

    title: str
    early_cut: str
    words: Mapping[str, Words]


ENTRIES: dict[str, Entry] = {
    "resnet18": Entry("ResNet-18", "layer1", _RESNET),
    "resnet34": Entry("ResNet-34", "layer1", _RESNET),
    "resnet50": Entry("ResNet-50", "layer1", _RESNET),
    "mobilenet_v3_small": Entry("MobileNet v3 small", "blocks2", _MOBILENET),
    "mobilenet_v3_large": Entry("MobileNet v3 large", "blocks2", _MOBILENET),
    "efficientnet_b0": Entry("EfficientNet-B0", "blocks1", _EFFICIENTNET),
    "convnext_tiny": Entry("ConvNeXt tiny", "stage1", _CONVNEXT),
    "vit_b_16": Entry("Vision transformer B/16", "blocks1", _VIT),
    "alexnet": Entry("AlexNet", "conv2", _CONVOLUTIONS_THEN_FULLY_CONNECTED),
    "vgg11": Entry("VGG-11", "conv2", _VGG),
}


def stage_rows(stages: nn.Sequential, input_size: int, words: Mapping[str, Words]) -> list[dict[str, Any]]:
    """One row for each stage, measured on one empty image; the modules may lie on the meta device."""
    stages.eval()
    values = torch.zeros(1, 3, input_size, input_size, device=next(stages.parameters()).device)
    rows = []
    with torch.no_grad():
        for name, stage in stages.named_children():
            values = stage(values)
            title, detects = words[name]
            rows.append(
                {
                    "name": name,
                    "title": title,
                    "detects": detects,
                    "output_shape": list(values.shape[1:]),
                    "num_weights": sum(parameter.numel() for parameter in stage.parameters()),
                    "has_bn": any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in stage.modules()),
                }
            )
    return rows


def torchvision_table(name: str, entry: Entry) -> dict[str, Any]:
    """The row of one of torchvision's networks: exactly the fields of `networks.Network`."""
    weights = official_weights(name)
    transforms = weights.transforms()
    input_size = transforms.crop_size[0]
    with torch.device("meta"):  # shapes and counts only
        stages = take_apart(name, build_model(name, IMAGENET_CLASSES))
        rows = stage_rows(stages, input_size, entry.words)
    return {
        "name": name,
        "title": entry.title,
        "input_size": input_size,
        "mean": list(transforms.mean),
        "std": list(transforms.std),
        "stages": rows,
        "early_cut": entry.early_cut,
        "trained_on": TRAINED_ON,
        "num_classes": IMAGENET_CLASSES,
        "accuracy": round(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100, 5),
        "download_mb": weights.meta["_file_size"],
        "licence": LICENCE,
        "source": weights.meta["recipe"],
        "weights_file": weights.url.rpartition("/")[2],
        "builtin": False,
    }


def demo_table(
    architecture: DemoArchitecture,
    num_classes: int,
    accuracy: float | None,
    card: Mapping[str, Any],
    *,
    name: str = "demo",
    title: str = "Demonstration network",
    classes: str = "58 kinds of animals",
    trained_on: str = DEMO_TRAINED_ON,
    licence: str = DEMO_LICENCE,
    source: str = "pre-trained by this project's own script",
    input_size: int = 32,
    mean: tuple[float, float, float] = IMAGENET_MEAN,
    std: tuple[float, float, float] = IMAGENET_STD,
) -> dict[str, Any]:
    """The row of one of our own networks, with its `card`: free text and numbers of its training, and its architecture.

    - `classes`: what the last layer tells apart, in words.
    - `mean`, `std`: what the images were normalised with.
    """
    stages = demo_stages(architecture, num_classes, input_size)
    words: dict[str, Words] = {}
    for stage, _ in stages.named_children():
        kind = "convolution" if stage.startswith("conv") else "fully connected"
        words[stage] = (f"{kind} {stage[-1]}", DEMO_DETECTS.get(stage, classes))
    return {
        "name": name,
        "title": title,
        "input_size": input_size,
        "mean": list(mean),
        "std": list(std),
        "stages": stage_rows(stages, input_size, words),
        "early_cut": "conv2",
        "trained_on": trained_on,
        "num_classes": num_classes,
        "accuracy": accuracy,
        "download_mb": 0.0,
        "licence": licence,
        "source": source,
        "weights_file": f"{name}.safetensors",
        "builtin": True,
        "card": {**card, "architecture": architecture.to_json()},
    }


def write_demo_table(
    path: Path,
    architecture: DemoArchitecture,
    num_classes: int,
    accuracy: float | None,
    card: Mapping[str, Any],
    **words: Any,
) -> None:
    """Write `demo_table` to `path`, which must lie beside the weights and bear their name; `words` are its options."""
    _write(path, demo_table(architecture, num_classes, accuracy, card, **words))


def _write(path: Path, table: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    torch.set_num_threads(1)
    path = ASSETS / "networks.json"
    _write(path, [torchvision_table(name, entry) for name, entry in ENTRIES.items()])
    print(f"{path}: {len(ENTRIES)} networks")
    demo = ASSETS / "demo.json"
    if not demo.exists():  # else it is the pre-training script's, with the accuracy that it measured
        write_demo_table(demo, DemoArchitecture(), 58, None, {})
        print(f"{demo}: not trained yet")


if __name__ == "__main__":
    main()
