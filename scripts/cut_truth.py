"""The real accuracy of a new layer on every stage: what the choice of the cut is judged by.

    python -m scripts.cut_truth --data things digits --num-images 100 300 900 --out rows.jsonl
    python -m scripts.cut_truth --data digits --num-images 100 --distance 0.5 --check

One row a cell, as JSON lines; cells that are in the file already are skipped. All images of a set go through the frozen stages
once for all cuts, sizes and draws; the new layers are trained by the very `Trainer`, with the very budget, of a run with recipe
case-2 and that cut. A head is tested on the run's test images and on *every* image it did not learn from, which are many more.
`--check` runs the experiments themselves, too, and says whether the run's test accuracies agree.
"""

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tl_core.backbones import build_stages
from tl_core.budget import make_budget
from tl_core.data import POSITIONS, DataSet, load_dataset
from tl_core.data.source import open_source
from tl_core.device import autocast, choose_device, make_deterministic
from tl_core.experiment import Experiment
from tl_core.networks import Network, get_network
from tl_core.preprocess import Preprocess
from tl_core.surgery import adapt
from tl_core.trainer import Trainer, as_tensor
from tl_core.training import run

BATCH = 256


class WholeSet:
    """Pooled features of every image of a set, as they are and mirrored, by stage; found again by the image's bytes.

    Of a set that is drawn when it is needed: of the images of draws 0 to `seeds` - 1 of `num_images`.
    """

    def __init__(self, data: str, distance: float, network: Network, num_images: int, seeds: int):
        if open_source(data).default_images is None:
            parts = [load_dataset(data, None, 0, network.input_size)]
        else:
            parts = [load_dataset(data, num_images, seed, network.input_size) for seed in range(seeds)]
        dataset = parts[0]
        images = np.concatenate([part for one in parts for part in (one.train_images, one.val_images, one.test_images)])
        labels = np.concatenate([part for one in parts for part in (one.train_labels, one.val_labels, one.test_labels)])
        _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
        self.images, self.labels = images[np.sort(first)], labels[np.sort(first)]  # copies of a picture once
        self.place = {image.tobytes(): number for number, image in enumerate(self.images)}
        self.preprocess = Preprocess(network, distance, dataset.mirror_safe, choose_device("auto"))
        self.stages = build_stages(network, pretrained=True).to(memory_format=torch.channels_last).eval()
        self.stages = self.stages.to(self.preprocess.device)
        self.pools = {stage.name: adapt_pool(network, stage.name) for stage in network.stages[:-1]}
        views = [False, True] if dataset.mirror_safe else [False]
        self.features = [self._through(mirror) for mirror in views]

    @torch.no_grad()
    def _through(self, mirror: bool) -> dict[str, torch.Tensor]:
        found: dict[str, list[torch.Tensor]] = {name: [] for name in self.pools}
        for part in range(0, len(self.images), BATCH):
            images = as_tensor(self.images[part : part + BATCH])
            batch = self.preprocess(images, torch.full((len(images),), mirror))
            with autocast(self.preprocess.device):
                for name, pool in self.pools.items():
                    batch = getattr(self.stages, name)(batch)
                    found[name].append(pool(batch).float())
        return {name: torch.cat(parts) for name, parts in found.items()}

    def rows(self, images: np.ndarray) -> np.ndarray:
        """(n,) where these images (n, H, W, 3) are."""
        return np.array([self.place[image.tobytes()] for image in images])

    def rest(self, data: DataSet) -> np.ndarray:
        """Where the images are that a run on `data` does not learn from, its test images among them."""
        learnt = np.concatenate([self.rows(data.train_images), self.rows(data.val_images)])
        return np.setdiff1d(np.arange(len(self.images)), learnt)


