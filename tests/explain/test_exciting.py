"""The pictures that excite a channel most are truly the top, and the mark is where the maximum comes from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tl_core.data import apply_distance, cache, open_source
from tl_core.data.arrays import load_arrays
from tl_core.errors import Cancelled, DataError, NetworkError
from tl_core.explain import exciting as module
from tl_core.explain.exciting import exciting, search
from tl_core.explain.receptive import receptive_fields
from tl_core.explain.subject import Subject, channels, open_subject
from tl_core.preprocess import Preprocess
from tl_core.trainer import as_tensor


def peaks(subject: Subject, folder: Path, stage: str, distance: float = 0.0) -> np.ndarray:
    """(n, C): the largest number of each channel's map, one picture at a time."""
    source = open_source(str(folder))
    images = np.asarray(load_arrays(source, range(len(source.items)), 32))
    preprocess = Preprocess(subject.network, distance, False, subject.device)
    rows = [channels(subject.outputs(preprocess(as_tensor(image[None])))[stage])[0] for image in images]
    return np.array([row.flatten(1).max(1).values.numpy() for row in rows])


@pytest.mark.parametrize(("stage", "distance"), [("conv1", 0.0), ("conv3", 0.5), ("fc2", 0.0)])
def test_the_top_pictures_are_the_top(stripes: Path, stage: str, distance: float) -> None:
    told = search("demo-drawn", str(stripes), distance)
    assert told["num_images"] == 24
    truth = peaks(open_subject("demo-drawn"), stripes, stage, distance)
    for channel in (0, 7, truth.max(0).argmax()):
        found = exciting("demo-drawn", str(stripes), stage, int(channel), distance)
        column = truth[:, channel]
        if column.max() <= 0:
            assert found == []
            continue
        assert len(found) == 9
        assert [one["value"] for one in found] == pytest.approx(np.sort(column)[::-1][:9].tolist(), rel=1e-4, abs=1e-5)
        assert [one["value"] for one in found] == pytest.approx(
            [column[one["index"]] for one in found], rel=1e-4, abs=1e-5
        )
        assert len({one["index"] for one in found}) == 9
        assert {one["label"] for one in found} <= {"across", "down"}


def test_the_frame_holds_all_that_the_number_sees(stripes: Path) -> None:
    """Grey out everything outside the frame: the number at its middle stays what it was."""
    subject = open_subject("demo-drawn")
    search("demo-drawn", str(stripes))
    source = open_source(str(stripes))
    preprocess = Preprocess(subject.network, 0.0, False, subject.device)
    seen = 0
    for channel in range(20):
        for one in exciting("demo-drawn", str(stripes), "conv2", channel)[:2]:
            left, top, width, height = (round(32 * share) for share in one["box"])
            batch = preprocess(as_tensor(np.asarray(load_arrays(source, [one["index"]], 32))))
            outside = torch.ones(32, 32, dtype=bool)
            outside[top : top + height, left : left + width] = False
            column, row = (int(8 * share) for share in one["spot"])
            changed = torch.where(
                outside, torch.randn(batch.shape, generator=torch.Generator().manual_seed(channel)), batch
            )
            number = subject.outputs(changed)["conv2"][0, channel, row, column]
            assert float(number) == pytest.approx(one["value"], rel=1e-4)
            seen += 1
    assert seen > 10


def test_receptive_fields_of_the_demonstration_network() -> None:
    """By hand: 5, then pooled 6; 6 + 4 * 2 = 14, pooled 16; 16 + 4 * 4 = 32 and more."""
    sides = receptive_fields(open_subject("demo-drawn"))
    assert sides == {"conv1": 6, "conv2": 16, "conv3": 32, "fc1": 32, "fc2": 32, "fc3": 32}


def test_receptive_fields_with_shortcuts(finish: Callable[..., str]) -> None:
    """ResNet-18: conv 7 and pool 3 see 11, blocks add as in Araujo et al. 2019 (distill.pub/2019/computing-receptive-fields)."""
    subject = open_subject(run_id=finish(network="resnet18", recipe="case-4", num_images=6, epochs=1))
    sides = receptive_fields(subject)
    assert sides == {"stem": 11, "layer1": 43, "layer2": 99, "layer3": 211, "layer4": 224}


