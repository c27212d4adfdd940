"""One script of a custom element, with all that it needs: for a notebook's output or a page.

The scripts are modules that import one another, JSON and style sheets, so that node and a type
checker take them as they are. A notebook's output has no files beside it: in a bundle the imports
give way to what they import. `make scripts` then shortens the names, because that needs node, and
a reader's machine may have none, and writes NAME.min.js, which is what a reader gets.

`bundle("conv-explorer")` and `bundle("conv-trainer")` are made alike, of NAME.js, NAME.css and the
arithmetic. Each is a function of its own, which does nothing where its element is already defined,
so that a page may carry it several times.
"""

import json
import re
import zlib
from pathlib import Path
from typing import Any

from ..words import _, lang

IMPORT = re.compile(r'^import (?:(\w+)|\{[^}]*\}) from "\./([\w.-]+)"[^;\n]*;\n', re.MULTILINE)
COMMENT = re.compile(r"\s*/\*.*?\*/ ?|\s*(?<!:)// [^\n]*$|^\s+", re.DOTALL | re.MULTILINE)
FOLDER = Path(__file__).parent
# What the code, not a word, puts between words and at the end; and what Chinese has there.
SIGNS = [
    (r'(\.filter\(Boolean\)|new Set\(\w\)\])\.join\(", "\)', r'\1.join("，")'),
    (r'\+"\."\}', '+"。"}'),
    (r'("row"===\w\.kind\?`\$\{\w\}): ', r"\1："),
]


def bundle(element: str) -> str:
    """Return the script that defines a custom element, from ELEMENT.js and what it imports.

    >>> bundle("conv-explorer").startswith("(() => {")
    True
    """
    guard = f'if (customElements.get("{element}")) return;'
    return f"(() => {{\n{guard}\n{_module(f'{element}.js', set())}}})();"


def script(element: str) -> str:
    """Return the short form of a bundle, which notebooks and pages carry.

    In another language than English it is the same code with other words.

    >>> len(script("conv-explorer")) < len(bundle("conv-explorer"))
    True
    """
    code = (FOLDER / f"{element}.min.js").read_text(encoding="utf-8").strip()
    if not lang():
        return code
    code = code.replace(_literal(_words(element)), _literal(_translated(words(element))))
    for sign, ours in SIGNS:
        code = re.sub(sign, ours, code)
    return code


def words(element: str) -> dict[str, Any]:
    """Return the words that a script shows, in English, by the names that it knows them by.

    The explorer calls a preset by its name where it has no word for it.
    """
    presets = _data(element).get("presets", {})
    return _words(element) | {name: name for grid in presets.values() for name in grid}


def _data(element):
    name = element.removeprefix("conv-")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def _words(element):
    data = _data(element)
    return data.get("words", data)


def _translated(value):
    """Return a table of words in the language that is set now."""
    if isinstance(value, str):
        return _(value)
    if isinstance(value, dict):
        return {name: _translated(part) for name, part in value.items()}
    return [_translated(part) for part in value]


def _literal(value):
    """Write a table as terser does.

    >>> print(_literal({"axes": ["height"], "fill conv": "sum"}))
    {axes:["height"],"fill conv":"sum"}
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r'"(\w+)":', r"\1:", text)


def checksum(code: str) -> str:
    """Return what the short form says of the bundle that it was made from.

    >>> script("conv-explorer").startswith(f"/*{checksum(bundle('conv-explorer'))}*/")
    True
    """
    return f"{zlib.crc32(code.encode()):08x}"


def _module(name: str, seen: set[str]) -> str:
    """Return the text of a module, its imports put in, each once."""

    def put_in(found: re.Match[str]) -> str:
        variable, path = found.groups()
        if path in seen:
            return ""
        seen.add(path)
        if path.endswith(".js"):
            return _module(path, seen)
        text = (FOLDER / path).read_text(encoding="utf-8")
        if path.endswith(".json"):
            value = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
            return f"const {variable} = {value};\n"
        style = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        style = re.sub(r"(?<=[;:,{}>]) |;? (?=[{}>!])", "", " ".join(style.split()))
        return f"const {variable} = new CSSStyleSheet();\n{variable}.replaceSync(`{style}`);\n"

    code = (FOLDER / name).read_text(encoding="utf-8")
    code = COMMENT.sub("", code)
    return re.sub(r"^export ", "", IMPORT.sub(put_in, code), flags=re.MULTILINE)
