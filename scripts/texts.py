"""Collect every text of the screen into `assets/languages/<code>.po`: `python -m scripts.texts`.

New texts are added without a translation, texts that are gone are dropped, translations are kept. Texts are found where `_`,
`many`, `mark` and `english` are called, and in the tables of `assets/`. File references have no line numbers, so that two
changes seldom meet in one place. `--check` changes nothing and fails where a file is not what this would write.
"""

import argparse
import ast
import io
import json
import sys
from collections.abc import Iterator

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tl_core.language import ENGLISH, LANGUAGES
from tl_core.paths import ASSETS, ROOT

KEYWORDS = {"_": 1, "many": 2, "mark": 1, "english": 1}  # how many texts each is called with
FOLDERS = ("app.py", "pages", "frame", "tl_core")
Text = str | tuple[str, str]


def texts() -> Iterator[tuple[Text, str]]:
    """Every text, (one, other) where the number matters, and the file it is in."""
    for folder in FOLDERS:
        start = ROOT / folder
        for path in sorted(start.rglob("*.py")) if start.is_dir() else [start]:
            for text in in_code(path.read_text("utf-8")):
                yield text, path.relative_to(ROOT).as_posix()
    yield from _in_tables()


def in_code(source: str) -> Iterator[Text]:
    """The texts of one module, in their order."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        count = KEYWORDS.get(call.func.id, 0) if isinstance(call.func, ast.Name) else 0
        found = [node for argument in call.args[:count] for node in _constants(argument)]
        if count == 2 and len(found) == 2:
            yield found[0], found[1]
        elif count == 1:
            yield from found


def _constants(node: ast.expr) -> Iterator[str]:
    """The text, or both texts of a conditional expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def _in_tables() -> Iterator[tuple[str, str]]:
    """Names and sentences in the tables that the page shows."""
    for path in (*sorted(ASSETS.glob("demo*.json")), ASSETS / "networks.json"):
        table = json.loads(path.read_text("utf-8"))
        for row in table if isinstance(table, list) else [table]:
            own = [row["title"], row["trained_on"]]
            for stage in row["stages"]:
                own += [stage["title"], stage["detects"]]
            yield from ((text, f"assets/{path.name}") for text in own)
    for row in json.loads((ASSETS / "datasets.json").read_text("utf-8")):
        yield from ((row[key], "assets/datasets.json") for key in ("title", "description", "licence"))
    evidence = json.loads((ASSETS / "evidence.json").read_text("utf-8"))
    for one in evidence["sets"]:
        own = [one["title"], one["reading"], one["what"], one.get("x_title", ""), one["unit"], *one["x"]]
        own += [each["name"] for each in one["series"]]
        own += [each.get("source", "") for each in one["references"]]
        yield from ((text, "assets/evidence.json") for text in own)
    for finding in evidence["findings"]:
        yield finding["text"], "assets/evidence.json"
        yield finding["reference"].get("source", ""), "assets/evidence.json"
    for row in json.loads((ASSETS / "advisor.json").read_text("utf-8")).get("regret", []):
        yield str(row["policy"]), "assets/advisor.json"


def template() -> Catalog:
    """All texts once, in the order of the files they are in."""
    catalog = Catalog(project="Transfer learning, measured", charset="utf-8")
    for text, file in texts():
        if text and (isinstance(text, tuple) or any(letter.isalpha() for letter in text)):
            catalog.add(text, locations=[(file, None)])
    return catalog


def updated(code: str, found: Catalog) -> bytes:
    """The file of a language with exactly the texts of `found`."""
    path = ASSETS / "languages" / f"{code}.po"
    if path.is_file():
        with path.open("rb") as file:
            catalog = read_po(file, locale=code)
    else:
        catalog = Catalog(locale=code, charset="utf-8")
    kept = {message.id: message.string for message in catalog if message.id}
    new = Catalog(locale=code, project=found.project, charset="utf-8", fuzzy=False)
    for message in found:
        if message.id:
            new.add(message.id, kept.get(message.id, ""), locations=message.locations)
    buffer = io.BytesIO()
    write_po(buffer, new, width=120, omit_header=False, include_lineno=False, ignore_obsolete=True)
    lines = buffer.getvalue().decode().split("\n")
    dated = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Report-Msgid')
    return "\n".join(line for line in lines if not line.startswith(dated)).encode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    found, stale = template(), False
    for code in LANGUAGES:
        if code == ENGLISH:
            continue
        path, text = ASSETS / "languages" / f"{code}.po", updated(code, found)
        said = [message.string for message in read_po(io.BytesIO(text), locale=code) if message.id]
        missing = sum(not (all(one) if isinstance(one, tuple) else one) for one in said)
        print(f"{path.name}: {len(said)} texts, {missing} without a translation", file=sys.stderr)
        if arguments.check:
            stale |= not path.is_file() or path.read_bytes() != text
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text)
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
