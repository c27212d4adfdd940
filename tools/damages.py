"""The damages of the self-test: of stored outputs, of files, of the built site."""

import copy
import json
import re

# ---- Stored outputs ----


def another(match):
    """Return a digit or a letter in the place of another, and twice the sign of a number."""
    text = match[0]
    return chr(ord(text) ^ 1) if text.isalnum() else ""


# what: (in which formats, where, what instead)
KINDS = {
    "a digit": ("text|plain|html|markdown", r"\d", another),
    "a sign lost": ("text|plain|html|markdown", r"[-−](?=\d)", ""),
    "a sign more": ("text|plain|html|markdown", r"(?<![\w.#-])(?=\d)", "-"),
    "a shape": ("text|plain|html|markdown", r"(?<=[(\[]\d), (?=\d)| × (?=\d)", "1, "),
    "a word": ("text|plain|html|markdown", r"\b[A-Za-z](?=[a-z]{3,}\b)", another),
    "a line left out": ("text|plain|html|markdown", r"(?m)^.*\S.*\n?", ""),
    "a line of shown source": ("markdown", r"(?m)^    .*\n", ""),
    "a number in an SVG": ("html", r'(?<= [xy]=")\d', another),
    "a path in an SVG": ("html", r'(?<= d="M)\W*\d', " 7777"),
    "a color in an SVG": ("html", r"(?<=#)[0-9A-F]{6}", "123456"),
    "a description in an SVG": ("html", r"(?<=<title>)\w", ""),
    "a caption": ("html", r"(?<=<figcaption>)\w", ""),
    "a table cell": ("markdown|html", r"(?<=\| )[^|\n:-]+(?= \|)|(?<=<td>)[^<]+", ""),
    "a script": ("html", r"(?<=<script>)\(", "(("),
}


def of_text(name, text):
    """Yield (what, damaged text), each kind at its first, middle and last place."""
    for what, (formats, pattern, instead) in KINDS.items():
        if not re.search(formats, name):
            continue
        found = list(re.finditer(pattern, text))
        for match in {
            m.start(): m for m in found[:1] + found[len(found) // 2 :][:1] + found[-1:]
        }.values():
            new = instead(match) if callable(instead) else instead
            yield what, text[: match.start()] + new + text[match.end() :]


def of_cell(cell, following):
    """Yield (what, damaged cell) for a code cell; following: the code cell after it, or None."""

    def damaged(**fields):
        return type(cell)(copy.deepcopy(dict(cell) | fields))  # nbval changes what it compares

    outputs = cell.outputs
    for n, output in enumerate(outputs):
        texts = {"text": output.text} if "text" in output else output.data
        for name, text in texts.items():
            for what, new in of_text(name, text):
                bad = copy.deepcopy(outputs)
                (bad[n] if "text" in output else bad[n].data)[name] = new
                yield what, damaged(outputs=bad)
        rest = outputs[:n] + outputs[n + 1 :]
        yield "an output removed", damaged(outputs=rest)
        yield "an output twice", damaged(outputs=[*outputs[: n + 1], *outputs[n:]])
        if n:
            order = [*outputs[: n - 1], output, outputs[n - 1], *outputs[n + 1 :]]
            yield "outputs of a cell swapped", damaged(outputs=order)
        if "text" in output:
            bad = copy.deepcopy(outputs)
            bad[n].name = "stderr"
            yield "stdout as stderr", damaged(outputs=bad)
        else:
            bad = copy.deepcopy(outputs)
            bad[n].data["image/png"] = "iVBORw0KGgo="
            yield "a PNG added", damaged(outputs=bad)
            bad = copy.deepcopy(outputs)
            del bad[n].data[next(iter(bad[n].data))]
            yield "a format removed", damaged(outputs=bad)
    if outputs:
        yield "a cell stripped", damaged(outputs=[], execution_count=None)
        yield "a count lost", damaged(execution_count=None)
        yield "outputs kept, another count", damaged(execution_count=cell.execution_count + 1)
    if following is not None and following.outputs != outputs:
        yield "outputs of two cells swapped", damaged(outputs=following.outputs)


# ---- Files ----

RULES, REFERENCE = ("tests/book/test_chapters.py",), ("tests/book/test_reference_pages.py",)
TOOLS = ("tests/book/test_tools.py", "-k", "address or pin")
NUMBERS, SHORT = ("tests/unit/test_arithmetic.py",), ("src/convbook/explorer/bundle.py",)
PAGES = ("tests/site/test_links.py", "-k", "mathematics")
D2L = ("tests/unit/test_d2l.py",)
NOTEBOOK, MARKDOWN = "chapters/corr2d.ipynb", "chapters/corr2d.md"
BOTH = (MARKDOWN, NOTEBOOK)
SCRIPT = "src/convbook/explorer/arithmetic.js"
EXPLORER = "src/convbook/explorer/conv-explorer.js"


def cells(change):
    """Return a damage of a notebook's list of cells."""

    def damage(text):
        notebook = json.loads(text)
        change(notebook["cells"])
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

    return damage


def strip(cells):
    """Take all outputs away, as `nbstripout` does."""
    for cell in cells:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)


def retag(cells):
    """Show the solution of an exercise, or hide what stood open."""
    cell = next(cell for cell in cells if cell["metadata"].get("tags") == ["hide-cell"])
    del cell["metadata"]["tags"]


