"""Bring the catalogs of the Chinese edition up to date, and make its pages from them.

    python tools/translations.py [NAME ...]

A page in Chinese is the English page with each paragraph, each text in its code and each comment
looked up in `locale/zh_CN/PAGE.po`. A message that the English page has no longer is dropped; one
that has changed is marked fuzzy, with the former text beside it, and until somebody looks at it the
page shows the English one. What is missing, or fuzzy, is said at the end.
"""

import ast
import copy
import csv
import importlib
import inspect
import io
import itertools
import json
import re
import sys
import unicodedata
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat
import polib
import yaml
from catalogs import merged, write
from jupytext.config import load_jupytext_configuration_file
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ROOT = Path(__file__).resolve().parent.parent
LOCALE, CHINESE = ROOT / "locale" / "zh_CN", ROOT / "zh"
JUPYTEXT = load_jupytext_configuration_file(str(ROOT / "jupytext.toml"))
CODE_CELL = "```{code-cell}"
WIDTH = 88  # of code, in columns: a Chinese character takes two
SYNTAX = {"amsmath", "colon_fence", "deflist", "dollarmath", "attrs_inline", "attrs_block"}
PARSER = create_md_parser(MdParserConfig(enable_extensions=SYNTAX), RendererHTML)

# Says the package's words in Chinese, in the first cell of a notebook.
CHOICE = 'import os\n\nos.environ["CONVBOOK_LANGUAGE"] = "zh_CN"\n\n'

# Where a text in code is one to read: arguments by name, and all arguments of functions.
READ = {"title", "caption", "description", "label", "xlabel", "ylabel", "suptitle", "text", "name"}
READ |= {"print", "set_title", "set_xlabel", "set_ylabel", "annotate", "Step", "draw_tied"}
# Where one with spaces is taken apart or looked for, and so never changes.
TAKEN = {"split", "partition", "removeprefix", "replace", "sub", "search", "findall", "fullmatch"}
TAKEN |= {"einsum", "filterwarnings", "explore"}
# Where what looks like a name may be a word to read all the same.
PASSED_ON = {"value", "zip", "append"}
NAME = re.compile(r"[\w.:/+=%#*-]+")
# Comments alone on lines that follow one another, or one beside code.
COMMENT = re.compile(r"^( *)(#.*(?:\n\1#.*)*)|  (# .*)$", re.MULTILINE)
# Prefix, quotes and body of each of the literals that are written one after the other.
LITERAL = re.compile(r"""([a-zA-Z]*)('''|\"\"\"|'|")((?:\\.|.)*?)\2""", re.DOTALL)


class Message(NamedTuple):
    """A text to translate: its place in a source, and what is written there for a translation."""

    start: int
    end: int
    text: str
    kind: str
    written: object = str  # a function of the translation
    stays: bool = False  # most likely a name


def has_words(text):
    """Tell whether a text has a word outside of code, mathematics and references.

    >>> has_words("`pad2d` of $X$ {cite:p}`zhang2023`"), has_words("`pad2d` adds")
    (False, True)
    """
    bare = re.sub(r"(\{[\w:]+\})?(`+).*?\2|\$[^$]+\$|\]\([^)]*\)|<[^>]+>|&\w+;", " ", text)
    return bool(re.search(r"[A-Za-z]{2}", bare))


def _lines(source):
    """Return the lines of a text, and the place at which each one begins."""
    lines = source.splitlines(keepends=True)
    return lines, [0, *itertools.accumulate(map(len, lines))]


# Prose


def prose(source):
    """Return the messages of a Markdown text, in order."""
    lines, begins = _lines(source)
    found, kind = [], ""

    def add(start, end, kind):
        """Add what stands there, if it has words."""
        text = source[start:end].rstrip()
        if has_words(text):
            words = " ".join(line.strip() for line in text.splitlines())
            found.append(Message(start, start + len(text), words, kind))

    def add_each(pattern, first, last, kind):
        """Add what the pattern finds on some lines."""
        for part in re.compile(pattern, re.MULTILINE).finditer(source, begins[first], begins[last]):
            add(*part.span(1), kind)

    for token in PARSER.parse(source):
        first, last = token.map or (0, 0)
        if token.type.endswith("_open"):
            kind = {"heading_open": "heading", "dt_open": "term"}.get(token.type, "text")
        if token.type == "tr_open":
            add_each(r" *((?:\\.|`[^`]*`|[^|\\\n])+)", first, first + 1, "cell of a table")
        elif token.type == "inline" and token.map:
            column = lines[first].find(token.content.split("\n")[0])
            if column >= 0 and not lines[first].lstrip().startswith("|"):  # no cell of a table
                add(begins[first] + column, begins[max(last, first + 1)], kind)
        elif token.type == "html_block":
            add_each(r">([^<>\n]+)<", first, last, "title")
        elif token.type in ("fence", "colon_fence"):
            for number in range(first + 1, last - 1):
                pattern, kind_of_line = r"(?:^|  )# (.+)", "comment"
                if token.info == "{glossary}" and lines[number].startswith("  "):
                    pattern, kind_of_line = "  (.+)", "definition"
                elif token.info.startswith("{csv-table}") and lines[number].startswith(":header:"):
                    pattern, kind_of_line = r"(?<= )([^,\n]+)", "head"
                add_each(pattern, number, number + 1, kind_of_line)
    return found


