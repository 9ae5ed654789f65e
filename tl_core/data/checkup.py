"""A look at a visitor's pictures before training: what would make a lesson misleading, and what to do about it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tl_core.data.collection import Collection, Version
from tl_core.data.edits import Classes, PictureClass, in_order
from tl_core.data.layout import check_classes
from tl_core.data.owned import open_collection
from tl_core.data.split import make_split
from tl_core.data.twins import find_twins
from tl_core.errors import DataError
from tl_core.evaluation import wilson_interval
from tl_core.language import _, many, mark

FEWEST = 3  # of a class: one to train, one to check, one to test
FEW = 10
FEW_TEST = 10  # images of the test, all together
MAX_RATIO = 3
TINY_SIDE = 32  # what the smallest network here looks at
GREY_CLASS, COLOUR_CLASS = 0.8, 0.2  # share of grey pictures
SEVERITIES = ("stop", "warn", "note")
MAX_SHOWN = 60  # pictures named in one finding

Finding = dict[str, Any]


def checkup(spec: str) -> list[Finding]:
    """What is to be said of an upload, most serious first; JSON-able. Nothing to be said makes an empty list.

    Each finding: `kind`; `severity`, 'stop' (it cannot be trained on), 'warn' or 'note'; `sentence`; `advice`, what to do;
    `pictures`, some of the numbers concerned; `files`, (name, reason) pairs of files that were left out; and `remedy`, None or
    `{label, remove: numbers}` or `{label, switch_off: class name}`. Raises `DataError` if the upload is gone.
    """
    collection, version = open_collection(spec)
    rows = list(in_order(version.classes))  # (class, number, split)
    on = tuple(one for one in version.classes if one.on)
    numbers = np.array([number for _, number, _ in rows], dtype=np.int64)
    names = sorted({one.name for one, _, _ in rows})
    label = {name: at for at, name in enumerate(names)}
    labels = np.array([label[one.name] for one, _, _ in rows], dtype=np.int64)
    splits = [split for _, _, split in rows]
    marks = _marks(collection, numbers)
    findings = _cannot_train(version.classes, names, labels, splits)
    test = np.zeros(len(rows), dtype=bool)
    if not findings:
        test[make_split(labels, splits, None, seed=0).test] = True
        findings += _few(on, int(test.sum()))
    findings += _unbalanced(on)
    findings += _twins(numbers, labels, names, test, marks)
    findings += _tiny(collection, numbers)
    findings += _grey(labels, names, marks)
    findings += [*_empty(on), *_left_out(collection, version)]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding["severity"]))


def _finding(kind: str, severity: str, sentence: str, advice: str, **more: Any) -> Finding:
    finding = {"kind": kind, "severity": severity, "sentence": sentence, "advice": advice}
    finding |= {"pictures": [], "files": [], "remedy": None} | more
    finding["pictures"] = [int(number) for number in finding["pictures"][:MAX_SHOWN]]
    return finding


def _marks(collection: Collection, numbers: np.ndarray) -> np.ndarray:
    batches = collection.batches()
    if not batches:
        return np.zeros(0)
    return np.concatenate([batch.marks() for batch in batches])[numbers - 1]


def _cannot_train(classes: Classes, names: Sequence[str], labels: np.ndarray, splits: Sequence[str]) -> list[Finding]:
    if len(names) < 2:
        advice = _("Add pictures of a second class: a network learns to tell classes apart.")
        if any(not one.on and one.pictures for one in classes):
            advice = f"{_('Switch another class on again.')} {advice}"
            if names:
                text = _("There is one class only, '{name}' that is switched on; at least 2 are needed.", name=names[0])
            else:
                text = _("There is no class with pictures that is switched on; at least 2 are needed.")
        elif names:
            text = _("There is one class only, '{name}'; at least 2 are needed.", name=names[0])
        else:
            text = _("There is no class with pictures; at least 2 are needed.")
        return [_finding("classes", "stop", text, advice)]
    few = [one for one in classes if one.on and 0 < len(one.pictures) < FEWEST]
    stops = [
        _finding(
            "too_few",
            "stop",
            many(
                "Class '{name}' has {number:,} picture; at least {fewest} are needed: one to train, one to check and one to "
                "test.",
                "Class '{name}' has {number:,} pictures; at least {fewest} are needed: one to train, one to check and one to "
                "test.",
                len(one.pictures),
                name=one.name,
                fewest=FEWEST,
            ),
            _("Add more pictures to it, or leave the class out."),
            pictures=[number for number, _ in one.pictures],
            remedy=_switch_off(one) if len(names) > 2 else None,
        )
        for one in few
    ]
    if not stops:
        try:
            check_classes("My images", names, labels, splits)
        except DataError as error:  # a class is missing in a train, val or test folder
            stops = [_finding("too_few", "stop", str(error), _("Add pictures to that folder, or leave the class out."))]
    return stops


def _empty(on: Classes) -> list[Finding]:
    return [
        _finding(
            "empty",
            "note",
            _("Class '{name}' has no pictures, so it takes no part.", name=one.name),
            _("Add some, or delete the class."),
        )
        for one in on
        if not one.pictures
    ]


def _few(on: Classes, num_test: int) -> list[Finding]:
    few = [one for one in on if FEWEST <= len(one.pictures) < FEW]
    if not few and num_test >= FEW_TEST:
        return []
    low, high = wilson_interval(round(0.8 * num_test), num_test)
    right = round(0.8 * num_test)
    if len(few) == 1:
        text = _(
            "Class '{name}' has fewer than {few} pictures, and the test has {test} in all:",
            name=few[0].name,
            few=FEW,
            test=num_test,
        )
    elif few:
        text = _(
            "{n} classes have fewer than {few} pictures, and the test has {test} in all:",
            n=len(few),
            few=FEW,
            test=num_test,
        )
    else:
        text = _("The test has {test} pictures only:", test=num_test)
    rest = _(
        "if {right} of them come out right, the true accuracy may be anything from {low:.0%} to {high:.0%}.",
        right=right, low=low, high=high,
    )  # fmt: skip
    return [
        _finding(
            "few",
            "warn",
            f"{text} {rest}",
            _("Add pictures, twenty or more of each class, to get an answer you can rely on."),
        )
    ]


def _unbalanced(on: Classes) -> list[Finding]:
    filled = [one for one in on if one.pictures]
    if len(filled) < 2:
        return []
    most = max(filled, key=lambda one: len(one.pictures))
    least = min(filled, key=lambda one: len(one.pictures))
    if len(most.pictures) <= MAX_RATIO * len(least.pictures):
        return []
    share = len(most.pictures) / sum(len(one.pictures) for one in filled)
    return [
        _finding(
            "unbalanced",
            "warn",
            _(
                "'{most}' has {n:,} pictures, '{least}' has {fewer:,}. A network that always says '{most}' is right in "
                "{share:.0%} of all pictures without having learnt anything.",
                most=most.name,
                n=len(most.pictures),
                least=least.name,
                fewer=len(least.pictures),
                share=share,
            ),
            _("Add pictures to '{least}', or take some out of '{most}'.", least=least.name, most=most.name),
        )
    ]


def _twins(
    numbers: np.ndarray, labels: np.ndarray, names: Sequence[str], test: np.ndarray, marks: np.ndarray
) -> list[Finding]:
    if len(numbers) < 2:
        return []
    groups = [np.array(group) for group in find_twins(marks)]
    mixed = [group for group in groups if len(set(labels[group])) > 1]
    inside = [group for group in groups if len(set(labels[group])) == 1]
    findings = []
    if mixed:
        rows = np.concatenate(mixed)
        one, other = (names[label] for label in sorted(set(labels[mixed[0]]))[:2])
        text = many(
            "One picture lies in '{one}' and '{other}'. The network is told two things about the same picture.",
            "{number:,} pictures lie in two classes, one of them in '{one}' and '{other}'. The network is told two things "
            "about the same picture.",
            len(mixed),
            one=one,
            other=other,
        )
        findings.append(
            _finding(
                "two_labels",
                "warn",
                text,
                _("Delete it where it does not belong, or take it out of both."),
                pictures=numbers[rows],
                remedy={"label": mark("Take out of all classes"), "remove": numbers[rows].tolist()},
            )
        )
    if inside:
        rows = np.concatenate(inside)
        extra = np.concatenate([group[1:] for group in inside])
        torn = [group for group in inside if test[group].any() and not test[group].all()]
        sentence = many(
            "{number:,} picture is nearly the same as another of its class.",
            "{number:,} pictures are nearly the same as another of their class.",
            len(extra),
        )
        if torn:
            more = _(
                "{n:,} of these pairs or groups would be split between training and test: the network would be tested on "
                "pictures it has learnt by heart, and its accuracy would look better than it is.",
                n=len(torn),
            )
        else:
            more = _("They add little to learn from.")
        sentence = f"{sentence} {more}"
        remedy = {"label": mark("Keep one of each"), "remove": numbers[extra].tolist()}
        severity, advice = ("warn" if torn else "note"), _("Keep one of each.")
        findings.append(_finding("twins", severity, sentence, advice, pictures=numbers[rows], remedy=remedy))
    return findings


def _tiny(collection: Collection, numbers: np.ndarray) -> list[Finding]:
    pictures = collection.pictures()
    tiny = [int(number) for number in numbers if pictures[int(number)].short_side < TINY_SIDE]
    if not tiny:
        return []
    return [
        _finding(
            "tiny",
            "note",
            many(
                "{number:,} picture is less than {side} pixels wide or high. Enlarged, there is little to see.",
                "{number:,} pictures are less than {side} pixels wide or high. Enlarged, there is little to see.",
                len(tiny),
                side=TINY_SIDE,
            ),
            _("Use larger pictures if you have them."),
            pictures=tiny,
            remedy={"label": mark("Take them out"), "remove": tiny} if len(tiny) < len(numbers) else None,
        )
    ]


def _grey(labels: np.ndarray, names: Sequence[str], marks: np.ndarray) -> list[Finding]:
    if not len(labels):
        return []
    counts = np.bincount(labels, minlength=len(names))
    share = np.bincount(labels, marks["grey"], minlength=len(names)) / counts
    grey = np.flatnonzero(share >= GREY_CLASS)
    if not len(grey) or not (share <= COLOUR_CLASS).any():
        return []
    words = ", ".join(f"'{names[label]}'" for label in grey[:3])
    several = len(grey) > 1
    return [
        _finding(
            "grey",
            "warn",
            many(
                "The pictures of {names} are grey, others are in colour. The network can tell it by the missing colour alone, "
                "and need not look at what they show.",
                "The pictures of {names} are grey, others are in colour. The network can tell them by the missing colour "
                "alone, and need not look at what they show.",
                len(grey),
                names=words,
            ),
            _("Use pictures of one kind in all classes."),
            remedy={"label": mark("Switch this class off"), "switch_off": names[grey[0]]}
            if not several and len(names) > 2
            else None,
        )
    ]


def _left_out(collection: Collection, version: Version) -> list[Finding]:
    skipped = collection.skipped(version)
    if not skipped:
        return []
    files = [[one.name, one.reason] for one in skipped[:MAX_SHOWN]]
    text = many("One file was left out.", "{number:,} files were left out.", len(skipped))
    advice = _("Save them as JPEG or PNG and add them again, if you need them.")
    return [_finding("left_out", "note", text, advice, files=files)]


def _switch_off(one: PictureClass) -> dict[str, Any]:
    return {"label": mark("Switch this class off"), "switch_off": one.name}
