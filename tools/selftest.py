"""Damage a copy of the book in every way that counts, and say what the tests do not notice.

    python tools/selftest.py [outputs] [files] [site] [mutants] [--only TEXT …] [--every N]

outputs: each stored output of each notebook, judged by nbval and by the rules of chapters.
files: pairs, pins, addresses, references, the net itself, judged by the tests of each.
site: one build with many damages, each of which has to bring a warning of its own.
mutants: each function of src/convbook with one mistake (see mutants.py), judged by the unit tests
that execute it and, for what draws, by notebooks. Those known to survive are in survivors.toml.

--only: damages whose name or place holds one of these texts. --every: a sample, each N-th damage.
Nothing counts as noticed that fails without any damage. Needs os.fork: not for Windows.
"""

import argparse
import ast
import copy
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import traceback
import zlib
from collections import Counter, defaultdict, deque
from multiprocessing import connection, get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import coverage
import damages
import mutants
import pytest
from _pytest import runner
from nbval.plugin import NbCellError

ROOT = Path(__file__).resolve().parent.parent
SCREEN = os.dup(1)  # a forked process is silent, but for this
SECONDS = 300  # for the checks of one damage; whoever takes longer is in an endless loop
PRELOADED = ("torch", "hypothesis", "jupytext", "nbclient", "nbval.plugin", "scipy.signal")
PRELOADED += ("coverage", "matplotlib.pyplot", "IPython", "ipykernel.kernelapp", "sklearn.datasets")

UNIT = [
    "moves",
    "sizes",
    "matrix",
    "functional",
    "transposed",
    "properties",
    "diagrams",
    "notebook",
    "explorer",
]
# Of the tests in a browser, those that compare it with Python; the others test the script.
PYTHON_SIDE = ("test_600_random_states", "test_wrong_attributes", "test_presets")
# What draws is seen in notebooks, too: those to ask if no unit test notices.
DRAWN = {
    "diagrams": ["trans-conv", "corr2d", "padding-stride", "matrix-view", "trans-conv-parameters"],
    "notebook": ["corr2d", "upsampling"],
    "explorer": ["explorer"],
}


# ---- One damage, one process ----


def in_forks(judge, things, workers):
    """Yield (thing, judge(thing)), each in a forked process; None if that died or took too long."""
    context, waiting, running = get_context("fork"), deque(things), {}
    while waiting or running:
        while waiting and len(running) < workers:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_answer, args=(theirs, judge, waiting[0]))
            process.start()
            theirs.close()
            running[ours] = process, waiting.popleft()
        for pipe in connection.wait(list(running)):
            process, thing = running.pop(pipe)
            try:
                answer, error = pipe.recv()
            except EOFError:
                answer, error = None, None
            process.join()
            if error:  # in the self-test, not in what it tests
                raise RuntimeError(f"{thing}: {error}")
            yield thing, answer


def _answer(pipe, judge, thing):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    signal.alarm(SECONDS)
    try:
        pipe.send((judge(thing), None))
    except BaseException:
        pipe.send((None, traceback.format_exc()))
    os._exit(0)  # whatever is still running, such as a kernel, ends with us


def shown(what, judged, total):
    """Pass on what has been judged, and tell now and then how far it has come."""
    start = said = time.monotonic()
    for done, pair in enumerate(judged, start=1):
        yield pair
        if time.monotonic() - said > 15 or done == total:
            said = time.monotonic()
            os.write(SCREEN, f"  {what}: {done} of {total}, {said - start:.0f} s\n".encode())


def run_pytest(folder, *options, plugin):
    """Run pytest in this process, on the book in this folder and nothing else."""
    os.chdir(folder)
    paths = [str(folder / name) for name in ("src", "tools", "tests", "tests/plugins")]
    sys.path[:0] = paths
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    importlib.import_module("forked_kernels").START = "fork"
    quiet = ("-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:warnings")
    plugin.status = pytest.main([*quiet, *options], [plugin])
    return plugin


