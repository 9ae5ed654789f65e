"""A web server on this machine that cuts connections, refuses, or holds on in the middle, as asked."""

import contextlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Serves `files` by their path, and `content` as every other file.

    The i-th answer ends after `cuts[i]` bytes; `status` replaces any answer; with `hold_after` an answer stops after so
    many bytes until `release` is set. `ranges` and `asked` tell what was asked for.
    """

    daemon_threads = True
    status = 0
    ignore_range = False
    hold_after: int | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content: bytes | None = None
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.ranges: list[str | None] = []
        self.asked: list[str] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        asked = self.headers.get("Range")
        server.ranges.append(asked)
        server.asked.append(self.path)
        content = server.files.get(self.path.lstrip("/"), server.content)
        if server.status or content is None:
            self.send_error(server.status or 404)
            return
        size = len(content)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and not server.ignore_range else 0
        if start and start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        wanted = content[start:][: server.cuts.pop(0) if server.cuts else size]
        if server.hold_after is not None:
            self._write(wanted[: server.hold_after])
            server.release.wait(30)
            wanted = wanted[server.hold_after :]
        self._write(wanted)

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # whoever asked may be gone
            self.wfile.write(data)
            self.wfile.flush()

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()
            thread.join()