def head_row(cell: dict[str, Any], whole: WholeSet, device: str = "auto") -> dict[str, Any]:
    """By stage the share of right images: of all that were not learnt from, of the run's test and held-out ones.

    `cell`: the fields of an `Experiment`.
    """
    network = get_network(cell["network"])
    make_deterministic(cell["seed"])
    data = load_dataset(cell["data"], cell["num_images"], cell["seed"], network.input_size)
    train, val, test, rest = (
        *(whole.rows(part) for part in (data.train_images, data.val_images, data.test_images)),
        whole.rest(data),
    )
    exam = dataclasses.replace(data, test_images=whole.images[rest], test_labels=whole.labels[rest])
    in_test = np.isin(rest, test)
    row: dict[str, Any] = {"cell": cell, "accuracy": {}, "num_test": len(rest), "run_accuracy": {}, "held_out": {}}
    for stage in network.stages[:-1]:
        experiment = Experiment(**cell, recipe="case-2", cut=stage.name)
        recipe = experiment.make_recipe()
        torch.manual_seed(experiment.seed)
        model = adapt(network, recipe, len(data.class_names))
        budget = make_budget(experiment, recipe, len(data.train_labels))
        trainer = Trainer(model, exam, network, budget, experiment, choose_device(device))
        views = torch.stack([view[stage.name][train] for view in whole.features])
        trainer.features = {"train": views} | {
            split: whole.features[0][stage.name][index] for split, index in (("val", val), ("test", rest))
        }
        model.new.fit_standardisation(views[0])
        for epoch in range(1, budget.num_epochs + 1):
            trainer.train_epoch(epoch)
            if epoch - trainer.best_epoch >= budget.patience:
                break
        trainer.restore_best()
        right = trainer.predict_test() == exam.test_labels
        row["accuracy"][stage.name] = float(right.mean())
        row["run_accuracy"][stage.name] = float(right[in_test].mean())
        row["held_out"][stage.name] = trainer.best_score[0]
    return row


def adapt_pool(network: Network, stage: str) -> Any:
    """The pooling of a new layer on `stage`."""
    from tl_core.plan import head_features
    from tl_core.surgery import NewLayer

    last = network.stage(stage)
    return NewLayer(last.output_shape, head_features(last), 1).pool


def cells(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for data in args.data:
        for distance in args.distance:
            for num_images in args.num_images:
                for seed in range(args.seeds):
                    yield {
                        "data": data,
                        "num_images": num_images,
                        "distance": distance,
                        "network": args.network,
                        "seed": seed,
                    }


def check(cell: dict[str, Any], accuracies: dict[str, float]) -> bool:
    """Whether real runs have the same test accuracies, but for two images in a thousand.

    Other batches round otherwise, and a picture that is in a set twice counts twice there.
    """
    real = {}
    for stage in accuracies:
        *_, last = run(Experiment(**cell, recipe="case-2", cut=stage))
        real[stage] = last.test_accuracy
    print("runs:", {name: round(value, 4) for name, value in real.items()})
    return all(np.isclose(real[name], value, atol=0.002) for name, value in accuracies.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--num-images", nargs="+", type=int, default=[100, 300, 900])
    parser.add_argument("--distance", nargs="+", type=float, default=list(POSITIONS))
    parser.add_argument("--network", default="demo")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    done = args.out.read_text().splitlines() if args.out and args.out.exists() else []
    known = {json.dumps(row["cell"]) for row in map(json.loads, done)}
    place, whole = None, None
    for cell in cells(args):
        if json.dumps(cell) in known:
            continue
        if place != (cell["data"], cell["distance"]):
            place = cell["data"], cell["distance"]
            whole = WholeSet(*place, get_network(args.network), max(args.num_images), args.seeds)
        row = head_row(cell, whole)
        print(cell, {name: round(value, 4) for name, value in row["accuracy"].items()}, row["num_test"], flush=True)
        if args.check:
            print("the same" if check(cell, row["run_accuracy"]) else "NOT THE SAME", flush=True)
        if args.out:
            with args.out.open("a") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
