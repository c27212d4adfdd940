"""What the tests of the site share: the site, built once, a server and a browser."""

import functools
import http.server
import itertools
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
    """Build both editions from nothing, so that every warning shows, and return their folder.

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
            build = [sys.executable, ROOT / "tools/chinese.py", built.parent / "_build"]
            done = subprocess.run(build, capture_output=True, text=True)
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


PAGES = itertools.count()  # no two pages of a tab have one address
THEMES = {"light": ("#ffffff", "#212529"), "dark": ("#14181e", "#ced6dd")}


@pytest.fixture(scope="module")
def tabs(chromium):
    """Return a function that gives the tests of a file their tab, one for each set of options.

    A tab of its own for each test would take as long as ten of them.
    """
    opened = {}

    def tab(**options):
        key = repr(sorted(options.items()))
        if key not in opened:
            allowed = ["clipboard-read", "clipboard-write"]
            context = chromium.new_context(permissions=allowed, **options)
            opened[key] = context.new_page(), context.new_cdp_session(context.pages[0])
        return opened[key]

    yield tab
    for page, _ in opened.values():
        page.context.close()


@pytest.fixture
def show(tabs):
    """Return a function that shows a notebook's outputs in a page; no page may write an error.

    Nothing is stored there. Options are those of a context, as playwright has them.
    """
    errors, listening = [], {}

    def console(message):
        errors.append(message.text)

    def pageerror(error):
        errors.append(str(error))

    def show(*outputs, theme="light", width=800, height=800, hash="", head="", **options):
        tab, session = tabs(**options)
        if tab not in listening:
            listening[tab] = {"console": console, "pageerror": pageerror}
            for event, listener in listening[tab].items():
                tab.on(event, listener)
        stored = {"origin": "http://localhost", "storageTypes": "local_storage"}
        session.send("Storage.clearDataForOrigin", stored)
        tab.set_viewport_size({"width": width, "height": height})
        background, color = THEMES[theme]
        body = "".join(
            f"<div>{one if isinstance(one, str) else one._repr_html_()}</div>" for one in outputs
        )
        html = (
            "<!doctype html><html lang=en><head><meta charset=utf-8><title>Test</title>"
            "<meta name=viewport content='width=device-width'><link rel=icon href='data:,'>"
            f"<link rel=stylesheet href=style.css>{head}</head>"
            f"<body><main><h1>Test</h1>{body}</main></body></html>"
        )
        style = f"body {{ background: {background}; color: {color}; font: 16px/1.5 sans-serif }}"
        style += "[hidden] { display: none !important }"  # as the theme of the book has it
        tab.unroute_all()
        tab.route("**/*.html*", lambda route: route.fulfill(body=html, content_type="text/html"))
        tab.route("**/style.css", lambda route: route.fulfill(body=style, content_type="text/css"))
        tab.goto(f"http://localhost/{next(PAGES)}.html{hash}")
        return tab

    yield show
    for tab, listeners in listening.items():
        for event, listener in listeners.items():
            tab.remove_listener(event, listener)
        tab.emulate_media(media="null")
    assert errors == []