def glossary(source):
    """Turn the entries of a glossary around, 伴随 [adjoint], and put them in the order of pinyin.

    The commonest 3,755 characters have this order in GB 2312, and so in GB 18030.
    """
    entries = re.split(r"\n(?=\S[^\n]*\n  )", source.strip("\n"))
    turned = []
    for entry in entries:
        term, _, rest = entry.strip("\n").partition("\n")
        term = re.sub(r"(.+?) \[(.+)\]\{\.language-zh-Hans\}", r"\2 [\1]{.language-en}", term)
        turned.append(f"{term}\n{rest}\n")
    return "\n".join(sorted(turned, key=lambda entry: entry.lower().encode("gb18030")))


# Code


def code(source):
    """Return the messages of a code cell: comments and texts, in order."""
    if not source.strip() or source.lstrip().startswith(("%", "!")):
        return []
    tree = ast.parse(source)
    lines, begins = _lines(source)

    def place(line, column):
        return begins[line - 1] + len(lines[line - 1].encode()[:column].decode())

    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = [*_comments(source)]
    nodes = [] if "find_spec" in source else [tree]  # the first cell installs, and says no more
    while nodes:
        node = nodes.pop()
        if not isinstance(node, ast.JoinedStr):
            nodes += ast.iter_child_nodes(node)
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
        start = place(node.lineno, node.col_offset)
        end = place(node.end_lineno, node.end_col_offset)
        pieces = LITERAL.findall(source[start:end])
        text = "".join(body for _, _, body in pieces)
        words = re.sub(r"\{[^{}]*\}|\\[nt]", " ", text) if isinstance(node, ast.JoinedStr) else text
        use, read = _use(node, parents)
        name = NAME.fullmatch(text) and not re.fullmatch(r"[A-Z][a-z]+", text)
        looks_for = use.split(", ")[0] in TAKEN and not read
        if looks_for or not has_words(words) or (name and not read and use not in PASSED_ON):
            continue
        column = start - source.rfind("\n", 0, start) - 1
        after = len(source[end:].split("\n", 1)[0])
        nested = isinstance(parents[node], ast.Call | ast.keyword | ast.Tuple | ast.List | ast.Dict)

        written = partial(_literal, pieces=pieces, column=column, after=after, nested=nested)
        found.append(Message(start, end, text, use, written, bool(name) and not read))
    return sorted(found, key=lambda message: message.start)


def _comments(source):
    """Yield the messages of comments; those that follow one another, line by line, are one."""
    for comment in COMMENT.finditer(source):
        start, end = comment.span(comment.lastindex)
        text = " ".join(line.lstrip("# ") for line in source[start:end].splitlines())
        shape = re.fullmatch(r"\([^()]*\)", text) and not re.search(r"[a-z]{4}", text)
        if has_words(text) and not shape:
            column = start - source.rfind("\n", 0, start) - 1
            width = WIDTH - column - 4 if comment[2] else None
            yield Message(start, end, text, "comment", partial(_comment, column, width))


def _comment(column, width, text):
    """Write a translation as a comment, on lines of this width if it has lines of its own."""
    lines = wrapped(text, width) if width else [text]
    return ("\n" + " " * column).join(f"# {line}" for line in lines)


def _use(node, parents):
    """Say where a text in code is used, and whether it is one to read whatever it looks like."""
    child, way = node, []
    while parent := parents.get(child):
        if isinstance(parent, ast.Subscript | ast.Compare):
            return "key", False
        if isinstance(parent, ast.keyword):
            way.append(parent.arg or "")
        elif isinstance(parent, ast.Dict) and not way and child in parent.values:
            key = getattr(parent.keys[parent.values.index(child)], "value", None)
            if key in ("role", "mode"):
                return "key", False
            way += {key} & READ
        elif isinstance(parent, ast.Call) and child is not parent.func:  # no method of the text
            called = ast.unparse(parent.func).split(".")[-1].split("(")[0]
            if called == "Grid" and not way and parent.args.index(child) == 1:
                return "key", False
            way.append(called)
            break
        child = parent
    read = way == ["Grid"] or not READ.isdisjoint(way)
    return ", ".join(reversed(way)) or "value", read