class Failures:
    """A plugin that takes down which tests fail, and may stop at the first."""

    def __init__(self, known=None):
        """known: those that fail without damage; with None, run on to find them."""
        self.known, self.found = known, []

    def pytest_runtest_logreport(self, report):
        """Take down a test that fails, or a file that cannot be imported."""
        if report.failed and report.nodeid not in (self.known or []):
            self.found.append(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport

    def pytest_runtest_logfinish(self, nodeid):
        """Stop if that is enough."""
        if self.found and self.known is not None:
            pytest.exit("noticed")


def first_failure(items, known=(), usual=None):
    """Run tests until one fails that is not known to; return its name, or None.

    usual: how many seconds each test takes; one that takes far longer ends this process.
    """
    for item, following in zip(items, [*items[1:], None]):
        signal.alarm(20 + 10 * int((usual or {}).get(item.nodeid, 10)))
        reports = runner.runtestprotocol(item, log=False, nextitem=following)
        if any(report.failed for report in reports) and item.nodeid not in known:
            item.session._setupstate.teardown_exact(None)  # ready for another run
            return item.nodeid
    return None


# ---- Stored outputs ----


class Outputs(Failures):
    """A plugin that runs a notebook once, and then judges each damage of its outputs.

    nbval judges: the cell is run again, with the messages that the kernel has sent. What that
    passes is written to the copy, and the rules of chapters judge.
    """

    def __init__(self, path, wanted):
        """path: of the notebook. wanted: which damages, by name."""
        super().__init__()
        self.path, self.wanted, self.replaying = path, wanted, False
        self.verdicts, self.passed, self.rules = [], [], []

    def pytest_collection_modifyitems(self, items):
        """Set the rules about this notebook aside, and leave out those about others."""
        for item in items:
            path = item.callspec.params.get("path") if hasattr(item, "callspec") else None
            if path is not None and path.with_suffix(".ipynb") == self.path:
                self.rules.append(item)
        items[:] = [item for item in items if item.path == self.path]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item):
        """Record what the kernel sends; if the cell passes, damage it and let nbval judge."""
        if self.replaying or item.path != self.path:
            return (yield)
        notebook, cell, kernel, heard, ids = item.parent, item.cell, item.parent.kernel, [], []
        listen, execute = notebook.get_kernel_message, kernel.execute_cell_input
        notebook.get_kernel_message = lambda timeout: heard.append(listen(timeout)) or heard[-1]
        kernel.execute_cell_input = lambda *a, **k: ids.append(execute(*a, **k)) or ids[0]
        yield
        codes = [c for c in notebook.nb.cells if c.cell_type == "code"]
        following = codes[item.cell_num + 1] if item.cell_num + 1 < len(codes) else None
        notebook.kernel, self.replaying = (
            SimpleNamespace(
                is_alive=lambda: True,
                execute_cell_input=lambda *a, **k: ids[0],
                await_reply=lambda *a, **k: None,
            ),
            True,
        )

        def run_again(cell):
            item.cell, messages = cell, iter(heard)
            notebook.get_kernel_message = lambda timeout: next(messages)
            item.ihook.pytest_runtest_call(item=item)

        for what, damaged in damages.of_cell(cell, following):
            if not self.wanted(f"{what} {self.path.name}"):
                continue
            assert damaged != cell, f"{what} changes nothing"
            try:
                run_again(damaged)
            except NbCellError as error:
                by = "order" if "order" in str(error) else "nbval"
            else:
                by = None if item.options["check"] else "on purpose"
            self.verdicts.append([what, item.cell_num, by])
            if by not in ("nbval", "order"):
                self.passed.append((self.verdicts[-1], damaged))
        run_again(cell)  # undamaged, it still passes
        notebook.kernel, self.replaying = kernel, False
        del notebook.get_kernel_message, kernel.execute_cell_input

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session):
        """Let the rules judge what nbval passes."""
        yield
        nb, text = session.items[0].parent.nb, self.path.read_text("utf-8")
        self.path.write_text(json.dumps(nb), "utf-8")
        known = [item.nodeid for item in self.rules if first_failure([item])]
        self.found += known
        codes = [n for n, cell in enumerate(nb.cells) if cell.cell_type == "code"]
        for verdict, damaged in self.passed:
            bad = copy.copy(nb)
            bad.cells = list(nb.cells)
            bad.cells[codes[verdict[1]]] = damaged
            self.path.write_text(json.dumps(bad), "utf-8")
            if rule := first_failure(self.rules, known):
                verdict[2] = re.sub(r".*::|\[.*", "", rule)
        self.path.write_text(text, "utf-8")
        return True


