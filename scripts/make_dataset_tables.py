"""Write what is known about torchvision's data sets: `python -m scripts.make_dataset_tables`.

Addresses, folders and checksums are what torchvision's own classes ask for, recorded while they believe to download. The
words and the sizes below are not in torchvision: sizes in bytes are those its servers answer (as kept in TensorFlow
Datasets' `url_checksums`, or seen in the logs of torchvision's downloads).
"""

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from torchvision import datasets

from tl_core.paths import ASSETS

IMAGENETTE_SIZE = "320px"  # of the three on offer the smallest from which 224 pixels can be cut without enlarging


@dataclass(frozen=True)
class Words:
    """What torchvision does not know of a set; `unpacked_mb` is what lies on the disk in the end, rounded up."""

    class_name: str
    splits: tuple[dict[str, Any], ...]  # what the class is constructed with, once for each part
    num_bytes: dict[str, int]
    title: str
    num_classes: int
    num_images: int
    unpacked_mb: int
    licence: str
    source: str
    description: str
    mirror_safe: bool = True
    class_names: dict[str, str] = field(default_factory=dict)  # other words than torchvision's


_TRAIN_TEST = ({"train": True}, {"train": False})
_SPLITS = ({"split": "train"}, {"split": "test"})
_SPLITS_VAL = ({"split": "train"}, {"split": "val"}, {"split": "test"})

# The names that users of the benchmark have agreed on; its own files have the numbers only.
_SIGNS = (
    "Speed limit (20km/h)|Speed limit (30km/h)|Speed limit (50km/h)|Speed limit (60km/h)|Speed limit (70km/h)|"
    "Speed limit (80km/h)|End of speed limit (80km/h)|Speed limit (100km/h)|Speed limit (120km/h)|No passing|"
    "No passing for vehicles over 3.5 tons|Right of way at the next crossing|Priority road|Yield|Stop|No vehicles|"
    "No vehicles over 3.5 tons|No entry|General caution|Dangerous curve to the left|Dangerous curve to the right|"
    "Double curve|Bumpy road|Slippery road|Road narrows on the right|Road work|Traffic signals|Pedestrians|"
    "Children crossing|Bicycles crossing|Beware of ice or snow|Wild animals crossing|"
    "End of all speed and passing limits|Turn right ahead|Turn left ahead|Ahead only|Go straight or right|"
    "Go straight or left|Keep right|Keep left|Roundabout|End of no passing|End of no passing for vehicles over 3.5 tons"
).split("|")
_LAND = {
    "AnnualCrop": "annual crop",
    "Forest": "forest",
    "HerbaceousVegetation": "herbaceous vegetation",
    "Highway": "highway",
    "Industrial": "industrial buildings",
    "Pasture": "pasture",
    "PermanentCrop": "permanent crop",
    "Residential": "residential buildings",
    "River": "river",
    "SeaLake": "sea or lake",
}
_IMAGENET_LICENCE = "not stated; pictures from ImageNet, for non-commercial research and teaching"

