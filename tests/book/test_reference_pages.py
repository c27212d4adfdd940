"""The reference pages are complete: every term, every function, every work, every version."""

import ast
import csv
import json
import re

import pytest
from book import CHAPTERS, ROOT
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from packaging.version import Version

import chapters as tool
import convbook

ENTRY = re.compile(
    r"^(?P<term>\w.*?)(?: \[(?P<chinese>[^]]+)\]\{\.language-zh-Hans\})?\n"
    r"  (?P<definition>[^\n]+) \[[^]]+\]\(\.\./chapters/(?P<chapter>[\w-]+)\.ipynb\)\.$",
    re.MULTILINE,
)

# In italics, but no terms: titles, what a cell or a button says, names of files, stressed words.
NOT_TERMS = {
    *("Dive into Deep Learning", "Understanding Deep Learning", "china.jpg", "flower.jpg"),
    *("correct", "not attempted", "not yet", "Transpose it", "Step", "part"),
    *(
        "after",
        "all",
        "at the same resolution",
        "backward",
        "behind",
        "between",
        "bottom",
        "column",
    ),
    *("circular", "does", "down", "FIR", "flipped", "is", "it is the transpose of", "last", "more"),
    *("number", "numbers", "of one group", "one", "padded", "Plain.", "removes", "reshape"),
    *("same blur once more", "solve", "stride is subsampling", "swapped", "top", "transformation"),
    *("Transposition", "which", "à trous", "rows", "image", "largest", "generate"),
    "the transpose of a causal convolution is not causal",
}


def text(path):
    return path.read_text(encoding="utf-8")


def glossary():
    """Return the entries of the glossary: dicts of term, chinese, definition and chapter."""
    entries = text(ROOT / "reference" / "glossary.md").split(":::")[1].split("\n\n")[1:]
    matches = [ENTRY.fullmatch(entry.strip()) for entry in entries]
    assert all(matches), [e for e, match in zip(entries, matches) if not match]
    return [match.groupdict() for match in matches]


def prose(path):
    """Return the text of the Markdown cells of a page."""
    notebook = json.loads(text(path.with_suffix(".ipynb")))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


def words(term):
    """Return the words of a term in small letters and without their plural."""
    return [word.removesuffix("s") for word in re.findall(r"\w+", term.lower())]


def italics(path):
    """Return what stands in italics on a page: terms where they are introduced, and little else."""
    markdown = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
    for token in markdown.parse(prose(path)):
        italic = None
        for part in token.children or []:
            if part.type == "em_open":
                italic = ""
            elif part.type == "em_close":
                yield italic
                italic = None
            elif italic is not None:
                italic += part.content or " "


def test_the_glossary_is_in_order_and_names_each_term_once():
    terms = [entry["term"].casefold() for entry in glossary()]
    assert terms == sorted(set(terms))


def test_every_term_has_a_chinese_name_and_one_sentence():
    for entry in glossary():
        assert entry["chinese"] or entry["term"] == "WaveNet", entry
        assert entry["definition"].endswith("."), entry
        assert not re.search(r"\. [A-Z]", entry["definition"]), entry


def test_every_term_stands_in_the_chapter_that_the_glossary_names():
    for entry in glossary():
        found = words(prose(ROOT / "chapters" / f"{entry['chapter']}.md"))
        assert set(words(entry["term"])) <= set(found), entry


def test_the_glossary_has_every_term_that_a_chapter_introduces():
    """Whatever stands in italics is a term, or part of one, unless it is listed above."""
    known = [f" {' '.join(words(entry['term']))} " for entry in glossary()]
    missing = {}
    for path in CHAPTERS:
        for italic in set(italics(path)) - NOT_TERMS:
            if not any(f" {' '.join(words(italic))} " in term for term in known):
                missing.setdefault(path.stem, []).append(italic)
    assert missing == {}, "add them to reference/glossary.md, or to NOT_TERMS"


def test_every_function_has_an_example_and_a_test():
    tests = "".join(map(text, (ROOT / "tests" / "unit").glob("test_*.py")))
    functions = {name: getattr(convbook, name) for name in convbook.__all__}
    lacking = [name for name, one in functions.items() if ">>> " not in (one.__doc__ or "")]
    assert lacking == [], "an example (>>> …) in the docstring"
    lacking = [name for name in functions if not re.search(rf"\b{name}\b", tests)]
    assert lacking == [], "a test in tests/unit"


def entries_of_api():
    """Return the full name of everything that the page of the API documents."""
    names, module = set(), None
    for line in text(ROOT / "reference" / "api.md").splitlines():
        if match := re.match(r"\.\. (?:automodule|py:currentmodule):: (\S+)", line):
            module = match[1]
            names.add(module)
        elif match := re.match(r"\.\. auto(?:function|class):: (\S+)", line):
            names.add(f"{module}.{match[1]}")
    return names


def test_the_api_has_every_public_function():
    missing = {f"convbook.{name}" for name in convbook.__all__} - entries_of_api()
    assert missing == set(), "add them to reference/api.md"


@pytest.mark.parametrize("path", tool.sources(), ids=lambda path: path.stem)
def test_the_api_has_every_name_that_a_page_imports(path):
    documented = entries_of_api()
    for cell in json.loads(text(path.with_suffix(".ipynb")))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("convbook"):
                for name in node.names:
                    full = f"{node.module}.{name.name}"
                    assert full in documented or name.name in ("d2l", "EXAMPLES"), full


def test_every_work_of_the_bibliography_is_cited():
    keys = set(re.findall(r"^@\w+\{(\w+),", text(ROOT / "references.bib"), re.MULTILINE))
    pages = [*ROOT.glob("*.md"), *ROOT.glob("chapters/*.md"), *ROOT.glob("reference/*.md")]
    cited = re.findall(r"\{cite:\w+\}`([^`]+)`", "".join(map(text, pages)))
    assert keys == {key.strip() for keys in cited for key in keys.split(",")}


def table(name):
    with (ROOT / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return dict(csv.reader(file))


def test_the_versions_named_are_the_pinned_ones():
    named = table("versions")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", named.pop("date"))
    assert named.pop("machine")
    assert Version(named.pop("Python")) >= Version("3.11")
    public = {package: Version(version).public for package, version in named.items()}  # no +cpu
    assert public == tool.pins(), "make chapters TIMINGS=1"


def test_every_page_that_executes_has_its_seconds():
    seconds = table("seconds")
    total = float(seconds.pop("all"))
    links = {f"../{p.relative_to(ROOT).with_suffix('.ipynb').as_posix()}" for p in tool.sources()}
    named = {re.fullmatch(r"\[.+\]\((.+)\)", name)[1] for name in seconds}
    missing = [link.split("/")[-1].removesuffix(".ipynb") for link in links - named]
    assert not missing, f'make chapters TIMINGS=1 NAMES="{" ".join(missing)}"'
    assert named == links
    assert total == pytest.approx(sum(map(float, seconds.values())), abs=1)
