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
import io
import json
import os
import platform
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from difflib import unified_diff
from pathlib import Path

import jupytext
import nbformat
import translations
import yaml
from catalogs import save
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from translations import read

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


def as_jupytext_writes(path):
    """Return a notebook in either form as the text of the .md that saving it in Jupyter leaves."""
    notebook = read(path)
    notebook.metadata["language_info"] = {"pygments_lexer": "ipython3"}  # as a kernel would say
    return jupytext.writes(notebook, "md:myst", config=translations.JUPYTEXT)


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


def out_of_step(path):
    """Say where the inputs of NAME.md and NAME.ipynb differ, and what to do; None if nowhere."""
    target, name = path.with_suffix(".ipynb"), path.stem
    source = f"{name}.md" if path.exists() else f"locale/zh_CN/{translations.page_of(path)}.po"
    if not target.exists():
        return f"{target.name} is missing. Run: make chapters NAMES={name}"
    if inputs(read(path)) == inputs(read(target)):
        return None
    texts = [as_jupytext_writes(file).splitlines() for file in (path, target)]
    apart = list(unified_diff(*texts, f"{name}.md", target.name, n=0, lineterm=""))
    apart = [*apart[:8], *["…"] * (len(apart) > 8)]
    if edited_by_hand(path):
        lines = [f"{target.name} holds edits that would be lost:", *apart]
        lines += [f"Move them into {source}, or give them up: make chapters DISCARD=1 NAMES={name}"]
    else:
        lines = [f"{source} was edited. Run: make chapters NAMES={name}", *apart]
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
    """Return a hash of the outputs of a chapter and of all that they depend on."""
    kinds = (".py", ".js", ".css", ".mo")[: 3 if path.exists() else 4]
    package = sorted(file for file in (ROOT / "src").rglob("*") if file.suffix in kinds)
    files = [Path(__file__), ROOT / "requirements.txt", *package, path.with_suffix(".ipynb")]
    return digest([inputs(read(path)), *([file.as_posix(), _hash_of(file)] for file in files)])


def execute(path, timings=False):
    """Run NAME.md and write NAME.ipynb. Raises RuntimeError.

    Returns whether the bytes are other ones, and in which cells the outputs are (that an execution
    number is another makes none new); and the seconds it took.
    timings: take the new outputs of cells that measure time, in place of the old ones.
    """
    notebook, start, started = read(path), time.perf_counter(), [1]
    path.parent.mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],  # or each kernel warns that it listens on TCP
        record_timing=False,
        coalesce_streams=True,
        on_cell_execute=lambda cell, cell_index: started.append(cell_index + 1),
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        name, value = getattr(error, "ename", type(error).__name__), getattr(error, "evalue", error)
        source = notebook.cells[started[-1] - 1].source
        raise RuntimeError(f"cell {started[-1]}: {name}: {value}\n{source}") from None
    target = path.with_suffix(".ipynb")
    old = read(target) if target.exists() else nbformat.v4.new_notebook()
    if not timings:
        _keep_timings(notebook, old)
    text = nbformat.writes(_normalized(notebook, path.stem)) + "\n"
    outcome = "same as before"
    if save(target, text):
        shown = {cell.get("id"): _uncounted(cell) for cell in old.cells}  # an id names an input
        cells = enumerate(notebook.cells, 1)
        new = [str(n) for n, cell in cells if _uncounted(cell) != shown.get(cell.id, [])]
        outcome = f"changed (output {'of cell ' + ', '.join(new) if new else 'as before'})"
    return outcome, time.perf_counter() - start


def _uncounted(cell):
    return [{**output, "execution_count": None} for output in cell.get("outputs", [])]


def _measures_time(cell):
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


def _keep_timings(notebook, old):
    """Give each cell that measures time the outputs that it had, if its source is the same."""
    measured = {cell.source: cell.outputs for cell in old.cells if _measures_time(cell)}
    for cell in filter(_measures_time, notebook.cells):
        cell.outputs = measured.get(cell.source, cell.outputs)


