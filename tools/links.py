"""Name the dead links that `make links` has found, each with the files and lines that hold it."""

import json
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import repository

ROOT = Path(__file__).resolve().parent.parent
FOUND = "_build/links/_build/html/output.json"


def dead(root=ROOT):
    """Yield a line of text for each place of a dead link.

    Sphinx counts cells and not lines, and names one page of each link. So the sources are searched:
    for the whole address or, as in references.bib, for its last part.
    """
    links = [json.loads(line) for line in (root / FOUND).read_text("utf-8").splitlines()]
    paths = [path for path in repository.files(root) if path.suffix in (".md", ".bib", ".py")]
    texts = {path: path.read_text("utf-8").splitlines() for path in paths}
    for link in links:
        if link["status"] not in ("broken", "timeout"):
            continue
        address = link["uri"]
        for part in (address, urlsplit(address).path.rstrip("/").rpartition("/")[2] or address):
            places = [
                f"{path.relative_to(root).as_posix()}:{number}"
                for path, lines in texts.items()
                for number, line in enumerate(lines, start=1)
                if re.search(re.escape(part) + r"(?![\w/#?=&-])", line)
            ]
            if places:
                break
        yield from (
            f"{place}: {address} ({link['info']})" for place in places or [link["filename"]]
        )


if __name__ == "__main__":
    if not (ROOT / FOUND).exists():
        sys.exit(f"there is no {FOUND}; run make links")
    lines = list(dead())
    print(*lines, sep="\n")
    sys.exit(bool(lines))
