"""What the tests of the book share: where things are, and what a machine can do."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("*.md"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
URL = CONFIG["repository"]["url"]
BASE = CONFIG["html"]["baseurl"]  # where the site is published

# The pages of the site, by their addresses.
CHAPTER_PAGES = [f"chapters/{path.stem}.html" for path in CHAPTERS]
# Two of them for what holds for all: whichever chapter is added, these stay. Both have an explorer
# and formulas.
ONE, OTHER = "chapters/conv2d.html", "chapters/corr2d.html"
REFERENCE_PAGES = [
    f"reference/{path.stem}.html" for path in sorted((ROOT / "reference").glob("*.md"))
]
PAGES = ["intro.html", *CHAPTER_PAGES, *REFERENCE_PAGES]
ZH_PAGES = [f"zh/{page}" for page in PAGES]


def skip_or_fail(reason):
    """Skip where a machine lacks something, but not in CI, where nothing may be left out."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in CI nothing is skipped")
    pytest.skip(reason)


def browser(own):
    """Return the path of a Chromium on this machine, or else playwright's own, or skip."""
    # The first one has no windows, and the tests take two thirds of the time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    names += ("google-chrome", "google-chrome-stable")
    found = [shutil.which(name) for name in names] + [own if Path(own).exists() else None]
    return next(filter(None, found), None) or skip_or_fail("no Chromium or Chrome here")
