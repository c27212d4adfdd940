"""Make one small mistake after the other in the package, and say which of them no test notices.

    python tools/mutation/run.py [--only TEXT …] [--every N] [--workers N]

Every mutant (see switches.py) is judged by the unit tests, doctests and notebooks that execute it,
the quick ones first, in a process of its own, until one fails. Those known to survive stand in
survivors.toml, with the reason. Fails if another one survives, if one of those no longer does, or
if less than 95 % are noticed. Nothing is written. Needs os.fork: not for Windows.

--only: mutants whose name holds one of these texts. --every: a sample, every N-th of them.
"""

import argparse
import builtins
import importlib
import mmap
import os
import signal
import sys
import time
import tomllib
import traceback
from collections import Counter, defaultdict
from importlib.machinery import SourceFileLoader
from multiprocessing import connection, get_context
from pathlib import Path

import hypothesis
import pytest
from _pytest import runner
from switches import SWITCH, Switches

BOOK = Path(__file__).resolve().parents[2]
FORK = get_context("fork")
# Slow to import, and without the package: imported once, before any process is forked.
PRELOADED = ("torch", "scipy.signal", "sklearn.datasets", "matplotlib.pyplot", "onnx.reference")
PRELOADED += ("ipykernel.kernelapp", "jupytext", "nbclient")
LEAST = 0.95  # of the mutants that are noticed


def in_forks(job, things, workers):
    """Yield (thing, job(thing)), each from a process of its own; None if it came to no end."""
    waiting, running = list(things)[::-1], {}
    while waiting or running:
        while waiting and len(running) < workers:
            ours, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(target=answer, args=(job, waiting[-1], theirs))
            process.start()
            theirs.close()
            running[ours] = process, waiting.pop()
        for pipe in connection.wait(list(running)):
            process, thing = running.pop(pipe)
            try:
                result, error = pipe.recv()
            except EOFError:
                result, error = None, None
            process.join()
            if error:  # in this program, not in what it tests
                raise RuntimeError(f"{thing}: {error}")
            yield thing, result


def answer(job, thing, pipe):
    """Send what a job returns; be silent, and leave nothing running."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    try:
        pipe.send((job(thing), None))
    except BaseException:
        pipe.send((None, traceback.format_exc()))
    os._exit(0)


def instrument(package):
    """Let every import of the package's modules find its mutants in them; return their names."""
    switches, codes, original = Switches(), {}, SourceFileLoader.get_code
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__") or package.name
        codes[str(path)] = compile(
            switches.build_in(path.read_text("utf-8"), module), str(path), "exec"
        )

    def get_code(self, name):
        return codes.get(self.path) or original(self, name)

    SourceFileLoader.get_code = get_code
    setattr(builtins, SWITCH, lambda number: False)
    return switches.names


class Judge:
    """A plugin that measures every test without a mutant, and then judges the mutants.

    A test is a list of items: one, or all cells of a notebook, which need each other.
    """

    def __init__(self, names, wanted, workers):
        """names: of all mutants. wanted: the numbers of those to judge."""
        self.names, self.wanted, self.workers, self.noticed = names, wanted, workers, {}

    def pytest_runtestloop(self, session):
        """Measure, and judge."""
        if kernels := sys.modules.get("forked_kernels"):
            kernels.START = "fork"  # of the process with the mutant
        tests = defaultdict(list)
        for item in session.items:
            tests[item.path if item.path.suffix == ".ipynb" else item.nodeid].append(item)
        self.tests, self.reached, self.seconds = list(tests.values()), defaultdict(list), {}
        files = defaultdict(list)
        for number, items in enumerate(self.tests):
            files[items[0].path].append(number)
        start = time.monotonic()
        for numbers, answer in in_forks(self.measure, files.values(), self.workers):
            for number, (failure, seconds, reached) in zip(numbers, answer or [("dead", 0, [])]):
                if failure:
                    name = self.tests[number][0].nodeid
                    raise pytest.UsageError(f"{name} fails without a mutant:\n{failure}")
                self.seconds[number] = seconds
                for mutant in reached:
                    self.reached[mutant].append(number)
        print(f"{len(self.tests)} tests: {time.monotonic() - start:.0f} s", flush=True)
        said = time.monotonic()
        for mutant, noticed in in_forks(self.judge, self.wanted, self.workers):
            self.noticed[mutant] = noticed is not False
            if time.monotonic() - said > 15:
                said = time.monotonic()
                done = f"{len(self.noticed)} of {len(self.wanted)} mutants"
                print(f"{done}, {said - start:.0f} s", flush=True)
        return True

    def measure(self, numbers):
        """Return, for each test of a file: how it fails, its seconds, the mutants it executes."""
        flags, found = mmap.mmap(-1, len(self.names)), []  # shared with kernels that are forked

        def reach(mutant):
            flags[mutant] = 1
            return False

        setattr(builtins, SWITCH, reach)
        for number in numbers:
            flags[:] = bytes(len(flags))
            start = time.perf_counter()
            failure = self.failure(number)
            reached = [mutant for mutant, flag in enumerate(flags[:]) if flag]
            found.append((failure, time.perf_counter() - start, reached))
        return found

    def judge(self, mutant):
        """Return whether a test notices the mutant."""
        setattr(builtins, SWITCH, lambda number: number == mutant)
        for number in sorted(self.reached[mutant], key=self.seconds.get):
            signal.alarm(20 + 10 * int(self.seconds[number]))  # ends this process
            if self.failure(number):
                return True
        return False

    def failure(self, number):
        """Run a test, and return how it fails, or None."""
        items = self.tests[number]
        for item, following in zip(items, [*items[1:], None]):
            reports = runner.runtestprotocol(item, log=False, nextitem=following)
            if failed := [report for report in reports if report.failed]:
                item.session._setupstate.teardown_exact(None)  # ready for another test
                return failed[0].longreprtext or "(it says no more)"
        return None


