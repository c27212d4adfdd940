"""Name, in Markdown, the pages of the site AFTER that read otherwise than in the site BEFORE.

    python .github/changed.py BEFORE AFTER

What stands around each page (menus, the version) is not compared.
"""

import re
import sys
from pathlib import Path


def read(page):
    """Return what is the page's own, without the stamps of styles and scripts."""
    text = re.sub(r"\?v=\w+", "", page.read_text("utf-8")) if page.exists() else ""
    found = (re.search(f"<{own}.*</{own}>", text, re.DOTALL) for own in ("article", "main"))
    return next((own[0] for own in found if own), text)


def changed(before, after):
    """Return the names of the pages that differ, and of the styles and scripts."""
    pages, assets = set(), set()
    for site in (before, after):
        names = {path.relative_to(site) for path in site.rglob("*.*")}
        assets |= {name for name in names if re.match(r"_static/.*\.(css|js)$", name.as_posix())}
        pages |= {name for name in names if name.suffix == ".html"}
    return [
        sorted(n.as_posix() for n in names if read(before / n) != read(after / n))
        for names in (pages, assets)
    ]


if __name__ == "__main__":
    for title, names in zip(["Pages", "Styles and scripts"], changed(*map(Path, sys.argv[1:]))):
        print(f"\n## {title} that changed\n")
        print(*(f"- {name}" for name in names or ["none"]), sep="\n")
