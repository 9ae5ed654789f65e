"""A visitor's pictures, sorted into classes by a list of versions that only grows, so that every edit can be undone.

::

    uploads/upload-<32 hexadecimal digits>/
        about.json             whose it is (a hash) and its title
        used                   its time is when the collection was used last: see `tl_core.data.owned.sweep`
        head.json              the number of the newest version, and those that undo stepped back from
        versions/0.json ...    the classes in order, and the version before it; 0 is empty
        batches/1/ ...         pictures, as they came in

A version never changes, so an experiment on `upload-<digits>.<number>` is always the same experiment; the name without a
number means the newest one. Neither an id nor a number is ever used again. Versions more than 200 undo steps back go when
nobody opened them for a day, as whole collections do: an experiment opens its version whenever it reads a picture.

Who may open one is decided in `tl_core.data.owned`.
"""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from tl_core.data import cache, edits
from tl_core.data.batch import Batch, Pictures, Remembered, forget_batches, read_batch
from tl_core.data.edits import Classes, PictureClass, in_order
from tl_core.data.layout import Skipped, clean_text
from tl_core.errors import DataError
from tl_core.language import _

UNDO_STEPS = 200  # that are kept however old they are
_TOUCH_SECONDS = 60


@dataclass(frozen=True)
class Version:
    """`did`: what made it out of version `parent`, in words; `fingerprint`: 20 hexadecimal digits of what is switched on."""

    number: int
    parent: int | None
    did: str
    classes: Classes
    fingerprint: str

    @property
    def num_pictures(self) -> int:
        return sum(len(one.pictures) for one in self.classes)


