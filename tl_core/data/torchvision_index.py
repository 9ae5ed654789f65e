"""A downloaded set as torchvision's own class opens it, written down so that later reading does not need the class.

Torchvision checks the sums of every file of an array set whenever it opens it, 3 GB of them for STL-10, and puts all
pixels into memory: too slow for a page that wants twelve pictures. So a set is opened this way once.
"""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tl_core.data.layout import clean_text
from tl_core.data.torchvision_sets import INDEX_FILE, TorchvisionSet

_ALIVE_SECONDS = 0.5
_SPLIT_NAMES = {"train": "train", "trainval": "train", "val": "val", "test": "test"}


class Part(NamedTuple):
    """One split: its class of each picture in torchvision's words, and `pictures`: paths, or pixels uint8."""

    split: str
    classes: Sequence[str]
    pictures: Sequence[str] | np.ndarray


def write_index(row: TorchvisionSet, root: Path, folder: Path, alive: Callable[[], None] = lambda: None) -> bool:
    """Open the set that was unpacked at `root`; write `index.json` and arrays, if it has any, into `folder`.

    True if the files at `root` are still needed; names of pictures are relative to it. `alive` is called twice a second;
    what it raises ends the work. Raises what torchvision raises for files that are damaged or not there.
    """
    found: list[tuple[str, str, str]] = []  # class, split, ref
    num_bytes, needed = 0, False
    for options in row.splits:
        alive()
        part = _while_alive(lambda options=options: _open(row, root, options), alive)
        if isinstance(part.pictures, np.ndarray):
            np.save(folder / f"{part.split or 'all'}.npy", part.pictures)
            refs = [f"{part.split or 'all'}:{number}" for number in range(len(part.pictures))]
            num_bytes += part.pictures.nbytes
        else:
            needed, refs = True, []
            for path in part.pictures:
                num_bytes += os.stat(path).st_size
                refs.append(Path(path).relative_to(root).as_posix())
                if len(refs) % 1000 == 0:
                    alive()
        names = [_in_words(row, name) for name in part.classes]
        found += zip(names, [part.split] * len(refs), refs, strict=True)
    class_names = sorted({name for name, _, _ in found})
    label = {name: number for number, name in enumerate(class_names)}
    found.sort(key=lambda f: (f[0], f[1], len(f[2]), f[2]))  # by length first: train:9 before train:10
    index = {
        "class_names": class_names,
        "labels": [label[name] for name, _, _ in found],
        "splits": [split for _, split, _ in found],
        "refs": [ref for _, _, ref in found],
        "num_bytes": num_bytes,
    }
    (folder / INDEX_FILE).write_text(json.dumps(index, separators=(",", ":")), "utf-8")
    return needed


def _while_alive(work: Callable[[], Part], alive: Callable[[], None]) -> Part:
    """Torchvision says nothing while it works, for a minute with STL-10 on a slow disk."""
    pool = ThreadPoolExecutor(1)
    try:
        future = pool.submit(work)
        while not wait([future], timeout=_ALIVE_SECONDS).done:
            alive()
        return future.result()
    finally:
        pool.shutdown(wait=False)


def _open(row: TorchvisionSet, root: Path, options: dict[str, Any]) -> Part:
    from torchvision import datasets  # with torch, seconds

    cls = getattr(datasets, row.class_name)
    if "train" in options:
        split = "train" if options["train"] else "test"
    else:
        split = _SPLIT_NAMES[options["split"]] if "split" in options else ""
    if row.class_name in ("OxfordIIITPet", "GTSRB"):  # these two cannot be asked for paths
        data = cls(root, **options)
        if row.class_name == "GTSRB":
            return Part(split, [str(label) for _, label in data._samples], [path for path, _ in data._samples])
        return Part(split, [data.classes[label] for label in data._labels], list(map(str, data._images)))
    if row.class_name in ("CIFAR10", "CIFAR100"):
        data = cls(root, **options)
        return Part(split, [data.classes[label] for label in data.targets], data.data)
    if row.class_name in ("FashionMNIST", "KMNIST"):
        data = cls(root, **options)
        return Part(split, [data.classes[label] for label in data.targets.tolist()], data.data.numpy())
    if row.class_name in ("SVHN", "STL10"):
        data = cls(root, **options)
        names = getattr(data, "classes", None) or list(map(str, range(row.num_classes)))
        pixels = np.ascontiguousarray(data.data.transpose(0, 2, 3, 1))  # (N, 3, H, W) -> (N, H, W, 3)
        return Part(split, [names[label] for label in data.labels.tolist()], pixels)
    data = cls(root, loader=str, **options)  # gives the path instead of the picture
    pairs = [data[number] for number in range(len(data))]
    return Part(split, [_first(data.classes[label]) for _, label in pairs], [path for path, _ in pairs])


def _first(names: str | tuple[str, ...]) -> str:
    """Imagenette has several names for a class."""
    return names if isinstance(names, str) else names[0]


def _in_words(row: TorchvisionSet, name: str) -> str:
    return clean_text(row.class_names.get(name, name.replace("_", " ")))
