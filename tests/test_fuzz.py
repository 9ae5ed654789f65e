"""A slice of `python -m scripts.fuzz`: the same damaged files, through the same import, in a process of its own."""

import signal

from scripts import fuzz, fuzz_mutate, fuzz_seeds
from scripts.fuzz_child import make_case
from tl_core.data.images import open_image


def test_whole_files_are_read():
    for name, data in fuzz_seeds.pictures().items():
        assert open_image(data, name, 256).mode == "RGB"


def test_a_case_can_be_made_again():
    for case in ("file:7", "file:2000", "archive:3", "archive:14"):
        assert make_case(case, 0) == make_case(case, 0)
        assert make_case(case, 0) != make_case(case, 1)


def test_parts_are_found():
    pictures = fuzz_seeds.pictures()
    for name in ("baseline.jpg", "rgb.png", "animated.webp", "animated.gif"):
        spans = fuzz_mutate.parts(pictures[name])
        assert len(spans) >= 3
        assert spans[-1][1] == len(pictures[name])
    files = [("cat/1.png", pictures["rgb.png"])]
    assert len(fuzz_mutate.parts(fuzz_seeds.archive("stored.zip", files))) == 3


def test_damaged_files_end_in_pictures_or_in_a_sentence():
    cases = [f"file:{i}" for i in range(0, 10_000, 53)] + [f"archive:{i}" for i in range(0, 1000, 17)]
    results = fuzz.fuzz(cases, seed=0)
    assert [one["case"] for one in results] == cases
    assert [one for one in results if one["wrong"]] == []
    kept = [one for one in results if one["kept"]]
    assert 40 < len(kept) < len(cases) - 40  # the damage is neither too small nor too great to say anything
    assert f"| files | {len(range(0, 10_000, 53))} |" in fuzz.summary(results)


def test_a_hang_and_an_end_are_seen(tmp_path, monkeypatch):
    child = fuzz.Child(tmp_path / "arena", 0)
    try:
        assert child.run("file:0")["wrong"] == []
        child._process.send_signal(signal.SIGSTOP)
        with monkeypatch.context() as patch:
            patch.setattr(fuzz, "HANG_SECONDS", 1.0)
            assert child.run("file:1")["wrong"][0].startswith("hung for 1 seconds")
        assert child.run("file:2")["wrong"] == []
        child._process.send_signal(signal.SIGSTOP)
        child._process.kill()
        assert child.run("file:3")["wrong"][0].startswith("ended the process")
    finally:
        child.close()
