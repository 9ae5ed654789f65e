"""The process in which `scripts.fuzz` sends damaged files through the import: it may hang or die, its parent watches.

For each line on standard input, a case such as `file:12`, it writes one line of JSON when it begins and one when it is done.
"""

import contextlib
import hashlib
import json
import os
import random
import re
import resource
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path

from PIL import Image

from scripts import fuzz_mutate, fuzz_seeds
from tl_core.data.images import MAX_ASPECT
from tl_core.data.uploads import import_upload
from tl_core.errors import UserError

MAX_PICTURE_BYTES = 2**20
_KEPT_SIDE = 256


def make_case(case: str, seed: int) -> tuple[str, bytes]:
    """The name and the bytes of a damaged file; the same for the same case and seed."""
    kind, _, number = case.partition(":")
    # a text seeds it through SHA-512, so neighbours have nothing in common
    rng = random.Random(f"{seed}:{kind}:{number}")
    pictures = fuzz_seeds.pictures()
    if kind == "file":
        name = list(pictures)[int(number) % len(pictures)]
        data = fuzz_mutate.mutate(rng, pictures[name], list(pictures.values()))
        if rng.random() < 0.1:
            name = rng.choice(list(pictures))
        return name, data
    return _make_archive(rng, fuzz_seeds.ARCHIVES[int(number) % len(fuzz_seeds.ARCHIVES)], list(pictures.values()))


def _make_archive(rng: random.Random, kind: str, pictures: list[bytes]) -> tuple[str, bytes]:
    files = fuzz_seeds.members(rng.randrange)
    if rng.random() < 0.3:
        files = [(n, fuzz_mutate.mutate(rng, d, pictures) if rng.random() < 0.5 else d) for n, d in files]
    if kind.startswith("packed") and rng.random() < 0.5:  # damage what is packed, not the packing
        inner = fuzz_mutate.mutate(rng, fuzz_seeds.archive("plain.tar", files), pictures)
        return kind, fuzz_seeds.pack(kind, inner)
    data = fuzz_seeds.archive(kind, files)
    return kind, fuzz_mutate.mutate(rng, data, [data, fuzz_seeds.archive(kind, files[:2]), *pictures[:3]])


class Sandbox:
    """A folder in a folder, from which every change outside of the upload's own folder is seen."""

    def __init__(self, arena: Path) -> None:
        self.arena = arena
        self.inside = arena / "a" / "b" / "c"
        for name in ("home/uploads", "user", "tmp", "work", "received"):
            (self.inside / name).mkdir(parents=True, exist_ok=True)
        os.environ |= {"TL_HOME": str(self.inside / "home"), "HOME": str(self.inside / "user")}
        os.environ["TMPDIR"] = str(self.inside / "tmp")
        os.chdir(self.inside / "work")
        self.before = self.look(None)

    def look(self, allowed: Path | None) -> dict[str, tuple[int, int]]:
        """Each file and folder of the arena, but not what lies in `allowed`, with its size and time of change."""
        seen = {}
        for folder, folders, files in os.walk(self.arena):
            for name in files:
                path = os.path.join(folder, name)
                stat = os.lstat(path)
                seen[path] = (stat.st_size, stat.st_mtime_ns)
            folders[:] = [name for name in folders if allowed is None or os.path.join(folder, name) != str(allowed)]
            for name in folders:  # their times change when the upload's folder is made in them
                seen[os.path.join(folder, name)] = (0, 0)
        return seen


def run_case(case: str, name: str, data: bytes, sandbox: Sandbox) -> dict:
    """Import one damaged file; what became of it, and what is wrong with that."""
    received = sandbox.inside / "received" / name
    received.write_bytes(data)
    into = sandbox.inside / "home" / "uploads" / f"upload-{hashlib.md5(case.encode()).hexdigest()}"
    before = sandbox.look(into)
    wrong: list[str] = []
    refusal, num_kept, num_skipped = "", 0, 0
    started, started_cpu = time.perf_counter(), time.process_time()
    try:
        report = import_upload([("" if case.startswith("archive") else "cat", received)], into)
        num_kept, num_skipped = sum(report.counts.values()), len(report.skipped)
        texts = [f"{s.name}: {s.reason}" for s in report.skipped]
    except UserError as error:
        refusal = str(error)
        texts = [refusal]
    except BaseException as error:  # what this is here to find, whatever it is
        wrong.append("raised " + "".join(traceback.format_exception_only(error)).strip())
        wrong.append(traceback.format_exc())
        texts = []
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - started_cpu
    if any("\n" in text or len(text) > 1500 for text in texts):
        wrong.append(f"a sentence is not one line: {texts[0]!r}")
    if sandbox.look(into) != before:
        wrong.append(f"wrote outside: {sorted(set(sandbox.look(into)) ^ set(before))}")
    if not refusal and not wrong:
        wrong += _check_kept(into, num_kept)
    elif into.exists():
        wrong.append("refused, but left its folder")
    shutil.rmtree(into, ignore_errors=True)
    received.unlink()
    return {
        "case": case,
        "name": name,
        "bytes": len(data),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "kept": num_kept,
        "skipped": num_skipped,
        "refusal": refusal,
        "peak_mb": _peak_mb(),
        "wrong": wrong,
    }


def _peak_mb() -> float:
    """The most memory this process had. Linux hands on a parent's peak in `ru_maxrss`, so its own count comes first."""
    try:
        return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
    except (OSError, TypeError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _check_kept(into: Path, num_kept: int) -> list[str]:
    """What was kept must be small whole pictures of plain names, without metadata."""
    wrong = []
    files = [path for path in into.rglob("*") if path.suffix in (".jpg", ".png")]
    if len(files) < num_kept:
        wrong.append(f"said to keep {num_kept} pictures, but there are {len(files)}")
    for path in files:
        if not re.fullmatch(r"[\w/-]+(\.small)?\.(jpg|png)", str(path.relative_to(into)), re.ASCII):
            wrong.append(f"a name from outside: {path.name}")
        with Image.open(path) as image:
            image.load()
            short, long = sorted(image.size)
            if image.mode not in ("RGB", "L") or short > _KEPT_SIDE or long > MAX_ASPECT * short + MAX_ASPECT:
                wrong.append(f"kept as {image.mode} {image.size}")
            if {"exif", "comment", "icc_profile", "xmp", "Title"} & image.info.keys():
                wrong.append(f"kept metadata: {sorted(image.info)}")
    return wrong


def main() -> None:
    arena, seed = Path(sys.argv[1]), int(sys.argv[2])
    warnings.simplefilter("ignore")
    sandbox = Sandbox(arena)
    for line in sys.stdin:
        case = line.strip()
        name, data = make_case(case, seed)
        print(json.dumps({"begins": case}), flush=True)
        result = run_case(case, name, data, sandbox)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
