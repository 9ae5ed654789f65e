"""Text that stands in a notebook: Markdown that cannot be broken, and the code shared by all runs."""

import re


def plain(text: str) -> str:
    """`text` shown letter by letter in Markdown: names may hold anything."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$<>:&])", r"\\\1", text)


def fill(template: str, **values: object) -> str:
    """The template with every «name» replaced by its value."""
    return re.sub("«([a-z_]+)»", lambda match: str(values[match[1]]), template)


SETUP = '''\
import copy
import math
import os
from contextlib import nullcontext
from pathlib import Path

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # the same numbers every time, on a GPU too

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
«imports»

FOLDER = Path(".")  # where the files of the zip are
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.use_deterministic_algorithms(True, warn_only=True)
print("torch", torch.__version__, "on", device)


def autocast():
    """Half the digits where the hardware is faster with them: on graphics cards and on processors with AMX."""
    has_amx = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)()
    return torch.autocast(device.type, torch.bfloat16) if device.type == "cuda" or has_amx else nullcontext()'''

PICTURES = """\
data = np.load(FOLDER / "pictures.npz")
images = {part: torch.from_numpy(data[f"{part}_images"]) for part in ("train", "val", "test")}
labels = {part: torch.from_numpy(data[f"{part}_labels"]).to(device) for part in ("train", "val", "test")}
CLASSES = «classes»
for part in images:
    print(part, tuple(images[part].shape))"""

LOOK = """\
from PIL import Image