# (what, files, pattern or function, instead, the tests that can see it)
FILES = [
    ("an input, in the .ipynb alone", NOTEBOOK, r"torch\.ones\(6, 8\)", "torch.ones(6, 9)", RULES),
    ("an input, in the .md alone", MARKDOWN, r"torch\.ones\(6, 8\)", "torch.ones(6, 9)", RULES),
    ("prose, in the .ipynb alone", NOTEBOOK, "to remember", "to forget", RULES),
    ("prose, in the .md alone", MARKDOWN, "to remember", "to forget", RULES),
    ("a tag, in the .ipynb alone", NOTEBOOK, cells(retag), None, RULES),
    ("a tag, in the .md alone", MARKDOWN, r"tags: \[hide-cell\]", "tags: []", RULES),
    ("the description, in the .md alone", MARKDOWN, '(description: ")', r"\1Not ", RULES),
    ("a cell less in the .ipynb", NOTEBOOK, cells(lambda c: c.pop(5)), None, RULES),
    ("two cells swapped", NOTEBOOK, cells(lambda c: c.insert(4, c.pop(6))), None, RULES),
    ("a whole notebook stripped", NOTEBOOK, cells(strip), None, RULES),
    ("a notebook is missing", NOTEBOOK, None, None, RULES),
    ("a chapter's .md is missing", MARKDOWN, None, None, RULES),
    ("the bootstrap cell", BOTH, "capture_output=True, ", "", RULES),
    ("an output hidden by a tag", BOTH, r"\bhide-input\b", "nbval-ignore-output", RULES),
    ("an output hidden by a comment", BOTH, "photo = photo", "# NBVAL_SKIP\nphoto = photo", RULES),
    ("a rule that hides", "nbval_sanitize.cfg", r"\Z", "\n[x]\nregex: 1\nreplace: 2", RULES),
    ("pytest without nbval", "pyproject.toml", r'"--nbval", ', "", RULES),
    ("pytest without the chapters", "pyproject.toml", r'"chapters", ', "", RULES),
    ("pytest without doctests", "pyproject.toml", r'"--doctest-modules",', "", RULES),
    ("a chapter not in the toc", "_toc.yml", r"- file: chapters/corr2d.ipynb", "", RULES),
    ("the toc names the .md of a pair", "_toc.yml", r"corr2d\.ipynb", "corr2d", RULES),
    ("the address in _config.yml", "_config.yml", "OWNER/convbook", "OWNER/elsewhere", RULES),
    ("the address in README", "README.md", "OWNER/convbook", "OWNER/elsewhere", TOOLS),
    ("the address in CITATION.cff", "CITATION.cff", "OWNER/convbook", "OWNER/elsewhere", TOOLS),
    ("the address of the pages", "README.md", "owner.github.io", "other.github.io", TOOLS),
    ("the address in the text", ("intro.md", "intro.ipynb"), r"OWNER/convbook\)", "A/B)", TOOLS),
    ("d2l of the first cell", "tools/repository.py", "d2l==0.17.0", "d2l==0.17.1", TOOLS),
    ("a pinned version", "requirements.txt", "(?m)^numpy==2", "numpy==1", TOOLS),
    ("a pin lost", "requirements.txt", r"(?m)^numpy==[\d.]+", "numpy", TOOLS),
    ("a version that comes along", "constraints.txt", r"(?m)^sphinx==", "sphinx==1", TOOLS),
    ("a version named in the book", "reference/versions.csv", "numpy,2", "numpy,1", REFERENCE),
    ("a page without seconds", "reference/seconds.csv", r"(?m)^\[corr2d\].*\n", "", REFERENCE),
    ("a key of the bibliography", "references.bib", "paszke2019,", "paszke2018,", REFERENCE),
    ("a citation", BOTH, "`paszke2019`", "`paszke2018`", REFERENCE),
    ("a term without entry", "reference/glossary.md", r"(?m)^box \[.*\n.*\n", "", REFERENCE),
    ("a term out of order", "reference/glossary.md", r"(?m)^box \[", "xob [", REFERENCE),
    ("a term's chapter", "reference/glossary.md", r"matrix-view\.ipynb", "corr2d.ipynb", REFERENCE),
    ("a function without entry", "reference/api.md", r".. autofunction:: corr2d\n", "", REFERENCE),
    ("a term's chapter is missing", "reference/glossary.md", "/matrix-view", "/matrix", REFERENCE),
    ("a footnote that is not", BOTH, "What to remember", "What to remember[^no-such-note]", RULES),
    ("a formula that is none", BOTH, "What to remember", r"$\\unheardof{x}$", PAGES),
    ("explorer: a sign", SCRIPT, r"stride \+ k - padding", "stride + k + padding", NUMBERS),
    ("explorer: the size", SCRIPT, r"/ s\.stride\) \+ 1", "/ s.stride)", NUMBERS),
    ("explorer: a group", SCRIPT, r"channel \* layer\.groups", "channel", NUMBERS),
    ("explorer: a row", SCRIPT, "index % columns", "line % columns", NUMBERS),
    ("explorer: not made short anew", EXPLORER, r"ArrowUp: \[-1", "ArrowUp: [1", SHORT),
]  # fmt: skip

# All in one build: (what, the word that the warning must hold, text to append to the last cell).
SITE = [
    ("a link to a page that is not", "unheard-of", "[x](unheard-of.ipynb)"),
    ("a link to a heading that is not", "nowhere-at-all", "[x](#nowhere-at-all)"),
    ("a citation that is not", "nobody1900", "{cite:p}`nobody1900`"),
    ("a reference that is not", "no-such-label", "{ref}`no-such-label`"),
    ("a term that is not", "no-such-term", "{term}`no-such-term`"),
    ("a picture that is not", "no-such-picture", "![x](no-such-picture.svg)"),
    ("a directive that is not", "no-such-directive", "```{no-such-directive}\n```"),
    ("a role that is not", "no-such-role", "{no-such-role}`x`"),
    ("a function that is not", "convbook.corr3d", "{py:func}`convbook.corr3d`"),
    ("headings that leave out a level", "Non-consecutive", "## Two\n\n#### Four"),
]
