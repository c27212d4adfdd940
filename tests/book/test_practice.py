"""Exercises lead to the trainer, where a kind of it fits; pages carry its script as it is now."""

import json
import re

import pytest
from book import CHAPTERS, ROOT

from convbook.explorer.bundle import script

LINK = re.compile(r"\(\.\./reference/trainer\.ipynb#([\w-]+)\)")
TRAINER = (ROOT / "reference" / "trainer.md").read_text(encoding="utf-8")
# What the exercises of a chapter are about, if none of the trainer's kinds is.
OTHERS = {
    "checkerboard": "how evenly stamps overlap",
    "deconvolution": "what undoes a blur",
    "fast-convolution": "memory, rings and transforms",
    "features": "pictures of channels and ways back",
    "pruning": "which channels may go",
}


def sections(text):
    """Return the text below each heading of the second level, by its title."""
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def test_every_chapter_leads_from_its_exercises_to_the_trainer():
    """Unless they are about something else."""
    without = set()
    for path in CHAPTERS:
        if not LINK.search(sections(path.read_text(encoding="utf-8"))["Exercises"]):
            without.add(path.stem)
    assert without == OTHERS.keys()


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_links_to_the_trainer_name_a_kind(path):
    """By the heading that the trainer's script knows, so that the kind is there at once."""
    titles = sections(TRAINER)
    script = (ROOT / "src/convbook/explorer/conv-trainer.js").read_text(encoding="utf-8")
    for anchor in LINK.findall(path.read_text(encoding="utf-8")):
        assert anchor in {title.lower().replace(" ", "-") for title in titles}
        assert f'"#{anchor}": "' in script


def test_every_page_carries_the_scripts_of_now():
    """The site has one file for all of them, and a page that was executed before would differ."""
    seen = 0
    for path in [*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("reference/*.ipynb")]:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                html = "".join(output.get("data", {}).get("text/html", []))
                for _ in re.findall(r"</(conv-explorer|conv-trainer)>\s*<script>", html):
                    assert f"<script>{script()}</script>" in html, f"execute {path.stem}"
                    seen += 1
    assert seen > 10
