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

IMPORT = re.compile(r'^import (?:(\w+)|\{[^}]*\}) from "\./([\w.-]+)"[^;\n]*;\n', re.MULTILINE)
COMMENT = re.compile(r"\s*/\*.*?\*/ ?|\s*(?<!:)// [^\n]*$|^\s+", re.DOTALL | re.MULTILINE)
FOLDER = Path(__file__).parent


def bundle(element: str) -> str:
    """Return the script that defines a custom element, from ELEMENT.js and what it imports.

    >>> bundle("conv-explorer").startswith("(() => {")
    True
    """
    guard = f'if (customElements.get("{element}")) return;'
    return f"(() => {{\n{guard}\n{_module(f'{element}.js', set())}}})();"


def script(element: str) -> str:
    """Return the short form of a bundle, which notebooks and pages carry.

    >>> len(script("conv-explorer")) < len(bundle("conv-explorer"))
    True
    """
    return (FOLDER / f"{element}.min.js").read_text(encoding="utf-8").strip()


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
