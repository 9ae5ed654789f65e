"""A network as lines of plain torch and torchvision that anyone can run."""

import inspect

import torch
from torch import nn

from tl_core import torchvision_stages
from tl_core.backbones import DemoArchitecture, demo_stages
from tl_core.networks import Network


def imports(network: Network) -> str:
    """What the code of `network_code` needs beside torch."""
    lines = ["from collections import OrderedDict"]
    if not network.builtin:
        lines += ["from itertools import pairwise", "from typing import Any"]
    lines += ["", "from safetensors.torch import load_file"] if network.builtin else ["", "import torchvision"]
    return "\n".join(lines)


def network_code(network: Network, pretrained: bool) -> str:
    """Lines that make `stages`, an `nn.Sequential` of the network's stages by name, its own last layer included.

    Of `pretrained` weights, those of our own networks are read from `network.weights_file` in `FOLDER`; torchvision's are
    downloaded by torchvision.
    """
    if network.builtin:
        with torch.device("meta"):
            stages = demo_stages(DemoArchitecture.of(network), network.num_classes, network.input_size)
        code = f"stages = {_spell(stages)}"
        return code + (f'\nstages.load_state_dict(load_file(FOLDER / "{network.weights_file}"))' if pretrained else "")
    weights = '"IMAGENET1K_V1"' if pretrained else "None"
    return "\n\n\n".join(
        [
            "Stages = dict[str, nn.Module]",
            *map(_source, _parts(network)),
            "\n".join(
                [
                    f'model = torchvision.models.get_model("{network.name}", weights={weights})',
                    f"stages = nn.Sequential(OrderedDict({torchvision_stages.ADAPTERS[network.name].__name__}(model)))",
                ]
            ),
        ]
    )


def _parts(network: Network) -> list[object]:
    """The adapter of a torchvision network, after what it uses."""
    adapter = torchvision_stages.ADAPTERS[network.name]
    used = (torchvision_stages.PatchTokens, torchvision_stages.TakeClassToken, torchvision_stages._block)
    return [*(part for part in used if part.__name__ in inspect.getsource(adapter)), adapter]


def _source(part: object) -> str:
    return inspect.getsource(part).rstrip()  # type: ignore[arg-type]


def _spell(module: nn.Module, indent: str = "") -> str:
    """A module as the expression that makes it: containers by their parts, all others by their own `repr`."""
    if not isinstance(module, nn.Sequential):
        return f"nn.{module!r}"
    inner = indent + "    "
    parts = "".join(f"{inner}{name}={_spell(part, inner)},\n" for name, part in module.named_children())
    return f"nn.Sequential(OrderedDict(\n{parts}{indent}))"
