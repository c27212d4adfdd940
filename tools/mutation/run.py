"""Make one small mistake after the other in the package, and say which of them no test notices.

    python tools/mutation/run.py [MODULE …] [--sample N] [--seed S]

Each mutant (see mutants.py) is judged by the unit tests and doctests that execute it, in a process
of its own, until one fails. Those known to survive stand in survivors.toml, with the reason. Fails
if another one survives, if one of those no longer does, or if less than 95 % are noticed. Nothing
is written. Needs os.fork: not for Windows.
"""

import argparse
import builtins
import itertools
import multiprocessing
import multiprocessing.connection
import os
import random
import resource
import signal
import sys
import time
import tomllib
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path

import hypothesis
import pytest
import torch
from _pytest import runner
from mutants import SWITCH, Switches

ROOT = Path(__file__).resolve().parents[2]
KNOWN = tomllib.loads(Path(__file__).with_name("survivors.toml").read_text("utf-8"))
MODULES = ["arguments", "checkerboards", "functional", "matrix", "moves", "signatures", "sizes"]
MODULES += ["transposed"]
LEAST = 0.95  # of the mutants that are noticed
SECONDS = 30  # of the processor, for the tests of one mutant
MEMORY = 2**33  # bytes: some mutants ask for all there is
FORK = multiprocessing.get_context("fork")


def in_forks(job, things):
    """Yield (thing, job(thing)), each done in a process of its own.

    In place of the result of a process that was ended stands its exit code, which is below 0.
    """
    waiting, running = iter(things), {}
    while True:
        for thing in itertools.islice(waiting, os.cpu_count() - len(running)):
            receiver, sender = FORK.Pipe(duplex=False)
            process = FORK.Process(target=silently, args=(job, thing, sender))
            process.start()
            sender.close()
            running[receiver] = thing, process
        if not running:
            return
        for receiver in multiprocessing.connection.wait(running):
            thing, process = running.pop(receiver)
            try:
                yield thing, receiver.recv()
            except EOFError:
                process.join()
                if process.exitcode > 0:
                    raise RuntimeError(f"{thing}: the error above is one of ours") from None
                yield thing, process.exitcode


def silently(job, thing, sender):
    """Send the result of a job; what it prints is not shown, but an error is."""
    screen = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    try:
        sender.send(job(thing))
    except BaseException:
        os.write(screen, traceback.format_exc().encode())
        raise


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
    setattr(builtins, SWITCH, torch.compiler.assume_constant_result(lambda n: switch(n)))


