"""A red that says what to do: where an output differs, in what, and how to accept it."""

import copy
import json
import re
import subprocess
import sys

import cell_report
import nbformat
import pytest
from book import ROOT

SOURCES = {
    "picture": "import torch\nfrom convbook.diagrams import draw_corr2d\n"
    "draw_corr2d(torch.eye(9), torch.eye(2))",
    "print": "print('first', 1, 2, -3)\nprint('second', torch.zeros(2, 3))",
    "both": "print('above')\ndisplay({'text/html': '<b>below</b>'}, raw=True)",
    "stream": "print('to stdout')",
    "removed": "print('it was there')",
    "error": "def fail():\n    return 1 / 0\nfail()",
    "right": "print('as committed')",
}
DAMAGES = {
    "picture": lambda cell: damage(cell, '<text x="18"', '<text x="30"'),
    "print": lambda cell: damage(cell, "-3", "3"),
    "both": lambda cell: cell.outputs.reverse(),
    "stream": lambda cell: cell.outputs[0].update(name="stderr"),
    "removed": lambda cell: cell.outputs.clear(),
    "error": lambda cell: None,
    "right": lambda cell: None,
}


def damage(cell, old, new):
    before = copy.deepcopy(cell.outputs)
    cell.outputs = nbformat.from_dict(json.loads(
        json.dumps(cell.outputs).replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1], 1)
    ))  # fmt: skip
    assert cell.outputs != before


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Return what pytest says about each cell of a notebook with such damages, by name."""
    folder = tmp_path_factory.mktemp("red")
    # A kernel of its own: the process that others are forked from is not worth starting for one.
    (folder / "conftest.py").write_text('pytest_plugins = ["cell_report"]', "utf-8")
    notebook = nbformat.v4.new_notebook()
    for name, source in SOURCES.items():
        notebook.cells += [
            nbformat.v4.new_markdown_cell(f"## Under {name}\nWords."),
            nbformat.v4.new_code_cell(source, execution_count=1),
        ]
    nbformat.write(notebook, folder / "chapter.ipynb")
    code = (
        "import sys, nbformat; from nbclient import NotebookClient; path = sys.argv[1];"
        "notebook = nbformat.read(path, 4);"
        "NotebookClient(notebook, allow_errors=True, coalesce_streams=True).execute();"
        "nbformat.write(notebook, path)"
    )
    subprocess.run([sys.executable, "-c", code, "chapter.ipynb"], cwd=folder, check=True)
    notebook = nbformat.read(folder / "chapter.ipynb", 4)
    assert len(json.dumps(notebook.cells[1].outputs)) > 20_000
    for cell, name in zip(notebook.cells[1::2], SOURCES):
        DAMAGES[name](cell)
    nbformat.write(notebook, folder / "chapter.ipynb")
    options = ("--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-o", "addopts=")
    options += ("-o", f"pythonpath={ROOT / 'tests' / 'plugins'} {ROOT / 'src'}", "--color=no")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", folder, "chapter.ipynb"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    failures = done.stdout.split("= FAILURES =")[1].split("= short test summary")[0]
    found = re.split(r"^_+ .*chapter.ipynb::Cell (\d+) _+$", failures, flags=re.MULTILINE)[1:]
    return {list(SOURCES)[int(n)]: text.strip("=\n") for n, text in zip(found[::2], found[1::2])}


def test_a_cell_without_damage_passes(reports):
    assert set(reports) == set(SOURCES) - {"right"}


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "right"])
def test_it_says_where_and_what_to_do_in_few_lines(reports, name):
    lines = reports[name].splitlines()
    number = list(SOURCES).index(name)
    assert lines[0] == (
        f"chapter.ipynb, cell {2 * number + 2}, In [{number + 1}], under “Under {name}”"
    )
    assert lines[1].strip() == SOURCES[name].splitlines()[0]
    assert lines[-1] == "    make chapters ALL=1 NAMES=chapter && git diff chapter.ipynb"
    assert len(lines) <= 40 and max(map(len, lines)) <= 110


def test_a_picture_is_cut_to_the_tag_that_differs(reports):
    assert len(reports["picture"].splitlines()) <= 12
    assert '  - <text x="30" y="58"' in reports["picture"]
    assert '  + <text x="18" y="58"' in reports["picture"]


def test_a_text_is_cut_to_the_line_that_differs(reports):
    assert "  - first 1 2 3\n  + first 1 2 -3\n" in reports["print"]
    assert "  - second" not in reports["print"] and "  + second" not in reports["print"]


def test_the_order_of_outputs_counts(reports):
    assert "committed: text/html (display_data); stdout (stream)" in reports["both"]
    assert "now: stdout (stream); text/html (display_data)" in reports["both"]


def test_another_stream_or_none_at_all_counts(reports):
    assert "committed: stderr (stream)\n  now: stdout (stream)" in reports["stream"]
    assert "committed: no output\n  now: stdout (stream)" in reports["removed"]


def test_an_error_is_shown_with_its_last_lines(reports):
    assert "ZeroDivisionError: division by zero" in reports["error"]
    assert "\x1b" not in reports["error"]


def test_a_long_line_is_cut_to_where_it_differs():
    old, new = "a" * 500 + "1" + "b" * 500, "a" * 500 + "2" + "b" * 500
    before, now = cell_report.differences(old, new)
    assert "a1b" in before and "a2b" in now
    assert len(before) == len(now) <= cell_report.WIDTH + 5
