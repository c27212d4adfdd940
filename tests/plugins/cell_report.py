"""A pytest plugin: a cell whose outputs differ is reported short, with what to do about it.

nbval decides whether outputs differ, and prints them whole; a picture has 20 KB. Here the report
names the chapter and the cell, and shows what differs alone. One thing nbval does not compare is
added: the order of a cell's outputs, and to which stream they are printed.

The plain way, the whole of both outputs: `pytest -p no:cell_report`, or nbval alone.
"""

import re
from difflib import SequenceMatcher
from itertools import zip_longest

import pytest
from nbval.plugin import IPyNbCell, NbCellError, coalesce_streams

LINES = 24  # of differences to show, for one cell
WIDTH = 96  # of a line
COLORS = re.compile(r"\x1b\[[\d;]*m")


def kinds(outputs):
    """Return what each output of a cell is: its type, and its stream or the formats of its data."""
    return [(o.output_type, o.get("name") or ", ".join(sorted(o.get("data", {})))) for o in outputs]


def texts(outputs):
    """Return {format: text}, for each kind of text in these outputs, all of a kind together."""
    found = {}
    for output in outputs:
        parts = {"stream": output.get("text")} if "text" in output else output.get("data", {})
        for name, text in parts.items():
            found[name] = found.get(name, "") + (text if isinstance(text, str) else repr(text))
    return found


def cut(old, new):
    """Cut two lines to where they begin to differ."""
    same = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    start = max(same - WIDTH // 2, 0) if max(len(old), len(new)) > WIDTH else 0
    return [("…" if start else "") + line[start : start + WIDTH] for line in (old, new)]


def differences(old, new):
    """Return the lines in which two texts differ, each pair after the line before it."""
    # One tag a line: a picture can be one line of many kilobytes.
    old, new = (re.sub(r"(?<=[^\n])(?=<[a-z])", "\n", text).split("\n") for text in (old, new))
    shown = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        shown += [f"    {cut(old[i - 1], '')[0]}"] if i else []
        for a, b in zip_longest(old[i:i_end], new[j:j_end]):
            before, now = cut(a or "", b or "")
            shown += [f"  - {before}"] * (a is not None) + [f"  + {now}"] * (b is not None)
    return shown


def report(item, error):
    """Return what a maintainer needs to know about a cell that failed, in at most 40 lines."""
    cells = item.parent.nb.cells
    number = next(n for n, cell in enumerate(cells) if cell is item.cell)
    prose = "\n".join(c.source for c in cells[:number] if c.cell_type == "markdown")
    heading = re.findall(r"^#+ +(.+)", prose, re.MULTILINE)[-1:]
    path = item.path.relative_to(item.config.rootpath).as_posix()
    lines = [f"{path}, cell {number + 1}, In [{item.cell_num + 1}]"]
    lines[0] += f", under “{heading[0]}”" if heading else ""
    lines += [f"    {line[:WIDTH]}" for line in item.cell.source.splitlines()[:3]] + [str(error)]

    committed, now = coalesce_streams(item.cell.outputs), item.test_outputs or []
    failed = [output for output in now if output.output_type == "error"]
    found = []
    if failed:
        trace = COLORS.sub("", "\n".join(failed[0].traceback)).splitlines()
        found = [f"  {line[:WIDTH]}" for line in trace[-LINES:]]
    elif kinds(committed) != kinds(now):
        for what, outputs in (("committed", committed), ("now", now)):
            listed = "; ".join(f"{name} ({kind})" for kind, name in kinds(outputs)) or "no output"
            found.append(f"  {what}: {listed}"[: 2 * WIDTH])
    old, new = texts(committed), texts(now)
    for name in [] if failed else dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            found += [f"  {name}, - committed, + now:"]
            found += differences(old.get(name, ""), new.get(name, ""))
    more = len(found) - LINES
    lines += found[:LINES] + ([f"  … and {more} lines more"] if more > 0 else [])
    lines += ["If the new output is right, accept it, look at it, and commit it:"]
    lines += [f"    make chapters ALL=1 NAMES={item.path.stem} && git diff {path}"]
    return "\n".join(lines)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Compare what nbval does not: the order of the outputs, and their streams."""
    result = yield
    if isinstance(item, IPyNbCell) and item.options["check"]:
        committed, now = kinds(coalesce_streams(item.cell.outputs)), kinds(item.test_outputs)
        if committed != now and item.cell.execution_count is not None:
            item.raise_cell_error("The outputs are of other kinds, or in another order")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Put our report in the place of nbval's."""
    made = yield
    if isinstance(item, IPyNbCell) and call.excinfo and call.excinfo.errisinstance(NbCellError):
        made.longrepr = report(item, call.excinfo.value)
    return made


# nbval's own report takes seconds to compute for a picture.
IPyNbCell.format_output_compare = lambda *args: None
