"""Write the recorded study that ships: its rows, and how similar each of its data sets is.

    python -m scripts.make_study_table A.jsonl B.jsonl docs/drawn.jsonl --data-dir DIR --hardware "2 cores of ..."

Gathers the rows of several files written by `python -m tl_core study`, each run once, into `assets/study.jsonl`, whose first
line says how they were made. Then measures each data set at each position of the dial: `assets/study_gauge.json` has the
similarity, `assets/study_cuts.json` the score of a new layer after each stage. `--keep-gauge` measures only what is new.
"""

import argparse
import datetime
import json
import os
import platform
from pathlib import Path
from typing import Any

from tl_core.paths import ASSETS
from tl_core.study import read_rows

SETS = ("animal_kinds", "things", "textures10_128", "cifar_animals", "flowers5_128", "digits", "wolves", "flowers")
MEASURED_IMAGES = 900
COMMAND = "python -m tl_core study --data {data} --num-images {sizes} --distance {dials} --recipe {recipes} --network {network}"


def gather(paths: list[Path], sets: tuple[str, ...]) -> list[dict[str, Any]]:
    """Each run once, in an order that does not depend on when it ran."""
    rows = {row["id"]: row for path in paths for row in read_rows(path) if row["data"] in sets}
    return sorted(
        rows.values(),
        key=lambda row: (
            row["network"], row["data"], row["distance"], row["num_images"] or 0, row["recipe"], row["seed"], row["id"],
        ),
    )  # fmt: skip


def make_header(rows: list[dict[str, Any]], hardware: str) -> dict[str, Any]:
    def all_of(network: str, key: str) -> str:
        values = {row[key] for row in rows if row["network"] == network}
        return " ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in sorted(values))

    return {
        "study": f"{len(rows):,} runs",
        "command": [
            COMMAND.format(
                data=all_of(network, "data"), sizes=all_of(network, "num_images"), dials=all_of(network, "distance"),
                recipes=all_of(network, "recipe"), network=network,
            )
            for network in sorted({row["network"] for row in rows})
        ],
        "hardware": hardware,
        "date": max(row["date"] for row in rows),
        "versions": {"python": platform.python_version(), "torch": sorted({row["torch"] for row in rows})},
        "seeds": sorted({row["seed"] for row in rows}),
    }  # fmt: skip


def measure_all(rows: list[dict[str, Any]], gauge: dict[str, Any], cuts: dict[str, Any]) -> None:
    """Measure what is not in the two tables yet, and put it there."""
    from tl_core.similarity import measure

    for network, data, distance in sorted({(row["network"], row["data"], row["distance"]) for row in rows}):
        dial = f"{distance:g}"
        values = gauge.setdefault(network, {}).setdefault(data, {})
        if dial in values:
            continue
        found = measure(data, MEASURED_IMAGES, distance, network)
        values[dial] = [found["similarity"], found["similarity_low"], found["similarity_high"]]
        cuts.setdefault(network, {}).setdefault(data, {})[dial] = found["cut_scores"]
        print(network, data, dial, values[dial], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path, nargs="+", metavar="FILE", help="rows as `tl_core study` writes them")
    parser.add_argument("--data-dir", type=Path, help="where the sets lie; default: TL_DATA_DIR")
    parser.add_argument(
        "--sets", nargs="+", default=SETS, help=f"rows of other sets are left out; default: {' '.join(SETS)}"
    )
    parser.add_argument("--hardware", default=f"{os.cpu_count()} cores, {platform.machine()}")
    parser.add_argument("--keep-gauge", action="store_true", help="measure only sets that were not measured yet")
    parser.add_argument("--no-gauge", action="store_true", help="write the rows only")
    parser.add_argument("--out", type=Path, default=ASSETS)
    args = parser.parse_args()
    if args.data_dir:
        os.environ["TL_DATA_DIR"] = str(args.data_dir.resolve())
    rows = gather(args.rows, tuple(args.sets))
    lines = [make_header(rows, args.hardware), *rows]
    (args.out / "study.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    print(f"{len(rows):,} rows, {datetime.date.today().isoformat()}")
    if args.no_gauge:
        return
    tables: list[dict[str, Any]] = []
    for name in ("study_gauge.json", "study_cuts.json"):
        path = args.out / name
        tables.append(json.loads(path.read_text("utf-8")) if args.keep_gauge and path.exists() else {})
    measure_all(rows, *tables)
    for name, table in zip(("study_gauge.json", "study_cuts.json"), tables, strict=True):
        (args.out / name).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
