"""Send thousands of damaged pictures and archives through the import, as a browser would, and see that all goes well.

    python -m scripts.fuzz --files 10000 --archives 1000 --seed 0
    python -m scripts.fuzz --only file:1234 --keep /tmp      # one case again, and its file

Every case must end within 2 seconds of processor time in kept pictures or in one sentence (`UserError`), write
nothing outside the upload's own folder, and leave the process below 512 MB. Ends with 1 if a case does not.
"""

import argparse
import collections
import contextlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.fuzz_child import make_case
from tl_core.paths import ROOT

MAX_CPU_SECONDS = 2.0
MAX_PEAK_MB = 512
HANG_SECONDS = 20.0  # by the clock: other programs may slow it down


class Child:
    """A process that imports one case after the other, replaced when it hangs or dies."""

    def __init__(self, arena: Path, seed: int) -> None:
        self._arena, self._seed = arena, seed
        self._start()

    def _start(self) -> None:
        shutil.rmtree(self._arena, ignore_errors=True)
        self._arena.mkdir(parents=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.fuzz_child", str(self._arena), str(self._seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self._rest = b""

    def run(self, case: str) -> dict:
        """What became of a case; a hang or an end of the process is something wrong with it."""
        begun, what = time.monotonic(), ""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{case}\n".encode())
            self._process.stdin.flush()
        while True:
            line = self._read_line(HANG_SECONDS)
            if line is None:
                is_over = self._process.stdout in select.select([self._process.stdout], [], [], 0)[0]
                what = "ended the process" if is_over else f"hung for {HANG_SECONDS:.0f} seconds"
                break
            if "wrong" in line:
                return line
        self.close()
        self._start()
        wrong = [f"{what} (status {self._process.returncode})"]
        empty = dict.fromkeys(("bytes", "cpu_seconds", "kept", "skipped", "peak_mb"), 0)
        return empty | {
            "case": case,
            "name": "",
            "seconds": time.monotonic() - begun,
            "refusal": "",
            "wrong": wrong,
        }

    def _read_line(self, seconds: float) -> dict | None:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            more = os.read(self._process.stdout.fileno(), 2**16) if ready else b""
            if not more:
                return None
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        shutil.rmtree(self._arena, ignore_errors=True)


def fuzz(cases: list[str], seed: int, progress: bool = False) -> list[dict]:
    """Run the cases; each result also says what was wrong by the limits of time and memory."""
    results: list[dict] = []
    arena = Path(tempfile.mkdtemp(prefix="fuzz-")) / "arena"
    child = Child(arena, seed)
    try:
        for number, case in enumerate(cases, 1):
            result = child.run(case)
            if result["cpu_seconds"] > MAX_CPU_SECONDS:
                result["wrong"].append(f"took {result['cpu_seconds']:.1f} seconds")
            if result["peak_mb"] > MAX_PEAK_MB:
                result["wrong"].append(f"the process took {result['peak_mb']:.0f} MB")
            results.append(result)
            if progress and number % 500 == 0:
                num_wrong = sum(bool(one["wrong"]) for one in results)
                print(f"{number:,} of {len(cases):,}, {num_wrong} wrong", file=sys.stderr, flush=True)
    finally:
        child.close()
        shutil.rmtree(arena.parent, ignore_errors=True)
    return results


def summary(results: list[dict]) -> str:
    """The table that is printed, Markdown."""
    lines = ["| | cases | kept | kept in part | refused | wrong | mean ms | slowest ms |", "|" + "---|" * 8]
    for kind in ("file", "archive"):
        rows = [one for one in results if one["case"].startswith(kind)]
        if rows:
            kept = sum(not one["refusal"] and not one["skipped"] and not one["wrong"] for one in rows)
            partly = sum(bool(not one["refusal"] and one["skipped"]) for one in rows)
            times = [1000 * one["cpu_seconds"] for one in rows]
            lines.append(
                f"| {kind}s | {len(rows):,} | {kept:,} | {partly:,} | {sum(bool(one['refusal']) for one in rows):,} | "
                f"{sum(bool(one['wrong']) for one in rows)} | {sum(times) / len(times):.1f} | {max(times):.0f} |"
            )
    lines.append(f"\nPeak memory of the process: {max(one['peak_mb'] for one in results):.0f} MB.\n")
    lines += ["| refused with | cases |", "|---|---|"]
    counts = collections.Counter(_kind_of(one["refusal"]) for one in results if one["refusal"])
    lines += [f"| {text} | {count:,} |" for text, count in counts.most_common()]
    return "\n".join(lines)


def _kind_of(sentence: str) -> str:
    """A sentence with what differs from case to case left out."""
    sentence = re.sub(r"'.*'", "'...'", sentence.removeprefix("None of the uploaded files can be used. ").strip())
    sentence = re.sub(r"^The first, '...'( cannot|: )?", "'...'", sentence)
    return re.sub(r"\d[\d,]*", "N", sentence).replace("|", "/")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=10_000, help="damaged pictures")
    parser.add_argument("--archives", type=int, default=1_000, help="damaged zips and tars")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="KIND:NUMBER", help="one case, such as file:1234 or archive:7")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the damaged files of wrong cases here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every case's result, one line each")
    args = parser.parse_args()
    cases = [f"file:{i}" for i in range(args.files)] + [f"archive:{i}" for i in range(args.archives)]
    begun = time.monotonic()
    results = fuzz([args.only] if args.only else cases, args.seed, progress=True)
    wrong = [one for one in results if one["wrong"]]
    if args.json:
        args.json.write_text("".join(json.dumps(one) + "\n" for one in results))
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
        for one in results if args.only else wrong:
            name, data = make_case(one["case"], args.seed)
            (args.keep / f"{one['case'].replace(':', '-')}-{name}").write_bytes(data)
    print(summary(results))
    print(f"\n{len(results):,} cases with seed {args.seed} in {time.monotonic() - begun:.0f} s, {len(wrong)} wrong.")
    for one in results if args.only else wrong[:20]:
        print(f"\n{one['case']} ({one['name']}, {one['bytes']:,} bytes): {one['refusal'] or one['kept']}")
        print("\n".join(one["wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
