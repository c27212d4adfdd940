"""Move the pins of requirements.txt to the newest versions, and write constraints.txt.

    python tools/update.py [NAME ...]

Without names every pin moves; with names only those do. A bound that stands behind a pin
(`jupyter-book==1.0.4.post1,<2`) is kept, and so is the reason. pip decides which versions go
together, for the lowest Python that the book supports. Nothing is installed here: `make update`
does it, and shows which outputs change.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[\w.]+)(?P<bound>,<[\w.]+)?", re.MULTILINE)
LOWEST = "3.11"  # a pin may ask for 3.11.5, and the Python of many a system is older
# Brought by builds of torch with CUDA alone: torch pins nearly all of it itself.
CUDA = ("nvidia-", "cuda-", "triton")
HEADER = """\
# What the packages of requirements.txt bring with them, pinned: two installations are equal.
# Written by `make update`.
"""


def canonical(name):
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def loosened(requirements, names=()):
    """Return the requirements for pip to resolve: without the pins that are to move."""

    def loosen(match):
        if names and match["name"] not in names:
            return match[0]
        return match["name"] + (match["bound"] or "").removeprefix(",")

    text = re.sub(r"^-[ce] .*$", "", requirements, flags=re.MULTILINE)
    return PIN.sub(loosen, text)


def resolve(requirements):
    """Return {name: version} of all that pip would install, dependencies included."""
    with TemporaryDirectory() as folder:
        asked = Path(folder, "requirements.txt")
        asked.write_text(requirements, encoding="utf-8")
        report = Path(folder, "report.json")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        install = ["install", "--dry-run", "--ignore-installed", "--report", report, "-r", asked]
        lowest = [f"--python-version={LOWEST}", "--only-binary=:all:", f"--target={folder}"]
        subprocess.run([*pip, *install, *lowest], check=True)
        packages = json.loads(report.read_text(encoding="utf-8"))["install"]
    found = {p["metadata"]["name"]: p["metadata"]["version"] for p in packages}
    return {canonical(name): version.partition("+")[0] for name, version in found.items()}


def moved(requirements, versions):
    """Return requirements.txt with these versions, and constraints.txt."""

    def pin(match):
        return f"{match['name']}=={versions[canonical(match['name'])]}{match['bound'] or ''}"

    direct = {canonical(match["name"]) for match in PIN.finditer(requirements)}
    rest = sorted(name for name in versions if name not in direct and not name.startswith(CUDA))
    return PIN.sub(pin, requirements), HEADER + "".join(f"{n}=={versions[n]}\n" for n in rest)


def main():
    """Write both files and say which pins moved."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="packages to move; default: all")
    names = parser.parse_args().names
    target = ROOT / "requirements.txt"
    old = target.read_text(encoding="utf-8")
    pins = {match["name"]: match["version"] for match in PIN.finditer(old)}
    if unknown := [name for name in names if name not in pins]:
        parser.error(f"not in requirements.txt: {', '.join(unknown)}; there are {', '.join(pins)}")

    new, constraints = moved(old, resolve(loosened(old, names)))
    target.write_text(new, encoding="utf-8", newline="\n")
    (ROOT / "constraints.txt").write_text(constraints, encoding="utf-8", newline="\n")
    changes = [
        f"{match['name']} {pins[match['name']]} -> {match['version']}"
        for match in PIN.finditer(new)
        if match["version"] != pins[match["name"]]
    ]
    print("\n".join(changes) or "Every pin is at the newest version that goes with the others.")


if __name__ == "__main__":
    main()
