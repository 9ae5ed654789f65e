"""The way in for files from strangers: opened, decoded, shrunk, rid of their metadata and kept in a collection of ours.

`import_upload` is the only door: whatever a browser sends goes through it, in the interactive worker.
"""

import collections
import errno
import hashlib
import hmac
import json
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tl_core.data import edits, owned
from tl_core.data.batch import Batch, BatchWriter, Picture, copy_batch, forget_batches, read_batch
from tl_core.data.collection import Collection, gone
from tl_core.data.edits import Classes
from tl_core.data.kept import Kept, keep
from tl_core.data.layout import Skipped
from tl_core.data.received import Job, Part, Report, Source, look
from tl_core.errors import DataError
from tl_core.language import _, mark

MAX_UPLOAD_BYTES = 2 * 2**30  # received, archives as they are
MAX_COLLECTIONS = 20  # of one owner
FREE_BYTES = 2**30  # that must stay free on the disk
DISK_FULL = mark(
    "The disk of the computer that runs this page is full or nearly so: no pictures can be taken in until there is room."
)
_THREADS = 2  # Pillow lets go of Python's lock while it decodes, shrinks and encodes
_MOST_PENDING = 16  # pictures that were read and not yet decoded ...
_MOST_PENDING_BYTES = 64 * 2**20  # ... and their bytes
MAX_SECONDS = 600.0  # for the pictures of one upload; others wait meanwhile


@dataclass(frozen=True)
class UploadReport:
    """What was kept, by class name, and what was not; `known` if these very files had come in before."""

    counts: dict[str, int]
    skipped: tuple[Skipped, ...]
    known: bool = False


