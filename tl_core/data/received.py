"""What a browser sent, before any picture of it is decoded: which files there are, and which class each belongs to."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tl_core.data import edits
from tl_core.data.images import HEAD_BYTES, MAX_FILE_BYTES, content_reason, looks_like_image
from tl_core.data.layout import NO_CLASS, Found, Layout, Skipped, arrange, clean_text, is_hidden, name_reason
from tl_core.data.set_zip import CLASSES_FILE, place_files, read_set_classes
from tl_core.data.source import lay_out, read_inside, scan_archive
from tl_core.errors import DataError
from tl_core.language import mark

Report = Callable[[str, int, int], None]  # doing, done, total; what it raises ends the import


class Part(NamedTuple):
    """A received file.

    `class_name`: '' for an archive, which brings its own, and for files of a folder, whose `name` says the class.
    `name`: what the file was called where it came from, with its folders if it came in some; only text, never a path here.
    """

    class_name: str
    path: Path
    name: str = ""


class Job(NamedTuple):
    """A picture to be read: where it shall go, what it was called."""

    class_name: str
    split: str
    name: str


class Source(NamedTuple):
    """A file or an archive with pictures in it: the job of each by how the reader calls it.

    `classes`: (name, whether it is on) in order, where a zip that was downloaded here says so.
    """

    jobs: dict[str, Job]
    read: Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]
    classes: tuple[tuple[str, bool], ...] = ()


def look(parts: Sequence[Part], skipped: list[Skipped], report: Report) -> list[Source]:
    """What there is to be read; the files that are of no use go to `skipped`."""
    sources: list[Source] = []
    loose: dict[str, Path] = {}
    found: list[Found] = []  # of a folder that was sent file by file
    jobs: dict[str, Job] = {}
    for number, part in enumerate(parts):
        name, ref = clean_text(part.name or part.path.name), str(number)
        folders = tuple(p for p in part.name.replace("\\", "/").split("/") if p not in ("", "."))
        if _is_archive(part.path):
            try:
                sources.append(_look_inside(part.path, name, skipped, report))
            except DataError as error:
                if len(parts) == 1:
                    raise
                skipped.append(Skipped(name, str(error)))
        elif is_hidden(folders or (part.path.name,)):
            continue
        elif not part.class_name.strip() and len(folders) > 1:
            reason = name_reason(folders) or _file_reason(part.path)
            found.append(Found(folders, ref, part.path.stat().st_size, reason))
            loose[ref] = part.path
        elif reason := _file_reason(part.path) if part.class_name.strip() else NO_CLASS:
            skipped.append(Skipped(name, reason))
        else:
            loose[ref] = part.path
            jobs[ref] = Job(edits.class_name(part.class_name), "", name)
    layout = arrange(found)
    skipped.extend(layout.skipped)
    names = {f.ref: clean_text("/".join(f.parts)) for f in found}
    jobs |= _jobs(layout, names)
    if jobs:
        sources.append(Source(jobs, lambda refs: ((ref, loose[ref].read_bytes()) for ref in refs)))
    return sources


def _look_inside(path: Path, name: str, skipped: list[Skipped], report: Report) -> Source:
    """An archive. Nothing of it is remembered, unlike of those on the shelf."""
    found = list(scan_archive(path, lambda done, total: report(mark("Looking into the archive"), done, total)))
    read = read_inside(path)
    own = next((f.ref for f in found if f.parts == (CLASSES_FILE,)), None)
    if own is not None:
        classes = read_set_classes(dict(read([own], lambda: None)).get(own, b""))
        places = place_files(classes, found)
        if places:
            bad = (f for f in found if f.reason and f.ref != own)
            skipped.extend(Skipped(clean_text("/".join(f.parts)), f.reason) for f in bad)
            jobs = {ref: Job(class_name, split, clean_text(ref)) for ref, (class_name, split) in places.items()}
            return Source(jobs, lambda refs: read(refs, lambda: None), tuple((one.name, one.on) for one in classes))
    layout = lay_out(path, name, iter(found))
    skipped.extend(layout.skipped)
    return Source(
        _jobs(layout, {item.ref: clean_text(item.ref) for item in layout.items}), lambda refs: read(refs, lambda: None)
    )


def _jobs(layout: Layout, names: dict[str, str]) -> dict[str, Job]:
    return {item.ref: Job(layout.class_names[item.label], item.split, names[item.ref]) for item in layout.items}


def _file_reason(path: Path) -> str:
    """Why a file cannot be a picture; '' if it may be one."""
    if path.stat().st_size > MAX_FILE_BYTES:
        return f"it is larger than {MAX_FILE_BYTES // 2**20} MB"
    with open(path, "rb") as file:
        return content_reason(file.read(HEAD_BYTES))


def _is_archive(path: Path) -> bool:
    with open(path, "rb") as file:
        head = file.read(512)
    if looks_like_image(head[:HEAD_BYTES]):
        return False
    return head.startswith((b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"\xfd7zXZ\0")) or head[257:262] == b"ustar"
