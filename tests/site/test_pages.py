"""Every page in a real browser, light and dark, on a desk and on a phone."""

import gzip

import axe
import pytest
from book import ONE, OTHER, PAGES, ZH_PAGES

# Bytes, compressed, of a first visit, and in how many requests; bytes of a next page.
FIRST, REQUESTS, NEXT = 200_000, 20, 55_000

# A box that scrolls sideways must be within reach of the keyboard, and nothing may be cut off.
# (KaTeX draws each formula a pixel or two wider than it says.) The theme looks at the boxes a
# little after a page has become narrower.
BOXES = """
async () => {
  const bad = box => {
    if (box.scrollWidth <= box.clientWidth + 1 || box.clientWidth <= 1) return false;
    const style = getComputedStyle(box);
    if (style.visibility === "hidden") return false;
    if (style.overflowX === "auto" || style.overflowX === "scroll")
      return box.tabIndex < 0 && !box.querySelector("a, button, input, [tabindex='0']");
    return style.overflowX === "hidden" || style.overflowX === "clip";
  };
  let found;
  for (let wait = 0; wait < 150; wait++) {
    found = [...document.querySelectorAll("body *:not(span.math, .katex, .katex *, svg *)")]
      .filter(bad);
    if (!found.length) break;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return found.map(box => box.outerHTML.slice(0, 200));
}
"""

# Titles and tables have room for their words, names of functions included.
# Boxes of code that scroll on a desk, folded ones, too.
CUT_CODE = """
() => [...document.querySelectorAll(".bd-article pre")].filter(box => {
  const folds = [...document.querySelectorAll("details:not([open])")].filter(d => d.contains(box));
  folds.forEach(fold => { fold.open = true; });
  const cut = box.scrollWidth > box.clientWidth + 1;
  folds.forEach(fold => { fold.open = false; });
  return cut;
}).map(box => box.textContent)
"""

CUT_WORDS = """
() => [...document.querySelectorAll("h1, h2, h3, h4, td, th, .prev-next-title")].flatMap(place => {
  const cut = [], texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (node.parentElement.closest(".katex")) continue;
    for (const word of node.data.matchAll(/[\\p{Script=Latin}\\d_]+/gu)) {
      const range = new Range();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) cut.push(word[0]);
    }
  }
  return cut;
})
"""

# What is written in a diagram must stand out from the cell it stands in; axe leaves that open.
FAINT = """
() => {
  const rgba = color => [...color.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3]));
  const paint = shape => {
    const style = getComputedStyle(shape), color = rgba(style.fill);
    color[3] *= style.fillOpacity * style.opacity;
    return color;
  };
  const luminance = color => {
    const [r, g, b] = color.map(c => c / 255).map(
      c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = svg => {
    const shapes = [...svg.querySelectorAll("rect, text")];
    const boxes = shapes.map(shape => shape.getBoundingClientRect());
    return shapes.filter((text, index) => {
      if (text.tagName !== "text") return false;
      const x = boxes[index].x + boxes[index].width / 2;
      const y = boxes[index].y + boxes[index].height / 2;
      let back = rgba(getComputedStyle(document.body).backgroundColor);
      shapes.slice(0, index).forEach((cell, i) => {
        const at = boxes[i], step = cell.closest("[data-step]");
        if (cell.tagName !== "rect" || !getComputedStyle(cell).fill.startsWith("rgb")) return;
        if (x < at.left || x > at.right || y < at.top || y > at.bottom) return;
        if (!step || step === text.closest("[data-step]")) back = over(paint(cell), back);
      });
      const [low, high] = [over(paint(text), back), back].map(luminance).sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05) < 4.5;
    });
  };
  const diagrams = [...document.querySelectorAll(".conv-diagram svg")];
  return diagrams.flatMap(faint).map(text => text.textContent);
}
"""

# Most parts of a page look like another one, with the same names all the way up: one of each is
# enough for axe, which would take ten seconds for the words of code in a chapter.
ONE_OF_EACH = """
([selector, keepText, before]) => {
  const seen = new Set(before);
  for (const part of [...document.querySelectorAll(selector)].reverse()) {
    let look = "";
    for (let e = part; e && e.tagName !== "MAIN"; e = e.parentElement) {
      const style = e.getAttribute("style") ?? "";
      look += [e.tagName, e.className, e.rowIndex % 2, /color|background/.test(style) && style];
    }
    if (part.childElementCount || !seen.has(look)) seen.add(look);
    else if (keepText) part.replaceWith(part.textContent);
    else part.remove();
  }
  return [...seen];
}
"""
WORDS = "main pre span, main :is(p, li):not(td *) .katex *"
# What a picture shows axe leaves to the picture's name.
EMPTY_PICTURES = (
    "() => document.querySelectorAll('svg > :not(title, desc)').forEach(e => e.remove())"
)
# A formula has hundreds of parts and, as here, most often one color.
FLAT_FORMULAS = """
() => document.querySelectorAll(".katex:not(:has([style*=color]))")
  .forEach(formula => formula.replaceChildren(formula.textContent))
"""
# What a script of the page does after a third of a second it does at once.
HASTE = "const later = setTimeout; window.setTimeout = (act, ms) => later(act, Math.min(ms, 20))"
# A change of colors fades in; nobody waits for it here. The end of one may begin another, in what
# inherits the color.
FINISH = """
() => {
  let running;
  do {
    running = document.getAnimations().filter(one => one instanceof CSSTransition);
    running.forEach(one => one.finish());
  } while (running.length);
}
"""


