"""Move the pins of requirements.txt to the newest versions, and write constraints.txt.

    python tools/update.py [NAME ...]

Without names every pin moves; with names only those do. A bound that stands behind a pin
(`jupyter-book==1.0.4.post1,<2`) is kept, and so is the reason. uv decides which versions go
together, on every system and for every Python from the lowest that the book supports. Nothing is
installed here: `make update` does it, and shows which outputs change.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
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

    def loosen(match):
        if names and match["name"] not in names:
            return match[0]
        return match["name"] + (match["bound"] or "").removeprefix(",")

    text = re.sub(r"^-[ce] .*$", "", requirements, flags=re.MULTILINE)
    return PIN.sub(loosen, text)


def resolve(requirements):
    """Return a line `name==version`, perhaps with a marker, for each package that is needed."""
    compiled = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--universal"]
    options = ["--python-version", LOWEST, "--fork-strategy=fewest", "--upgrade"]
    plain = ["--no-header", "--no-annotate"]
    done = subprocess.run(
        [*compiled, *options, *plain],
        input=requirements, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def moved(requirements, lines):
    """Return requirements.txt with the versions of these lines, and constraints.txt."""
    names = {line: canonicalize_name(Requirement(line).name) for line in lines}
    versions = {name: PIN.match(line)["version"] for line, name in names.items()}

    def pin(match):
        version = versions[canonicalize_name(match["name"])]
        return f"{match['name']}=={version}{match['bound'] or ''}"

    direct = {canonicalize_name(match["name"]) for match in PIN.finditer(requirements)}
    beside = {line for line, name in names.items() if name in direct or name.startswith(CUDA)}
    rest = [line for line in lines if line not in beside]
    return PIN.sub(pin, requirements), HEADER + "".join(f"{line}\n" for line in rest)


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
    for match in PIN.finditer(new):
        if match["version"] != pins[match["name"]]:
            print(f"{match['name']} {pins[match['name']]} -> {match['version']}")


if __name__ == "__main__":
    main()
