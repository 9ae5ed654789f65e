"""Make the data sets of the study from the archives of photographs: one zip each, to be put on the shelf.

    python -m scripts.make_study_sets --shelf ../shared/data --out DIR

Only images that the demonstration network was not trained on: of its own animals the held-out ones. Files keep their
bytes; flowers, textures and digits need no making.
"""

import argparse
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch

from scripts.pretrain import ANIMALS, hold_out

KINDS = {
    "dogs_and_cats": "chihuahua german_shepherd golden_retriever labrador_retriever standard_poodle yorkshire_terrier "
    "cougar egyptian_cat lion persian_cat tabby",
    "insects": "bee cockroach dragonfly fly grasshopper ladybug mantis monarch sulphur_butterfly",
    "spiders_and_the_like": "black_widow centipede scorpion tarantula trilobite",
    "hoofed_animals": "african_elephant arabian_camel bighorn bison gazelle hog ox",
    "bears_and_apes": "baboon brown_bear chimpanzee guinea_pig koala lesser_panda orangutan",
    "birds": "albatross black_stork goose king_penguin",
    "reptiles_and_amphibians": "american_alligator boa_constrictor bullfrog european_fire_salamander tailed_frog",
    "sea_animals": "american_lobster brain_coral dugong goldfish jellyfish sea_cucumber sea_slug slug snail spiny_lobster",
}
TEN_ANIMALS = "bee bison brown_bear goldfish goose jellyfish king_penguin koala ladybug tabby".split()
FOOD = "espresso guacamole ice_cream lemon mashed_potato meat_loaf orange pizza pomegranate pretzel".split()
PLACES = "alp barn cliff dam fountain lakeside seashore suspension_bridge thatch triumphal_arch".split()
THINGS = "backpack bucket chest computer_keyboard dumbbell lampshade pop_bottle sock teapot umbrella".split()
CIFAR_ANIMALS = "bird cat deer dog frog horse".split()
CIFAR_VEHICLES = "airplane automobile ship truck".split()
CIFAR_EACH = 1_200  # images of each class

Files = dict[tuple[str, str], list[tuple[str, bytes]]]  # (split, class): file names and contents, sorted by name


def read_archive(path: Path) -> Files:
    """All files of a tar of `split/class/name`."""
    found: Files = defaultdict(list)
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            parts = Path(member.name).parts
            if member.isfile() and len(parts) == 3:
                found[parts[0], parts[1]].append((member.name, archive.extractfile(member).read()))
    for files in found.values():
        files.sort()
    return found


def held_out(files: Files) -> dict[str, list[tuple[str, bytes]]]:
    """The original classes' images that `scripts.pretrain` (seed 0) kept apart, in its own order."""
    rows = sorted((name, label, data) for label, animal in enumerate(ANIMALS) for name, data in files["train", animal])
    mask = hold_out(torch.tensor([label for _, label, _ in rows]), len(ANIMALS), seed=0)
    found: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for (name, label, data), held in zip(rows, mask.tolist(), strict=True):
        if held:
            found[ANIMALS[label]].append((name, data))
    return found


def study_sets(shelf: Path) -> Iterator[tuple[str, dict[str, list[tuple[str, bytes]]]]]:
    """Name, and the files of each class."""
    tiny = read_archive(shelf / "tiny_imagenet_32.tar.xz")
    own = held_out(tiny)
    kinds = {kind: names.split() for kind, names in KINDS.items()}
    yield "animal_kinds", {kind: [row for name in names for row in own[name]] for kind, names in kinds.items()}
    yield (
        "animal_kinds_aliased",
        {k: [row for name in names for row in tiny["val", name]] for k, names in kinds.items()},
    )
    yield "ten_animals", {name: own[name] for name in TEN_ANIMALS}
    for title, names in (("food", FOOD), ("places", PLACES), ("things", THINGS)):
        yield title, {name: tiny["train", name] for name in names}
    cifar = read_archive(shelf / "cifar10.tar.xz")
    for title, names in (("cifar_animals", CIFAR_ANIMALS), ("cifar_vehicles", CIFAR_VEHICLES)):
        yield title, {name: cifar["train", name][:CIFAR_EACH] for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shelf", type=Path, required=True, help="where the archives are")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for the zips; the other sets are linked there too"
    )
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, classes in study_sets(args.shelf):
        with zipfile.ZipFile(args.out / f"{name}.zip", "w") as archive:
            for title, files in classes.items():
                for path, data in files:
                    inside = "_".join(Path(path).parts[1:])
                    archive.writestr(zipfile.ZipInfo(f"{title}/{inside}", (2026, 1, 1, 0, 0, 0)), data)
        print(f"{name}: {sum(map(len, classes.values())):,} images in {len(classes)} classes")
    for name in ("flowers5_128.zip", "textures10_128.zip"):
        link = args.out / name
        if not link.exists():
            link.symlink_to((args.shelf / name).resolve())


if __name__ == "__main__":
    main()
