"""A real nginx with the configuration of docs/nginx.conf, in a folder of its own."""

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tl_core.paths import ROOT

HOW = "nginx is not installed; on Debian: apt-get install nginx-light (scripts/test does it)"
_AROUND = """daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; include {folder}/site.conf; }}
"""


@contextmanager
def serve_nginx(folder: Path, port: int, first: int, second: int) -> Iterator[str]:
    """The address of an nginx on `port` before two servers. Skips the test, and says how to install it, where there is none."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip(HOW)
    site = (ROOT / "docs" / "nginx.conf").read_text()
    for ours, theirs in (("listen 8080", f"listen 127.0.0.1:{port}"), (":8501", f":{first}"), (":8502", f":{second}")):
        assert ours in site
        site = site.replace(ours, theirs)
    folder.mkdir(parents=True)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder))
    words = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(words)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, folder / "error.log")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(100):
        assert process.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"nginx does not answer: {log.read_text()}")
