"""Move the pins of requirements.txt to the newest versions, and write constraints.txt.

    python tools/update.py [NAME ...]

Without names every pin moves; with names only those do. A bound that stands behind a pin
(`jupyter-book==1.0.4.post1,<2`) is kept, and so is the reason. uv decides which versions go
together, on every system and for every Python from the lowest that the book supports. Nothing is
installed here: `make update` does it, and shows which outputs change.
"""

import re
import subprocess
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.txt"
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[\w.]+)(?P<bound>,<=?[\w.]+)?", re.MULTILINE)
LOWEST = "3.11.0"  # a pin may ask for 3.11.5, and the Python of many a system is older
# Brought by builds of torch with CUDA alone: torch pins nearly all of it itself.
CUDA = ("nvidia-", "cuda-", "triton")
HEADER = """\
# What the packages of requirements.txt bring with them, pinned: two installations are equal.
# Written by `make update`.
"""


def loosened(requirements, names=()):
    """Return the requirements for uv to resolve: without the pins that are to move."""

    def loosen(pin):
        stays = names and pin["name"] not in names
        return pin[0] if stays else pin["name"] + (pin["bound"] or "").removeprefix(",")

    return PIN.sub(loosen, re.sub(r"^-[ce] .*$", "", requirements, flags=re.MULTILINE))


def resolve(requirements):
    """Return a line `name==version`, perhaps with a marker, for each package that is needed."""
    command = f"-m uv pip compile - --quiet --universal --upgrade --python-version {LOWEST}"
    command += " --fork-strategy=fewest --no-header --no-annotate"
    done = subprocess.run(
        [sys.executable, *command.split()],
        input=requirements, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def moved(requirements, lines):
    """Return requirements.txt with the versions of these lines, and constraints.txt."""
    found = [(canonicalize_name(pin["name"]), pin) for pin in map(PIN.match, lines)]
    versions = {name: pin["version"] for name, pin in found}

    def move(pin):
        return f"{pin['name']}=={versions[canonicalize_name(pin['name'])]}{pin['bound'] or ''}"

    direct = {canonicalize_name(pin["name"]) for pin in PIN.finditer(requirements)}
    rest = [p.string for name, p in found if name not in direct and not name.startswith(CUDA)]
    return PIN.sub(move, requirements), HEADER + "".join(f"{line}\n" for line in rest)


def pins():
    """Return the pinned version of each package that requirements.txt names."""
    return {pin["name"]: pin["version"] for pin in PIN.finditer(REQUIREMENTS.read_text("utf-8"))}


def main(names):
    """Write both files and say which pins moved."""
    old = pins()
    if unknown := set(names) - set(old):
        return f"not in requirements.txt: {', '.join(unknown)}; there are {', '.join(old)}"

    given = REQUIREMENTS.read_text("utf-8")
    new, constraints = moved(given, resolve(loosened(given, names)))
    REQUIREMENTS.write_text(new, encoding="utf-8", newline="\n")
    (ROOT / "constraints.txt").write_text(constraints, encoding="utf-8", newline="\n")
    for name, version in pins().items():
        if version != old[name]:
            print(f"{name} {old[name]} -> {version}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
