"""Firefox and WebKit, by the protocols that they speak themselves: no driver has to match them.

playwright drives only builds of its own of these two. Debian's Firefox answers WebDriver BiDi
through a WebSocket, and WebKitGTK's driver answers WebDriver through HTTP. `open`, `evaluate` and
`press` are all that the tests need.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import websocket
from book import skip_or_fail

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "ArrowRight": "\ue014"}
KEYS |= {"ArrowDown": "\ue015", "ArrowUp": "\ue013", "ArrowLeft": "\ue012", " ": " "}
WAIT = 120  # seconds: a busy machine is slow to start a browser


def _presses(keys):
    presses = [
        {"type": f"key{way}", "value": KEYS.get(key, key)} for key in keys for way in ("Down", "Up")
    ]
    return [{"type": "key", "id": "keyboard", "actions": presses}]


@contextlib.contextmanager
def _running(*command, **options):
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # and what it has started
        process.wait(WAIT)


class Firefox:
    """A tab of a Firefox."""

    def __init__(self, connection):
        """Begin a session."""
        self._connection, self._next = connection, 0
        self.said = []  # the level and the text of all that the console has had
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        # The tab that is there at the start never has the focus.
        self._context = self._ask("browsingContext.create", type="tab")["context"]

    def _ask(self, method, **parameters):
        self._next += 1
        self._connection.send(
            json.dumps({"id": self._next, "method": method, "params": parameters})
        )
        while (answer := json.loads(self._connection.recv())).get("id") != self._next:
            if answer["method"] == "log.entryAdded":
                self.said.append((answer["params"]["level"], answer["params"]["text"]))
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, address):
        """Load a page."""
        self._ask("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def evaluate(self, function, argument=None):
        """Return what a JavaScript function makes of an argument, once it is settled."""
        call = f"(async () => JSON.stringify(await ({function})({json.dumps(argument)})))()"
        target = {"context": self._context}
        answer = self._ask("script.evaluate", expression=call, target=target, awaitPromise=True)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"].get("value", "null"))

    def press(self, *keys):
        """Press keys, one after the other."""
        self._ask("input.performActions", context=self._context, actions=_presses(keys))


class WebKit:
    """A tab of a WebKitGTK, whose driver does not tell what the console has had."""

    said = ()

    def __init__(self, port, program):
        """Begin a session."""
        self._address = f"http://127.0.0.1:{port}/session"
        options = {"binary": program, "args": ["--automation"]}
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self._address += "/" + self._ask("", {"capabilities": capabilities})["sessionId"]

    def _ask(self, path, value, method="POST"):
        request = urllib.request.Request(
            self._address + path, json.dumps(value).encode(), method=method
        )
        with urllib.request.urlopen(request, timeout=WAIT) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        """Load a page."""
        self._ask("/url", {"url": address})

    def evaluate(self, function, argument=None):
        """Return what a JavaScript function makes of an argument, once it is settled."""
        script = f"const [argument, done] = arguments; Promise.resolve(({function})(argument))"
        script += ".then((value) => done({ value }), (error) => done({ error: String(error) }));"
        answer = self._ask("/execute/async", {"script": script, "args": [argument]})
        assert "error" not in answer, answer
        return answer.get("value")

    def press(self, *keys):
        """Press keys, one after the other."""
        self._ask("/actions", {"actions": _presses(keys)})

    def close(self):
        """End the session, and with it the browser."""
        self._ask("", {}, "DELETE")


def _program(*names):
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def firefox(folder):
    """Start Firefox with a profile in a folder."""
    program = _program("firefox-esr", "firefox") or skip_or_fail("no Firefox here")
    command = [program, "--headless", "--remote-debugging-port=0", "--no-remote", "--profile"]
    log = folder / "log"
    with (
        log.open("w") as output,
        _running(*command, str(folder), stdout=output, stderr=output, env=_home(folder)),
    ):
        found = _waited(lambda: re.search(r"ws://[\w.:]+", log.read_text(errors="replace")))
        connection = websocket.create_connection(
            found[0] + "/session", timeout=WAIT, suppress_origin=True
        )
        yield Firefox(connection)
        connection.close()


@contextlib.contextmanager
def webkit(folder):
    """Start WebKitGTK on a screen that nobody sees."""
    driver = _program("WebKitWebDriver") or skip_or_fail("no WebKitWebDriver here")
    screen = _program("xvfb-run") or skip_or_fail("no xvfb-run here")
    programs = Path("/usr").glob("lib*/**/webkit2gtk-4.*/MiniBrowser")
    program = next(programs, None) or skip_or_fail("no MiniBrowser here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [screen, "--auto-servernum", driver, f"--port={port}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = _home(folder) | {"WEBKIT_DISABLE_COMPOSITING_MODE": "1"}
    env |= {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}  # a container may have none to offer
    with _running(*command, **quiet, env=env):
        _waited(lambda: _listens(port))
        tab = WebKit(port, str(program))
        yield tab
        tab.close()


def _home(folder):
    return os.environ | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}


def _listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _waited(condition):
    end = time.monotonic() + WAIT
    while not (found := condition()):
        assert time.monotonic() < end, "the browser does not start"
        time.sleep(0.1)
    return found
