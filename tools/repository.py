"""Move the book to another address: change `repository.url` and all that follows from it.

    python tools/repository.py https://github.com/NAME/REPOSITORY

The address is chosen in _config.yml. Every other file that names it (the first cell of each
chapter, README, CITATION, …) is changed with it; then run `make chapters`.
"""

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def current(root=ROOT):
    """Return the address that _config.yml chooses."""
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]


def pages(url):
    """Return where GitHub Pages serves the repository at `url`."""
    owner, name = _path(url).split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}" if name.lower() == host else f"https://{host}/{name}"


def _path(url):
    return url.removeprefix("https://github.com/")


def files(root=ROOT):
    """Return the paths of all files of the book: those that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


def move(new, root=ROOT):
    """Change the address in every text file of the book; return the files that changed.

    Raises ValueError if `new` is not the address of a GitHub repository.
    """
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", new) or new.endswith(".git"):
        raise ValueError(f"URL={new!r} must read https://github.com/NAME/REPOSITORY")
    old, changed = current(root), []
    # In addresses of GitHub and, after another host, of Colab.
    named = re.compile(r"(github(?:\.com)?/)" + re.escape(_path(old)) + r"(?![\w-])")
    for path in files(root):
        if path.suffix == ".ipynb":  # made from the .md by make chapters
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        moved = named.sub(rf"\g<1>{_path(new)}", text.replace(pages(old), pages(new)))
        if moved != text:
            path.write_text(moved, encoding="utf-8", newline="\n")
            changed.append(path.relative_to(root).as_posix())
    return changed


if __name__ == "__main__":
    try:
        for changed in move(*sys.argv[1:]):
            print(changed)
    except (TypeError, ValueError) as error:
        sys.exit(f"{error}\nusage: make repository URL=https://github.com/NAME/REPOSITORY")
    sys.exit(subprocess.call([sys.executable, ROOT / "tools" / "chapters.py"]))
