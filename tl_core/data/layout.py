"""Which file of a folder or archive belongs to which class, told from the names alone."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tl_core.data.images import FORMATS_TEXT, SUFFIXES
from tl_core.errors import DataError
from tl_core.language import _

MAX_EXTRA_FOLDERS = 3
MAX_NAME = 100
SPLITS = {"train": "train", "training": "train"} | {
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
NO_CLASS = "it lies in no class folder"
_HIDDEN = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information"}
_HIDDEN |= {"icon\r"}
_ARCHIVES = frozenset(".zip .tar .gz .tgz .xz .txz .bz2 .7z .rar".split())
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")  # they reorder the text around them on the page


class Found(NamedTuple):
    """A file: its name in parts, how its reader calls it, its bytes, and why it is not used ('' if it is)."""

    parts: tuple[str, ...]
    ref: str
    num_bytes: int
    reason: str = ""


class Item(NamedTuple):
    """One picture. `split` is 'train', 'val', 'test', or '' where the set has no such folders."""

    label: int
    split: str
    ref: str


class Skipped(NamedTuple):
    """A file that is not used, and why."""

    name: str
    reason: str


class Layout(NamedTuple):
    """`items` is a tuple, or a sequence without an end to speak of that also has `labels` (N,) int64."""

    class_names: tuple[str, ...]
    items: Sequence[Item]
    skipped: tuple[Skipped, ...]
    num_bytes: int


def is_hidden(parts: Sequence[str]) -> bool:
    """Whether a file or one of its folders is one that systems leave behind: passed over without a word."""
    return any((part.startswith(".") and part != "..") or part.lower() in _HIDDEN for part in parts)


def name_reason(parts: Sequence[str]) -> str:
    """Why a file cannot be used, told from its name; '' if nothing speaks against it."""
    if not parts or ".." in parts or re.match(r"[A-Za-z]:", parts[0]):
        return "its name is not safe"
    suffix = re.search(r"\.[^.]*$", parts[-1])
    kind = suffix[0].lower() if suffix else ""
    if kind in _ARCHIVES:
        return "it is an archive inside the archive: unpack it, or upload it by itself"
    if kind not in SUFFIXES:
        save = ": save it as JPEG or PNG" if kind in (".heic", ".heif", ".avif", ".tif", ".tiff", ".svg") else ""
        return f"it is not an image in {FORMATS_TEXT} format{save}"
    return ""


def cut_entry(name: str, num_files: int) -> Found:
    """An entry that stands for the rest of an archive of which only the first files can be read."""
    files = f"first {num_files:,} files" if num_files > 1 else "first file"
    return Found((f"{name} after its {files}",), "", 0, "it is damaged or cut short there: copy or upload it again")


def clean_text(text: str) -> str:
    """A name as plain text that is safe to store and show: any script, no control characters, 100 at most."""
    text = _BIDI.sub("", unicodedata.normalize("NFC", text))
    text = "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text).strip()
    return text[:MAX_NAME] or "unnamed"


def arrange(found: Sequence[Found]) -> Layout:
    """Sort files into classes: one folder a class, perhaps below train/, val/ and test/ and extra top folders."""
    skipped = [Skipped(_shown(f), f.reason) for f in found if f.reason]
    good = [f for f in found if not f.reason]
    base = 0
    while base < MAX_EXTRA_FOLDERS and not _has_train(good, base) and _is_extra(good, base):
        skipped += [Skipped(_shown(f), NO_CLASS) for f in good if len(f.parts) < base + 2]
        good = [f for f in good if len(f.parts) >= base + 2]
        base += 1
    by_split = _has_train(good, base)

    placed: list[tuple[str, str, Found]] = []
    for f in good:
        folders = f.parts[base:-1]
        split = SPLITS.get(folders[0].lower(), "") if by_split and folders else ""
        if by_split and folders and not split:
            skipped.append(Skipped(_shown(f), "it lies outside train/, val/ and test/"))
        elif len(folders) < 1 + by_split:
            skipped.append(Skipped(_shown(f), NO_CLASS))
        else:
            placed.append((clean_text(folders[by_split]), split, f))
    if by_split:
        trained = {name for name, split, _ in placed if split == "train"}
        skipped += [
            Skipped(_shown(f), f"there is no class '{name}' under train/")
            for name, _, f in placed
            if name not in trained
        ]
        placed = [p for p in placed if p[0] in trained]

    class_names = tuple(sorted({name for name, _, _ in placed}))
    label = {name: i for i, name in enumerate(class_names)}
    placed.sort(key=lambda p: (label[p[0]], p[1], p[2].parts, p[2].ref))
    items = tuple(Item(label[name], split, f.ref) for name, split, f in placed)
    return Layout(class_names, items, tuple(skipped), sum(f.num_bytes for _, _, f in placed))


def rename_classes(layout: Layout, names: dict[str, str]) -> Layout:
    """The same layout with other class names, sorted anew."""
    shown = [clean_text(names.get(name, name)) for name in layout.class_names]
    class_names = tuple(sorted(set(shown)))
    label = [class_names.index(name) for name in shown]
    items = sorted((item._replace(label=label[item.label]) for item in layout.items), key=lambda i: i[:2])
    return layout._replace(class_names=class_names, items=tuple(items))


def check_classes(
    title: str, class_names: Sequence[str], labels: np.ndarray, given: Sequence[str], skipped: Sequence[Skipped] = ()
) -> None:
    """Raise `DataError` unless there are two classes, each with an image to train, one to check and one to test.

    Files that were `skipped` are told of, since a class may be missing because of them.
    """
    files = f"{len(skipped):,} file{'s' * (len(skipped) != 1)} could not be used"
    left_out = f" {files}: '{skipped[0].name}' ({skipped[0].reason.rstrip('.')})." if skipped else ""
    if len(class_names) < 2:
        one = f", '{class_names[0]}'" if class_names else ""
        raise DataError(f"'{title}' has one class only{one}: at least 2 are needed, each in its own folder.{left_out}")
    splits = np.asarray(given)
    has_val, has_test = bool((splits == "val").any()), bool((splits == "test").any())
    jobs = ["one to train"] + ["one to check"] * (not has_val) + ["one to test"] * (not has_test)
    need = [("train", len(jobs))] + [("val", 1)] * has_val + [("test", 1)] * has_test
    for part, least in need:
        mask = (splits == part) | (splits == "") if part == "train" else splits == part
        counts = np.bincount(labels[mask], minlength=len(class_names))
        fewest = int(counts.min())
        if fewest < least:
            where, there = (f" in its {part} folder", " there") if has_val or has_test else ("", "")
            what = f"{fewest} image{'s' * (fewest != 1)}"
            why = f": {', '.join(jobs[:-1])} and {jobs[-1]}" if least > 1 else ""
            name = class_names[int(counts.argmin())]
            raise DataError(
                f"Class '{name}' of '{title}' has {what}{where}; each class needs at least {least}{there}{why}.{left_out}"
            )


def nothing_usable(title: str, found: Sequence[Found], layout: Layout) -> str:
    """The sentence for a set in which no picture has a class."""
    if not found or not layout.skipped:
        return _("'{title}' is empty: put in one folder of pictures for each class.", title=title)
    if any(s.reason == NO_CLASS for s in layout.skipped):
        return _("'{title}' has its pictures outside of class folders: put each class in its own folder.", title=title)
    first = layout.skipped[0]
    return _(
        "'{title}' has no picture that can be used; its first file, '{name}', is passed over: {reason}.",
        title=title,
        name=first.name,
        reason=first.reason,
    )


def _shown(found: Found) -> str:
    return clean_text("/".join(found.parts)[-MAX_NAME:])


def _has_train(good: Sequence[Found], base: int) -> bool:
    """Whether there is a train folder with class folders in it (a class may be called 'train' too)."""
    return any(len(f.parts) > base + 2 and SPLITS.get(f.parts[base].lower()) == "train" for f in good)


def _is_extra(good: Sequence[Found], base: int) -> bool:
    """Whether all lies in one folder that is no class, because there are folders of pictures in it."""
    inside = [f.parts for f in good if len(f.parts) > base + 1]
    below = {parts[base + 1] for parts in inside if len(parts) > base + 2}
    direct = any(len(parts) == base + 2 for parts in inside)
    return len({parts[base] for parts in inside}) == 1 and len(below) >= (2 if direct else 1)
