"""Make one small mistake after the other in the package, and say which of them no test notices.

    python tools/mutation/run.py [MODULE …] [--sample N] [--seed S] [--workers N]

Each mutant (see mutants.py) is judged by the unit tests and doctests that execute it, in a process
of its own, until one fails. Those known to survive stand in survivors.toml, with the reason. Fails
if another one survives, if one of those no longer does, or if less than 95 % are noticed. Nothing
is written. Needs os.fork: not for Windows.
"""

import argparse
import builtins
import mmap
import os
import random
import resource
import signal
import sys
import time
import tomllib
import traceback
from collections import Counter, defaultdict
from importlib.machinery import SourceFileLoader
from pathlib import Path

import hypothesis
import pytest
import torch
from _pytest import runner
from mutants import SWITCH, Switches

ROOT = Path(__file__).resolve().parents[2]
KNOWN = Path(__file__).with_name("survivors.toml")
MODULES = ["arguments", "checkerboards", "functional", "matrix", "moves", "signatures", "sizes"]
MODULES += ["transposed"]
LEAST = 0.95  # of the mutants that are noticed
SECONDS = 30  # of the processor, for the tests of one mutant
MEMORY = 2**33  # bytes: some mutants ask for all there is


def in_forks(job, things, workers):
    """Yield (thing, code) where job(thing) returns the code, each in a process of its own.

    A code below 0 is that of a process that was ended.
    """
    waiting, running = list(things)[::-1], {}
    while waiting or running:
        while waiting and len(running) < workers:
            thing = waiting.pop()
            if pid := os.fork():
                running[pid] = thing
            else:
                silently(job, thing)
        try:
            pid, status = os.wait()
        except KeyboardInterrupt:
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            raise
        code = os.waitstatus_to_exitcode(status)
        if code == 3:
            raise RuntimeError(f"{running[pid]}: the error above is one of this program")
        yield running.pop(pid), code


def silently(job, thing):
    """Do the job of a forked process, and end it."""
    code, screen = 3, os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    try:
        code = job(thing)
    except BaseException:
        os.write(screen, traceback.format_exc().encode())
    os._exit(code)


def instrument(modules):
    """Let imports of these modules find their mutants in them; return the mutants' names."""
    switches, codes, original = Switches(), {}, SourceFileLoader.get_code
    for name in modules:
        path = ROOT / "src" / "convbook" / f"{name}.py"
        tree = switches.build_in(path.read_text("utf-8"), name)
        codes[str(path)] = compile(tree, str(path), "exec")
    SourceFileLoader.get_code = lambda self, name: codes.get(self.path) or original(self, name)
    return switches.names


def turn(switch):
    """Let every mutant ask this function whether it is on; torch.compile asks while it traces."""
    setattr(builtins, SWITCH, torch.compiler.assume_constant_result(switch))


