"""The self-test of the net, on a sample, so that it cannot rot: `make selftest` does it all."""

import re
import subprocess
import sys
import tomllib

import pytest
from book import ROOT

if sys.platform == "win32":
    pytest.skip("the self-test needs fork", allow_module_level=True)

import mutants
import selftest

PACKAGE = ROOT / "src" / "convbook"


@pytest.fixture(scope="module")
def report():
    """Run a sample of each kind; return (tried, noticed) of each row, what was said, and the code.

    All in one: most of the time goes into the imports.
    """
    command = [sys.executable, ROOT / "tools" / "selftest.py", "outputs", "files", "mutants"]
    only = ("explorer.ipynb", "an input, in the", "sizes.receptive_field", "check_kernel: raise")
    options = ["--page=explorer", "--tests=sizes", "--workers=2", "--only", *only]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    rows = re.findall(r"^(\S.*?) {2,}(\d+) +(\d+)  ", done.stdout, re.MULTILINE)
    assert rows, done.stdout + done.stderr
    return {what: (int(n), int(m)) for what, n, m in rows}, done.stdout, done.returncode


def test_each_damage_of_an_output_is_noticed(report):
    rows, said, _ = report
    assert {"a digit", "a word", "a table cell", "a number in an SVG", "a script"} <= set(rows)
    assert {"an output removed", "a cell stripped", "stdout as stderr", "a PNG added"} <= set(rows)
    assert all(tried == noticed for what, (tried, noticed) in rows.items() if what != "arguments")
    assert sum(tried for tried, _ in rows.values()) > 60, said


def test_a_damaged_file_is_noticed(report):
    rows, said, _ = report
    assert rows["an input, in the .md alone"] == rows["an input, in the .ipynb alone"] == (1, 1)
    assert said.count("test_chapters.py::test_pair_agrees[corr2d]") == 2


def test_mutants_are_noticed_by_the_tests_that_execute_them(report):
    rows, _, _ = report
    assert rows["sizes"][0] > 20 and rows["sizes"][0] == rows["sizes"][1]


def test_what_nothing_notices_is_reported(report):
    """Without the tests of a function its mutants survive."""
    rows, said, code = report
    assert rows["arguments"] == (1, 0)
    assert "NOT NOTICED: mutant of convbook.arguments: arguments.check_kernel: raise" in said
    assert "1 damages are not noticed." in said and code == 1


def test_a_damage_that_changes_nothing_is_an_error(tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(AssertionError, match="changes nothing"):
        selftest.edit(tmp_path, "file", "not in it", "whatever")


def test_a_test_that_fails_anyway_notices_nothing():
    class Report:
        failed, nodeid = True, "it fails anyway"

    plugin = selftest.Failures(known=["it fails anyway"])
    plugin.pytest_runtest_logreport(Report)
    assert plugin.found == []
    assert selftest.Failures(known=[]).pytest_runtest_logreport(Report) is None


def test_the_known_survivors_still_exist():
    for name, reason in tomllib.loads(selftest.SURVIVORS.read_text("utf-8")).items():
        assert len(reason) > 10, name
        module = name.partition(".")[0]
        path = PACKAGE / f"{module}.py"
        path = path if path.exists() else PACKAGE / module / "__init__.py"
        names = {f"{module}.{found}" for found, _, _ in mutants.mutations(path.read_text("utf-8"))}
        assert name in names