def outputs(book, wanted, options):
    """Judge the damages of stored outputs; yield (what, where, by), by what it was noticed."""

    def judge(path):
        plugin = Outputs(path, wanted)
        run_pytest(book, str(path), *damages.RULES, plugin=plugin)
        assert plugin.status in (0, 1), f"pytest ended with {plugin.status}"
        return plugin.verdicts, plugin.found

    paths = [p for p in sorted(book.rglob("*.ipynb")) if options.page in (None, p.stem)]
    for path, answer in shown("notebooks", in_forks(judge, paths, options.workers), len(paths)):
        verdicts, failing = answer or ([], ["(the process died)"])
        for name in failing:
            yield "NOTHING, and it fails", f"{path.stem}: {name}", None
        for what, cell, by in verdicts:
            yield what, f"{path.stem}, In [{cell + 1}]", by


# ---- Files and the site ----


def edit(folder, name, pattern, instead):
    """Damage a file of the book."""
    path = folder / name
    if pattern is None:
        path.unlink()
        return
    text = path.read_text("utf-8")
    if callable(pattern):
        new = pattern(text)
    else:
        in_json = path.suffix == ".ipynb"
        new = re.sub(pattern, instead.replace("\n", "\\\\n") if in_json else instead, text, count=1)
    assert new != text, f"{name}: the damage {pattern!r} changes nothing"
    path.write_text(new, "utf-8")


def files(book, wanted, options):
    """Judge the damages of files; yield (what, where, by)."""
    todo = [row for row in damages.FILES if wanted(f"{row[0]} {row[1]}")]
    # This module does its work while it is imported, so its mutants have to be in the file.
    path = "src/convbook/d2l.py"
    for name, _, tree in mutants.mutations((book / path).read_text("utf-8")):
        if wanted(f"reference.{name}"):
            source = ast.unparse(tree)
            change = lambda _, source=source: source  # noqa: E731
            todo.append((f"reference.{name}", path, change, None, damages.D2L))

    def judge(row):
        _, names, pattern, instead, tests = row
        with TemporaryDirectory() as folder:
            copied = Path(shutil.copytree(book, f"{folder}/book", symlinks=True))
            for name in (names,) if isinstance(names, str) else names:
                edit(copied, name, pattern, instead)
            return run_pytest(copied, *tests, plugin=Failures(known[tests])).found

    def judge_undamaged(tests):
        return run_pytest(book, *tests, plugin=Failures()).found

    known = dict(in_forks(judge_undamaged, {row[4] for row in todo}, options.workers))
    for tests, names in known.items():
        for name in names or []:
            yield "NOTHING, and it fails", f"{tests[0]}: {name}", None
    for row, found in shown("files", in_forks(judge, todo, options.workers), len(todo)):
        where = row[1] if isinstance(row[1], str) else " and ".join(row[1])
        by = "an error or no end" if found is None else found[0].split("/")[-1] if found else None
        yield row[0], where, by


def site(book, wanted, options):
    """Build once with every damage; yield (what, where, by), by which warning it was noticed."""

    def build(rows):
        with TemporaryDirectory() as folder:
            copied = Path(shutil.copytree(book, f"{folder}/book"))
            text = "\n\n".join(["", "## Damages", *(row[2] for row in rows)])
            if rows:
                change = damages.cells(lambda cells: cells[-1]["source"].append(text))
                edit(copied, damages.NOTEBOOK, change, None)
            command = [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "-n"]
            done = subprocess.run(
                [*command, "--keep-going", copied], capture_output=True, text=True
            )
            return done.returncode, done.stdout + done.stderr

    rows = tuple(row for row in damages.SITE if wanted(row[0]))
    built = dict(shown("builds", in_forks(build, [(), rows], options.workers), 2)) if rows else {}
    if built and (built[()] is None or built[()][0]):
        yield "NOTHING, and it fails", "the build of the site", None
    for what, word, _ in rows:
        lines = [line for line in built[rows][1].splitlines() if word in line]
        warned = [line for line in lines if "WARNING" in line or "ERROR" in line]
        yield what, "the site", f"warning: {warned[0].split(': ', 1)[1][:40]}" if warned else None


