"""What a chapter of the second edition keeps to: its length, its stumbles, its exercises."""

import re

import jupytext
import pytest
from book import CHAPTERS

WORDS, LINES, STUMBLES = 2300, 350, 4


def cells(path, kind):
    """Return the sources of a chapter's cells of one kind, without the first cell of code."""
    found = [c.source for c in jupytext.read(path).cells if c.cell_type == kind]
    return found[1:] if kind == "code" else found


def words(text):
    """Count the words of prose: an inline formula or piece of code is one, a displayed one none.

    >>> words("Two $a + b$ words. $$ none $$ [a link](https://example.org/a/b) {cite:p}`key`")
    5
    """
    text = re.sub(r"^(```|:::)\{.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(
        r"\$\$.*?\$\$(?: \([\w-]+\))?|<[^>]+>|\{[\w:]+\}`[^`]*`", "", text, flags=re.DOTALL
    )
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\$[^$]+\$|`[^`]+`", " word ", text)
    return len(re.findall(r"[^\W_][\w’'.,-]*", text))


def sections(path, heading, level=3):
    """Return the sections below a heading of the second level, each with its title."""
    text = path.read_text(encoding="utf-8")
    part = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    return re.split(rf"^{'#' * level} ", part, flags=re.MULTILINE)[1:]


def in_form(path):
    """Say what a page lacks; an empty list means nothing."""
    missing = []
    prose = sum(map(words, cells(path, "markdown")))
    lines = sum(bool(line.strip()) for cell in cells(path, "code") for line in cell.splitlines())
    missing += [f"{prose} words of prose, at most {WORDS}"] * (prose > WORDS)
    missing += [f"{lines} lines of code, at most {LINES}"] * (lines > LINES)
    stumbles, exercises = sections(path, "Where people stumble"), sections(path, "Exercises")
    if not 1 <= len(stumbles) <= STUMBLES:
        missing.append(f"{len(stumbles)} stumbles (headings ###), 1 to {STUMBLES}")
    if not 3 <= len(exercises) <= 5:
        missing.append(f"{len(exercises)} exercises (headings ###), 3 to 5")
    for number, exercise in enumerate(exercises, start=1):
        form = rf"{number} · .+\n\n(●○○|●●○|●●●) · \d+ minutes?( · practice: \[.+\]\(.+\))?\n"
        if not re.match(form, exercise):
            missing.append(f"exercise {number} begins {exercise[:60]!r}, not by {form!r}")
        for part in ('<details class="hint">', "check(", "hide-cell"):
            if part not in exercise:
                missing.append(f"exercise {number} has no {part}")
    return missing


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_form(path):
    assert in_form(path) == []
