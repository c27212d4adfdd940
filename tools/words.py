"""The words of the package: its catalog, brought up to date and compiled.

`make translations` calls `update` and `compile`. The messages are the texts in `_("…")`, the words
of the scripts of explorer and trainer, and what the package names by a table. A message whose
English has changed keeps its translation, marked fuzzy, with the former English beside it; the
package shows the English until somebody has looked at it.
"""

import ast
from pathlib import Path

import polib
from catalogs import merged, write

from convbook.diagrams import COLORS
from convbook.diagrams.layers import CASES
from convbook.explorer import EXAMPLES
from convbook.explorer.bundle import words

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "convbook"
CATALOG = ROOT / "locale" / "zh_CN" / "convbook.po"
COMPILED = PACKAGE / "locale" / "zh_CN" / "LC_MESSAGES" / "convbook.mo"


def _texts(value):
    """Yield the texts in a table, in order."""
    if isinstance(value, str):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def messages():
    """Return the messages in order, each with the files that have it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        calls = []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="_"), args=[ast.Constant(value=str(text))]):
                    calls.append((node.lineno, node.col_offset, text))
        for *_place, text in sorted(calls):
            found.setdefault(text, []).append(path)
    tables = {
        "explorer/explorer.json": words("explorer"),
        "explorer/trainer.json": words("trainer"),
        "explorer/examples.py": [[group, *states] for group, states in EXAMPLES.items()],
        "diagrams/grid.py": [*COLORS],
        "diagrams/layers.py": [case["label"] for case in CASES],
    }
    for name, table in tables.items():
        for text in _texts(table):
            found.setdefault(text, []).append(PACKAGE / name)
    return found


def update():
    """Bring the catalog up to date; return how many messages are fuzzy, and missing."""
    found = messages()
    book = merged(CATALOG, [*found])
    for entry, paths in zip(book, found.values()):
        files = dict.fromkeys(path.relative_to(ROOT).as_posix() for path in paths)
        entry.occurrences = [(file, "") for file in files]
    return write(book, CATALOG)


def compile():
    """Write what the package reads, without what is fuzzy or missing."""
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    COMPILED.write_bytes(polib.pofile(CATALOG).to_binary())