def show(tab, scheme):
    """Let the system be light or dark, and wait until the page is."""
    tab.emulate_media(color_scheme=scheme)
    tab.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
    tab.evaluate(FINISH)


def visit(tab, url):
    """Open a page, and return whether it is there and what it has asked for until it is drawn."""
    requests = []
    tab.on("request", lambda request: requests.append(request.url))
    found = tab.goto(url).ok
    tab.evaluate("document.fonts.ready")
    return found, requests


@pytest.fixture(scope="module")
def asked_before(chromium, server):
    """Return what a visit of each of two chapters asks for, by page."""
    found = {}
    for page in (ONE, OTHER, f"zh/{ONE}", f"zh/{OTHER}"):
        tab = chromium.new_page()
        found[page] = set(visit(tab, server + page)[1])
        tab.close()
    return found


@pytest.fixture(scope="module")
def looks():
    """Return what axe has judged the colors of, on whichever page: they share a style sheet."""
    return set()


NO_PAGES = ["search.html?q=kernel", "zh/search.html?q=卷积核", "no/such/page"]


@pytest.mark.parametrize("page", [*PAGES, *ZH_PAGES, *NO_PAGES])
def test_page(chromium, server, site, asked_before, looks, page):
    """Light, no console message but logs, no foreign request, no sideways scrolling, axe."""
    tab = chromium.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    tab.add_init_script(HASTE)
    said = []
    tab.on("console", lambda message: said.append((message.type, message.text)))
    tab.on("pageerror", lambda error: said.append(("exception", str(error))))
    tab.on("requestfailed", lambda request: said.append(("failed", request.url)))
    found, requests = visit(tab, server + page)

    def weight(url):
        data = (site / url.removeprefix(server).split("?")[0]).read_bytes()
        return len(data if url.endswith(".woff2") else gzip.compress(data, 6))

    edition = "zh/" if page in ZH_PAGES else ""
    if page not in NO_PAGES:
        weights = {url: weight(url) for url in requests if not url.startswith("data:")}
        assert sum(weights.values()) <= FIRST and 3 <= len(weights) <= REQUESTS
        before = asked_before[edition + (OTHER if page == edition + ONE else ONE)]
        assert sum(size for url, size in weights.items() if url not in before) <= NEXT

    expected = [] if found else [("error", "Failed to load resource: the server responded with")]
    said = [(kind, text[: len(expected[0][1])] if expected else text) for kind, text in said]
    assert found == (page != "no/such/page")
    assert [message for message in said if message[0] != "log"] == expected
    assert [url for url in requests if not url.startswith((server, "data:"))] == []
    assert len(requests) > 3, "the listener hears nothing"
    drawn = "all => all.every(one => one.getBoundingClientRect().height > 10)"
    assert tab.eval_on_selector_all("figure svg, .katex-display", drawn)
    assert tab.evaluate(FAINT) == [], "light"
    show(tab, "dark")
    assert tab.evaluate(FAINT) == [], "dark"
    tab.set_viewport_size({"width": 1280, "height": 900})
    assert tab.evaluate(CUT_CODE) == []
    for width in (1440, 1200, 1024, 320, 390):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(BOXES) == [], width
        assert width == 320 or tab.evaluate(CUT_WORDS) == [], width

    tab.evaluate(EMPTY_PICTURES)
    tab.evaluate(ONE_OF_EACH, [WORDS, True, []])
    axe.load(tab)
    # Pages share their layout: on most, structure is judged on a phone and colors on a desk.
    both = page in ("intro.html", ONE, "reference/explorer.html")
    for width in (390, 1440) if both else (390,):
        tab.set_viewport_size({"width": width, "height": 900})
        assert axe.violations(tab, axe.ALL_BUT_COLORS) == [], width
    if edition and page not in ("zh/intro.html", f"zh/{ONE}", "zh/reference/explorer.html"):
        tab.close()  # its colors are those of the same page in English
        return
    tab.evaluate(FLAT_FORMULAS)
    looks.update(tab.evaluate(ONE_OF_EACH, ["body *", False, list(looks)]))
    if not page.endswith("reference/explorer.html"):
        tab.evaluate("document.querySelectorAll('conv-explorer').forEach(e => e.remove())")
    for scheme in ("dark", "light"):
        show(tab, scheme)
        for width in (1440, 390) if both else (1440,):
            tab.set_viewport_size({"width": width, "height": 900})
            assert axe.violations(tab, axe.COLORS) == [], f"{width} {scheme}"
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_link_under_the_mouse_stands_out(chromium, server, scheme):
    tab = chromium.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    tab.goto(server + "chapters/corr2d.html")
    axe.load(tab)
    sidebars = ("nav.bd-links a code", "#pst-page-toc-nav .toc-entry a")
    for place in (*sidebars, ".bd-article p a", ".prev-next-area .prev-next-title"):
        link = tab.locator(place).first
        before = link.evaluate("link => getComputedStyle(link).color")
        link.hover()
        tab.evaluate(FINISH)
        after = link.evaluate("link => getComputedStyle(link).color")
        assert after != before, f"{place} is not under the mouse"
        options = {"preload": False, "runOnly": ["color-contrast"]}
        found = link.evaluate("(link, options) => axe.run(link.closest('a'), options)", options)
        assert found["passes"] or found["violations"], f"{place} is not judged"
        assert found["violations"] == [], place
    tab.close()