some = torch.linspace(0, len(images["train"]) - 1, 12).long()
sheet = np.concatenate(list(images["train"][some].numpy()), axis=1)
print(", ".join(CLASSES[labels["train"][i]] for i in some))
Image.fromarray(sheet).resize((sheet.shape[1] * «zoom», sheet.shape[0] * «zoom»), Image.Resampling.NEAREST)"""

PREPROCESS = '''\
SIZE = «size»
MEAN = torch.tensor(«mean», device=device).view(1, 3, 1, 1) * 255
STD = torch.tensor(«std», device=device).view(1, 3, 1, 1) * 255
MIRROR = «mirror»  # whether a mirrored picture still shows its class«dial_constants»


def view(batch, rows, columns):
    """(N, SIZE, SIZE, 3) uint8 to what the network sees, (N, 3, SIZE, SIZE) float32.

    `rows` and `columns`, (N, SIZE) each, say which pixels of the picture are taken.
    """
    batch = batch.to(device).reshape(len(batch), SIZE * SIZE, 3)
    index = (rows[:, :, None] * SIZE + columns[:, None, :]).reshape(len(batch), -1)«dial_index»
    pixels = batch.gather(1, index[:, :, None].expand(-1, -1, 3)).reshape(len(batch), SIZE, SIZE, 3)
    pixels = pixels.permute(0, 3, 1, 2).float()«dial_colours»
    return ((pixels - MEAN) / STD).contiguous(memory_format=torch.channels_last)


def plain_view(batch, mirrored=False):
    """Every picture as it is, or all of them mirrored."""
    line = torch.arange(SIZE, device=device).expand(len(batch), -1)
    return view(batch, line, line.flip(1) if mirrored else line)


def augmented_view(batch):
    """Every picture shifted at random by up to an eighth of its side, and mirrored half the time if that is allowed."""
    reach = max(1, SIZE // 8)
    shifts = torch.randint(-reach, reach + 1, (2, len(batch), 1), generator=generator).to(device)
    mirrored = torch.rand(len(batch), 1, generator=generator).to(device) < 0.5
    line = torch.arange(SIZE, device=device).expand(len(batch), -1)
    rows, columns = (SIZE - 1 - (SIZE - 1 - (line + shift).abs()).abs() for shift in shifts)  # reflected at the edges
    return view(batch, rows, torch.where(mirrored, columns.flip(1), columns) if MIRROR else columns)


def parts(count):
    """Slices for passes in which nothing is learnt: not all pictures fit into the memory at once."""
    size = max(8, min(256, 256 * 64 * 64 // SIZE**2))
    return [slice(start, start + size) for start in range(0, count, size)]'''

SURGERY = '''\
KEPT = «kept»
TRAINED = «trained»  # all other kept stages are frozen
POOL = «pool»  # side of the grid to which the maps of a stage are averaged; 0: they are no maps


def pool(features, grid):
    """Maps (N, C, H, W) to (N, C * grid * grid), tokens (N, T, D) to (N, D); vectors stay."""
    if grid:
        return F.adaptive_avg_pool2d(features, grid).flatten(1)
    return features.mean(1) if features.ndim == 3 else features


class NewLayer(nn.Module):
    """The new fully connected layer. Its inputs are standardised, since stages differ a hundredfold in scale."""

    def __init__(self, num_features, num_classes):
        super().__init__()
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("std", torch.ones(num_features))
        self.linear = nn.Linear(num_features, num_classes)

    @torch.no_grad()
    def fit_standardisation(self, features):
        self.mean.copy_(features.mean(0))
        stds = []
        for part in features.split(SHARES, 1):
            std = part.std(0, correction=0)
            floor = 0.1 * std[std > 0].median() if (std > 0).any() else torch.tensor(1.0, device=std.device)
            stds.append(std.clamp_min(floor))  # nearly constant features must not explode
        self.std.copy_(torch.cat(stds))

    def forward(self, features):
        return self.linear((features.float() - self.mean) / self.std)


class Adapted(nn.Module):
    """The kept stages with the new layer on top."""

    def __init__(self, body, new):
        super().__init__()
        self.body, self.new = body, new

    def features(self, images):
        """(N, 3, SIZE, SIZE) to what the new layer sees, (N, number of features)."""
        outputs = []
        for stage in self.body:
            images = stage(images)
            outputs.append(images)
        return «features»

    def forward(self, images):
        return self.new(self.features(images))


SHARES = «shares»  # features from each stage that the new layer sees
«seed_again»body = nn.Sequential(OrderedDict((name, stages.get_submodule(name)) for name in KEPT))
model = Adapted(body, NewLayer(sum(SHARES), len(CLASSES)))
for name in KEPT:
    body.get_submodule(name).requires_grad_(name in TRAINED)
model = model.to(device, memory_format=torch.channels_last)
weights = {"trained": 0, "frozen": 0}
for weight in model.parameters():
    weights["trained" if weight.requires_grad else "frozen"] += weight.numel()
print(weights)'''

MODES = '''\
def learning_mode():
    """Frozen stages stay as they are in every respect: no dropout, and BatchNorm keeps its averages."""
    model.train()
    for name in KEPT:
        if name not in TRAINED:
            body.get_submodule(name).eval()«small_batchnorm»


@torch.no_grad()
def features_of(batch, mirrored=False):
    with autocast():
        return model.features(plain_view(batch, mirrored)).float()


@torch.no_grad()
def all_features(part, mirrored=False):
    return torch.cat([features_of(images[part][some], mirrored) for some in parts(len(images[part]))])


@torch.no_grad()
def logits_of(part):
    """Scores of all pictures of a part, (N, number of classes)."""
    model.eval()
    if features:  # the frozen stages have done their work already
        return torch.cat([model.new(features[part][some]) for some in parts(len(images[part]))])
    return torch.cat([model.new(features_of(images[part][some])) for some in parts(len(images[part]))])'''

TRAIN = '''\
BATCH = «batch»
best = {"score": (-1.0, 0.0), "epoch": 0, "weights": None}
features = {}  # of the frozen stages, where nothing else is learnt but the new layer


def train(first_epoch, num_epochs, most_epochs, patience, lr, body_lr, weight_decay):
    """Train until nothing has become better for `patience` epochs, `most_epochs` at most; returns the last epoch.

    The learning rate rises for the first tenth of `num_epochs` and then falls along half a cosine.
    """
    groups = [{"params": list(model.new.parameters()), "lr": lr}]
    if body_lr and TRAINED:
        groups.append({"params": [weight for weight in body.parameters() if weight.requires_grad], "lr": body_lr})
    optimizer = torch.optim.AdamW(groups, weight_decay=weight_decay, fused=True)
    rates = [group["lr"] for group in optimizer.param_groups]
    best_in_step = (first_epoch - 1, (-1.0, 0.0))
    for epoch in range(first_epoch, first_epoch + most_epochs):
        learning_mode()
        order = torch.randperm(len(images["train"]), generator=generator)
        num_right = count = 0
        for batch in order.split(BATCH):
            if len(batch) == 1:
                continue  # BatchNorm cannot use a batch of one
            done = (epoch - first_epoch + count / len(order)) / num_epochs
            factor = max(done / 0.1, 0.05) if done < 0.1 else 0.5 * (1 + math.cos(math.pi * (done - 0.1) / 0.9))
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * factor
            if features:
                views = torch.randint(len(features["train"]), (len(batch),), generator=generator)
                logits = model.new(features["train"][views.to(device), batch.to(device)])
            else:
                with autocast():
                    seen = model.features(augmented_view(images["train"][batch]))
                logits = model.new(seen)
            truth = labels["train"][batch.to(device)]
            loss = F.cross_entropy(logits, truth)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            num_right += int((logits.argmax(1) == truth).sum())
            count += len(batch)
        logits = logits_of("val")
        val_loss = F.cross_entropy(logits, labels["val"]).item()
        val_accuracy = (logits.argmax(1) == labels["val"]).float().mean().item()
        print(f"epoch {epoch:3}: training {num_right / count:6.1%}, held-out {val_accuracy:6.1%}, loss {val_loss:.3f}")
        score = (val_accuracy, -val_loss)
        if score > best_in_step[1]:
            best_in_step = (epoch, score)
        if score > best["score"]:
            best.update(score=score, epoch=epoch, weights=copy.deepcopy(model.state_dict()))
        if epoch - best_in_step[0] >= patience:
            break
    return epoch'''

PASS_ONCE = """\
model.eval()
train_features = all_features("train")
model.new.fit_standardisation(train_features)
views = [train_features] + ([all_features("train", mirrored=True)] if MIRROR else [])
features = {"train": torch.stack(views), "val": all_features("val"), "test": all_features("test")}"""

STANDARDISE = """\
model.eval()
some = torch.randperm(len(images["train"]), generator=generator)[:1000]
model.new.fit_standardisation(torch.cat([features_of(images["train"][some][part]) for part in parts(len(some))]))"""

SECOND_STEP = """\
model.load_state_dict(best["weights"])
features = {}  # from here on they change
BATCH = min(BATCH, «batch»)"""

TEST = """\
model.load_state_dict(best["weights"])
predicted = logits_of("test").argmax(1)
num_right, count = int((predicted == labels["test"]).sum()), len(predicted)
accuracy = num_right / count
# Wilson's 95 % interval
z = 1.959964
centre = (accuracy + z**2 / (2 * count)) / (1 + z**2 / count)
half = z / (1 + z**2 / count) * math.sqrt(accuracy * (1 - accuracy) / count + z**2 / (4 * count**2))
print(f"Here: {accuracy:.1%} of {count:,} test pictures are right,", end=" ")
print(f"95 % interval {centre - half:.1%} to {centre + half:.1%}")
print("In the dashboard: «in_words»")
print("Within that interval:", «low» <= accuracy <= «high»)"""
