"""The real test accuracy of a new layer on every stage: what the choice of the cut is judged by.

    python -m scripts.cut_truth --data things digits --num-images 100 300 900 --out rows.jsonl
    python -m scripts.cut_truth --data digits --num-images 100 --distance 0.5 --check

One row a cell, as JSON lines; cells that are in the file already are skipped. The images go through the frozen stages once for
all cuts; the new layers are trained by the very `Trainer`, with the very budget, of a run with recipe case-2 and that
cut. `--check` runs the experiments themselves, too, and says whether they agree.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tl_core.backbones import build_stages
from tl_core.budget import make_budget
from tl_core.data import POSITIONS, DataSet, load_dataset
from tl_core.device import autocast, choose_device, make_deterministic
from tl_core.experiment import Experiment
from tl_core.networks import Network, get_network
from tl_core.surgery import adapt
from tl_core.trainer import Trainer
from tl_core.training import run


def head_accuracies(cell: dict[str, Any], device: str = "auto") -> tuple[dict[str, float], int]:
    """Test accuracy of a new layer by stage, and the number of test images. `cell`: the fields of an `Experiment`."""
    network = get_network(cell["network"])
    make_deterministic(cell["seed"])
    data = load_dataset(cell["data"], cell["num_images"], cell["seed"], network.input_size)
    features: dict[str, dict[str, torch.Tensor]] = {}
    accuracies = {}
    for stage in network.stages[:-1]:
        experiment = Experiment(**cell, recipe="case-2", cut=stage.name)
        recipe = experiment.make_recipe()
        torch.manual_seed(experiment.seed)
        model = adapt(network, recipe, len(data.class_names))
        budget = make_budget(experiment, recipe, len(data.train_labels))
        trainer = Trainer(model, data, network, budget, experiment, choose_device(device))
        if not features:
            features = all_features(network, trainer, data)
        trainer.features = {split: parts[stage.name] for split, parts in features.items()}
        model.new.fit_standardisation(trainer.features["train"][0])
        for epoch in range(1, budget.num_epochs + 1):
            trainer.train_epoch(epoch)
            if epoch - trainer.best_epoch >= budget.patience:
                break
        trainer.restore_best()
        accuracies[stage.name] = float((trainer.predict_test() == data.test_labels).mean())
    return accuracies, len(data.test_labels)


@torch.no_grad()
def all_features(network: Network, trainer: Trainer, data: DataSet) -> dict[str, dict[str, torch.Tensor]]:
    """Pooled features of each split by stage, as `Trainer.prepare` makes them for one; "train" is (views, N, d)."""
    stages = build_stages(network, pretrained=True).to(trainer.device, memory_format=torch.channels_last).eval()
    pools = {stage.name: adapt_pool(network, stage.name) for stage in network.stages[:-1]}

    def through(images: torch.Tensor, mirror: bool = False) -> dict[str, torch.Tensor]:
        found: dict[str, list[torch.Tensor]] = {name: [] for name in pools}
        for part in trainer._parts(len(images)):
            batch = trainer.preprocess(images[part], mirror)
            with autocast(trainer.device):
                for name, pool in pools.items():
                    batch = getattr(stages, name)(batch)
                    found[name].append(pool(batch).float())
        return {name: torch.cat(parts) for name, parts in found.items()}

    views = [through(trainer.images["train"])]
    if trainer.preprocess.mirror_safe:
        views.append(through(trainer.images["train"], mirror=True))
    found = {"train": {name: torch.stack([view[name] for view in views]) for name in pools}}
    return found | {split: through(trainer.images[split]) for split in ("val", "test")}


def adapt_pool(network: Network, stage: str) -> Any:
    """The pooling of a new layer on `stage`."""
    from tl_core.plan import head_features
    from tl_core.surgery import NewLayer

    last = network.stage(stage)
    return NewLayer(last.output_shape, head_features(last), 1).pool


def cells(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for seed in range(args.seeds):
        for data in args.data:
            for distance in args.distance:
                for num_images in args.num_images:
                    yield {
                        "data": data,
                        "num_images": num_images,
                        "distance": distance,
                        "network": args.network,
                        "seed": seed,
                    }


def check(cell: dict[str, Any], accuracies: dict[str, float]) -> bool:
    """Whether real runs have the same test accuracies."""
    real = {}
    for stage in accuracies:
        *_, last = run(Experiment(**cell, recipe="case-2", cut=stage))
        real[stage] = last.test_accuracy
    print("runs:", {name: round(value, 4) for name, value in real.items()})
    return all(np.isclose(real[name], value, atol=1e-9) for name, value in accuracies.items())


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
    for cell in cells(args):
        if json.dumps(cell) in known:
            continue
        accuracies, num_test = head_accuracies(cell)
        print(cell, {name: round(value, 4) for name, value in accuracies.items()}, flush=True)
        if args.check:
            print("the same" if check(cell, accuracies) else "NOT THE SAME", flush=True)
        if args.out:
            with args.out.open("a") as file:
                file.write(json.dumps({"cell": cell, "accuracy": accuracies, "num_test": num_test}) + "\n")


if __name__ == "__main__":
    main()
