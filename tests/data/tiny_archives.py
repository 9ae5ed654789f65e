"""Torchvision's archives in small: exactly the files and formats of the real ones, three classes, a few pictures each.

A picture of class k has the colour `COLOURS[k]`, and its upper half is lighter by `LIGHTER`, so that a test sees whether
pictures went to the right class and stayed upright.
"""

import gzip
import hashlib
import io
import json
import pickle
import struct
from pathlib import Path

import numpy as np
from pictures import encode, make_tar, make_zip
from PIL import Image
from scipy.io import savemat

from tl_core.data import torchvision_sets

COLOURS = ((150, 40, 40), (40, 150, 40), (40, 40, 150))
GREYS = (20, 90, 160)
LIGHTER = 60
PER_CLASS = 4  # in each split

# What the classes are called on the page, in the order of the colours.
CLASSES = {
    "cifar_10": ("airplane", "automobile", "bird"),
    "cifar_100": ("apple", "aquarium fish", "baby"),
    "fashion_mnist": ("T-shirt/top", "Trouser", "Pullover"),
    "kmnist": ("o", "ki", "su"),
    "svhn": ("0", "1", "2"),
    "eurosat": ("annual crop", "forest", "sea or lake"),
    "flowers_102": ("pink primrose", "hard-leaved pocket orchid", "canterbury bells"),
    "oxford_iiit_pet": ("Abyssinian", "American Bulldog", "American Pit Bull Terrier"),
    "dtd": ("banded", "blotchy", "braided"),
    "gtsrb": ("Speed limit (20km/h)", "Speed limit (30km/h)", "Speed limit (50km/h)"),
    "stl_10": ("airplane", "bird", "car"),
    "food_101": ("apple pie", "baby back ribs", "baklava"),
    "imagenette": ("tench", "English springer", "cassette player"),
}
SPLITS = dict.fromkeys(CLASSES, ("train", "test")) | {
    "eurosat": ("",),
    "flowers_102": ("train", "val", "test"),
    "dtd": ("train", "val", "test"),
    "imagenette": ("train", "val"),
}
GREY = ("fashion_mnist", "kmnist")


