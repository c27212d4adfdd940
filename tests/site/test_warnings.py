"""Each kind of mistake in a page is a warning, which fails the build of the site."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from book import ROOT

# What is wrong: (a word that the warning must hold, how it is written)
MISTAKES = {
    "a link to a page that is not": ("unheard-of", "[x](unheard-of.ipynb)"),
    "a link to a heading that is not": ("nowhere-at-all", "[x](#nowhere-at-all)"),
    "a citation that is not": ("nobody1900", "{cite:p}`nobody1900`"),
    "a reference that is not": ("no-such-label", "{ref}`no-such-label`"),
    "a term that is not": ("no-such-term", "{term}`no-such-term`"),
    "a picture that is not": ("no-such-picture", "![x](no-such-picture.svg)"),
    "a directive that is not": ("no-such-directive", "```{no-such-directive}\n```"),
    "a role that is not": ("no-such-role", "{no-such-role}`x`"),
    "a function that is not": ("convbook.corr3d", "{py:func}`convbook.corr3d`"),
    "headings that leave out a level": ("Non-consecutive", "## Two\n\n#### Four"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a book of one page with every mistake; return the exit status and the warnings."""
    book = tmp_path_factory.mktemp("mistakes")
    for name in ("_config.yml", "references.bib"):
        shutil.copy(ROOT / name, book)
    shutil.copytree(ROOT / "_ext", book / "_ext")
    (book / "_toc.yml").write_text("format: jb-book\nroot: page\n")
    page = ["# A page", *(text for _, text in MISTAKES.values())]
    (book / "page.md").write_text("\n\n".join(page) + "\n")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "-n"]
    done = subprocess.run([*command, "--keep-going", book], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    return done.returncode, [line for line in lines if "WARNING" in line or "ERROR" in line]


def test_the_build_fails(built):
    assert built[0] != 0


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_a_warning(built, what):
    said = [line for line in built[1] if MISTAKES[what][0] in line and "page.md" in line]
    assert said, built[1]
