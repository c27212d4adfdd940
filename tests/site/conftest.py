"""What the tests of the site share: the site, built once, a server and a browser."""

import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from book import BASE, ROOT, browser
from bs4 import BeautifulSoup
from filelock import FileLock
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build the site from nothing, so that every warning shows, and return its folder.

    The processes of pytest-xdist have a folder in common: the first one builds for all.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    built = folder / "site" / "built"
    with FileLock(folder / "site.lock"):
        if not built.exists():
            build = [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "-n"]
            output = ["--all", "--keep-going", "--path-output", str(built.parent)]
            done = subprocess.run([*build, *output, str(ROOT)], capture_output=True, text=True)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
            built.touch()
    return built.parent / "_build" / "html"


@pytest.fixture(scope="session")
def soups(site):
    """Return every page of the site, parsed, by its address."""
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }


@pytest.fixture(scope="session")
def server(site):
    """Serve the site as GitHub Pages does, below a path, and return its address."""
    path = urlsplit(BASE).path

    class Pages(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def translate_path(self, address):
            inside = address.startswith(path)
            return super().translate_path(address.removeprefix(path) if inside else "/nothing")

        def send_error(self, code, message=None, explain=None):
            body = (site / "404.html").read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *args):
            """Say nothing of a browser that leaves a page before it is loaded."""

    handler = functools.partial(Pages, directory=str(site))
    with Server(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}{path}"
        running.shutdown()


@pytest.fixture(scope="module")
def chromium():
    """Start a browser once for all tests of a file.

    Not once for all files: while it runs, asyncio has a loop running, and kernels need their own.
    """
    with sync_playwright() as playwright:
        path = browser(playwright.chromium.executable_path)
        # Without these flags the browser itself asks for foreign addresses.
        flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()