def table(names, noticed, known):
    """Print how many mutants of each module are noticed, and the others; return the others."""
    missed = [names[mutant] for mutant, seen in sorted(noticed.items()) if not seen]
    module = lambda name: name.split(": ")[0].rpartition(".")[0]  # noqa: E731
    tried, unseen = Counter(module(names[m]) for m in noticed), Counter(map(module, missed))
    for name, count in tried.items():
        print(f"{name:<30} {count - unseen[name]:>5} of {count:>5}")
    for name in missed:
        print(f"  known: {name}  ({known[name]})" if name in known else f"  NOT NOTICED: {name}")
    seen = len(noticed) - len(missed)
    print(f"{seen} of {len(noticed)} mutants are noticed: {seen / len(noticed):.1%}")
    return missed


def main(arguments=None):
    """Do what the arguments ask for; return 1 if something else than what is known survives."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--root", type=Path, default=BOOK, help="with src, tests/unit, chapters")
    options = parser.parse_args(arguments)

    root = options.root.resolve()
    os.chdir(root)
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    for name in PRELOADED if root == BOOK else ():
        importlib.import_module(name)
    names = instrument(next(path.parent for path in root.glob("src/*/__init__.py")))
    chosen = [n for n, name in enumerate(names) if any(text in name for text in options.only)]
    phases = hypothesis.Phase.explicit, hypothesis.Phase.generate  # the smallest example is no use
    unhurried = {"deadline": None, "suppress_health_check": list(hypothesis.HealthCheck)}
    hypothesis.settings.register_profile("mutants", database=None, phases=phases, **unhurried)
    hypothesis.settings.load_profile("mutants")

    judge = Judge(names, chosen[:: options.every], options.workers)
    tests = [p for p in ("tests/unit", "src", "intro.ipynb", "chapters") if (root / p).exists()]
    quiet = ("-q", "-s", "--tb=no", "-p", "no:cacheprovider")
    # The filters of pytest's warnings would be those of forked kernels, too.
    warned = ("-p", "no:warnings", "-o", "markers=filterwarnings")
    status = pytest.main([*quiet, *warned, *tests], [judge])
    if status or not judge.noticed:
        return print(f"No mutant was judged: pytest ended with {status!r}.") or 1
    known = tomllib.loads((root / "tools/mutation/survivors.toml").read_text("utf-8"))
    missed = table(names, judge.noticed, known)
    unknown = [name for name in missed if name not in known]
    whole = len(judge.noticed) == len(names)
    stale = set(known) - set(missed if whole else names)
    if stale:
        print("No longer survivors; take them out of survivors.toml:", *stale, sep="\n  ")
    return int(bool(unknown or stale) or (whole and len(missed) > (1 - LEAST) * len(names)))


if __name__ == "__main__":
    sys.exit(main())
