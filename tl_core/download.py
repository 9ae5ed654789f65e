"""One file from the network: whole and checked, or not at all; what was cut off is taken up where it stopped."""

import hashlib
import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[int, int], None]  # bytes so far, bytes in all

_TIMEOUT_SECONDS = 30
_CHUNK_BYTES = 1 << 18
_MAX_ATTEMPTS = 20  # a connection that was cut is taken up again as long as each attempt brings some bytes
_USER_AGENT = "transfer-learning-dashboard"  # some servers turn Python's own name away


class DownloadError(Exception):
    """Says in words why a file did not come whole, or is not the right one."""


# Our own download rather than torch.hub's or torchvision's: those cannot resume, and report only to a terminal.
def fetch_file(
    url: str,
    path: Path,
    progress: Progress | None = None,
    check: Callable[[Path], None] | None = None,
    expected_bytes: int | None = None,
) -> None:
    """Download to `path`, which gets its name only once it is whole and `check(part)` has not raised.

    Until then the bytes lie in `part_of(path)`, where the next try goes on; a part that does not pass is deleted. What
    `progress` raises ends the download and leaves the part. No more than `expected_bytes` are taken, if they are known: a
    server that has more to send is not believed, and nothing is kept. Nothing here keeps two processes apart: lock outside.
    Raises `DownloadError`.
    """
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(url, part, progress, expected_bytes)
        if check:
            try:
                check(part)
            except DownloadError:
                part.unlink()
                raise
        part.replace(path)
    except _TooMuch:
        part.unlink(missing_ok=True)
        raise
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error  # urllib wraps the error of the socket
        text = str(getattr(reason, "strerror", None) or reason)
        raise DownloadError(text or type(error).__name__) from error


def part_of(path: Path) -> Path:
    """Where the bytes of an unfinished download lie."""
    return path.with_name(path.name + ".part")


def check_digest(path: Path, algorithm: str, expected: str, progress: Progress | None = None) -> None:
    """Raise `DownloadError` unless the file's checksum, in hexadecimal digits, begins with `expected`."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    total, done = size_of(path), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            if progress:
                progress(done, total)
    received = digest.hexdigest()[: len(expected)]
    if received != expected:
        raise DownloadError(
            f"the file that came is not the official one, and was deleted: its checksum begins with "
            f"{received} instead of {expected}"
        )


def size_of(path: Path) -> int:
    """Bytes; 0 if there is no such file."""
    return path.stat().st_size if path.is_file() else 0


def _download(url: str, part: Path, progress: Progress | None, expected: int | None) -> None:
    if expected is not None and size_of(part) > expected:
        part.unlink()  # of another file, or of none
    for _ in range(_MAX_ATTEMPTS):
        before = size_of(part)
        done, total = _download_once(url, part, progress, expected)
        if done == total:
            return
        if done > total:
            part.unlink()
        elif done <= before:
            break
    raise DownloadError(f"the connection was cut after {size_of(part):,} bytes, which are kept")


def _download_once(url: str, part: Path, progress: Progress | None, expected: int | None) -> tuple[int, int]:
    """Append what is still missing to `part`; its size and that of the whole file."""
    done = size_of(part)
    headers = {"User-Agent": _USER_AGENT} | ({"Range": f"bytes={done}-"} if done else {})
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416:
            raise DownloadError(f"the server answered {error.code} {error.reason}") from error
        total = _number(r"\*/(\d+)$", error.headers.get("Content-Range"))  # nothing is missing, or the part is not ours
        return done, total if total is not None else done - 1
    with response:
        if response.status == 206:
            total = _number(r"/(\d+)$", response.headers.get("Content-Range"))
            if total is None or _number(r"bytes (\d+)-", response.headers.get("Content-Range")) != done:
                raise DownloadError("the server sent another part of the file than it was asked for")
        else:
            done, total = 0, _number(r"^(\d+)$", response.headers.get("Content-Length"))
        _check_amount(total or 0, expected)
        with part.open("ab" if done else "wb") as file:
            while chunk := _read(response):
                _check_amount(done + len(chunk), expected)
                file.write(chunk)
                file.flush()  # what was told of is kept, even if the process is killed now
                done += len(chunk)
                if progress:
                    progress(done, total or done)
    return done, total if total is not None else done


class _TooMuch(DownloadError):
    """What came cannot be the file that was asked for."""


def _check_amount(num_bytes: int, expected: int | None) -> None:
    if expected is not None and num_bytes > expected:
        raise _TooMuch(
            f"the server sends more than the {expected:,} bytes that the file has, so it is not the official one, and nothing "
            "of it is kept"
        )


def _read(response: http.client.HTTPResponse) -> bytes:
    """The next bytes; none at the end, where the connection was cut, or where nothing came for `_TIMEOUT_SECONDS`."""
    try:
        return response.read1(_CHUNK_BYTES)
    except (ConnectionError, TimeoutError, http.client.IncompleteRead):
        return b""


def _number(pattern: str, text: str | None) -> int | None:
    match = re.search(pattern, text or "")
    return int(match[1]) if match else None