# ---- Mutants ----


class Mutants:
    """A plugin that runs, for each mutant, the tests that execute the function it is in."""

    def __init__(self, wanted, workers):
        """wanted: which mutants, by name."""
        self.wanted, self.workers, self.verdicts = wanted, workers, []

    def pytest_runtestloop(self, session):
        """Measure each test, then judge each mutant."""
        cells = defaultdict(list)
        self.tests, by_file = {}, defaultdict(list)
        for item in session.items:
            if item.path.suffix == ".ipynb":
                cells[item.path.stem].append(item)
            elif "show" not in item.fixturenames or item.name.startswith(PYTHON_SIDE):
                self.tests[item.nodeid] = item
                by_file[item.path].append(item)
        todo = []
        for path in sorted(Path("src/convbook").rglob("*.py")):
            module = ".".join(path.with_suffix("").relative_to("src").parts).removesuffix(
                ".__init__"
            )
            short = module.removeprefix("convbook.")
            drawn = [item for name in DRAWN.get(short, ()) for item in cells[name]]
            for number, (name, lines, _) in enumerate(mutants.mutations(path.read_text("utf-8"))):
                if short != "reference" and self.wanted(f"{short}.{name}"):
                    todo.append((module, f"{short}.{name}", number, lines, drawn))
        drawing = {item.path.stem for thing in todo for item in thing[4]}
        groups = sorted(by_file.values(), key=len) + [cells[n] for n in drawing]
        self.seconds, self.executed, self.failing = {}, defaultdict(set), []
        measured = in_forks(self.measure, groups, self.workers)
        for _, answer in shown("tests without a mutant, by file", measured, len(groups)):
            failing, seconds, executed = answer
            self.failing += failing
            self.seconds |= seconds
            for place, names in executed.items():
                self.executed[place] |= names
        self.verdicts += [("NOTHING, and it fails", name, None) for name in self.failing]
        judged = in_forks(self.judge, todo, self.workers)
        for thing, by in shown("mutants", judged, len(todo)):
            self.verdicts.append(
                (thing[1], "mutant of " + thing[0], "an error or no end" if by is None else by)
            )
        return True

    def measure(self, items):
        """Return the tests that fail, the seconds of each, and which lines of ours it executes."""
        cover = coverage.Coverage(data_file=None, source=["src/convbook"], config_file=False)
        failing, seconds = [], {}
        for item, following in zip(items, [*items[1:], None]):
            start = time.perf_counter()
            cover.start()
            cover.switch_context(item.nodeid)
            reports = runner.runtestprotocol(item, log=False, nextitem=following)
            cover.stop()
            seconds[item.nodeid] = time.perf_counter() - start
            failing += [item.nodeid] if any(report.failed for report in reports) else []
        data, executed = cover.get_data(), {}
        for file in data.measured_files():
            for line, names in data.contexts_by_lineno(file).items():
                executed[file, line] = set(names) - {""}
        return failing, seconds, executed

    def judge(self, thing):
        """Return the name of the test that notices the mutant; an empty one if none does."""
        name, _, number, (start, end), drawn = thing
        module = sys.modules[name]
        source = Path(module.__file__).read_text("utf-8")
        tree = next(t for n, (_, _, t) in enumerate(mutants.mutations(source)) if n == number)
        try:
            changes = mutants.transplant(module, tree)
        except Exception:
            return "the import"
        assert changes, f"{thing[1]} changes nothing"
        names = set().union(*(self.executed[module.__file__, n] for n in range(start, end + 1)))
        if not names:  # executed while it is imported, or in notebooks only
            own = f"test_{name.split('.')[1]}.py"
            names = {test for test, item in self.tests.items() if item.path.name == own}
        tests = [self.tests[test] for test in sorted(names, key=self.seconds.get)]
        if "explorer" not in name:  # a browser takes seconds; the others are not seen in it
            tests = [test for test in tests if "show" not in test.fixturenames]
        quick = [test for test in tests if self.seconds[test.nodeid] < 0.5]
        slow = tests[len(quick) :]
        return first_failure([*quick, *drawn, *slow], self.failing, self.seconds) or ""


