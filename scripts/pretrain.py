"""Pre-train one of our own networks and write its weights and card.

    python -m scripts.pretrain --archive ../shared/data/tiny_imagenet_32.tar.xz                     (demo)
    python -m scripts.pretrain --drawn dogs --epochs 30 --out assets/demo-drawn.safetensors         (demo-drawn)

Held out are `HELD_OUT` images of each class, of the archive's `train/`: its `val/` was down-sampled without
anti-aliasing, so it is a shifted set and reported apart. Nothing is chosen by the held-out images: the weights that ship are the
running average at the last epoch. No label smoothing: it shortens what the top layers carry over to new data
(Kornblith et al., arXiv 2011.02511).
"""

import argparse
import datetime
import io
import json
import platform
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from scripts.make_network_tables import IMAGENET_MEAN, IMAGENET_STD, write_demo_table
from tl_core.backbones import DemoArchitecture, demo_stages
from tl_core.data.drawn import WORLDS, draw_pictures, labels_of
from tl_core.device import autocast, choose_device, describe_device
from tl_core.evaluation import wilson_interval
from tl_core.experiment import MAX_IMAGES
from tl_core.gauge import log_gain
from tl_core.networks import network_from_table
from tl_core.paths import ASSETS
from tl_core.preprocess import Preprocess
from tl_core.similarity import advantage, draw, errors_of, probe, see

ANIMALS = (
    "african_elephant albatross american_alligator american_lobster arabian_camel baboon bee bighorn bison black_stork "
    "black_widow boa_constrictor brain_coral brown_bear bullfrog centipede chihuahua chimpanzee cockroach cougar dragonfly "
    "dugong egyptian_cat european_fire_salamander fly gazelle german_shepherd golden_retriever goldfish goose grasshopper "
    "guinea_pig hog jellyfish king_penguin koala labrador_retriever ladybug lesser_panda lion mantis monarch orangutan ox "
    "persian_cat scorpion sea_cucumber sea_slug slug snail spiny_lobster standard_poodle sulphur_butterfly tabby tailed_frog "
    "tarantula trilobite yorkshire_terrier"
).split()
HELD_OUT = 50  # images of each class
SIZE = 32
GROUP, NUM_GROUPS = 10, 20  # classes at a time, and how often, when the similarity's reference is measured
REFERENCE_SIZES = (50, 100, 200, 500)  # images of each group
ARCHITECTURE = DemoArchitecture(channels=(64, 96, 256), kernels=(5, 5, 5), widths=(256, 256), dropout=0.3)


@dataclass(frozen=True)
class Originals:
    """What a network is trained on: images (N, 32, 32, 3) uint8, labels (N,), whether each is held out (N,) bool.

    - `shifted`: a second set to report on, apart; may be None.
    - `words`: for the network's table, see `write_demo_table`; `card`: for its card.
    """

    classes: tuple[str, ...]
    images: Tensor
    labels: Tensor
    held: Tensor
    card: dict[str, Any]
    shifted: tuple[Tensor, Tensor] | None = None
    words: dict[str, str] = field(default_factory=dict)


def photographs(path: Path, seed: int) -> Originals:
    """The animal classes of the archive, in the order of names."""
    found: dict[str, list[tuple[str, int, np.ndarray]]] = {"train": [], "val": []}
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            parts = Path(member.name).parts
            if member.isfile() and len(parts) == 3 and parts[1] in ANIMALS:
                image = Image.open(io.BytesIO(archive.extractfile(member).read())).convert("RGB")
                found[parts[0]].append((member.name, ANIMALS.index(parts[1]), np.asarray(image)))
    sets = {}
    for split, rows in found.items():
        rows.sort(key=lambda row: row[0])
        sets[split] = (torch.from_numpy(np.stack([row[2] for row in rows])), torch.tensor([row[1] for row in rows]))
    images, labels = sets["train"]
    card = {
        "data": "Tiny ImageNet, 200 classes at 32x32; its 58 classes of animals, train/ only",
        "val_note": "the archive's val/ was down-sampled without anti-aliasing: a shifted set",
    }
    return Originals(tuple(ANIMALS), images, labels, hold_out(labels, len(ANIMALS), seed), card, sets["val"])


def drawings(name: str, num_images: int, seed: int) -> Originals:
    """The last `num_images` pictures of a drawn set: a run on the same set seldom meets one of them again."""
    world = WORLDS[name]
    indices = np.arange(MAX_IMAGES - num_images, MAX_IMAGES)
    images, labels = torch.from_numpy(draw_pictures(name, indices, SIZE)), torch.from_numpy(labels_of(name, indices))
    count = len(world.class_names)
    held = hold_out(labels, count, seed)
    words = {
        "title": f"Drawn {name} network",
        "classes": f"{count} kinds of {name}",
        "trained_on": f"{count} kinds of drawn {name}, {int((~held).sum()):,} pictures",
        "licence": "MIT",
    }
    card = {"data": f"{name}, drawn by tl_core.data.drawn, pictures {indices[0]:,} to {indices[-1]:,}"}
    return Originals(world.class_names, images, labels, held, card, words=words)


