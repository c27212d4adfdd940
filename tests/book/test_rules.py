"""The net has no holes: a damaged copy of a chapter, or of a setting, turns a rule red."""

import inspect
import json
import re
import shutil

import pytest
import test_chapters as rules
from book import ROOT

SETTINGS = ("_toc.yml", "pyproject.toml", "nbval_sanitize.cfg", "jupytext.toml")
MD, IPYNB = "chapters/corr2d.md", "chapters/corr2d.ipynb"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return a copy of one chapter and of the settings, which the rules take for the book."""
    (tmp_path / "chapters").mkdir()
    for name in (*SETTINGS, MD, IPYNB):
        shutil.copy(ROOT / name, tmp_path / name)
    toc = "format: jb-book\nroot: chapters/corr2d.ipynb\n"
    (tmp_path / "_toc.yml").write_text(toc)
    monkeypatch.setattr(rules, "ROOT", tmp_path)
    monkeypatch.setattr(rules.tool, "ROOT", tmp_path)
    monkeypatch.setattr(rules, "CHAPTERS", [tmp_path / MD])
    return tmp_path


def red(book, monkeypatch):
    """Return {rule: what it says} for each rule that this book breaks."""
    found = [path for path in (book / MD, book / IPYNB) if path.exists()]
    monkeypatch.setattr(rules, "NOTEBOOKS", [p for p in found if p.suffix == ".ipynb"])
    for name in ("SOURCES", "BOTH"):
        monkeypatch.setattr(rules, name, [p for p in found if p.suffix == ".md"])
    said = {}
    for owner in (rules, rules.TestNotebook(), rules.TestChapter()):
        for name, rule in inspect.getmembers(owner, callable):
            path = book / (IPYNB if isinstance(owner, rules.TestNotebook) else MD)
            asks = "path" in inspect.signature(rule).parameters if "test" in name else None
            if asks is None or (asks and not path.exists()):
                continue
            try:
                rule(path) if asks else rule()
            except (AssertionError, OSError) as error:
                said[name] = str(error)
    return said


def cells(change):
    """Return a damage of the cells of code of a notebook."""

    def damage(text):
        notebook = json.loads(text)
        change([cell for cell in notebook["cells"] if cell["cell_type"] == "code"])
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

    return damage


def swap(old, new):
    """Return a damage that writes something else in the place of the first that fits."""
    return lambda text: re.sub(old, new, text, count=1)


def strip(cells):
    for cell in cells:
        cell.update(outputs=[], execution_count=None)


def streams(cells):
    return [o for cell in cells for o in cell["outputs"] if o["output_type"] == "stream"]


def pictures(cells):
    return [
        o["data"] for cell in cells for o in cell["outputs"] if "text/html" in o.get("data", ())
    ]


def tagged(tag):
    return cells(lambda cells: cells[1]["metadata"].update(tags=[tag]))


# A name for the damage: (file, damage or None to delete it, the rule, a pattern of what it says)
DAMAGES = {
    "an input, in the .ipynb alone": (
        IPYNB, swap(r"torch\.ones\(6, 8\)", "torch.ones(6, 9)"),
        "test_pair_agrees", r"holds edits that would be lost:\n.*-.*6, 8\).*\n *\+.*6, 9\)",
    ),
    "an input, in the .md alone": (
        MD, swap(r"torch\.ones\(6, 8\)", "torch.ones(6, 9)"),
        "test_pair_agrees",
        r"corr2d.md was edited. Run: make chapters NAMES=corr2d\n.*-.*6, 9\).*\n *\+.*6, 8\)",
    ),
    "prose, in the .ipynb alone": (
        IPYNB, swap("to remember", "to forget"),
        "test_pair_agrees", r"-.*to remember\n *\+.*to forget",
    ),
    "prose, in the .md alone": (
        MD, swap("to remember", "to forget"),
        "test_pair_agrees", r"-.*to forget\n *\+.*to remember",
    ),
    "a tag, in the .ipynb alone": (
        IPYNB, swap(r'"hide-cell"', '"hide-input"'),
        "test_pair_agrees", r"-tags: \[hide-cell\]\n *\+tags: \[hide-input\]",
    ),
    "a tag, in the .md alone": (
        MD, swap(r"tags: \[hide-cell\]", "tags: [hide-input]"),
        "test_pair_agrees", r"-tags: \[hide-input\]\n *\+tags: \[hide-cell\]",
    ),
    "the description, in the .md alone": (
        MD, swap(r"(description: \W?\w+)", r"\1 perhaps"), "test_pair_agrees", "-.* perhaps",
    ),
    "a cell more": (
        MD, lambda text: text + "\n+++\n\nMore.\n", "test_pair_agrees", r"-\+\+\+\n *-\n *-More\.",
    ),
    "a notebook is missing": (IPYNB, None, "test_pair_agrees", "missing. Run: make chapters NAME"),
    "a chapter's .md is missing": (MD, None, "test_every_chapter_is_a_pair", "corr2d"),
    "a whole notebook stripped": (
        IPYNB, cells(strip), "test_was_executed_once_from_top_to_bottom", "None",
    ),
    "one cell stripped": (
        IPYNB, cells(lambda cells: strip(cells[2:3])),
        "test_was_executed_once_from_top_to_bottom", "None",
    ),
    "one cell without its outputs": (
        IPYNB, cells(lambda cells: next(c for c in cells if streams([c])).update(outputs=[])),
        "test_cells_that_show_something_have_an_output", "print|show",
    ),
    "a cell executed again": (
        IPYNB, cells(lambda cells: cells[2].update(execution_count=99)),
        "test_was_executed_once_from_top_to_bottom", "99",
    ),
    "cells in another order of execution": (
        IPYNB,
        cells(lambda c: (c[2].update(execution_count=4), c[3].update(execution_count=3))),
        "test_was_executed_once_from_top_to_bottom", "4",
    ),
    "an output on stderr": (
        IPYNB, cells(lambda cells: streams(cells)[0].update(name="stderr")),
        "test_no_error_and_nothing_on_stderr", "stderr",
    ),
    "a stored error": (
        IPYNB, cells(lambda c: c[2].update(outputs=[{"output_type": "error", "ename": "Oops"}])),
        "test_no_error_and_nothing_on_stderr", "Oops",
    ),
    "a PNG": (
        IPYNB, cells(lambda cells: pictures(cells)[0].update({"image/png": "iVBORw0KGgo="})),
        "test_no_output_that_nbval_does_not_compare", "draw as SVG, with show_figure",
    ),
    "a cell that nbval skips": (
        IPYNB, tagged("nbval-skip"), "test_no_tag_that_makes_nbval_look_away", "nbval-skip",
    ),
    "a cell whose output nbval ignores": (
        IPYNB, tagged("nbval-ignore-output"), "test_no_tag_that_makes_nbval_look_away", "import",
    ),
    "a cell that may raise": (
        IPYNB, tagged("raises-exception"),
        "test_no_tag_that_makes_nbval_look_away", "raises-exception",
    ),
    "a cell that a comment hides": (
        IPYNB, swap(r"import torch\\n", r"# NBVAL_IGNORE_OUTPUT\\nimport torch\\n"),
        "test_no_tag_that_makes_nbval_look_away", "NBVAL_",
    ),
    "a path of this machine": (
        IPYNB, cells(lambda cells: streams(cells)[0].update(text="/home/me/book")),
        "test_nothing_of_this_machine_in_an_output", "/home/",
    ),
    "the first cell": (
        IPYNB, swap("capture_output=True, ", ""), "test_first_cell_is_the_bootstrap", "capture_out",
    ),
    "a footnote without text": (
        IPYNB, swap("What to remember", "What to remember[^no-such-note]"),
        "test_every_footnote_has_its_text", "no-such-note",
    ),
    "a solution that fails": (
        IPYNB, swap(r'"correct\\n"', r'"not yet: wrong\\n"'),
        "test_exercises_have_executed_solutions", "not yet",
    ),
    "a rule that hides": (
        "nbval_sanitize.cfg", lambda text: text + "\n[x]\nregex: 1\nreplace: 2\n",
        "test_pytest_compares_every_output_and_hides_none", "",
    ),
    "pytest without nbval": (
        "pyproject.toml", swap('"--nbval", ', ""),
        "test_pytest_compares_every_output_and_hides_none", "--nbval",
    ),
    "pytest with the lax nbval": (
        "pyproject.toml", swap('"--nbval", ', '"--nbval", "--nbval-lax", '),
        "test_pytest_compares_every_output_and_hides_none", "--nbval-lax",
    ),
    "pytest without the chapters": (
        "pyproject.toml", swap('"chapters", ', ""),
        "test_pytest_compares_every_output_and_hides_none", "",
    ),
    "pytest without doctests": (
        "pyproject.toml", swap('"--doctest-modules",', ""),
        "test_pytest_compares_every_output_and_hides_none", "--doctest-modules",
    ),
    "a chapter that is not in the toc": (
        "_toc.yml", swap("corr2d", "another"), "test_toc_names_every_notebook", "add them to _toc",
    ),
    "the toc names the .md of a pair": (
        "_toc.yml", swap(r"root: chapters/corr2d\.ipynb", "root: chapters/corr2d.ipynb\n"
        "chapters:\n- file: chapters/corr2d"), "test_toc_names_every_notebook", "has no outputs",
    ),
}  # fmt: skip


def test_without_a_damage_no_rule_is_red(book, monkeypatch):
    assert red(book, monkeypatch) == {}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damage_turns_a_rule_red(book, monkeypatch, what):
    name, damage, rule, says = DAMAGES[what]
    if damage is None:
        (book / name).unlink()
    else:
        text = (book / name).read_text("utf-8")
        damaged = damage(text)
        assert damaged != text, "the damage changes nothing"
        (book / name).write_text(damaged, "utf-8")
    said = red(book, monkeypatch)
    assert re.search(says, said[rule], re.DOTALL), said
