"""One script with both custom elements: for a notebook's output or a page.

The scripts are modules that import one another, JSON and style sheets, so that node and a type
checker take them as they are. A notebook's output has no files beside it: in the bundle the imports
give way to what they import. `make scripts` then shortens the names, because that needs node, and
a reader's machine may have none, and writes elements.min.js, which is what a reader gets.

elements.js is the entry: it defines what is not yet defined, so that a page may carry the script
several times.
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
SHORT = FOLDER / "elements.min.js"  # a line with the checksum of the bundle, and one of code
# What the code, not a word, puts between words and at the end; and what Chinese has there.
SIGNS = [
    (r'(\.filter\(Boolean\)|new Set\(\w\)\])\.join\(", "\)', r'\1.join("，")'),
    (r'\+"\."\}', '+"。"}'),
    (r'("row"===\w\.kind\?`\$\{\w\}): ', r"\1："),
]


def bundle() -> str:
    """Return the script that defines both elements, from elements.js and what it imports.

    >>> bundle().startswith("(() => {")
    True
    """
    modules: dict[str, str] = {}
    _gather("elements.js", "", modules)
    last = modules.pop("elements.js")
    kinds = [".css", ".json", ".js"]  # like beside like compresses well
    order = sorted(modules, key=lambda name: kinds.index(Path(name).suffix))
    return f"(() => {{\n{''.join(modules[name] for name in order)}{last}}})();"


def script() -> str:
    """Return the short form of the bundle, which notebooks and pages carry.

    In another language than English it is the same code with other words.

    >>> len(script()) < len(bundle())
    True
    """
    code = SHORT.read_text(encoding="utf-8").strip().partition("\n")[2]
    if not lang():
        return code
    for name in ("explorer", "trainer"):
        code = code.replace(_literal(_words(name)), _literal(_translated(words(name))))
    for sign, ours in SIGNS:
        code = re.sub(sign, ours, code)
    return code


def words(name: str) -> dict[str, Any]:
    """Return the words that the explorer or the trainer shows, in English, by their names.

    The explorer calls a preset by its name where it has no word for it.
    """
    presets = _data(name).get("presets", {})
    return _words(name) | {preset: preset for grid in presets.values() for preset in grid}


def _data(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def _words(name):
    data = _data(name)
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
    """Return what the file of the short form says of the bundle that it was made from.

    >>> SHORT.read_text(encoding="utf-8").startswith(f"/*{checksum(bundle())}*/")
    True
    """
    return f"{zlib.crc32(code.encode()):08x}"


def _gather(name: str, variable: str, modules: dict[str, str]) -> None:
    """Put the text of a module after those of what it imports, each once."""
    if name in modules:
        return
    text = (FOLDER / name).read_text(encoding="utf-8")
    if name.endswith(".js"):
        code = re.sub(r"\bconst ", "let ", COMMENT.sub("", text))  # one word for both
        for inner, path in IMPORT.findall(code):
            _gather(path, inner, modules)
        code = re.sub(r">\n<", "><", code)  # in markup, where such a space is not seen
        modules[name] = re.sub(r"^export ", "", IMPORT.sub("", code), flags=re.MULTILINE)
    elif name.endswith(".json"):
        value = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
        modules[name] = f"let {variable} = {value};\n"
    else:
        style = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        style = re.sub(r"(?<=[;:,{}>]) |;? (?=[{}>!])", "", " ".join(style.split()))
        sheet = f"let {variable} = new CSSStyleSheet();\n"
        modules[name] = f"{sheet}{variable}.replaceSync(`{style}`);\n"