def _normalized(notebook, stem):
    """Keep only what does not change from one execution to the next."""
    metadata = {k: v for k, v in notebook.metadata.items() if k in ("kernelspec", "myst")}
    metadata |= {"language_info": {"name": "python"}, "inputs": digest(inputs(notebook))}
    notebook.metadata = nbformat.from_dict(metadata)
    seen = set()
    for cell in notebook.cells:
        kept = {key: value for key, value in cell.metadata.items() if key in ("tags", "mystnb")}
        cell.metadata = nbformat.from_dict(kept)
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
    """Return the pinned version of each package that requirements.in names."""
    named, pinned = ((ROOT / f"requirements.{kind}").read_text("utf-8") for kind in ("in", "txt"))
    versions = dict(re.findall(r"^([\w-]+)==([\w.]+)", pinned, re.MULTILINE))
    return {name: versions[name] for name in re.findall(r"^\w[\w-]*", named, re.MULTILINE)}


def write_versions():
    """Write the versions on the page "Verified with"."""
    cores = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", cores.read_text()) if cores.exists() else None
    machine = [platform.system(), model[1] if model else platform.machine()]
    versions = [
        ("date", date.today().isoformat()),
        ("machine", f"{', '.join(machine)}, {os.cpu_count()} cores"),
        ("Python", platform.python_version()),
        *pins().items(),  # which are installed, as a test says
    ]
    _write_table("versions", versions)


def write_seconds(measured):
    """Enter how long each `.md` of this dict took on the page "Verified with", in toc's order."""
    table, toc = ROOT / "reference" / "seconds.csv", (ROOT / "_toc.yml").read_text("utf-8")
    old = csv.reader(table.open(encoding="utf-8")) if table.exists() else ()
    seconds = {name.partition("](../")[2].rstrip(")"): float(value) for name, value in old}
    pages = {path.relative_to(ROOT).with_suffix(".ipynb").as_posix(): path for path in sources()}
    seconds |= {page: measured[path] for page, path in pages.items() if path in measured}
    rows = {}
    for page in sorted(pages.keys() & seconds, key=lambda page: (page not in toc, toc.find(page))):
        title = re.search(r"^# (.+)", pages[page].read_text(encoding="utf-8"), re.MULTILINE)[1]
        rows[f"[{title}](../{page})"] = f"{seconds[page]:.1f}"
    rows["all"] = f"{sum(map(float, rows.values())):.1f}"
    _write_table("seconds", rows.items())


def _write_table(name, rows):
    csv.writer(file := io.StringIO(), lineterminator="\n").writerows(rows)
    save(ROOT / "reference" / f"{name}.csv", file.getvalue())


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

    recorded = ROOT / "_build" / "chapters.json"  # what was executed with what; may be deleted
    record, failures, todo, times = {}, 0, [], {}
    with suppress(OSError, ValueError):
        record = json.loads(recorded.read_text(encoding="utf-8"))
    for path in wanted:
        name = path.relative_to(ROOT).as_posix()
        try:
            if options.stale:
                if apart := out_of_step(path):
                    print(f"The site shows the old page: {apart}")
                continue
            if edited_by_hand(path) and not options.discard:
                raise RuntimeError(out_of_step(path))
            if path.exists():
                save(path, as_jupytext_writes(path))
        except (RuntimeError, SyntaxError, ValueError, yaml.YAMLError) as error:
            failures += 1
            print(f"{name}: left alone. {error}")
            continue
        anew = options.all or options.discard or options.timings
        if anew or record.get(name) != state(path):
            todo.append(path)
    if options.stale:
        return min(failures, 1)
    for file, text in translations.plain().items():
        if save(file, text):
            print(f"{file.relative_to(ROOT).as_posix()}: written from its catalog")
    if not todo and not failures:
        print("Every chapter is up to date.")

    with ThreadPoolExecutor(1 if options.timings else os.cpu_count()) as pool:
        running = [pool.submit(execute, path, options.timings) for path in todo]
        for number, (path, done) in enumerate(zip(todo, running), start=1):
            name = path.relative_to(ROOT).as_posix()
            try:
                outcome, times[path] = done.result()
                outcome += f", {times[path]:.1f} s"
                record[name] = state(path)
            except RuntimeError as error:
                failures += 1
                outcome = f"FAILED. The old .ipynb stays. {error}".replace("\n", "\n    ")
            print(f"[{number}/{len(todo)}] {name}: {outcome}", flush=True)
    if options.timings:
        write_seconds(times)
        if set(times) >= set(sources()):
            write_versions()
    save(recorded, json.dumps(record, indent=1))
    return min(failures, 1)


def _hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else None


if __name__ == "__main__":
    if sys.platform == "win32":  # pyzmq needs the selector loop
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    sys.exit(main())