def import_upload(
    parts: Sequence[tuple[str, Path] | Part],
    into: Path,
    report: Report | None = None,
    *,
    owner: str = "",
    title: str = "My images",
    must_exist: bool = False,
) -> UploadReport:
    """Keep received files in the collection in the folder `into`, which is made if there is none.

    `parts` are pairs of a class name and a received file, or `Part`s: a picture of that class; a zip or tar with class
    folders of its own; a picture whose name has folders, such as 'pets/cat/1.jpg'. Class names are text in any script. Train,
    val and test folders are kept. All is added when all is done, as one version, or nothing. `report(doing, done, total)` is
    called for every picture. `owner` is an `owner_hash`; the same files of the same owner are not decoded a second time.
    `must_exist`: the collection was there when the visitor chose it, and is not made anew if it was deleted since.
    Raises `DataError` if nothing can be used, over the limits, or if the collection is another owner's or was deleted, and
    whatever `report` raises.
    """
    report = report or (lambda doing, done, total: None)
    parts = [Part(*part) for part in parts]
    received = sum(part.path.stat().st_size for part in parts)
    if received > MAX_UPLOAD_BYTES:
        raise DataError(_("The upload is larger than {n} GB.", n=MAX_UPLOAD_BYTES // 2**30))
    must_exist = must_exist or into.is_dir()
    _check_into(into, owner, must_exist)
    into.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(into.parent).free < received + FREE_BYTES:
        raise DataError(DISK_FULL)
    building = into.with_name(f".{into.name}.{secrets.token_hex(4)}.part")
    building.mkdir()
    try:
        report(mark("Looking at the files"), 0, len(parts))
        digest = _digest(parts)
        batch = _find_batch(digest, into, owner)
        built = building / "batch"
        if batch is not None and batch.folder.parent.parent == into:
            return _bring_back(Collection(into), batch, _did(parts, len(batch.pictures)))
        if batch is not None:
            copy_batch(batch, built)
        else:
            if must_exist:
                edits.check_kept(sum(len(one.pictures) for one in Collection(into).batches()), 1)
            _build(parts, built, digest, report)
        new = read_batch(built)
        did = _did(parts, len(new.pictures))
        if must_exist:
            _check_into(into, owner, must_exist)  # it may have been deleted meanwhile
            Collection(into).add_batch(built, did, _place)
        else:
            _check_number(owner)
            Collection.create(building / "new", owner, title).add_batch(built, did, _place)
            (building / "new").rename(into)
    except OSError as error:
        if is_full(error):
            raise DataError(DISK_FULL) from None
        raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
        forget_batches(building)
    return UploadReport(_count(new.pictures), new.skipped, batch is not None)


def is_full(error: OSError) -> bool:
    """Whether this went wrong because there is no room on the disk."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _check_into(into: Path, owner: str, must_exist: bool) -> None:
    if into.is_dir():
        if not hmac.compare_digest(Collection(into).owner, owner):
            raise gone()
    elif must_exist:
        raise DataError(
            _("This set of pictures was deleted meanwhile, so nothing was added. Add the files to another set.")
        )


def _place(classes: Classes, batch: Batch, first: int) -> Classes:
    """With the pictures of a batch, numbered from `first` on; those that are there already stay where they are."""
    there = {number for one in classes for number, _ in one.pictures}
    off = {name for name, on in batch.classes if not on} - {one.name for one in classes}
    by_class: dict[str, list[tuple[int, str]]] = {name: [] for name, _ in batch.classes}
    for number, picture in enumerate(batch.pictures, first):
        if number not in there:
            by_class.setdefault(picture.class_name, []).append((number, picture.split))
    for name, pairs in by_class.items():
        classes = edits.add(classes, name, pairs)
    for name in off:
        classes = edits.switch(classes, name, False)
    return classes


def _bring_back(collection: Collection, batch: Batch, did: str) -> UploadReport:
    """The same files again, into the collection that has them: those that were taken out since come back."""
    batches = collection.batches()
    at = [one.folder for one in batches].index(batch.folder)
    first = 1 + sum(len(one.pictures) for one in batches[:at])
    collection.edit(did, lambda classes: _place(classes, batch, first))
    return UploadReport(_count(batch.pictures), batch.skipped, True)


def _count(pictures: Sequence[Picture]) -> dict[str, int]:
    return dict(sorted(Counter(picture.class_name for picture in pictures).items()))


def _did(parts: Sequence[Part], count: int) -> str:
    names = {part.class_name for part in parts if part.class_name}
    where = f" to '{names.pop()}'" if len(names) == 1 else ""
    return f"{count:,} picture{'s' * (count != 1)} added{where}"


def _check_number(owner: str) -> None:
    if len(owned.list_own(owner)) >= MAX_COLLECTIONS:
        raise DataError(
            _(
                "You have {max_collections} sets of pictures already. Delete one of them first, or add to one.",
                max_collections=MAX_COLLECTIONS,
            )
        )


def _digest(parts: Sequence[Part]) -> str:
    """Of all that decides what becomes of the received files."""
    total = hashlib.sha256()
    for part in parts:
        with open(part.path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(json.dumps([part.class_name, "" if part.class_name else part.name, content]).encode())
    return total.hexdigest()


def _find_batch(digest: str, into: Path, owner: str) -> Batch | None:
    for collection in sorted(owned.list_own(owner), key=lambda one: one.folder != into):
        try:
            for batch in collection.batches():
                if batch.digest == digest:
                    return batch
        except DataError:
            continue
    return None


def _build(parts: Sequence[Part], folder: Path, digest: str, report: Report) -> None:
    skipped: list[Skipped] = []
    sources = look(parts, skipped, report)
    total = sum(len(source.jobs) for source in sources)
    if total > edits.MAX_PICTURES:
        raise DataError(
            _(
                "The upload holds more than {max_pictures:,} pictures. Received: {total:,}.",
                max_pictures=edits.MAX_PICTURES,
                total=total,
            )
        )
    writer = BatchWriter(folder)
    for done, (job, kept) in enumerate(_keep_all(sources), 1):
        if isinstance(kept, str):
            skipped.append(Skipped(job.name, kept))
        else:
            writer.add(kept, hashlib.sha256(kept.data).hexdigest()[:32], job.name, job.class_name, job.split)
        report(mark("Checking and shrinking the pictures"), done, total)
    if not writer.pictures:
        first = f" The first, '{skipped[0].name}': {skipped[0].reason.rstrip('.')}." if skipped else ""
        raise DataError(f"None of the uploaded files can be used.{first}")
    classes = dict(one for source in reversed(sources) for one in source.classes)
    writer.close(digest, skipped, list(classes.items()))


def _keep_all(sources: Sequence[Source]) -> Iterator[tuple[Job, Kept | str]]:
    """Each picture as it is kept, or why it is not, in the order in which they are read."""
    pending: collections.deque[tuple[Job, Future, int]] = collections.deque()
    num_bytes, end = 0, time.monotonic() + MAX_SECONDS
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="keep") as pool:
        for source in sources:
            unread = dict(source.jobs)
            for ref, data in source.read(list(unread)):
                job = unread.pop(ref)
                if time.monotonic() > end:
                    yield (
                        job,
                        _(
                            "'{name}' came after the {n:.0f} minutes that one upload may take.",
                            name=job.name,
                            n=MAX_SECONDS / 60,
                        ),
                    )
                    continue
                pending.append((job, pool.submit(_keep, data, job.name), len(data)))
                num_bytes += len(data)
                while len(pending) > _MOST_PENDING or num_bytes > _MOST_PENDING_BYTES:
                    job, future, size = pending.popleft()
                    num_bytes -= size
                    yield job, future.result()
            for job in unread.values():
                yield job, _("'{name}' is empty or could not be read.", name=job.name)
        while pending:
            job, future, _unused = pending.popleft()
            yield job, future.result()


def _keep(data: bytes, name: str) -> Kept | str:
    try:
        return keep(data, name)
    except DataError as error:
        return str(error)
