"""Execute chapters: read NAME.md, run it, write NAME.ipynb; and the same in Chinese, in zh/.

    python tools/chapters.py [--all] [--discard] [--timings] [--stale] [NAME ...]

The Chinese page is NAME.md with what its catalog says, as in `translations.py`; NAME is that of a
page in both editions, or zh/chapters/NAME for one alone.

A chapter is executed if its `.md`, the package, the pinned versions or this file have changed since
it last was. Two executions give the same bytes. Inputs live in the `.md` alone: if somebody edited
the inputs of an `.ipynb`, nothing is overwritten and the command says what to do (`--discard`
gives the edits up). If a cell fails, the old `.ipynb` stays. The header of the `.md` is written as
Jupytext writes it, so that saving in Jupyter changes nothing. What no two executions share is kept
until `--timings` asks for it anew: the outputs of cells that measure time, the rows of these
chapters in reference/seconds.csv and, without names, reference/versions.csv. Then one chapter runs
at a time. `--stale` only says which chapters were edited since.
"""

import argparse
import asyncio
import csv
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import zip_longest
from pathlib import Path

import jupytext
import nbformat
import translations
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = translations.ROOT
TIMEOUT = 120  # seconds for one cell, as in the tests


def sources():
    """Return the path of every `.md` with code cells: the landing page, chapters, reference."""
    return [path for path in translations.pages() if translations.has_code(path)]


def chinese():
    """Return the paths at which the `.md` of each Chinese page would be, if it were a file."""
    return [
        translations.CHINESE / path.relative_to(ROOT)
        for path in sources()
        if translations.catalog(translations.page_of(path))
    ]


def read(path):
    """Read a notebook in either form, through the settings of jupytext.toml.

    Raises RuntimeError if it cannot be read.
    """
    try:
        return translations.read(path)
    except (ValueError, yaml.YAMLError) as error:
        raise RuntimeError(f"{path.name} cannot be read: {error}") from None


def as_jupytext_writes(path):
    """Return the text of NAME.md as saving the pair in Jupyter would leave it."""
    return jupytext.writes(read(path), "md:myst", config=translations.JUPYTEXT)


def inputs(notebook):
    """Return what a person writes: type, source and tags of each cell, and the page's metadata."""
    cells = [
        (cell.cell_type, cell.source, cell.metadata.get("tags", []), cell.metadata.get("mystnb"))
        for cell in notebook.cells
    ]
    return {"cells": json.loads(json.dumps(cells)), "myst": notebook.metadata.get("myst")}