class Collection:
    """One folder of uploads. Raises `DataError` wherever it turns out to be gone."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.id = folder.name
        about = self._read("about.json")
        self.owner: str = about["owner"]
        self.title: str = about["title"]

    @classmethod
    def create(cls, folder: Path, owner: str, title: str) -> "Collection":
        """An empty one in a new folder; `owner` is an `owner_hash`."""
        (folder / "versions").mkdir(parents=True)
        (folder / "batches").mkdir()
        (folder / "used").touch()
        _write(folder / "about.json", {"owner": owner, "title": clean_text(title)})
        _write(folder / "versions" / "0.json", {"parent": None, "did": "", "classes": [], "fingerprint": ""})
        _write(folder / "head.json", {"version": 0, "undone": []})
        return cls(folder)

    # versions

    def head(self) -> Version:
        """The newest version."""
        return self.version(self._read("head.json")["version"])

    def version(self, number: int) -> Version:
        try:
            return _read_version(self._version_path(number))
        except (OSError, ValueError):
            raise gone() from None

    def spec(self, version: Version | None = None) -> str:
        """What an experiment calls a version of it, or the newest one."""
        number = self._read("head.json")["version"] if version is None else version.number
        return f"{self.id}.{number}"

    def edit(self, did: str, change: Callable[[Classes], Classes]) -> Version:
        """Write the next version: the newest one's classes as `change` returns them. No change makes no version."""
        with self._lock():
            return self._write_next(did, change(self.head().classes))

    def undo(self) -> Version:
        """Go back to the version before the newest; the first one stays as it is. Raises `DataError` if it is not kept."""
        with self._lock():
            state = self._read("head.json")
            parent = self.version(state["version"]).parent
            if parent is not None:
                if not self._version_path(parent).exists():
                    raise DataError(
                        _(
                            "The changes before this one are more than a day and {undo_steps} steps old: they are not kept any "
                            "more, so this one cannot be undone.",
                            undo_steps=UNDO_STEPS,
                        )
                    )
                _write(self.folder / "head.json", {"version": parent, "undone": [*state["undone"], state["version"]]})
        return self.head()

    def redo(self) -> Version:
        """Take the last undo back, if nothing was changed since."""
        with self._lock():
            state = self._read("head.json")
            if state["undone"]:
                *rest, number = state["undone"]
                _write(self.folder / "head.json", {"version": number, "undone": rest})
        return self.head()

    def undone(self) -> Version | None:
        """What `redo` would bring back."""
        numbers = self._read("head.json")["undone"]
        return self.version(numbers[-1]) if numbers else None

    # pictures

    def batches(self) -> list[Batch]:
        """In the order in which they came."""
        try:
            with os.scandir(self.folder / "batches") as entries:
                names = sorted(int(entry.name) for entry in entries if entry.name.isdecimal())
            return [read_batch(self.folder / "batches" / str(name)) for name in names]
        except OSError:
            raise gone() from None

    def pictures(self) -> Pictures:
        return Pictures(self.batches())

    def add_batch(self, built: Path, did: str, place: Callable[[Classes, Batch, int], Classes]) -> Version:
        """Move a finished batch's folder in. `place(classes, batch, first)` puts its pictures, numbered from `first` on,
        into classes; if it raises, all is as before. Raises `DataError` if more came in than a collection keeps."""
        with self._lock():
            before = self.batches()
            first = 1 + sum(len(batch.pictures) for batch in before)
            folder = self.folder / "batches" / str(len(before) + 1)
            shutil.rmtree(folder, ignore_errors=True)  # left by one who was killed at this very moment
            batch = read_batch(built)
            edits.check_kept(first - 1, len(batch.pictures))
            classes = place(self.head().classes, batch, first)
            built.rename(folder)
            return self._write_next(did, classes)

    def skipped(self, version: Version) -> list[Skipped]:
        """Files that were left out when this version's pictures came in."""
        pictures = self.pictures()
        numbers = {number for one in version.classes for number, _ in one.pictures}
        used = {bisect_right(pictures.firsts, number) for number in numbers}
        return [skipped for at, batch in enumerate(pictures.batches, 1) if at in used for skipped in batch.skipped]

    # its life

    def touch(self, version: Version | None = None) -> None:
        """Mark as just used, and one version, whose file's time of reading tells when."""
        now = time.time()
        try:
            if now - (self.folder / "used").stat().st_mtime > _TOUCH_SECONDS:
                os.utime(self.folder / "used")
            if version is not None:
                path = self._version_path(version.number)
                stat = path.stat()
                if now - stat.st_atime > _TOUCH_SECONDS:
                    os.utime(path, ns=(int(now * 1e9), stat.st_mtime_ns))
        except OSError:
            raise gone() from None

    def forget_versions(self, before: float) -> None:
        """Delete the versions that nobody opened since `before` (seconds since 1970), but not those that redo or the last
        200 undo steps lead to, nor the first."""
        paths = {int(path.stem): path for path in (self.folder / "versions").glob("*.json")}
        if len(paths) <= UNDO_STEPS:
            return
        with self._lock():
            state = self._read("head.json")
            keep, at = {0, *state["undone"]}, state["version"]
            for _unused in range(UNDO_STEPS + 1):
                keep.add(at)
                at = self.version(at).parent if at in paths else None
                if at is None:
                    break
            stats = {number: path.stat() for number, path in paths.items()}
            old = {n for n, stat in stats.items() if n not in keep and max(stat.st_atime, stat.st_mtime) < before}
            there = {self.version(number).fingerprint for number in paths if number not in old}
            cache.forget({self.version(number).fingerprint for number in old} - there - {""})
            for number in old:
                paths[number].unlink(missing_ok=True)

    def delete(self) -> None:
        """At once and for good: the pictures, all versions, and what was decoded of them."""
        fingerprints = set()
        for path in (self.folder / "versions").glob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                fingerprints.add(_read_version(path).fingerprint)
        hidden = self.folder.with_name(f".{self.id}.{secrets.token_hex(4)}.deleted")
        try:
            self.folder.rename(hidden)
        except OSError:
            return  # somebody else was quicker
        shutil.rmtree(hidden, ignore_errors=True)
        cache.forget(fingerprints - {""})
        _read_version.forget(self.folder)
        forget_batches(self.folder)

    # inside

    def _write_next(self, did: str, classes: Classes) -> Version:
        head = self.head()
        if classes == head.classes:
            return head
        number = 1 + max(int(path.stem) for path in (self.folder / "versions").glob("*.json"))
        value = {
            "parent": head.number,
            "did": did,
            "classes": [[one.name, one.on, one.pictures] for one in classes],
            "fingerprint": self._fingerprint(classes),
        }
        _write(self.folder / "versions" / f"{number}.json", value)
        _write(self.folder / "head.json", {"version": number, "undone": []})
        return self.version(number)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One edit at a time, whichever process makes it."""
        if not self.folder.is_dir():
            raise gone()
        lock = FileLock(str(self.folder / "lock"), timeout=60)
        try:
            lock.acquire()
        except OSError:
            if self.folder.is_dir():
                raise  # the disk is full, say
            raise gone() from None
        try:
            yield
        finally:
            lock.release()

    def _version_path(self, number: int) -> Path:
        return self.folder / "versions" / f"{number}.json"

    def _fingerprint(self, classes: Classes) -> str:
        pictures = self.pictures()
        content = ((one.name, split, pictures[number].digest) for one, number, split in in_order(classes))
        return cache.make_fingerprint("upload", *itertools.chain.from_iterable(content))

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError):
            raise gone() from None


def _parse_version(path: Path) -> Version:
    value = json.loads(path.read_text("utf-8"))
    classes = tuple(PictureClass(name, on, tuple(map(tuple, pairs))) for name, on, pairs in value["classes"])
    return Version(int(path.stem), value["parent"], value["did"], classes, value["fingerprint"])


_read_version = Remembered(_parse_version, lambda version: version.num_pictures)


def _write(path: Path, value: Any) -> None:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.write_text(json.dumps(value, separators=(",", ":")), "utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def gone() -> DataError:
    """The error for pictures that were deleted, or never were."""
    return DataError(_("These uploaded pictures are not on this machine any more: upload the pictures again."))
