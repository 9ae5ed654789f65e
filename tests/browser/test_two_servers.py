"""Two web servers and one PostgreSQL behind nginx: the same class in two browsers, and what is left when a server is gone."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Server, serve
from tests.browser.test_class import join, open_class, pause, points, train
from tests.browser.test_my_images import name_class, send
from tests.nginx import serve_nginx
from tests.postgres import serve_postgres

pytestmark = pytest.mark.browser


@dataclass
class Two:
    url: str
    servers: tuple[Server, Server]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    pytest.importorskip("psycopg")
    folder = tmp_path_factory.mktemp("two")
    with serve_postgres() as postgres:
        store = postgres.new_database()
        with serve(folder / "first", store=store) as first, serve(folder / "second", store=store) as second:
            ports = (int(server.url.rpartition(":")[2]) for server in (first, second))
            with serve_nginx(folder / "nginx", _free_port(), *ports) as url:
                yield Two(url, (first, second))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def visitor(browser: Browser, url: str, server: str) -> Page:
    """Somebody who was sent to this server before."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "tl_server", "value": server, "url": url}])
    return context.new_page()


def sent_to(context: BrowserContext) -> str:
    return next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "tl_server")


def test_the_same_class_is_seen_through_both_servers(two: Two, browser: Browser) -> None:
    teacher, ann = visitor(browser, two.url, "first"), visitor(browser, two.url, "second")
    teacher.goto(f"{two.url}/class")
    open_class(teacher, "Two rooms", "246810")
    expect(teacher.get_by_role("heading", name="Two rooms")).to_be_visible()
    link = re.search(r"http\S+join=\w+", teacher.get_by_test_id("stCode").first.inner_text().replace("\n", ""))[0]
    assert link.startswith(two.url)

    join(ann, link, "Ann")
    train(ann, two.url, 60)
    expect(teacher.get_by_text("1 run by 1 person")).to_be_visible(timeout=20_000)
    teacher.wait_for_function("document.querySelector('.tl-plot')?.data?.length > 0")
    assert points(teacher)[0].split("<br>")[0] == "Ann"

    pause(teacher, link, two.servers[0].store)
    ann.get_by_role("button", name="Start", exact=True).click()
    expect(ann.get_by_text("Your teacher has paused new runs.")).to_be_visible()
    for page in (teacher, ann):
        page.context.close()


def test_a_new_visitor_stays_where_the_lot_has_sent_them_uploads_included(
    two: Two, browser: Browser, stripes: Path
) -> None:
    context = browser.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(f"{two.url}/images")
    name_class(page, "across")
    server = sent_to(context)
    send(page, "Pictures of this class", *sorted((stripes / "across").iterdir())[:5])
    expect(page.get_by_text("across: 5 pictures")).to_be_visible()
    page.reload()
    expect(page.get_by_text("across: 5 pictures")).to_be_visible()
    assert sent_to(context) == server
    context.close()


def test_when_a_server_dies_its_visitors_find_their_runs_on_the_other(two: Two, browser: Browser) -> None:
    page = visitor(browser, two.url, "second")
    train(page, two.url, 60)
    expect(page).to_have_url(re.compile(r"run=[0-9a-f]{32}"))
    address = page.url
    os.killpg(two.servers[1].process.pid, signal.SIGKILL)
    two.servers[1].process.wait(20)
    page.goto(address)
    expect(page.get_by_text(re.compile("Finished after"))).to_be_visible(timeout=60_000)
    train(page, two.url, 80)  # and goes on working there
    page.context.close()
