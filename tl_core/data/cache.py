"""Files that can be made again: indexes and decoded pictures below `paths.cache_dir()`, oldest removed first.

Each is written under a temporary name and renamed, so it is there whole or not at all, whoever is killed meanwhile.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from tl_core import paths

try:
    import fcntl
except ImportError:  # Windows: two processes may then build the same file; each is whole, the later one stays
    fcntl = None

FORMAT = "2"  # part of every key: raise it when the meaning of cached files changes
DEFAULT_LIMIT_MB = 4096
RESERVE_BYTES = 10**9
_NAME = re.compile(r"[0-9a-f]{20}-[\w-]+\.(npy|json)")
_ABANDONED_SECONDS = 3600
_NUM_LOCKS = 64


def make_fingerprint(*parts: object) -> str:
    """20 hexadecimal digits from the parts."""
    text = "\0".join([FORMAT, *map(str, parts)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def path_of(name: str) -> Path:
    return paths.cache_dir() / name


def read_json(name: str) -> Any:
    """What was cached under this name, or None."""
    path = path_of(name)
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    touch(path)
    return value


def write_json(name: str, value: object) -> None:
    with writing(name) as temporary:
        temporary.write_text(json.dumps(value, separators=(",", ":")))


@contextlib.contextmanager
def writing(name: str) -> Iterator[Path]:
    """A temporary path that gets this name when the block ends well, and goes away when it does not."""
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def building(key: str, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the right to build `key` in this block; others wait, calling `waiting` five times a second."""
    if fcntl is None:
        yield
        return
    folder = paths.cache_dir() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    number = int(hashlib.sha256(key.encode()).hexdigest(), 16) % _NUM_LOCKS
    with open(folder / f"{number:02d}", "wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                time.sleep(0.2)
        yield  # closing the file, or the end of the process, lets go


def touch(path: Path) -> None:
    """Mark as just used."""
    with contextlib.suppress(OSError):
        os.utime(path)


def forget(fingerprints: Collection[str]) -> None:
    """Remove all that was kept of the data sets with these fingerprints."""
    with contextlib.suppress(OSError), os.scandir(paths.cache_dir()) as entries:
        for entry in entries:
            if entry.name.partition("-")[0] in fingerprints:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def free_bytes() -> int:
    """How much the disk that holds the cache can still take, with `RESERVE_BYTES` left for everything else."""
    folder = paths.cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return max(0, shutil.disk_usage(folder).free - RESERVE_BYTES)


def trim(*keep: str) -> None:
    """Remove the least recently used files until `TL_CACHE_MB` (4096) megabytes are left, but none named in `keep`.

    A limit smaller than one array is allowed: that array is kept all the same, until the next one is built.
    """
    limit = float(os.environ.get("TL_CACHE_MB") or DEFAULT_LIMIT_MB) * 2**20
    now = time.time()
    files = []
    with contextlib.suppress(OSError), os.scandir(paths.cache_dir()) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                stat = entry.stat()
                if entry.name.endswith(".part") and now - stat.st_mtime > _ABANDONED_SECONDS:
                    os.unlink(entry.path)
                elif _NAME.fullmatch(entry.name):
                    files.append((stat.st_mtime_ns, stat.st_size, entry.name))
    total = sum(size for _, size, _ in files)
    for _, size, name in sorted(files):
        if total <= limit:
            break
        if name not in keep:
            path_of(name).unlink(missing_ok=True)
            total -= size
