"""What a stranger can do to somebody's run, pictures and class: by address, by id, by message and by file path, nothing."""

import asyncio
import http.client
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.visitor import Visitor
from tests.browser.conftest import Server
from tests.conftest import write_stripes
from tests.loops import run_in_loop
from tl_core.classes import Classes
from tl_core.data.collection import Collection
from tl_core.data.owned import new_upload_id, owner_hash
from tl_core.store import Store

LONG = "data=stripes&images=120&recipe=case-4&epochs=500"
PATHS = (
    "/{file}", "/static/../{file}", "/app/static/../{file}", "/media/../{file}", "/component/../{file}",
    "/app/static/..%2f{coded}", "/app/static/%2e%2e/%2e%2e/{file}", "/media/..%2f..%2f{coded}", "/static//{absolute}",
    "/app/static//{absolute}", "/_stcore/../{file}",
)  # fmt: skip


pytestmark = pytest.mark.browser


@pytest.fixture
def store(server: Server) -> Store:
    return Store(server.store)


async def started(ann: Visitor, store: Store, query: str) -> str:
    """The id of a run that she has started by its button, and that trains."""
    before = {run.id for run in store.list_runs(ann.id)}
    await ann.open("train", query)
    await ann.press("Start")

    def mine() -> list[str]:
        return [run.id for run in store.list_runs(ann.id) if run.id not in before]

    await ann.until(lambda: mine() and any(event["event"] == "epoch" for event in store.events(mine()[0])))
    await ann.until(lambda: "Stop" in ann.buttons)
    return mine()[0]


def live_status(server: Server, run_id: str, cookie: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    connection.request("GET", f"/live/{run_id}?lang=en&dark=0", headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    connection.close()
    return answer.status


def test_a_run_by_address_by_id_and_by_message(server: Server, store: Store) -> None:
    async def attempts() -> None:
        ann, eve = Visitor(server.url), Visitor(server.url)
        run_id = await started(ann, store, LONG)
        try:
            await eve.open("train", f"{LONG}&run={run_id}")
            assert b"is somebody else" in eve.said
            assert "Stop" not in eve.buttons
            assert b"Run 1" not in eve.said, "neither its name nor its curves"
            await eve._ask(trigger=ann.buttons["Stop"])  # the very message that Ann's browser would send
            for cookie in (f"tl_visitor={eve.id}", "", f"tl_visitor={eve.id}; tl_visitor=%27%20OR%201=1"):
                assert live_status(server, run_id, cookie) == 404, "nor how it goes on"
            assert live_status(server, run_id, f"tl_visitor={ann.id}") == 200
            await asyncio.sleep(1.5)
            assert store.get_run(run_id).active, "nobody else stops it"
            assert b"Run 1" not in eve.said
            await eve.open("inside", f"run={run_id}")
            assert run_id.encode() not in eve.said
            assert not store.list_runs(eve.id)
        finally:
            await ann.press("Stop")
            await ann.until(lambda: not store.get_run(run_id).active)
        assert store.get_run(run_id).status == "stopped", "her own press does"
        for visitor in (ann, eve):
            await visitor.leave()
            assert not visitor.errors

    run_in_loop(attempts())


def test_pictures_by_their_id(server: Server, tmp_path: Path) -> None:
    ann, upload = uuid.uuid4().hex, new_upload_id()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_HOME", str(server.home))
        folder = server.home / "uploads" / upload
        Collection.create(folder, owner_hash(ann), "Faces of my friends")

    async def attempts() -> None:
        eve = Visitor(server.url)
        for page in ("cases", "train", "images", "race"):
            await eve.open(page, f"data={upload}.1")
            assert b"Faces of my friends" not in eve.said
            assert not eve.errors
        await eve.leave()

    run_in_loop(attempts())
    assert folder.is_dir(), "and nothing was deleted"


def test_a_class_by_its_code(server: Server, store: Store) -> None:
    teacher = uuid.uuid4().hex
    classes = Classes(store)
    found = classes.open("Biology", "135791", teacher)

    async def attempts() -> None:
        eve = Visitor(server.url)
        await eve.open("class", f"join={found.code}")
        assert not {"Pause new runs", "Delete the class", "Hide"} & set(eve.buttons)
        assert not any("elete" in label for label in eve.buttons), eve.buttons
        await eve.leave()
        assert not eve.errors

    run_in_loop(attempts())
    assert classes.taught_by(teacher), "it is still there"


def test_files_of_the_server_by_their_paths(server: Server) -> None:
    write_stripes(server.home / "private")
    (server.home / "secret.txt").write_text("a secret")
    host = urlsplit(server.url).netloc
    for file in ("store.sqlite", "secret.txt", "runs/x.safetensors", "server.log"):
        absolute = server.home / file
        for pattern in PATHS:
            path = pattern.format(file=file, coded=file.replace("/", "%2f"), absolute=absolute)
            connection = http.client.HTTPConnection(host, timeout=10)
            connection.putrequest("GET", path, skip_host=False)  # as it is written, dots and all
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            assert b"SQLite format" not in body, path
            assert b"a secret" not in body, path
            assert answer.status != 200 or b"<html" in body.lower(), path
