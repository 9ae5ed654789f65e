"""Where the pictures of one data set lie, class by class, before any is decoded."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tl_core.data import cache, folders, owned, tars, zips
from tl_core.data.catalogue import ARCHIVE_SUFFIXES, archive_stem, catalogue, counts_name, makers
from tl_core.data.edits import in_order
from tl_core.data.entry import Entry
from tl_core.data.layout import Found, Item, Layout, Skipped, arrange, check_classes, nothing_usable, rename_classes
from tl_core.data.owned import UPLOAD_NAME
from tl_core.data.set_zip import CLASSES_FILE, read_class_names
from tl_core.errors import DataError, known
from tl_core.language import _

Progress = Callable[[int, int], None]
Reader = Callable[[Sequence[str], Callable[[], None], int], Iterator[tuple[str, bytes | np.ndarray]]]


@dataclass(frozen=True, eq=False)
class ImageSource:
    """The pictures of a data set: what there is and how to get at them.

    - `class_names`: sorted plain text in any script; `items` are sorted by class, split and name.
    - `skipped`: files that are not used, with the reason.
    - `mirror_safe`: whether a mirrored picture still shows its class (not so for digits).
    - `fingerprint`: 20 hexadecimal digits that change with the content.
    - `num_bytes`: of all pictures, encoded.
    - `default_images`: what an open number of images means, None for all.
    - `checked`: every picture was decoded when it came in, so that all can be read.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    items: Sequence[Item]
    skipped: tuple[Skipped, ...]
    mirror_safe: bool
    fingerprint: str
    num_bytes: int
    reader: Reader
    default_images: int | None = None
    checked: bool = False

    @property
    def is_drawn(self) -> bool:
        """Whether the pictures are made when they are asked for, in any process."""
        return not isinstance(self.items, tuple)

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """(N,) int64"""
        if self.is_drawn:
            return self.items.labels
        return np.array([item.label for item in self.items], dtype=np.int64)

    @functools.cached_property
    def given(self) -> tuple[str, ...]:
        """The split of each item: 'train', 'val', 'test' or ''."""
        if self.is_drawn:
            return ("",) * len(self.items)
        return tuple(item.split for item in self.items)

    def read_many(
        self, indices: Sequence[int] | np.ndarray, alive: Callable[[], None] = lambda: None, size: int = 32
    ) -> Iterator[tuple[int, bytes | np.ndarray]]:
        """Each item once, in whatever order is quickest: its bytes, or (H, W, 3) uint8 pixels.

        A file that cannot be read gives b''. `alive` is called several times a second while a long archive is searched.
        Pictures that are drawn come at `size`.
        Raises `ArchiveError` if the archive has gone bad since it was indexed.
        """
        index_of = {self.items[index].ref: int(index) for index in indices}
        for ref, data in self.reader(list(index_of), alive, size):
            yield index_of.pop(ref), data
        for index in index_of.values():
            yield index, b""


def open_source(spec: str, progress: Progress | None = None) -> ImageSource:
    """The data set of a catalogue name, an upload, or a path to a folder, zip or tar with one sub-folder per class.

    The first look into an archive reads all of it; later ones use the cached index. `progress` gets files seen and an
    estimate of how many there are. Raises `DataError` or `ArchiveError`.
    """
    entries = catalogue()
    if spec in entries:
        entry = entries[spec]
        if entry.path is None:
            return _open_made(entry)
        return _open_path(entry.path, entry.name, entry.title, entry.mirror_safe, progress)
    if UPLOAD_NAME.fullmatch(spec):
        return _open_upload(spec)
    path = Path(resolve_spec(spec))
    title = archive_stem(path.name) or path.name
    return _open_path(path, title, title, True, progress)


def resolve_spec(spec: str, *, allow_paths: bool = True) -> str:
    """The spec in its one exact form: a name as it is, an upload with its version, a path made absolute.

    With `allow_paths` False nothing on the disk is looked at but the shelf and the uploads.
    Raises `DataError` if there is no such data set.
    """
    names = list(catalogue())
    if spec in names:
        return spec
    if UPLOAD_NAME.fullmatch(spec):
        with contextlib.suppress(DataError):
            collection, version = owned.open_collection(spec)
            return collection.spec(version)
    if not allow_paths:
        raise DataError(known("data set", spec, names))
    try:
        path = Path(spec).expanduser().resolve()
        is_dir, exists = path.is_dir(), path.exists()
    except (OSError, ValueError, RuntimeError):
        is_dir = exists = False
    if not exists:
        looks_like_path = "/" in spec or "\\" in spec or archive_stem(spec)
        raise DataError(
            _("There is no file or folder '{spec}'.", spec=spec) if looks_like_path else known("data set", spec, names)
        )
    if not is_dir and (archive_stem(path.name) is None or not path.is_file()):
        raise DataError(
            _(
                "'{name}' is neither a folder nor one of: {choices}.",
                name=path.name,
                choices=", ".join(ARCHIVE_SUFFIXES),
            )
        )
    return str(path)


