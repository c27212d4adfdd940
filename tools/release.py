"""Give the book another version: in pyproject.toml, CITATION.cff, CHANGELOG.md and below each page.

python tools/release.py X.Y.Z
"""

import re
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each file with a pattern around what changes there.
PLACES = {
    "pyproject.toml": r'(?m)^(version = ")[^"]+(")',
    "src/convbook/__init__.py": r'(?m)^(__version__ = ")[^"]+(")',
    "CITATION.cff": r"(?m)^(version: ).+()",
    "_config.yml": r"(>Version )[\d.]+(</a>)",
}


def current(root=ROOT):
    """Return the version that each of these files names, by its name."""
    found = {}
    for name, place in PLACES.items():
        place = re.search(place, (root / name).read_text(encoding="utf-8"))[0]
        found[name] = re.search(r"[\d.]+", place)[0]
    return found


def release(version, root=ROOT):
    """Write the version into each file, and the date; what is unreleased in CHANGELOG becomes its.

    Raises ValueError if it is no version, or nothing is unreleased.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"VERSION={version!r} must read X.Y.Z")
    today = date.today().isoformat()
    log = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(r"(?m)^## Unreleased\n\n(?!## )\S", log):
        raise ValueError("CHANGELOG.md has nothing below ## Unreleased")
    texts = {"CHANGELOG.md": log.replace("## Unreleased", f"## {version} · {today}", 1)}
    for name, place in PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        texts[name] = re.sub(place, rf"\g<1>{version}\g<2>", text)
    texts["CITATION.cff"] = re.sub(
        r"(?m)^(date-released: ).+", rf"\g<1>{today}", texts["CITATION.cff"]
    )
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    try:
        release(*sys.argv[1:])
    except (TypeError, ValueError) as error:
        sys.exit(f"{error}\nusage: make release VERSION=X.Y.Z")
    tag = f"v{sys.argv[1]}"
    print(f"Now: make test, git commit -a, git tag {tag}, git push origin main {tag}")
