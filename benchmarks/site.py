"""Measure the site beside a stock build of the same chapters: weight, requests, Lighthouse.

    python benchmarks/site.py [--lighthouse "npx --yes lighthouse@13.5.0"] [--pages intro …]

A stock build has the same sources and the defaults of Jupyter Book, without the extension in
_ext. Both are served from this machine, compressed like GitHub Pages does (gzip), to a fresh
browser: once for a first visit to each page, and once for a page after another one, when what they
share is there already. What a page asks of foreign servers is counted, but weighs nothing here.

Lighthouse is a program for node that is not part of the book's requirements; where it is given, it
visits the pages as a phone on a slow line and as a desktop computer.
"""

import argparse
import contextlib
import functools
import gzip
import http.server
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import yaml
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["intro", "chapters/corr2d", "chapters/upsampling", "chapters/dilation"]
OURS = ("katex", "html_math", "html_favicon", "html_context")  # settings of the look of the site


def stock_settings():
    """Return the book's settings without those that change the look of the site."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    sphinx = settings["sphinx"]
    del sphinx["local_extensions"]
    sphinx["extra_extensions"].remove("sphinxcontrib.katex")
    sphinx["config"] = {k: v for k, v in sphinx["config"].items() if not k.startswith(OURS)}
    notebooks = [*ROOT.glob("*.ipynb"), *ROOT.glob("*/*.ipynb")]
    pairs = [path.relative_to(ROOT).with_suffix(".md").as_posix() for path in notebooks]
    return {**settings, "exclude_patterns": settings["exclude_patterns"] + pairs}


def build(output, settings=None):
    """Build the site, with other settings if there are some, and return its folder."""
    options = []
    if settings:
        output.mkdir()
        config = output / "stock.yml"
        config.write_text(yaml.safe_dump(settings), "utf-8")
        options = ["--config", config]
    program = Path(sys.executable).with_name("jupyter-book")
    subprocess.run(
        [program, "build", "--quiet", *options, "--path-output", output, ROOT],
        check=True,
        capture_output=True,
    )
    return output / "_build" / "html"


class Handler(http.server.SimpleHTTPRequestHandler):
    """A file of the site, compressed if that helps, to be kept for ten minutes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        data, kind = path.read_bytes(), self.guess_type(str(path))
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
            data = gzip.compress(data, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", len(data))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(data)
        self.server.sent[self.path] = len(data)

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serve(site):
    """Serve a site; yield its address, and what was sent: the bytes of each file."""
    handler = functools.partial(Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.sent = {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", server.sent
        server.shutdown()


def visit(browser, site, *pages):
    """Return what the last of these pages, visited in turn, costs: kilobytes, requests, foreign."""
    with serve(site) as (address, sent), contextlib.closing(browser.new_context()) as context:
        tab, requests = context.new_page(), []
        tab.on("request", lambda request: requests.append(request.url))
        for page in pages:
            sent.clear(), requests.clear()
            with contextlib.suppress(Exception):  # a foreign server that does not answer
                tab.goto(f"{address}{page}.html", wait_until="networkidle", timeout=15000)
        own = [url for url in requests if url.startswith(address)]
        foreign = [url for url in requests if not url.startswith((address, "data:"))]
        cached = len(pages) > 1
        return {
            "kB": round(sum(sent.values()) / 1000, 1),
            "requests": len(sent if cached else own) + len(foreign),
            "foreign": len(foreign),
        }


def lighthouse(command, site, page):
    """Return Lighthouse's scores of a page: performance on a phone and a desktop, and the rest."""
    scores = {}
    with serve(site) as (address, _), tempfile.TemporaryDirectory() as folder:
        for device, options in {"phone": [], "desktop": ["--preset=desktop"]}.items():
            report = Path(folder, "report.json")
            flags = "--chrome-flags=--headless=new --no-sandbox"
            arguments = [f"{address}{page}.html", flags, "--quiet", "--output=json", *options]
            subprocess.run(
                [*shlex.split(command), *arguments, f"--output-path={report}"],
                check=True,
                capture_output=True,
                env={"CHROME_PATH": chromium() or "", **os.environ},
            )
            categories = json.loads(report.read_text("utf-8"))["categories"]
            scores[device] = {name: category["score"] for name, category in categories.items()}
    return scores


def chromium():
    return shutil.which("chromium") or shutil.which("google-chrome")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lighthouse", help="the command that runs it")
    parser.add_argument("--pages", nargs="+", default=PAGES)
    parser.add_argument("--json", help="also write the numbers to this file")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        sites = {
            "ours": build(Path(folder, "ours")),
            "stock": build(Path(folder, "stock"), stock_settings()),
        }
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for page in arguments.pages:
            before = next(other for other in PAGES[1:] if other != page)  # a chapter
            for name, site in sites.items():
                row = {
                    "page": page,
                    "site": name,
                    "first": visit(browser, site, page),
                    "second": visit(browser, site, before, page),
                }
                if arguments.lighthouse:
                    row["lighthouse"] = lighthouse(arguments.lighthouse, site, page)
                rows.append(row)
        browser.close()

    print(
        "| page | site | first visit, kB | requests | foreign | second page, kB | requests |",
        end="",
    )
    kinds = ["performance", "accessibility", "best-practices", "seo"]
    heads = [f" {kind}, phone / desktop |" for kind in kinds if arguments.lighthouse]
    print(*heads, sep="")
    print("|---|---|" + "---:|" * (5 + len(heads)))
    for row in rows:
        first, second = row["first"], row["second"]
        cells = [row["page"], row["site"], first["kB"], first["requests"], first["foreign"]]
        cells += [second["kB"], second["requests"]]
        if arguments.lighthouse:
            phone, desktop = row["lighthouse"]["phone"], row["lighthouse"]["desktop"]
            cells += [f"{phone[kind]} / {desktop[kind]}" for kind in kinds]
        print("|", " | ".join(map(str, cells)), "|")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
