"""torchvision's classifiers taken apart into the stages that the tables name.

Each adapter takes a model as torchvision built it and gives `{stage name: module}`; run one after the other they
compute what the model's own `forward` computes, and the last stage is the final `nn.Linear` alone.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import nn


class PatchTokens(nn.Module):
    """The first step of a vision transformer: (N, 3, H, W) images to (N, 1 + patches, D) tokens, the class token first.

    H and W must be the size the model was built for, since each place has its own position embedding.
    """

    def __init__(self, vit: Any) -> None:
        super().__init__()
        self.conv_proj = vit.conv_proj
        self.class_token = vit.class_token
        self.pos_embedding = vit.encoder.pos_embedding
        self.dropout = vit.encoder.dropout

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        tokens = self.conv_proj(images).flatten(2).transpose(1, 2)  # (N, D, h, w) -> (N, h * w, D)
        # shape[0], not len: that would fix the number of images for good where the network is written as ONNX
        tokens = torch.cat([self.class_token.expand(tokens.shape[0], -1, -1), tokens], dim=1)  # (N, 1 + h * w, D)
        return self.dropout(tokens + self.pos_embedding)


class TakeClassToken(nn.Module):
    """(N, tokens, D) to (N, D): the first token of each image."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens[:, 0]


Stages = dict[str, nn.Module]


def _resnet(model: Any) -> Stages:
    return {
        "stem": _block(conv1=model.conv1, bn1=model.bn1, relu=model.relu, maxpool=model.maxpool),
        "layer1": model.layer1,
        "layer2": model.layer2,
        "layer3": model.layer3,
        "layer4": _block(blocks=model.layer4, avgpool=model.avgpool, flatten=nn.Flatten()),
        "fc": model.fc,
    }


def _mobilenet_v3(model: Any) -> Stages:
    # where the resolution changes, small and large; the large one has a block before the first change: to the stem
    edges = (1, 2, 4, 9, 12) if len(model.features) == 13 else (2, 4, 7, 13, 16)
    linear1, activation, dropout, linear2 = model.classifier
    return {
        "stem": model.features[: edges[0]],
        **{f"blocks{i}": model.features[start:end] for i, (start, end) in enumerate(pairwise(edges), start=1)},
        "conv": _block(conv=model.features[-1], avgpool=model.avgpool, flatten=nn.Flatten()),
        "fc1": _block(linear=linear1, hardswish=activation, dropout=dropout),
        "fc2": linear2,
    }


def _efficientnet_b0(model: Any) -> Stages:
    features = model.features
    dropout, linear = model.classifier
    return {
        "stem": features[:2],  # the first group of blocks does not change the resolution
        "blocks1": features[2:3],
        "blocks2": features[3:4],
        "blocks3": features[4:6],
        "blocks4": features[6:8],
        "conv": _block(conv=features[8], avgpool=model.avgpool, flatten=nn.Flatten(), dropout=dropout),
        "fc": linear,
    }


def _convnext(model: Any) -> Stages:
    features = model.features
    norm, flatten, linear = model.classifier
    return {
        "stem": features[0],
        "stage1": features[1],
        "stage2": features[2:4],  # a downsampling layer and the blocks after it
        "stage3": features[4:6],
        "stage4": _block(blocks=features[6:8], avgpool=model.avgpool, norm=norm, flatten=flatten),
        "fc": linear,
    }


def _vit(model: Any) -> Stages:
    layers = model.encoder.layers
    return {
        "patches": PatchTokens(model),
        "blocks1": layers[0:3],
        "blocks2": layers[3:6],
        "blocks3": layers[6:9],
        "blocks4": _block(blocks=layers[9:12], norm=model.encoder.ln, class_token=TakeClassToken()),
        "fc": model.heads.head,
    }


def _alexnet(model: Any) -> Stages:
    features = model.features
    dropout6, linear6, relu6, dropout7, linear7, relu7, linear8 = model.classifier
    pool = {"avgpool": model.avgpool, "flatten": nn.Flatten()}
    return {
        "conv1": features[0:3],
        "conv2": features[3:6],
        "conv3": features[6:8],
        "conv4": features[8:10],
        "conv5": features[10:13],
        "fc6": _block(**pool, dropout=dropout6, linear=linear6, relu=relu6),
        "fc7": _block(dropout=dropout7, linear=linear7, relu=relu7),
        "fc8": linear8,
    }


def _vgg11(model: Any) -> Stages:
    features = model.features
    linear6, relu6, dropout7, linear7, relu7, dropout8, linear8 = model.classifier
    return {
        "conv1": features[0:3],
        "conv2": features[3:6],
        "conv3": features[6:11],
        "conv4": features[11:16],
        "conv5": features[16:21],
        "fc6": _block(avgpool=model.avgpool, flatten=nn.Flatten(), linear=linear6, relu=relu6),
        "fc7": _block(dropout=dropout7, linear=linear7, relu=relu7, dropout_out=dropout8),
        "fc8": linear8,
    }


def _block(**modules: nn.Module) -> nn.Sequential:
    block = nn.Sequential()
    for name, module in modules.items():
        block.add_module(name, module)
    return block


ADAPTERS: dict[str, Callable[[Any], Stages]] = {
    "resnet18": _resnet,
    "resnet34": _resnet,
    "resnet50": _resnet,
    "mobilenet_v3_small": _mobilenet_v3,
    "mobilenet_v3_large": _mobilenet_v3,
    "efficientnet_b0": _efficientnet_b0,
    "convnext_tiny": _convnext,
    "vit_b_16": _vit,
    "alexnet": _alexnet,
    "vgg11": _vgg11,
}


def build_model(name: str, num_classes: int) -> nn.Module:
    """torchvision's own model with the random weights of its constructor."""
    from torchvision.models import get_model

    return get_model(name, weights=None, num_classes=num_classes)


def take_apart(name: str, model: nn.Module) -> nn.Sequential:
    """The stages of a model from `build_model`, sharing its weights."""
    return _block(**ADAPTERS[name](model))


def official_weights(name: str) -> Any:
    """torchvision's record of the official weights: `url` and `meta`."""
    from torchvision.models import get_model_weights

    # V1 also where there is a V2: it is what courses use, and V2's recipes (label smoothing, mixup) raise accuracy on
    # ImageNet but leave features that transfer worse to a new last layer (Kornblith et al., 2021, arXiv:2010.16402).
    return get_model_weights(name).IMAGENET1K_V1