def digest(value):
    """Return a short hash of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def differences(path):
    """Say where the inputs of NAME.md and NAME.ipynb differ; an empty list means nowhere."""
    ours, theirs = inputs(read(path)), inputs(read(path.with_suffix(".ipynb")))
    found = [] if ours["myst"] == theirs["myst"] else ["the page's metadata (myst) differ"]
    for number, (mine, other) in enumerate(zip(ours["cells"], theirs["cells"]), start=1):
        for what, a, b in zip(("type", "source", "tags", "mystnb"), mine, other):
            if a != b:
                found.append(f"{what} of cell {number} differs: {_apart(a, b)}")
    if len(ours["cells"]) != len(theirs["cells"]):
        found.append(f"{len(ours['cells'])} cells in the .md, {len(theirs['cells'])} in the .ipynb")
    return found


def _apart(a, b):
    """Say where two values begin to differ."""
    if not (isinstance(a, str) and isinstance(b, str)):
        return f"{a!r} in the .md, {b!r} in the .ipynb"
    pairs = zip_longest(a.splitlines(), b.splitlines(), fillvalue="")
    n, (a, b) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    same = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    start = max(same - 20, 0)
    cut = ("…" if start else "") + "{:.60}"
    a, b = cut.format(a[start:]), cut.format(b[start:])
    return f"line {n} is {a!r} in the .md, {b!r} in the .ipynb"


def out_of_step(path):
    """Say what to do if NAME.md and NAME.ipynb disagree; None if they agree."""
    target, name = path.with_suffix(".ipynb"), path.stem
    source = f"{name}.md" if path.exists() else f"locale/zh_CN/{translations.page_of(path)}.po"
    if not target.exists():
        return f"{name}.ipynb is missing. Run: make chapters NAMES={name}"
    if not (found := differences(path)):
        return None
    found = [*found[:3], *[f"and {len(found) - 3} more"] * (len(found) > 3)]
    if edited_by_hand(path):
        lines = [f"{name}.ipynb holds edits that would be lost:", *found]
        lines += [f"Move them into {source}, or give them up: make chapters DISCARD=1 NAMES={name}"]
    else:
        lines = [f"{source} was edited. Run: make chapters NAMES={name}", *found]
    return "\n    ".join(lines)


def edited_by_hand(path):
    """Tell whether NAME.ipynb holds inputs that are neither those of NAME.md nor its own old ones.

    Each written notebook carries the hash of its inputs, so an edit shows in any clone.
    """
    target = path.with_suffix(".ipynb")
    if not target.exists():
        return False
    notebook = read(target)
    mine = inputs(notebook)
    return mine != inputs(read(path)) and notebook.metadata.get("inputs") != digest(mine)


def state(path):
    """Return a hash of all that the outputs of a chapter depend on."""
    kinds = (".py", ".js", ".css", ".mo")[: 3 if path.exists() else 4]
    files = [
        Path(__file__),
        ROOT / "requirements.txt",
        *sorted(f for f in (ROOT / "src").rglob("*") if f.suffix in kinds),
    ]
    return digest([inputs(read(path)), *([f.as_posix(), _hash_of(f)] for f in files)])


def execute(path, timings=False):
    """Run NAME.md and write NAME.ipynb. Raises RuntimeError.

    Returns None if the bytes are the same as before, or else the numbers of the cells with new
    outputs; that an execution number is another makes none new.
    timings: take the new outputs of cells that measure time, in place of the old ones.
    """
    notebook = read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],  # or each kernel warns that it listens on TCP
        record_timing=False,
        coalesce_streams=True,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        cell = next(n for n, c in enumerate(notebook.cells, 1) if _failed(c))
        source = notebook.cells[cell - 1].source
        raise RuntimeError(f"cell {cell}: {error.ename}: {error.evalue}\n{source}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from None
    target = path.with_suffix(".ipynb")
    old = read(target) if target.exists() else nbformat.v4.new_notebook()
    if not timings:
        _keep_timings(notebook, old)
    text = nbformat.writes(_normalized(notebook, path.stem)) + "\n"
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return None
    temporary = target.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    os.replace(temporary, target)
    shown = {cell.get("id"): _uncounted(cell) for cell in old.cells}  # an id names an input
    return [n for n, c in enumerate(notebook.cells, 1) if _uncounted(c) != shown.get(c.id, [])]


def _uncounted(cell):
    return [{**output, "execution_count": None} for output in cell.get("outputs", [])]


def _failed(cell):
    return any(output.output_type == "error" for output in cell.get("outputs", []))


def _measures_time(cell):
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


def _keep_timings(notebook, old):
    """Give each cell that measures time the outputs that it had, if its source is the same."""
    measured = {cell.source: cell.outputs for cell in old.cells if _measures_time(cell)}
    for cell in filter(_measures_time, notebook.cells):
        cell.outputs = measured.get(cell.source, cell.outputs)


def _normalized(notebook, stem):
    """Keep only what does not change from one execution to the next."""
    metadata = {
        "kernelspec": notebook.metadata["kernelspec"],
        "language_info": {"name": "python"},
        "inputs": digest(inputs(notebook)),
    }
    if "myst" in notebook.metadata:
        metadata["myst"] = notebook.metadata["myst"]
    notebook.metadata = nbformat.from_dict(metadata)
    seen = set()
    for cell in notebook.cells:
        for key in set(cell.metadata) - {"tags", "mystnb"}:
            del cell.metadata[key]
        if {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", [])):
            # Folded in Jupyter and Colab as well.
            cell.metadata["jupyter"] = {"source_hidden": True}
            cell.metadata["cellView"] = "form"
        identity = [stem, cell.cell_type, cell.source]
        while (name := digest(identity)[:8]) in seen:
            identity.append("again")
        seen.add(name)
        cell.id = name
    return notebook


def pins():
    """Return the pinned version of each package that requirements.txt names."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", text, re.MULTILINE))


def write_versions():
    """Write the versions on the page "Verified with"."""

    def installed(package):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return "not installed"

    cores = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", cores.read_text()) if cores.exists() else None
    machine = [platform.system(), model[1] if model else platform.machine()]
    versions = [
        ("date", date.today().isoformat()),
        ("machine", f"{', '.join(machine)}, {os.cpu_count()} cores"),
        ("Python", platform.python_version()),
        *((package, installed(package)) for package in pins()),
    ]
    _write_table("versions", versions)