def hold_out(labels: Tensor, num_classes: int, seed: int) -> Tensor:
    """Boolean mask (N,) of `HELD_OUT` images of each class."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(num_classes):
        own = (labels == label).nonzero()[:, 0]
        mask[own[torch.randperm(len(own), generator=generator)[:HELD_OUT]]] = True
    return mask


class Augment:
    """Random views on the device: crop, stretch, small turn, mirror, brightness, contrast, saturation."""

    def __init__(self, device: torch.device):
        self.mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1) * 255
        self.std = torch.tensor(IMAGENET_STD, device=device).view(1, 3, 1, 1) * 255

    def plain(self, images: Tensor) -> Tensor:
        """(N, 32, 32, 3) uint8 to (N, 3, 32, 32) float32, normalised."""
        return self._finish(images.permute(0, 3, 1, 2).float())

    def __call__(self, images: Tensor) -> Tensor:
        count, device = len(images), images.device

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return torch.empty(shape or (count,), device=device).uniform_(low, high)

        batch = F.pad(images.permute(0, 3, 1, 2).float(), (4, 4, 4, 4), mode="reflect")
        scale = uniform(0.65, 1.0) * 0.8  # of the padded 40 pixels: the whole image is 0.8
        stretch, angle = uniform(-0.2, 0.2).exp(), uniform(-0.2, 0.2)  # radians
        mirror = (uniform(0, 1) < 0.5).float() * 2 - 1
        reach = (1 - scale).clamp(0, 0.3)
        theta = torch.zeros(count, 2, 3, device=device)
        theta[:, 0, 0], theta[:, 0, 1] = scale * stretch * mirror * angle.cos(), -scale * angle.sin()
        theta[:, 1, 0], theta[:, 1, 1] = scale * mirror * angle.sin(), scale / stretch * angle.cos()
        theta[:, 0, 2], theta[:, 1, 2] = uniform(-1, 1) * reach, uniform(-1, 1) * reach
        grid = F.affine_grid(theta, (count, 3, SIZE, SIZE), align_corners=False)
        batch = F.grid_sample(batch, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
        grey, level = batch.mean(1, keepdim=True), batch.mean((1, 2, 3), keepdim=True)
        batch = (batch - grey) * uniform(0.7, 1.3, count, 1, 1, 1) + grey
        batch = (batch - level) * uniform(0.7, 1.3, count, 1, 1, 1) + level * uniform(0.7, 1.3, count, 1, 1, 1)
        return self._finish(batch)

    def _finish(self, batch: Tensor) -> Tensor:
        return ((batch - self.mean) / self.std).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def count_right(model: nn.Module, augment: Augment, images: Tensor, labels: Tensor) -> int:
    model.eval()
    device = augment.mean.device
    right = 0
    for part in range(0, len(images), 500):
        batch = augment.plain(images[part : part + 500].to(device))
        right += int((model(batch).argmax(1).cpu() == labels[part : part + 500]).sum())
    return right


def train(originals: Originals, args: argparse.Namespace) -> tuple[nn.Module, dict]:
    """The averaged network and its card."""
    device = choose_device(args.device)
    torch.manual_seed(args.seed)
    images, labels, held = originals.images, originals.labels, originals.held
    train_images, train_labels = images[~held].to(device), labels[~held].to(device)
    model = demo_stages(ARCHITECTURE, len(originals.classes), SIZE).to(device, memory_format=torch.channels_last)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.05)
    steps_per_epoch = len(train_labels) // args.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, args.lr, total_steps=args.epochs * steps_per_epoch, pct_start=0.2
    )
    augment = Augment(device)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        model.train()
        order = torch.randperm(len(train_labels), device=device)
        total = torch.zeros((), device=device)
        for step in range(steps_per_epoch):
            batch = order[step * args.batch_size : (step + 1) * args.batch_size]
            with autocast(device):
                logits = model(augment(train_images[batch]))
            loss = F.cross_entropy(logits.float(), train_labels[batch])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update_parameters(model)
            total += loss.detach()
        accuracy = count_right(average.module, augment, images[held], labels[held]) / int(held.sum())
        seconds = time.perf_counter() - start
        print(
            f"epoch {epoch}/{args.epochs} loss {total / steps_per_epoch:.3f} held-out {accuracy:.4f} {seconds:.0f} s",
            flush=True,
        )
    right = count_right(average.module, augment, images[held], labels[held])
    card = {"classes": originals.classes, **originals.card}
    if originals.shifted is not None:
        card["num_val"] = len(originals.shifted[1])
        card["accuracy_on_val"] = round(count_right(average.module, augment, *originals.shifted) / card["num_val"], 4)
    given = f"--drawn {args.drawn} --images {args.images}" if args.drawn else f"--archive {args.archive.name}"
    card |= {
        "num_train": len(train_labels),
        "num_held_out": int(held.sum()),
        "accuracy_interval_95": [round(x, 4) for x in wilson_interval(right, int(held.sum()))],
        "command": f"python -m scripts.pretrain {given} --epochs {args.epochs} --seed {args.seed} --out assets/{args.out.name}",
        "seed": args.seed,
        "epochs": args.epochs,
        "seconds": round(time.perf_counter() - start),
        "hardware": f"{describe_device(device)}, {platform.processor() or platform.machine()}",
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "date": datetime.date.today().isoformat(),
    }  # fmt: skip
    return average.module, {"accuracy": round(right / int(held.sum()), 4), **card}


def reference_gains(model: nn.Module, table: dict, originals: Originals, seed: int) -> dict[str, Any]:
    """What `tl_core.gauge` scales by: the gain of the upper stages on held-out original images, by their number.

    Measured as for any other data, but on few classes at a time: a user's set has five or ten, not 58. Means over random
    groups of `GROUP` classes.
    """
    network = network_from_table({**table, "card": {}})
    count = len(originals.classes)
    images, labels = originals.images[originals.held].numpy(), originals.labels[originals.held].numpy()
    untrained = demo_stages(ARCHITECTURE, count, SIZE)
    preprocess = Preprocess(network, 0.0, mirror_safe=False, device=torch.device("cpu"))
    seen = see(network, model.cpu(), untrained, preprocess, images)
    rng = np.random.default_rng(seed)
    gains: dict[int, list[float]] = {size: [] for size in REFERENCE_SIZES}
    advantages = []
    for _ in range(NUM_GROUPS):
        chosen = rng.choice(count, GROUP, replace=False)
        rows = rng.permutation(np.flatnonzero(np.isin(labels, chosen)))
        own = np.searchsorted(np.sort(chosen), labels[rows])
        for size in REFERENCE_SIZES:
            some = draw(images[rows], own, size, seed)
            part = seen.take(rows[some])
            gains[size].append(log_gain(errors_of(network, part, own[some], GROUP, group=size))[0])
        probes = probe(network, part, own[some], GROUP)
        advantages.append(advantage(probes))
    for size, found in gains.items():
        print(
            f"gain on {size} held-out images: {np.mean(found):.3f} (deviation {np.std(found, ddof=1):.3f}, {NUM_GROUPS} groups)"
        )
    return {
        "reference_advantage": round(float(np.mean(advantages)), 4),
        "reference_gains": [[size, round(float(np.mean(found)), 4)] for size, found in gains.items()],
    }


def calibrate(table_path: Path, originals: Originals, seed: int) -> None:
    """Write the reference of the similarity into the card beside existing weights."""
    table = json.loads(table_path.read_text())
    model = demo_stages(ARCHITECTURE, len(originals.classes), SIZE)
    model.load_state_dict(load_file(table_path.with_suffix(".safetensors")))
    table["card"] |= reference_gains(model, table, originals, seed)
    table_path.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("--archive", type=Path, help="Tiny ImageNet")
    data.add_argument("--drawn", choices=WORLDS, help="a drawn set")
    parser.add_argument("--images", type=int, default=30_000, help="of a drawn set")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, help="CPU threads; default: torch's own choice")
    parser.add_argument("--out", type=Path, default=ASSETS / "demo.safetensors")
    parser.add_argument("--calibrate", action="store_true", help="only measure the similarity's reference again")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    originals = drawings(args.drawn, args.images, args.seed) if args.drawn else photographs(args.archive, args.seed)
    table_path = args.out.with_suffix(".json")
    if not args.calibrate:
        model, card = train(originals, args)
        save_file({key: value.cpu().contiguous() for key, value in model.state_dict().items()}, args.out)
        accuracy = card.pop("accuracy")
        words = {"name": args.out.stem, **originals.words}
        write_demo_table(table_path, ARCHITECTURE, len(originals.classes), accuracy, card, **words)
        print(f"{args.out}: held-out accuracy {accuracy:.4f}")
    calibrate(table_path, originals, args.seed)


if __name__ == "__main__":
    main()
