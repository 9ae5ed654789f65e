"""A real server and a real browser, one of each for all browser tests."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.conftest import write_stripes
from tests.waiting import wait_until
from tl_core.paths import ROOT

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # nothing leaves the machine
]  # fmt: skip


def browser_path(windows: bool = False) -> str | None:
    """A Chromium that is on this machine. The one without windows takes half the time of a processor; to measure what people
    see, `windows` asks for the one they have."""
    names = ["chromium-headless-shell", "chromium", "google-chrome"]
    return next(filter(None, map(shutil.which, names[1:] + names[:1] if windows else names)), None)


@dataclass
class Server:
    url: str
    process: subprocess.Popen
    home: Path
    store: str
    log: Path


@contextmanager
def serve(home: Path, data_dir: Path | None = None, store: str = "", app: Path = ROOT / "app.py") -> Iterator[Server]:
    """A real server with `data_dir` as its shelf; without one, with a data set called stripes on it. `store`: its database."""
    if data_dir is None:
        data_dir = home / "data"
        write_stripes(data_dir / "stripes", classes=("across", "down", "wide across", "wide down"), count=60)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TL_HOME": str(home), "TL_DATA_DIR": str(data_dir.resolve()), "TL_DEVICE": "cpu"}
    environment["TL_STORE_URL"] = store = store or f"sqlite:///{home / 'store.sqlite'}"
    log = home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)],
            cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    _wait_for_health(url, process, log)
    try:
        yield Server(url, process, home, store, log)
    finally:
        with suppress(ProcessLookupError):  # a test may have killed it
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


def _wait_for_health(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.25)
        assert process.poll() is None, log.read_text()
    raise AssertionError(f"the server did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield browser
        browser.close()


def box_of(place: Locator) -> dict[str, float]:
    """Where something is on the page, in px; it may be drawn anew at this very moment, and is then looked for again."""
    found: list[dict[str, float] | None] = []

    def look() -> bool:
        found.append(place.bounding_box())
        return found[-1] is not None

    wait_until(look, 15.0)
    return found[-1]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(30_000)
    page = context.new_page()
    yield page
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    context.set_default_timeout(30_000)
    page = context.new_page()
    yield page
    context.close()