def _literal(text, pieces, column, after, nested):
    """Write a translation as a literal, or as several below one another where it is long."""
    prefix = max((prefix for prefix, _, _ in pieces), key=len)
    quotes = pieces[0][1]
    if len(quotes) == 1 and re.search(rf"(?<!\\){quotes}", re.sub(r"\{.*?\}", "", text)):
        quotes = "'" if quotes == '"' else '"'
    room = WIDTH - column - len(prefix) - 2
    if len(quotes) == 3 or not nested or columns(text) + after <= room:
        return f"{prefix}{quotes}{text}{quotes}"
    lines = wrapped(text, room - after - 2, keep_spaces=True)  # a comma may hang over
    return ("\n" + " " * column).join(f"{prefix}{quotes}{line}{quotes}" for line in lines)


def columns(text):
    """Return how many columns a text takes, a Chinese character two.

    As `convbook.words.width_of`, which would take the two seconds of importing torch.

    >>> columns("卷积 2")
    6
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


UNIT = re.compile(r"\{\{|\}\}|\{[^{}]*\}|\\.|[!-~]+?(?=[{\\]|[^!-~]|$)|\s+|.", re.DOTALL)


def wrapped(text, width, keep_spaces=False):
    """Break a text into lines of at most `width` columns, between words or Chinese characters."""
    lines = [""]
    for unit in UNIT.findall(text):
        closing = re.match(r"[，。；：？！、）”》」]", unit)
        if lines[-1] and columns(lines[-1] + unit) > width and not closing and unit.strip():
            lines.append("")
        lines[-1] += unit
    return lines if keep_spaces else [line.strip() for line in lines]


# Pages


def english(path):
    """Return the file of the English page that a file of either edition belongs to."""
    return ROOT / path.relative_to(CHINESE if path.is_relative_to(CHINESE) else ROOT)


def page_of(path):
    """Return the name of a page, such as chapters/corr2d."""
    return english(path).relative_to(ROOT).with_suffix("").as_posix()


def pages():
    """Return the English file of each page, `.md`, the first one first."""
    found = [ROOT / "intro.md", *sorted(ROOT.glob("chapters/*.md"))]
    return found + sorted(ROOT.glob("reference/*.md"))


def has_code(path):
    """Tell whether a page is a notebook."""
    return CODE_CELL in english(path).read_text(encoding="utf-8")


def read(path):
    """Read a page as a notebook, one of a single cell if it has no code.

    The `.md` of a Chinese page is not in a file: it is the English one, translated.
    """
    if path.is_relative_to(CHINESE) and path.suffix == ".md":
        return chinese(read(english(path)), catalog(page_of(path)))
    if path.suffix == ".ipynb" or CODE_CELL in path.read_text(encoding="utf-8"):
        return jupytext.read(path, config=JUPYTEXT)
    return plain_page(path)


def plain_page(path):
    """Return a page without code as a notebook of one cell."""
    _, header, body = path.read_text(encoding="utf-8").split("---\n", 2)
    page = nbformat.v4.new_notebook(metadata=yaml.safe_load(header))
    page.cells = [nbformat.v4.new_markdown_cell(body)]
    return page


def plain():
    """Return {file: text} of what the Chinese edition has besides notebooks: pages, and tables."""
    texts = {}
    for path in pages():
        if has_code(path) or not (words := catalog(page_of(path))):
            continue
        page = read(CHINESE / path.relative_to(ROOT))
        header = json.loads(json.dumps(page.metadata))
        header = yaml.safe_dump(header, allow_unicode=True, width=10**6)
        target = CHINESE / path.relative_to(ROOT)
        texts[target] = f"---\n{header}---\n{page.cells[0].source}"
        for table in _tables(path):
            rows = [[_cell(cell, words) for cell in row] for row in _rows(path.parent / table)]
            csv.writer(file := io.StringIO(), lineterminator="\n").writerows(rows)
            texts[target.parent / table] = file.getvalue()
    return texts


def _tables(path):
    """Return the names of the tables that a page shows of files beside it."""
    return re.findall(r"^:file: (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)


def _rows(file):
    return list(csv.reader(file.open(encoding="utf-8")))


def _cell(text, words):
    """Return what a cell of a table says in Chinese: a title of a page, or a message."""
    if link := re.fullmatch(r"\[(.*)\]\(\.\./(.*)\.ipynb\)", text):
        return text.replace(link[1], catalog(link[2]).get(link[1], link[1]))
    return words.get(text, text)


def parts(notebook):
    """Yield (cell, text, messages) of each cell, and of each text about it or about the page."""
    about = notebook.metadata.get("myst", {}).get("html_meta", {})
    texts = [(about, "description", "description of the page")] if "description" in about else []
    for cell in notebook.cells:
        settings = cell.metadata.get("mystnb", {})
        texts += [(settings, key, "button") for key in settings if key.startswith("code_prompt")]
    for holder, key, kind in texts:
        yield holder, key, [Message(0, len(holder[key]), holder[key], kind)]
    for cell in notebook.cells:
        yield cell, "source", (code if cell.cell_type == "code" else prose)(cell.source)


def messages(path):
    """Return the messages of a page, each once."""
    found = [m for _, _, some in parts(read(path)) for m in some] + _beside(path)
    return list({message.text: message for message in reversed(found)}.values())[::-1]


def _beside(path):
    """Return the messages of a page that other files hold: tables and docstrings that it shows."""
    text = path.read_text(encoding="utf-8")
    # Other names in tables are titles of pages, or names of packages.
    names = [row[0] for table in _tables(path) for row in _rows(path.parent / table)]
    found = [name for name in names if name in ("date", "machine", "all")]
    module = "convbook"
    documented = r"^\.\. (?:auto|py:current)(module|function|class):: (\S+)"
    for kind, name in re.findall(documented, text, re.MULTILINE):
        if kind == "module":
            module = name
            continue
        thing = getattr(importlib.import_module(module), name)
        found.append(" ".join(inspect.getdoc(thing).split("\n\n")[0].split()))
    return [Message(0, 0, text, "beside the page") for text in found]


@cache
def catalog(page):
    """Return {English: Chinese} of a page: what is translated, and not out of date."""
    file = LOCALE / f"{page}.po"
    entries = polib.pofile(str(file)) if file.exists() else []
    return {e.msgid: e.msgstr for e in entries if e.translated() and not e.obsolete}


def replaced(source, found, words):
    """Return a source with those messages replaced that have a translation."""
    for message in sorted(found, key=lambda message: -message.start):
        chinese = words.get(message.text, message.text)
        if chinese != message.text:
            source = source[: message.start] + message.written(chinese) + source[message.end :]
    return source


def chinese(notebook, words):
    """Return a notebook as the Chinese one: each message looked up, and the language chosen."""
    notebook = copy.deepcopy(notebook)
    for holder, key, found in list(parts(notebook)):
        holder[key] = replaced(holder[key], found, words)
    for cell in notebook.cells if words else ():
        entries = re.compile(r"(?<=:::\{glossary\}\n\n).*?(?=\n:::)", re.DOTALL)
        cell.source = entries.sub(lambda match: glossary(match[0]), cell.source)
    first = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    if first:
        first.source = CHOICE + first.source
    return notebook


# The command


def updated(path):
    """Return the catalog of a page, made anew from its English messages and what it held."""
    found = messages(path)
    others = [catalog(page_of(other)).items() for other in pages() if other != path]
    known = {english: chinese for items in others for english, chinese in items}
    known |= {m.text: m.text for m in found if m.stays}  # not what another page makes of a name
    book = merged(LOCALE / f"{page_of(path)}.po", [m.text for m in found], known)
    for entry, message in zip(book, found):
        entry.comment = message.kind
    return book


def main(names):
    """Bring the catalogs of these pages, or all, up to date; say what is to be done."""
    import words  # imports the package, and torch with it

    todo = [path for path in pages() if not names or path.stem in names]
    if unknown := set(names) - {path.stem for path in todo}:
        sys.exit(f"no such page: {', '.join(sorted(unknown))}")
    said = {}
    for path in todo:
        file = LOCALE / f"{page_of(path)}.po"
        said[file] = write(updated(path), file)
    catalog.cache_clear()
    said[words.CATALOG] = words.update()
    words.compile()
    for file, (fuzzy, missing) in said.items():
        if fuzzy or missing or names:
            print(f"{file.relative_to(ROOT)}: {fuzzy} out of date, {missing} missing")


if __name__ == "__main__":
    main(sys.argv[1:])