def mutated(book, wanted, options):
    """Judge the mutants of src/convbook; yield (name, module, by)."""
    tests = [str(p) for name in options.tests for p in book.glob(f"tests/*/test_{name}.py")]
    notebooks = {name for names in DRAWN.values() for name in names}
    tests += ["src", *(str(p) for p in book.glob("*/*.ipynb") if p.stem in notebooks)]
    plugin = Mutants(wanted, options.workers)

    def judge(_):
        signal.alarm(0)
        assert run_pytest(book, *tests, plugin=plugin).status in (0, 1)
        return plugin.verdicts

    for _, verdicts in in_forks(judge, [None], 1):
        yield from verdicts


# ---- The whole ----


def copy_of_book(folder):
    """Copy what git knows, or would add, into a folder, as a repository of its own."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True).stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


PARTS = {"outputs": outputs, "files": files, "site": site, "mutants": mutated}
SURVIVORS = ROOT / "tools" / "survivors.toml"


def table(verdicts, known):
    """Print what was damaged how often and what noticed it; return what nothing noticed."""
    by_what = defaultdict(list)
    for what, where, by in verdicts:
        by_what[what.split(".")[0] if where.startswith("mutant") else what].append(
            (what, where, by)
        )
    print(f"\n{'damage':<42} {'tried':>6} {'noticed':>8}  by")
    missed = []
    for what, rows in by_what.items():
        unseen = [(w, where) for w, where, by in rows if not by]
        counts = Counter(by for _, _, by in rows if by).most_common(3)
        seen = sum(by not in (None, "", "on purpose") for _, _, by in rows)
        said = ", ".join(f"{by} ({n})" if len(rows) > 1 else by for by, n in counts)
        print(f"{what:<42.42} {len(rows):>6} {seen:>8}  {said:.100}")
        missed += unseen
    for what, where in missed:
        reason = known.get(what)
        print(
            f"  {'known' if reason else 'NOT NOTICED'}: {where}: {what}"
            + f"  ({reason})" * bool(reason)
        )
    return [what for what, _ in missed]


def main(arguments=None):
    """Do what the arguments ask for; return 1 if something else than what is known is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--only", nargs="*", default=[""], help="damages whose name holds this")
    parser.add_argument("--every", type=int, default=1, help="a sample: each so-manieth damage")
    parser.add_argument("--page", help="for outputs: one page, by name")
    parser.add_argument("--tests", nargs="*", default=UNIT, help="for mutants: tests, by name")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)

    def wanted(name):
        chosen = any(text in name for text in options.only)
        return chosen and zlib.crc32(name.encode()) % options.every == 0

    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", CI="true")
    for name in PRELOADED:
        importlib.import_module(name)
    whole, unexpected = options.only == [""] and options.every == 1 and options.tests == UNIT, []
    with TemporaryDirectory(prefix="selftest-") as folder:
        book = copy_of_book(Path(folder).resolve())
        for part in options.parts or PARTS:
            start = time.monotonic()
            print(f"{part}", flush=True)
            survivors = tomllib.loads(SURVIVORS.read_text("utf-8")).items()
            of_files = {name: why for name, why in survivors if name.startswith("reference.")}
            known = {"files": of_files, "mutants": dict(survivors - of_files.items())}.get(part, {})
            verdicts = list(PARTS[part](book, wanted, options))
            assert verdicts, "nothing was damaged"
            missed = table(verdicts, known)
            unexpected += [what for what in missed if what not in known]
            if whole and (stale := set(known) - set(missed)):
                print(
                    "These no longer survive; take them out of survivors.toml:", *stale, sep="\n  "
                )
                unexpected += stale
            print(f"{part}: {time.monotonic() - start:.0f} s\n", flush=True)
    print(f"{len(unexpected)} damages are not noticed." if unexpected else "All is noticed.")
    return bool(unexpected)


if __name__ == "__main__":
    sys.exit(main())
