"""A download arrives whole or not at all, whoever cuts, cancels, kills or fills the disk meanwhile."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tiny_archives import write_archives, write_table

from tests.serving import Handler, serving
from tl_core.data import torchvision_sets
from tl_core.data.fetching import download_folder, fetch_dataset
from tl_core.data.source import open_source
from tl_core.download import part_of
from tl_core.errors import Cancelled, DataError
from tl_core.paths import ROOT, datasets_dir

NAME, FILE = "eurosat", "EuroSAT.zip"


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A small EuroSAT.zip, and the project's table with its size and checksum."""
    monkeypatch.delenv("TL_DATASETS_DIR", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    archives = write_archives(NAME, tmp_path / "archives")
    monkeypatch.setattr(torchvision_sets, "TABLE", write_table(tmp_path, {NAME: archives}))
    return archives[FILE]


@pytest.fixture
def server(archive, monkeypatch):
    with serving() as server:
        server.files = {f"{NAME}/{FILE}": archive}
        monkeypatch.setenv("TL_DATASETS_URL", server.url)
        yield server


def is_present() -> bool:
    return torchvision_sets.entries()[NAME].present


def left_over() -> list[str]:
    return sorted(path.name for path in datasets_dir().iterdir())


def test_progress_in_bytes(server, archive):
    seen: list[tuple[str, int, int]] = []
    fetch_dataset(NAME, lambda *report: seen.append(report))
    assert is_present()
    assert left_over() == [NAME, f"{NAME}.lock"]
    assert list(dict.fromkeys(doing for doing, _, _ in seen)) == [
        "Downloading EuroSAT", "Checking EuroSAT", "Unpacking EuroSAT",
    ]  # fmt: skip
    downloaded = [(done, total) for doing, done, total in seen if doing.startswith("Down")]
    assert downloaded == sorted(downloaded)
    assert downloaded[-1] == (len(archive), len(archive))
    unpacked = [done for doing, done, _ in seen if doing.startswith("Unpack")]
    assert len(unpacked) > 20
    assert unpacked == sorted(unpacked)
    assert all(0 <= done <= total for _, done, total in seen)


def test_a_set_that_is_here_is_not_fetched_again(server):
    fetch_dataset(NAME)
    fetch_dataset(NAME)
    assert len(server.asked) == 1


def test_cut_connections_resume(server):
    server.cuts = [4000, 3000]
    fetch_dataset(NAME)
    assert server.ranges == [None, "bytes=4000-", "bytes=7000-"]
    assert is_present()


def test_half_a_download_is_taken_up_later(server, archive):
    server.cuts = [4000, 0]
    with pytest.raises(DataError, match="cut after 4,000 bytes") as caught:
        fetch_dataset(NAME)
    text = str(caught.value)
    assert all(part in text for part in ("EuroSAT (", "MB)", FILE, str(download_folder(NAME)), "try again"))
    assert "\n" not in text
    assert not is_present()
    assert part_of(download_folder(NAME) / FILE).read_bytes() == archive[:4000]
    fetch_dataset(NAME)
    assert server.ranges[-1] == "bytes=4000-"
    assert is_present()


def test_wrong_checksum_is_refused_and_the_next_try_works(server, archive):
    server.files = {f"{NAME}/{FILE}": b"x" * len(archive)}
    with pytest.raises(DataError, match="not the official one, and was deleted"):
        fetch_dataset(NAME)
    assert not is_present()
    assert not any(download_folder(NAME).iterdir())
    server.files = {f"{NAME}/{FILE}": archive}
    fetch_dataset(NAME)
    assert server.ranges == [None, None]
    assert is_present()


class Endless(Handler):
    """Does not say how much is to come."""

    def send_header(self, keyword, value):
        if keyword != "Content-Length":
            super().send_header(keyword, value)


@pytest.mark.parametrize("handler", [Handler, Endless])
def test_a_server_that_sends_more_than_the_file_has_is_stopped(server, archive, handler):
    server.RequestHandlerClass = handler
    server.files = {f"{NAME}/{FILE}": archive + bytes(3 * 10**7)}
    seen = []
    with pytest.raises(DataError, match=f"sends more than the {len(archive):,} bytes"):
        fetch_dataset(NAME, lambda doing, done, total: seen.append(done))
    assert max(seen, default=0) <= len(archive)
    assert not any(download_folder(NAME).iterdir())
    server.files = {f"{NAME}/{FILE}": archive}
    fetch_dataset(NAME)
    assert is_present()


@pytest.mark.parametrize("doing", ["Downloading", "Checking", "Unpacking"])
def test_cancel_leaves_what_can_be_taken_up(server, archive, doing):
    def report(now: str, done: int, total: int) -> None:
        if now.startswith(doing) and done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch_dataset(NAME, report)
    assert not is_present()
    assert left_over() == [f"{NAME}.download", f"{NAME}.lock"]
    kept = download_folder(NAME) / FILE
    kept = kept if doing == "Unpacking" else part_of(kept)
    assert 0 < kept.stat().st_size <= len(archive)
    fetch_dataset(NAME)
    assert is_present()
    assert all(asked.startswith("bytes=") for asked in server.ranges[1:])


def test_too_little_room_is_told_beforehand(server, tmp_path, monkeypatch):
    archives = write_archives(NAME, tmp_path / "again")
    table = write_table(tmp_path, {NAME: archives}, unpacked_mb=10**12)
    monkeypatch.setattr(torchvision_sets, "TABLE", table)
    with pytest.raises(DataError, match=r"needs 1,[0-9,]+ MB of room .* has only [0-9,]+ MB: make room") as caught:
        fetch_dataset(NAME)
    assert str(datasets_dir()) in str(caught.value)
    assert server.asked == []


def test_archives_copied_by_hand_need_no_network(archive, monkeypatch):
    monkeypatch.setenv("TL_DATASETS_URL", "http://127.0.0.1:1")
    with pytest.raises(DataError, match="refused") as caught:
        fetch_dataset(NAME)
    assert f"copy {FILE} to {download_folder(NAME)}" in str(caught.value)
    (download_folder(NAME) / FILE).write_bytes(archive)
    fetch_dataset(NAME)
    assert is_present()


def test_an_archive_that_torchvision_cannot_open(server, tmp_path, monkeypatch):
    wrong = {FILE: write_archives("food_101", tmp_path / "other")["food-101.tar.gz"]}
    monkeypatch.setattr(torchvision_sets, "TABLE", write_table(tmp_path, {NAME: wrong}))
    server.files = {f"{NAME}/{FILE}": wrong[FILE]}
    with pytest.raises(DataError, match="cannot be unpacked"):
        fetch_dataset(NAME)
    assert not is_present()


def test_unknown_names_get_the_closest():
    with pytest.raises(DataError, match="Did you mean 'cifar_10'"):
        fetch_dataset("cifar10")


def test_two_at_once_download_once(server):
    server.hold_after = 4000
    waited = threading.Event()

    def second(doing: str, done: int, total: int) -> None:
        if doing.startswith("Waiting for another download"):
            waited.set()

    threads = [threading.Thread(target=fetch_dataset, args=(NAME,))]
    threads[0].start()
    wait_for(lambda: server.asked)
    threads.append(threading.Thread(target=fetch_dataset, args=(NAME, second)))
    threads[1].start()
    assert waited.wait(10)
    server.release.set()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 1
    assert is_present()


CHILD = """
import sys, time
from pathlib import Path
from tl_core.data import torchvision_sets
torchvision_sets.TABLE = Path(sys.argv[1])
from tl_core.data.fetching import fetch_dataset

def report(doing, done, total):
    if doing.startswith(sys.argv[2]) and done > 0:
        print("here", flush=True)
        time.sleep(60)

fetch_dataset("eurosat", report)
"""


@contextlib.contextmanager
def another_process(stop_at: str):
    """One that fetches the set and stands still once it has come to `stop_at`."""
    command = [sys.executable, "-c", CHILD, str(torchvision_sets.TABLE), stop_at]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("stop_at", ["Downloading", "Unpacking"])
def test_a_killed_process_leaves_nothing_that_looks_whole(server, archive, stop_at):
    if stop_at == "Downloading":
        server.hold_after = 4000
    with another_process(stop_at) as process:
        assert process.stdout.readline() == "here\n"
        if stop_at == "Unpacking":
            assert any((datasets_dir() / f"{NAME}.unpacking").rglob("*.jpg"))
    assert not is_present()
    with pytest.raises(DataError, match="not on this machine yet"):
        open_source(NAME)
    server.hold_after = None
    fetch_dataset(NAME)
    assert is_present()
    assert len(open_source(NAME).items) == 24
    assert left_over() == [NAME, f"{NAME}.lock"]
    assert len(server.asked) == (2 if stop_at == "Downloading" else 1)
    if stop_at == "Downloading":
        assert server.ranges[1].startswith("bytes=")


def test_remains_of_an_older_set_are_replaced(server):
    folder = torchvision_sets.folder_of(NAME)
    (folder / "eurosat" / "2750" / "Forest").mkdir(parents=True)
    (folder / "eurosat" / "2750" / "Forest" / "half.jpg").write_bytes(b"")
    fetch_dataset(NAME)
    assert len(open_source(NAME).items) == 24
    assert json.loads((folder / "complete.json").read_text())["md5"]


def wait_for(condition, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