WORDS = {
    "cifar_10": Words(
        "CIFAR10", _TRAIN_TEST, {"cifar-10-python.tar.gz": 170_498_071},
        "CIFAR-10", 10, 60_000, 372, "not stated; for research",
        "Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html",
        "Small photographs of animals and vehicles, 32 x 32 pixels.",
    ),
    "cifar_100": Words(
        "CIFAR100", _TRAIN_TEST, {"cifar-100-python.tar.gz": 169_001_437},
        "CIFAR-100", 100, 60_000, 372, "not stated; for research",
        "Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html",
        "Small photographs of a hundred kinds of animals, plants, things and people, 32 x 32 pixels.",
    ),
    "fashion_mnist": Words(
        "FashionMNIST", _TRAIN_TEST,
        {
            "train-images-idx3-ubyte.gz": 26_421_880, "train-labels-idx1-ubyte.gz": 29_515,
            "t10k-images-idx3-ubyte.gz": 4_422_102, "t10k-labels-idx1-ubyte.gz": 5_148,
        },
        "Fashion-MNIST", 10, 70_000, 111, "MIT",
        "Xiao, Rasul and Vollgraf 2017, https://github.com/zalandoresearch/fashion-mnist",
        "Clothes, shoes and bags from a shop's catalogue, 28 x 28 pixels of grey.",
    ),
    "kmnist": Words(
        "KMNIST", _TRAIN_TEST,
        {
            "train-images-idx3-ubyte.gz": 18_165_135, "train-labels-idx1-ubyte.gz": 29_497,
            "t10k-images-idx3-ubyte.gz": 3_041_136, "t10k-labels-idx1-ubyte.gz": 5_120,
        },
        "Kuzushiji-MNIST", 10, 70_000, 111, "CC BY-SA 4.0",
        "Clanuwat and others 2018, https://github.com/rois-codh/kmnist",
        "Ten Japanese letters from old handwritten books, 28 x 28 pixels of grey.", False,
    ),
    "svhn": Words(
        "SVHN", _SPLITS, {"train_32x32.mat": 182_040_794, "test_32x32.mat": 64_275_384},
        "Street View House Numbers", 10, 99_289, 553, "for non-commercial use only",
        "Netzer and others 2011, http://ufldl.stanford.edu/housenumbers",
        "Digits of house numbers, photographed from the street, 32 x 32 pixels.", False,
    ),
    "eurosat": Words(
        "EuroSAT", ({},), {"EuroSAT.zip": 94_280_567},
        "EuroSAT", 10, 27_000, 210, "MIT",
        "Helber and others 2019, https://github.com/phelber/eurosat",
        "How land is used, seen by the Sentinel-2 satellites, 64 x 64 pixels.", True, _LAND,
    ),
    "flowers_102": Words(
        "Flowers102", _SPLITS_VAL,
        {"102flowers.tgz": 344_862_509, "imagelabels.mat": 502, "setid.mat": 14_989},
        "Oxford Flowers 102", 102, 8_189, 380, "not stated; for research",
        "Nilsback and Zisserman 2008, https://www.robots.ox.ac.uk/~vgg/data/flowers/102",
        "Photographs of flowers that are common in the United Kingdom.",
    ),
    "oxford_iiit_pet": Words(
        "OxfordIIITPet", ({"split": "trainval"}, {"split": "test"}),
        {"images.tar.gz": 791_918_971, "annotations.tar.gz": 19_173_078},
        "Oxford-IIIT Pet", 37, 7_349, 900, "CC BY-SA 4.0",
        "Parkhi and others 2012, https://www.robots.ox.ac.uk/~vgg/data/pets",
        "Photographs of cats and dogs of 37 breeds.",
    ),
    "dtd": Words(
        "DTD", _SPLITS_VAL, {"dtd-r1.0.1.tar.gz": 625_239_812},
        "Describable Textures", 47, 5_640, 660, "for research purposes",
        "Cimpoi and others 2014, https://www.robots.ox.ac.uk/~vgg/data/dtd",
        "Textures, each named by what people say of it: striped, bubbly, woven.",
    ),
    "gtsrb": Words(
        "GTSRB", _SPLITS,
        {
            "GTSRB-Training_fixed.zip": 187_490_228, "GTSRB_Final_Test_Images.zip": 88_978_620,
            "GTSRB_Final_Test_GT.zip": 99_620,
        },
        "German Traffic Signs", 43, 39_270, 800, "not stated; for research",
        "Stallkamp and others 2012, https://benchmark.ini.rub.de",
        "Traffic signs cut out of films taken from a driving car, 15 to 250 pixels.", False,
        {str(number): name for number, name in enumerate(_SIGNS)},
    ),
    "stl_10": Words(
        "STL10", _SPLITS, {"stl10_binary.tar.gz": 2_640_397_119},
        "STL-10", 10, 13_000, 3_500, _IMAGENET_LICENCE,
        "Coates, Ng and Lee 2011, https://cs.stanford.edu/~acoates/stl10",
        "Photographs of animals and vehicles, 96 x 96 pixels; the 100,000 without a label come along, but are not used.",
    ),
    "food_101": Words(
        "Food101", _SPLITS, {"food-101.tar.gz": 4_996_278_331},
        "Food-101", 101, 101_000, 5_400, "scientific fair use; the pictures belong to their owners",
        "Bossard, Guillaumin and Van Gool 2014, https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101",
        "Photographs of dishes that people put on the net.",
    ),
    "imagenette": Words(
        "Imagenette", tuple({"split": split, "size": IMAGENETTE_SIZE} for split in ("train", "val")),
        {"imagenette2-320.tgz": 341_553_947},
        "Imagenette", 10, 13_394, 380, "Apache 2.0; pictures from ImageNet, for non-commercial research and teaching",
        "Howard 2019, https://github.com/fastai/imagenette",
        "Ten classes of ImageNet that are easily told apart, 320 pixels on the short side.",
    ),
}  # fmt: skip


def record_archives(words: Words) -> list[dict[str, Any]]:
    """What the class would download: `url`, `file`, `md5`, `num_bytes`, `folder` below the root, and `unpack`."""
    cls = getattr(datasets, words.class_name)
    module = sys.modules[cls.__module__]
    found: dict[str, dict[str, Any]] = {}

    def recorder(unpack: bool) -> Callable[..., None]:
        def record(
            url: str,
            root: Any = None,
            filename: str | None = None,
            md5: str | None = None,
            *,
            download_root: Any = None,
        ) -> None:
            file = filename or url.rpartition("/")[2]
            folder = Path(download_root or root).relative_to(temporary).as_posix()
            found[url] = {
                "url": url, "file": file, "md5": md5, "num_bytes": words.num_bytes[file],
                "folder": "" if folder == "." else folder, "unpack": unpack,
            }  # fmt: skip

        return record

    with tempfile.TemporaryDirectory() as temporary:
        for options in words.splits:
            with (
                mock.patch.object(module, "download_and_extract_archive", recorder(True), create=True),
                mock.patch.object(module, "download_url", recorder(False), create=True),
            ):
                try:
                    cls(temporary, download=True, **options)
                except (RuntimeError, OSError):  # there is nothing to open, of course
                    continue
    return list(found.values())


def dataset_table(name: str) -> dict[str, Any]:
    """One set as it stands in `assets/datasets.json`."""
    words = WORDS[name]
    return {
        "name": name, "title": words.title, "class_name": words.class_name, "num_classes": words.num_classes,
        "num_images": words.num_images, "unpacked_mb": words.unpacked_mb, "licence": words.licence,
        "source": words.source, "description": words.description, "mirror_safe": words.mirror_safe,
        "splits": list(words.splits), "class_names": words.class_names, "archives": record_archives(words),
    }  # fmt: skip


def main() -> None:
    rows = [dataset_table(name) for name in WORDS]
    (ASSETS / "datasets.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
