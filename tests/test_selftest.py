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


def run(*arguments):
    """Run the command; return whether all was noticed, and how often what was tried and noticed."""
    command = [sys.executable, ROOT / "tools" / "selftest.py", *arguments, "--workers=2"]
    done = subprocess.run(command, capture_output=True, text=True)
    rows = re.findall(r"^(\S.*?) {2,}(\d+) +(\d+)  ", done.stdout, re.MULTILINE)
    assert rows, done.stdout + done.stderr
    return done.returncode == 0, {what: (int(n), int(m)) for what, n, m in rows}, done.stdout


def test_each_damage_of_an_output_is_noticed():
    fine, rows, said = run("outputs", "--page=explorer")
    assert fine, said
    assert {"a digit", "a word", "a table cell", "a number in an SVG", "a script"} <= set(rows)
    assert {"an output removed", "a cell stripped", "stdout as stderr", "a PNG added"} <= set(rows)
    assert sum(tried for tried, _ in rows.values()) > 60


def test_a_damaged_file_is_noticed():
    fine, rows, said = run("files", "--only=an input, in the")
    assert fine, said
    assert len(rows) == 2
    assert said.count("test_chapters.py::test_pair_agrees[corr2d]") == 2


def test_mutants_are_noticed_by_the_tests_that_execute_them():
    fine, rows, said = run("mutants", "--only=sizes.receptive_field", "--tests=sizes")
    assert fine, said
    assert rows["sizes"][0] > 20


def test_what_nothing_notices_is_reported():
    fine, rows, said = run("mutants", "--only=arguments.check_kernel: raise", "--tests=sizes")
    assert not fine and rows == {"arguments": (1, 0)}
    assert "NOT NOTICED: mutant of convbook.arguments: arguments.check_kernel: raise" in said


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