def write_seconds(measured):
    """Enter how long each `.md` of this dict took on the page "Verified with", in toc's order."""
    target = ROOT / "reference" / "seconds.csv"
    old = list(csv.reader(target.open(encoding="utf-8"))) if target.exists() else []
    seconds = {name.split("](")[-1].rstrip(")"): float(value) for name, value in old}
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    rows = {}
    place = {f"../{file}": n for n, file in enumerate(files)}
    for path in sorted(sources(), key=lambda path: place.get(_link(path), len(place))):
        value = measured.get(path, seconds.get(_link(path)))
        title = re.search(r"^# (.+)", path.read_text(encoding="utf-8"), re.MULTILINE)[1]
        if value is not None:
            rows[f"[{title}]({_link(path)})"] = f"{value:.1f}"
    rows["all"] = f"{sum(map(float, rows.values())):.1f}"
    _write_table("seconds", rows.items())


def _link(path):
    return f"../{path.relative_to(ROOT).with_suffix('.ipynb').as_posix()}"


def _write_table(name, rows):
    target = ROOT / "reference" / f"{name}.csv"
    target.parent.mkdir(exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _record():
    """Return the file that says what was executed with what; it may be deleted."""
    return ROOT / "_build" / "chapters.json"


def _recorded():
    try:
        return json.loads(_record().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def main(arguments=None):
    """Execute what the arguments and the record ask for; return 1 if anything failed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="chapters to look at, by name; default: all")
    parser.add_argument("--all", action="store_true", help="execute even what has not changed")
    parser.add_argument("--discard", action="store_true", help="give up edits made to an .ipynb")
    parser.add_argument("--timings", action="store_true", help="measure times anew, one by one")
    parser.add_argument("--stale", action="store_true", help="only say what was edited since")
    options = parser.parse_args(arguments)

    # One thread: the order of a floating sum must not depend on the machine.
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    known = {}
    for path in [*sources(), *chinese()]:
        known.setdefault(path.stem, []).append(path)
        known[path.relative_to(ROOT).with_suffix("").as_posix()] = [path]
    if unknown := [name for name in options.names if name not in known]:
        names = ", ".join(path.stem for path in sources())
        parser.error(f"no such chapter: {', '.join(unknown)}; there are {names}")
    wanted = [path for name in options.names for path in known[name]] or [*sources(), *chinese()]

    record, failures, todo, times = _recorded(), 0, [], {}
    for path in wanted:
        name = path.relative_to(ROOT).as_posix()
        try:
            if options.stale:
                if apart := out_of_step(path):
                    print(f"The site shows the old page: {apart}")
                continue
            if edited_by_hand(path) and not options.discard:
                raise RuntimeError(out_of_step(path))
            text = as_jupytext_writes(path) if path.exists() else None
        except (RuntimeError, SyntaxError) as error:
            failures += 1
            print(f"{name}: left alone. {error}")
            continue
        if text and path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
        done = [state(path), _hash_of(path.with_suffix(".ipynb"))]
        if options.all or options.discard or options.timings or record.get(name) != done:
            todo.append(path)
    if options.stale:
        return min(failures, 1)
    for file, text in translations.plain().items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            print(f"{file.relative_to(ROOT).as_posix()}: written from its catalog")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
    if not todo and not failures:
        print("Every chapter is up to date.")

    def run(path):
        start = time.perf_counter()
        try:
            changed = execute(path, options.timings)
        except RuntimeError as error:
            return path, time.perf_counter() - start, error, None
        return path, time.perf_counter() - start, None, changed

    with ThreadPoolExecutor(1 if options.timings else os.cpu_count() or 1) as pool:
        for done, (path, seconds, error, changed) in enumerate(pool.map(run, todo), start=1):
            name = path.relative_to(ROOT).as_posix()
            outcome = "FAILED" if error else "same as before" if changed is None else "changed"
            if changed is not None:
                cells = f"of cell {', '.join(map(str, changed))}" if changed else "as before"
                outcome += f" (output {cells})"
            print(f"[{done}/{len(todo)}] {name}: {outcome}, {seconds:.1f} s", flush=True)
            if error:
                failures += 1
                print(f"    The old .ipynb stays. {error}".replace("\n", "\n    "))
            else:
                record[name] = [state(path), _hash_of(path.with_suffix(".ipynb"))]
                times[path] = seconds
    if options.timings:
        write_seconds(times)
        if set(times) >= set(sources()):
            write_versions()
    _record().parent.mkdir(exist_ok=True)
    _record().write_text(json.dumps(record, indent=1), encoding="utf-8")
    return min(failures, 1)


def _hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else None


if __name__ == "__main__":
    if sys.platform == "win32":  # pyzmq needs the selector loop
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    sys.exit(main())
