"""The built site: no warning, no broken link, no foreign request, and pages that work."""

import functools
import http.server
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from book import ROOT, URL, browser
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

CHAPTERS = [f"chapters/{path.stem}.html" for path in sorted(ROOT.glob("chapters/*.ipynb"))]
REFERENCE = [f"reference/{path.stem}.html" for path in sorted(ROOT.glob("reference/*.md"))]
PAGES = ["intro.html", *CHAPTERS, *REFERENCE]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site from nothing, so that every warning shows, and return its folder."""
    output = tmp_path_factory.mktemp("site")
    build = [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "-n", "--keep-going"]
    done = subprocess.run(
        [*build, "--path-output", str(output), str(ROOT)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return output / "_build" / "html"


@pytest.fixture(scope="module")
def soups(site):
    """Return every page of the site, parsed, by its address."""
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }


@pytest.fixture(scope="module")
def server(site):
    """Serve the site on this machine, and return its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.fixture(scope="module")
def chromium():
    """Start a browser once for all tests of this file."""
    with sync_playwright() as playwright:
        path = browser(playwright.chromium.executable_path)
        # Without these flags the browser itself asks for foreign addresses.
        flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()


def test_every_page_was_built(soups):
    assert set(PAGES) <= set(soups)


def test_links_and_anchors_lead_somewhere(site, soups):
    anchors = {name: {tag["id"] for tag in soup.find_all(id=True)} for name, soup in soups.items()}
    broken = []
    for name, soup in soups.items():
        for tag in soup.find_all(["a", "link", "script", "img"]):
            link = tag.get("href") or tag.get("src")
            if not link or ":" in link.split("/")[0] or link.startswith("//"):
                continue
            target, fragment = urldefrag(urljoin(name, unquote(link)))
            target = (target or name).split("?")[0]
            known = anchors.get(target, {fragment})
            if not (site / target).is_file() or (fragment and fragment not in known):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_chapters_open_in_colab(soups):
    for page in CHAPTERS:
        notebook = page.replace(".html", ".ipynb")
        address = URL.removeprefix("https://github.com/")
        link = f"https://colab.research.google.com/github/{address}/blob/main/{notebook}"
        assert soups[page].find("a", href=link), page


def test_outputs_are_on_the_page(soups):
    """A page built from the .md of a pair has none, and nothing warns."""
    for page in CHAPTERS:
        assert soups[page].find(class_="cell_output"), page
        assert soups[page].select("figure.conv-diagram svg"), page


def test_mathematics_is_rendered(soups):
    for name, soup in soups.items():
        assert not soup.select(".katex-error"), name
        assert not soup.find_all(
            "script", src=lambda source: source and "mathjax" in source.lower()
        )
    assert soups[CHAPTERS[0]].select(".katex-display math")


def test_pages_describe_themselves(soups):
    described = [soups[page].find("meta", attrs={"name": "description"}) for page in PAGES]
    texts = [tag["content"] for tag in described]
    assert len(set(texts)) == len(PAGES)
    assert min(map(len, texts)) >= 50


@pytest.mark.parametrize("width, scheme", [(1440, "light"), (390, "dark")])
@pytest.mark.parametrize("page", PAGES)
def test_page_in_a_browser(chromium, server, page, width, scheme):
    """No console message but logs, no request to another host, no sideways scrolling, axe."""
    tab = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said, requests = [], []
    tab.on("console", lambda message: said.append((message.type, message.text)))
    tab.on("pageerror", lambda error: said.append(("exception", str(error))))
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("requestfailed", lambda request: said.append(("failed", request.url)))
    tab.goto(server + page, wait_until="networkidle")

    assert [message for message in said if message[0] != "log"] == []
    assert [url for url in requests if not url.startswith((server, "data:"))] == []
    assert len(requests) > 3, "the listener hears nothing"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    drawn = tab.eval_on_selector_all(
        "figure svg", "all => all.map(svg => svg.getBoundingClientRect().height)"
    )
    assert all(height > 20 for height in drawn)
    assert tab.eval_on_selector_all(".katex-display", "all => all.every(e => e.offsetHeight > 10)")

    tab.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    # Without its preload axe would ask for the style sheets a second time, some at wrong places.
    found = tab.evaluate("axe.run({preload: false, resultTypes: ['violations']})")["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    tab.close()


@pytest.mark.parametrize("motion, moves", [("no-preference", True), ("reduce", False)])
def test_pictures_move_unless_the_reader_wants_them_still(chromium, server, motion, moves):
    tab = chromium.new_page(reduced_motion=motion)
    tab.goto(server + CHAPTERS[0])
    picture = tab.locator(".conv-diagram:has(.conv-step)").first
    states = "figure => figure.getAnimations({subtree: true}).map(a => a.playState)"
    visible = (
        "figure => [...figure.querySelectorAll('.conv-step')]"
        ".map(step => getComputedStyle(step).visibility === 'visible')"
    )
    assert set(picture.evaluate(states)) == ({"running"} if moves else set())
    assert picture.evaluate(visible).count(True) == 1
    pause = picture.locator(".conv-pause")
    assert pause.is_visible() == moves
    if moves:  # and the reader can stop it, with the keyboard as well
        pause.locator("input").focus()
        tab.keyboard.press("Space")
        assert set(picture.evaluate(states)) == {"paused"}
    else:  # the last step is the one that shows the result
        assert picture.evaluate(visible)[-1]
    tab.close()


def test_sources_lead_to_the_api(soups):
    page = soups["chapters/corr2d.html"]
    assert page.find("a", class_="nf", href="../reference/api.html#convbook.corr2d")


@pytest.mark.parametrize("paper, width", [("A4", 725), ("Letter", 747)])  # px between margins
def test_the_cheat_sheet_prints_on_one_page(chromium, server, paper, width):
    tab = chromium.new_page(viewport={"width": width, "height": 1000})
    tab.goto(server + "reference/cheat-sheet.html")
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format=paper))) == 1
    tab.emulate_media(media="print")
    cut = "es => es.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML)"
    assert tab.eval_on_selector_all("html, #cheat-sheet pre", cut) == []
    tab.goto(server + CHAPTERS[0])
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format=paper))) > 1, "nothing is counted"
    tab.close()