class Judge:
    """A plugin that runs every test once without a mutant, and then judges the mutants."""

    def __init__(self, names, chosen):
        """names: of all mutants. chosen: the numbers of those to judge."""
        self.names, self.chosen, self.judged = names, chosen, {}
        self.imported = set()  # mutants that are executed while a module is imported
        turn(self.imported.add)

    def pytest_runtestloop(self, session):
        """Find out what each test executes, and judge each mutant."""
        self.items, self.measured, start = session.items, {}, time.monotonic()
        files = itertools.groupby(range(len(self.items)), lambda test: self.items[test].path)
        longest = sorted(([*tests] for _, tests in files), key=len, reverse=True)
        for tests, measured in in_forks(self.measure, longest):
            assert isinstance(measured, dict), f"{self.items[tests[0]].path} ended: {measured}"
            self.measured |= measured
        print(f"{len(self.items)} tests: {time.monotonic() - start:.0f} s", flush=True)
        for test, item in enumerate(self.items):
            if test not in self.measured:
                print(f"left out, as it fails without a mutant: {item.nodeid}")
        # Quick tests first; and then, before those, the ones that have just noticed a mutant.
        self.order = sorted(self.measured, key=lambda test: self.measured[test][0])
        by_a_test = set().union(*(met for _, met in self.measured.values()))
        chosen = [mutant for mutant in self.chosen if mutant not in self.imported - by_a_test]
        for mutant, by in in_forks(self.judge, chosen):
            self.judged[mutant] = by
            if by is None:
                print(f"  not noticed: {self.names[mutant]}", flush=True)
            elif by >= 0:
                self.order.remove(by)
                self.order.insert(0, by)
            if len(self.judged) % 100 == 0:
                spent = time.monotonic() - start
                print(f"{len(self.judged)} of {len(chosen)}, {spent:.0f} s", flush=True)
        return True

    def measure(self, tests):
        """Return {test: (seconds, the mutants it executes)} of the tests of a file that pass."""
        measured = {}
        for test, following in itertools.pairwise([*tests, None]):
            met, start = set(), time.process_time()
            turn(met.add)
            if not self.fails(test, following):
                measured[test] = time.process_time() - start, met
        return measured

    def judge(self, mutant):
        """Return the test that notices the mutant, or None."""
        turn(lambda number: number == mutant)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        tests, spent = [test for test in self.order if mutant in self.measured[test][1]], 0
        for test, following in itertools.pairwise([*tests, None]):
            seconds, _ = self.measured[test]
            # Who needs far longer than without the mutant is in an endless loop.
            signal.setitimer(signal.ITIMER_PROF, 10 + 5 * seconds)
            if self.fails(test, following):
                return test
            spent += seconds
            if spent > SECONDS:
                break
        return None

    def fails(self, test, following):
        """Tell whether a test fails."""
        item, then = self.items[test], None if following is None else self.items[following]
        return any(r.failed for r in runner.runtestprotocol(item, log=False, nextitem=then))


def report(names, judged, whole):
    """Print how many mutants are noticed, and return whether that is too few.

    whole: all of them were judged, not a sample.
    """
    missed = {names[mutant] for mutant, by in judged.items() if by is None}
    seen, ended = len(judged) - len(missed), sum((by or 0) < 0 for by in judged.values())
    print(f"{seen} of {len(judged)} mutants are noticed: {seen / len(judged):.1%}")
    print(f"({ended} of them by their end: they took too long, or too much memory)")
    unknown = missed - KNOWN.keys()
    modules = {name.split(".")[0] for name in names}
    gone = {name for name in KNOWN if name.split(".")[0] in modules} - {*names}
    stale = gone | ({names[mutant] for mutant in judged} & KNOWN.keys()) - missed
    for name in sorted(unknown):
        print(f"  NOT NOTICED, AND NO REASON: {name}")
    for name in sorted(stale):
        print(f"  NO LONGER A SURVIVOR, take it out of survivors.toml: {name}")
    return bool(unknown or stale or (whole and seen < LEAST * len(judged)))


def main():
    """Do what the arguments ask for; return 1 if something else than what is known survives."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", choices=[*MODULES, []], help="default: all")
    parser.add_argument("--sample", type=int, help="judge so many, chosen at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    options = parser.parse_args()

    os.chdir(ROOT)
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    names = instrument(options.modules or MODULES)
    count = min(options.sample or len(names), len(names))
    chosen = sorted(random.Random(options.seed).sample(range(len(names)), count))
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]  # any example will do
    unhurried = {"deadline": None, "suppress_health_check": list(hypothesis.HealthCheck)}
    same = {"database": None, "derandomize": True}
    hypothesis.settings.register_profile("mutants", phases=phases, **unhurried, **same)
    hypothesis.settings.load_profile("mutants")

    judge = Judge(names, chosen)
    quiet = ("-q", "-s", "--tb=no", "-p", "no:cacheprovider", "--disable-warnings")
    pytest.main([*quiet, "-o", "addopts=--doctest-modules", "tests/unit", "src/convbook"], [judge])
    if not judge.judged:
        sys.exit("No mutant was judged.")
    return report(names, judge.judged, count == len(names))


if __name__ == "__main__":
    sys.exit(main())