def look_inside(path: Path, progress: Progress | None = None) -> tuple[str, Layout]:
    """Fingerprint and layout of a folder or archive, from the cache if it was seen before. It may hold nothing usable.

    Raises `ArchiveError` or `DataError` if it cannot be read.
    """
    if path.is_dir():
        entries = folders.walk(path)
        fingerprint = cache.make_fingerprint("folder", *entries)
        found = folders.scan(path, entries)
    else:
        try:
            stat = path.stat()
            found = scan_archive(path, progress)
        except OSError as error:
            raise DataError(
                _("The file '{name}' cannot be read: {strerror}.", name=path.name, strerror=error.strerror)
            ) from None
        fingerprint = cache.make_fingerprint("file", path.resolve(), stat.st_size, stat.st_mtime_ns)
    layout = _cached_layout(fingerprint)
    if layout is not None:
        return fingerprint, layout
    with cache.building(f"{fingerprint}-index", lambda: progress and progress(0, 1)):
        layout = _cached_layout(fingerprint)
        if layout is None:
            layout = lay_out(path, path.name, found)
            _cache_layout(fingerprint, layout)
    return fingerprint, layout


def scan_archive(path: Path, progress: Progress | None = None) -> Iterator[Found]:
    """Every file in a zip or tar that is not hidden, with the reason if it cannot be used. Raises `ArchiveError`."""
    return zips.scan(path) if _is_zip(path) else tars.scan(path, progress)


def lay_out(path: Path, name: str, found: Iterator[Found]) -> Layout:
    """Sort the files of a folder or archive into classes, under their real names if a `CLASSES_FILE` tells them.

    Raises `DataError`, with `name` for the whole, if there is no picture that can be used.
    """
    seen = list(found)
    layout = arrange([f for f in seen if f.parts != (CLASSES_FILE,)])
    if not layout.items:
        raise DataError(nothing_usable(name, seen, layout))
    for f in seen:
        if f.parts == (CLASSES_FILE,):
            data = dict(read_inside(path)([f.ref], lambda: None, 0)).get(f.ref, b"")
            layout = rename_classes(layout, read_class_names(data))
    return layout


def read_inside(path: Path) -> Reader:
    """How to read the files that `look_inside` names; each comes as it is, whatever the size asked for."""
    read = folders.read if path.is_dir() else zips.read if _is_zip(path) else tars.read
    return lambda refs, alive, size=0: read(path, refs, alive)


def _open_path(path: Path, name: str, title: str, mirror_safe: bool, progress: Progress | None) -> ImageSource:
    fingerprint, layout = look_inside(path, progress)
    source = ImageSource(name, title, *layout[:3], mirror_safe, fingerprint, layout.num_bytes, read_inside(path))
    check_classes(title, source.class_names, source.labels, source.given, source.skipped)
    counts = {"num_classes": len(source.class_names), "num_images": len(source.items)}
    if cache.read_json(counts_name(path)) != counts:
        cache.write_json(counts_name(path), counts)
    return source


def _open_upload(spec: str) -> ImageSource:
    collection, version = owned.open_collection(spec)
    pictures = collection.pictures()
    rows = list(in_order(version.classes))
    class_names = tuple(dict.fromkeys(one.name for one, _, _ in rows))
    label = {name: at for at, name in enumerate(class_names)}
    items = tuple(
        Item(label[one.name], split, str(pictures.path(number).relative_to(collection.folder)))
        for one, number, split in rows
    )
    source = ImageSource(
        collection.spec(version), "Uploaded pictures", class_names, items, (), True, version.fingerprint,
        sum(pictures[number].num_bytes for _, number, _ in rows), read_inside(collection.folder), checked=True,
    )  # fmt: skip
    check_classes(source.title, class_names, source.labels, source.given)
    return source


def _open_made(entry: Entry) -> ImageSource:
    maker = makers()[entry.name]
    fingerprint = cache.make_fingerprint(*maker.fingerprint_parts(entry.name))
    layout = _cached_layout(fingerprint)
    if layout is None:
        layout = maker.layout(entry.name)
        if isinstance(layout.items, tuple):  # not those that are worked out when asked for
            _cache_layout(fingerprint, layout)
    reader = functools.partial(maker.read, entry.name)
    return ImageSource(
        entry.name, entry.title, *layout[:3], entry.mirror_safe, fingerprint, layout.num_bytes, reader,
        default_images=entry.default_images,
    )  # fmt: skip


def _cached_layout(fingerprint: str) -> Layout | None:
    try:
        return _load_layout(cache.path_of(f"{fingerprint}-index.json"))
    except LookupError:
        return None


@functools.lru_cache(maxsize=8)
def _load_layout(path: Path) -> Layout:
    """Raises `LookupError`, which, unlike a value, is not remembered."""
    value = cache.read_json(path.name)
    if value is None:
        raise LookupError
    items = tuple(map(Item, value["labels"], value["splits"], value["refs"]))
    skipped = tuple(Skipped(*pair) for pair in value["skipped"])
    return Layout(tuple(value["class_names"]), items, skipped, value["num_bytes"])


def _cache_layout(fingerprint: str, layout: Layout) -> None:
    labels, splits, refs = zip(*layout.items, strict=True)
    value = {"class_names": layout.class_names, "labels": labels, "splits": splits, "refs": refs}
    cache.write_json(f"{fingerprint}-index.json", value | {"skipped": layout.skipped, "num_bytes": layout.num_bytes})


def _is_zip(path: Path) -> bool:
    """By its content for files that have either form's signature, else by its suffix."""
    with open(path, "rb") as file:
        head = file.read(4)
    if head[:2] == b"PK":
        return True
    return path.suffix.lower() == ".zip"