class Judge:
    """A plugin that runs every test once without a mutant, and then judges the mutants."""

    def __init__(self, names, chosen, workers):
        """names: of all mutants. chosen: the numbers of those to judge."""
        self.names, self.chosen, self.workers, self.codes = names, chosen, workers, {}
        self.imported = set()  # mutants that are executed while a module is imported
        turn(lambda number: self.imported.add(number))

    def pytest_runtestloop(self, session):
        """Find out what each test executes, and judge each mutant."""
        self.items, start = session.items, time.monotonic()
        # Shared by all processes: for each test its seconds (0: no use), and the mutants it meets.
        self.seconds = memoryview(mmap.mmap(-1, 8 * len(self.items))).cast("d")
        self.met = mmap.mmap(-1, len(self.items) * len(self.names))
        self.by = memoryview(mmap.mmap(-1, 8 * len(self.names))).cast("q")  # which test noticed it
        files = defaultdict(list)
        for test, item in enumerate(self.items):
            files[item.path].append(test)
        longest = sorted(files.values(), key=len, reverse=True)
        for _, code in in_forks(self.measure, longest, self.workers):
            assert code == 0, f"the tests ended with {code}"
        print(f"{len(self.items)} tests: {time.monotonic() - start:.0f} s", flush=True)
        for test, item in enumerate(self.items):
            if not self.seconds[test]:
                print(f"left out, as it fails without a mutant: {item.nodeid}")
        # Quick tests first, but not all cases of one before any of another: they are much alike.
        usable, cases = [n for n, seconds in enumerate(self.seconds) if seconds], Counter()

        def cost(test):
            name = self.items[test].nodeid.partition("[")[0]
            cases[name] += 1
            return cases[name] * self.seconds[test]

        self.order = sorted(sorted(usable, key=self.seconds.__getitem__), key=cost)
        self.proven = defaultdict(Counter)  # for each function, which tests have noticed mutants
        by_a_test = {m for m in self.imported if 1 in self.met[m :: len(self.names)]}
        self.chosen = [m for m in self.chosen if m not in self.imported - by_a_test]
        for mutant, code in in_forks(self.judge, self.chosen, self.workers):
            self.codes[mutant] = code
            if code == 0:
                print(f"  not noticed: {self.names[mutant]}", flush=True)
            elif code == 1:
                self.proven[self.names[mutant].split(":")[0]][self.by[mutant]] += 1
            if len(self.codes) % 100 == 0:
                spent = time.monotonic() - start
                print(f"{len(self.codes)} of {len(self.chosen)}, {spent:.0f} s", flush=True)
        return True

    def measure(self, tests):
        """Run the tests of a file."""
        for test, following in zip(tests, [*tests[1:], None]):
            first = test * len(self.names)

            def meet(mutant, first=first):
                self.met[first + mutant] = 1
                return False

            turn(meet)
            start = time.process_time()
            if not self.fails(test, following):
                self.seconds[test] = time.process_time() - start
        return 0

    def judge(self, mutant):
        """Return 1 if a test notices the mutant, 0 if none does."""
        turn(lambda number: number == mutant)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        proven = [test for test, _ in self.proven[self.names[mutant].split(":")[0]].most_common()]
        tests = [
            test
            for test in dict.fromkeys([*proven, *self.order])
            if self.met[test * len(self.names) + mutant]
        ]
        spent = 0
        for test, following in zip(tests, [*tests[1:], None]):
            # Who needs far longer than without the mutant is in an endless loop.
            signal.setitimer(signal.ITIMER_PROF, 10 + 5 * self.seconds[test])
            if self.fails(test, following):
                self.by[mutant] = test
                return 1
            spent += self.seconds[test]
            if spent > SECONDS:
                break
        return 0

    def fails(self, test, following):
        """Tell whether a test fails."""
        item, then = self.items[test], None if following is None else self.items[following]
        return any(r.failed for r in runner.runtestprotocol(item, log=False, nextitem=then))


def table(names, codes, known):
    """Print how many mutants of each module are noticed, and the others; return the others."""
    missed = [names[mutant] for mutant, code in sorted(codes.items()) if code == 0]
    tried = Counter(names[mutant].split(".")[0] for mutant in codes)
    unseen = Counter(name.split(".")[0] for name in missed)
    for module, count in tried.items():
        seen = count - unseen[module]
        print(f"{module:<16} {seen:>5} of {count:>5}  {seen / count:7.1%}")
    for name in [name for name in missed if name not in known]:
        print(f"  NOT NOTICED, AND NO REASON: {name}")
    seen, ended = len(codes) - len(missed), sum(code < 0 for code in codes.values())
    print(f"{seen} of {len(codes)} mutants are noticed: {seen / len(codes):.1%}")
    print(f"({ended} of them by their end: they took too long, or too much memory)")
    return missed


def main(arguments=None):
    """Do what the arguments ask for; return 1 if something else than what is known survives."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", choices=[*MODULES, []], help="default: all")
    parser.add_argument("--sample", type=int, help="judge so many, chosen at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)

    os.chdir(ROOT)
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    modules = options.modules or MODULES
    names = instrument(modules)
    count = min(options.sample or len(names), len(names))
    chosen = sorted(random.Random(options.seed).sample(range(len(names)), count))
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # any example will do
    unhurried = {"deadline": None, "suppress_health_check": list(hypothesis.HealthCheck)}
    same = {"database": None, "derandomize": True}
    hypothesis.settings.register_profile("mutants", phases=phases, **unhurried, **same)
    hypothesis.settings.load_profile("mutants")

    judge = Judge(names, chosen, options.workers)
    quiet = ("-q", "-s", "--tb=no", "-p", "no:cacheprovider", "--disable-warnings")
    pytest.main([*quiet, "-o", "addopts=--doctest-modules", "tests/unit", "src/convbook"], [judge])
    if not judge.codes:
        return print("No mutant was judged.") or 1
    known = tomllib.loads(KNOWN.read_text("utf-8"))
    missed = table(names, judge.codes, known)
    unknown = [name for name in missed if name not in known]
    noticed = {names[mutant] for mutant, code in judge.codes.items() if code}
    gone = {name for name in known if name.split(".")[0] in modules} - set(names)
    stale = sorted(gone | (noticed & set(known)))
    if stale:
        print("No longer survivors; take them out of survivors.toml:", *stale, sep="\n  ")
    few = not options.sample and len(missed) > (1 - LEAST) * len(judge.codes)
    return int(bool(unknown or stale or few))


if __name__ == "__main__":
    sys.exit(main())
