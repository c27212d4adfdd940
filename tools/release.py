"""Give the book another version: in pyproject.toml, CITATION.cff, CHANGELOG.md and below each page.

python tools/release.py X.Y.Z
"""

import re
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What names the version in each file.
PLACES = {
    "pyproject.toml": r'(?m)(?<=^version = ")[^"]+',
    "src/convbook/__init__.py": r'(?m)(?<=^__version__ = ")[^"]+',
    "CITATION.cff": r"(?m)(?<=^version: ).+",
    "_config.yml": r"(?<=>Version )[\d.]+",
}


def current(root=ROOT):
    """Return the version that each of these files names, by its name."""
    return {
        name: re.search(place, (root / name).read_text("utf-8"))[0]
        for name, place in PLACES.items()
    }


def release(version, root=ROOT):
    """Write the version into each file, and the date; what is unreleased in CHANGELOG becomes its.

    Raises ValueError if it is no version, or nothing is unreleased.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"VERSION={version!r} must read X.Y.Z")
    today = date.today().isoformat()
    if not re.search(
        r"(?m)^## Unreleased\n\n(?!## )\S", (root / "CHANGELOG.md").read_text("utf-8")
    ):
        raise ValueError("CHANGELOG.md has nothing below ## Unreleased")
    changes = [(name, place, version) for name, place in PLACES.items()]
    changes.append(("CITATION.cff", r"(?m)(?<=^date-released: ).+", today))
    changes.append(("CHANGELOG.md", "(?<=## )Unreleased", f"{version} · {today}"))
    for name, place, new in changes:
        text = re.sub(place, new, (root / name).read_text("utf-8"), count=1)
        (root / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    try:
        release(*sys.argv[1:])
    except (TypeError, ValueError) as error:
        sys.exit(f"{error}\nusage: make release VERSION=X.Y.Z")
    tag = f"v{sys.argv[1]}"
    print(f"Now: make test, git commit -a, git tag {tag}, git push origin main {tag}")