def test_what_was_found_is_kept_and_goes_with_the_pictures(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert exciting("demo-drawn", str(stripes), "conv1", 0) is None, "nobody has searched yet"
    search("demo-drawn", str(stripes))
    first = exciting("demo-drawn", str(stripes), "conv1", 5)
    passed = []
    monkeypatch.setattr(Subject, "outputs", lambda self, batch: passed.append(batch))
    search("demo-drawn", str(stripes))
    assert passed == [], "nothing was passed through the network again"
    assert exciting("demo-drawn", str(stripes), "conv1", 5) == first
    assert exciting("demo-drawn", str(stripes), "conv1", 5, distance=1.0) is None, "the dial shows other pictures"
    assert exciting("demo", str(stripes), "conv1", 5) is None, "another network"
    cache.forget([open_source(str(stripes)).fingerprint])
    assert exciting("demo-drawn", str(stripes), "conv1", 5) is None


def test_a_run_has_findings_of_its_own(finish: Callable[..., str], stripes: Path) -> None:
    run_id = finish(recipe="one-block", freeze="except-conv2")
    search("demo-drawn", str(stripes))
    search("", str(stripes), run_id=run_id)
    both = [{"network": "demo-drawn"}, {"network": "", "run_id": run_id}]
    conv1, conv2 = (
        [[exciting(data=str(stripes), stage=stage, channel=k, **side) for k in range(12)] for side in both]
        for stage in ("conv1", "conv2")
    )
    assert conv1[0] == conv1[1], "a frozen stage on the same input"
    assert conv2[0] != conv2[1]
    with pytest.raises(NetworkError, match="Unknown layer. Received: 'fc3'"):
        exciting("", str(stripes), "fc3", 0, run_id=run_id)


def test_channels_that_are_not_there_are_refused(stripes: Path) -> None:
    search("demo-drawn", str(stripes))
    with pytest.raises(DataError, match="channels 1 to 64. Received: 65"):
        exciting("demo-drawn", str(stripes), "conv1", 64)


def test_progress_counts_pictures_and_a_cancelled_search_leaves_nothing(stripes: Path) -> None:
    heard = []
    search("demo-drawn", str(stripes), report=lambda *step: heard.append(step))
    assert ("Passing the pictures through the network", 0, 24) in heard

    def stop(doing: str, done: int, total: int) -> None:
        if doing.startswith("Passing"):
            raise Cancelled

    with pytest.raises(Cancelled):
        search("demo-drawn", str(stripes), 1.0, report=stop)
    assert exciting("demo-drawn", str(stripes), "conv1", 0, distance=1.0) is None


def test_unreadable_pictures_are_never_among_the_top_and_few_pictures_are_enough(
    make_stripes: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_stripes("small", count=4)
    broken = sorted((folder / "down").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:300])
    search("demo-drawn", str(folder))
    found = next(f for k in range(64) if (f := exciting("demo-drawn", str(folder), "conv1", k)))
    assert len(found) == 7
    bad = next(n for n, item in enumerate(open_source(str(folder)).items) if item.ref.endswith(f"down/{broken.name}"))
    assert bad not in [one["index"] for one in found]
    monkeypatch.setattr(module, "MOST_IMAGES", {32: 5})
    assert search("demo-drawn", str(folder))["num_images"] == 5


def test_pictures_are_shown_as_the_dial_turns_them(stripes: Path) -> None:
    search("demo-drawn", str(stripes), 1.0)
    found = next(f for k in range(64) if (f := exciting("demo-drawn", str(stripes), "conv1", k, distance=1.0)))
    source = open_source(str(stripes))
    image = apply_distance(np.asarray(load_arrays(source, [found[0]["index"]], 32)), 1.0)[0]
    assert found[0]["png"] == module.picture_png(image)