def pixels(label: int, size: int) -> np.ndarray:
    """(size, size, 3) uint8"""
    image = np.empty((size, size, 3), np.uint8)
    image[:] = COLOURS[label]
    image[: size // 2] += LIGHTER
    return image


def grey(label: int, size: int) -> np.ndarray:
    """(size, size) uint8"""
    image = np.full((size, size), GREYS[label], np.uint8)
    image[: size // 2] += LIGHTER
    return image


def jpeg(label: int, size: int = 48) -> bytes:
    return encode(Image.fromarray(pixels(label, size)), "JPEG", quality=95)


LABELS = [label for label in range(3) for _ in range(PER_CLASS)]


def write_archives(name: str, folder: Path) -> dict[str, bytes]:
    """The archives of one set by their file names."""
    folder.mkdir(parents=True)
    made = globals()[f"_{name}"](folder)
    return {file: data if isinstance(data, bytes) else data.read_bytes() for file, data in made.items()}


def write_table(folder: Path, archives: dict[str, dict[str, bytes]], unpacked_mb: int = 1) -> Path:
    """The project's own table, but for sizes and checksums of these archives."""
    rows = json.loads(torchvision_sets.TABLE.read_text("utf-8"))
    for row in rows:
        for archive in row["archives"]:
            data = archives.get(row["name"], {}).get(archive["file"])
            if data is not None:
                row["unpacked_mb"] = unpacked_mb
                archive |= {"md5": md5(data), "num_bytes": len(data)}
    path = folder / f"datasets-{len(list(folder.glob('datasets-*')))}.json"  # a new name: tables are read once
    path.write_text(json.dumps(rows))
    return path


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def patch_sums(monkeypatch, archives: dict[str, bytes]) -> None:
    """Inside its archives torchvision checks some files once more: those checksums, too, are of our small ones."""
    from torchvision import datasets

    files = {file: md5(data) for file, data in archives.items()} | _inner_sums
    for cls in (datasets.CIFAR10, datasets.CIFAR100, datasets.STL10):
        for part in ("train_list", "test_list"):
            sums = [[file, files.get(f"{cls.base_folder}/{file}", old)] for file, old in getattr(cls, part)]
            monkeypatch.setattr(cls, part, sums)
        if hasattr(cls, "meta"):
            meta = cls.meta | {"md5": files.get(f"{cls.base_folder}/{cls.meta['filename']}", cls.meta["md5"])}
            monkeypatch.setattr(cls, "meta", meta)
    splits = {k: [url, file, files.get(file, old)] for k, (url, file, old) in datasets.SVHN.split_list.items()}
    monkeypatch.setattr(datasets.SVHN, "split_list", splits)
    flowers = {k: (file, files.get(file, old)) for k, (file, old) in datasets.Flowers102._file_dict.items()}
    monkeypatch.setattr(datasets.Flowers102, "_file_dict", flowers)


_inner_sums: dict[str, str] = {}


def _tar(path: Path, files: dict[str, bytes]) -> Path:
    _inner_sums.update({file: md5(data) for file, data in files.items()})
    return make_tar(path, files)


def _pickle(value: object) -> bytes:
    return pickle.dumps(value, protocol=2)


def _rows(labels: list[int]) -> np.ndarray:
    """(N, 3072) uint8: 1024 of red, of green, of blue"""
    return np.stack([pixels(label, 32).transpose(2, 0, 1).reshape(-1) for label in labels])


def _cifar_10(folder: Path) -> dict[str, Path]:
    base, files = "cifar-10-batches-py", {}
    batches = [f"data_batch_{n}" for n in range(1, 6)] + ["test_batch"]
    for number, batch in enumerate(batches):
        labels = LABELS if batch == "test_batch" else LABELS[number::5]
        files[f"{base}/{batch}"] = _pickle({"batch_label": batch, "labels": labels, "data": _rows(labels)})
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    files[f"{base}/batches.meta"] = _pickle({"label_names": names, "num_vis": 3072})
    files[f"{base}/readme.html"] = b"<html></html>"
    return {"cifar-10-python.tar.gz": _tar(folder / "c.tar.gz", files)}


def _cifar_100(folder: Path) -> dict[str, Path]:
    base, rows = "cifar-100-python", _rows(LABELS)
    part = _pickle({"fine_labels": LABELS, "coarse_labels": LABELS, "data": rows, "filenames": ["x.png"] * len(rows)})
    meta = _pickle({"fine_label_names": ["apple", "aquarium_fish", "baby"], "coarse_label_names": ["fruit"]})
    files = {f"{base}/train": part, f"{base}/test": part, f"{base}/meta": meta}
    return {"cifar-100-python.tar.gz": _tar(folder / "c.tar.gz", files)}


def _idx(folder: Path) -> dict[str, bytes]:
    images = np.stack([grey(label, 28) for label in LABELS])
    files = {}
    for part in ("train", "t10k"):
        head = struct.pack(">IIII", 0x803, *images.shape)
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(head + images.tobytes())
        head = struct.pack(">II", 0x801, len(LABELS))
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(head + bytes(LABELS))
    return files


_fashion_mnist = _kmnist = _idx


def _svhn(folder: Path) -> dict[str, bytes]:
    files = {}
    for part in ("train", "test"):
        images = np.stack([pixels(label, 32) for label in LABELS], axis=-1)  # (32, 32, 3, N)
        labels = np.array([[label or 10] for label in LABELS], np.uint8)
        files[f"{part}_32x32.mat"] = _mat(X=images, y=labels)
    return files


def _mat(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, arrays)
    return buffer.getvalue()


def _eurosat(folder: Path) -> dict[str, Path]:
    names = ("AnnualCrop", "Forest", "SeaLake")
    files = {
        f"2750/{name}/{name}_{i}.jpg": jpeg(label, 64)
        for label, name in enumerate(names)
        for i in range(1, 2 * PER_CLASS + 1)
    }
    return {"EuroSAT.zip": make_zip(folder / "EuroSAT.zip", files)}


def _flowers_102(folder: Path) -> dict[str, Path | bytes]:
    labels = LABELS * 3
    files = {f"jpg/image_{n:05d}.jpg": jpeg(label) for n, label in enumerate(labels, start=1)}
    ids = np.arange(1, len(labels) + 1, dtype=np.uint16).reshape(3, -1)
    return {
        "102flowers.tgz": make_tar(folder / "102flowers.tgz", files),
        "imagelabels.mat": _mat(labels=np.array([labels], np.uint8) + 1),
        "setid.mat": _mat(trnid=ids[:1], valid=ids[1:2], tstid=ids[2:]),
    }


def _oxford_iiit_pet(folder: Path) -> dict[str, Path]:
    names = ("Abyssinian", "american_bulldog", "american_pit_bull_terrier")
    images, lines = {"images/Abyssinian_100.mat": b"not a picture"}, {"trainval": [], "test": []}
    for part, start in (("trainval", 1), ("test", 50)):
        for n, label in enumerate(LABELS, start=start):
            image_id = f"{names[label]}_{n}"
            images[f"images/{image_id}.jpg"] = jpeg(label)
            lines[part].append(f"{image_id} {label + 1} {1 if label == 0 else 2} 1\n")
    notes = {f"annotations/{part}.txt": "".join(text).encode() for part, text in lines.items()}
    return {
        "images.tar.gz": make_tar(folder / "images.tar.gz", images),
        "annotations.tar.gz": make_tar(folder / "annotations.tar.gz", notes),
    }


def _dtd(folder: Path) -> dict[str, Path]:
    names, files = ("banded", "blotchy", "braided"), {}
    for k, part in enumerate(("train", "val", "test")):
        lines = [f"{names[label]}/{names[label]}_{100 * k + n:04d}.jpg" for n, label in enumerate(LABELS)]
        files |= {f"dtd/images/{line}": jpeg(label) for line, label in zip(lines, LABELS, strict=True)}
        files[f"dtd/labels/{part}1.txt"] = ("\n".join(lines) + "\n").encode()
    return {"dtd-r1.0.1.tar.gz": make_tar(folder / "dtd.tar.gz", files)}


def _gtsrb(folder: Path) -> dict[str, Path]:
    training, images, rows = {}, {}, ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"]
    for n, label in enumerate(LABELS):
        ppm = encode(Image.fromarray(pixels(label, 30)), "PPM")
        training[f"GTSRB/Training/{label:05d}/00000_{n:05d}.ppm"] = ppm
        training[f"GTSRB/Training/{label:05d}/GT-{label:05d}.csv"] = b"Filename;Width\n"
        images[f"GTSRB/Final_Test/Images/{n:05d}.ppm"] = ppm
        rows.append(f"{n:05d}.ppm;30;30;5;5;25;25;{label}")
    truth = {"GT-final_test.csv": ("\n".join(rows) + "\n").encode()}
    return {
        "GTSRB-Training_fixed.zip": make_zip(folder / "a.zip", training),
        "GTSRB_Final_Test_Images.zip": make_zip(folder / "b.zip", images),
        "GTSRB_Final_Test_GT.zip": make_zip(folder / "c.zip", truth),
    }


def _stl_10(folder: Path) -> dict[str, Path]:
    base = "stl10_binary"
    columns = b"".join(pixels(label, 96).transpose(2, 1, 0).tobytes() for label in LABELS)  # column by column
    labels = bytes(label + 1 for label in LABELS)
    files = {
        f"{base}/class_names.txt": b"airplane\nbird\ncar\n",
        f"{base}/fold_indices.txt": b"0 1 2\n",
        f"{base}/train_X.bin": columns,
        f"{base}/train_y.bin": labels,
        f"{base}/unlabeled_X.bin": columns[: 3 * 96 * 96] * 60,  # 1.7 MB: large enough to be unpacked in steps
        f"{base}/test_X.bin": columns,
        f"{base}/test_y.bin": labels,
    }
    return {"stl10_binary.tar.gz": _tar(folder / "s.tar.gz", files)}


def _food_101(folder: Path) -> dict[str, Path]:
    names, files = ("apple_pie", "baby_back_ribs", "baklava"), {}
    for k, part in enumerate(("train", "test")):
        index: dict[str, list[str]] = {name: [] for name in names}
        for n, label in enumerate(LABELS):
            index[names[label]].append(f"{names[label]}/{100 * k + n}")
            files[f"food-101/images/{names[label]}/{100 * k + n}.jpg"] = jpeg(label)
        files[f"food-101/meta/{part}.json"] = json.dumps(index).encode()
    return {"food-101.tar.gz": make_tar(folder / "f.tar.gz", files)}


def _imagenette(folder: Path) -> dict[str, Path]:
    ids = ("n01440764", "n02102040", "n02979186")
    files = {
        f"imagenette2-320/{part}/{ids[label]}/{ids[label]}_{n}.JPEG": jpeg(label)
        for part in ("train", "val")
        for n, label in enumerate(LABELS)
    }
    return {"imagenette2-320.tgz": make_tar(folder / "i.tgz", files)}
