"""Every page in a real browser, light and dark, on a desk and on a phone."""

from itertools import product

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from book import PAGES

# A box that scrolls sideways must be within reach of the keyboard, and nothing may be cut off.
# (KaTeX draws each formula a pixel or two wider than it says.)
BOXES = """
() => [...document.querySelectorAll("body *")].filter(box => {
  if (box.scrollWidth <= box.clientWidth + 1 || box.clientWidth <= 1) return false;
  if (box.matches("span.math, .katex, .katex *, svg *")) return false;
  const style = getComputedStyle(box);
  if (style.visibility === "hidden") return false;
  if (style.overflowX === "auto" || style.overflowX === "scroll")
    return box.tabIndex < 0 && !box.querySelector("a, button, input, [tabindex='0']");
  return style.overflowX === "hidden" || style.overflowX === "clip";
}).map(box => `${box.outerHTML.slice(0, 200)}`)
"""

# Most of a page says nothing new to axe: words of code and small formulas look like others with
# the same names all the way up, and what is inside a picture axe leaves to the picture's name.
SIMPLIFY = """
() => {
  const seen = new Set();
  const known = part => {
    let look = "";
    for (let e = part; e.tagName !== "MAIN"; e = e.parentElement)
      look += `${e.tagName}.${e.className} `;
    return seen.has(look) || !seen.add(look);
  };
  for (const part of document.querySelectorAll("main pre span"))
    if (known(part)) part.replaceWith(...part.childNodes);
  for (const part of document.querySelectorAll("main p .katex > span, main li .katex > span"))
    if (known(part)) part.textContent = part.textContent;
  for (const part of document.querySelectorAll("main svg > :not(title, desc)")) part.remove();
}
"""

# Without its preload axe would ask for the style sheets a second time, some at wrong places.
AXE = "options => axe.run({preload: false, resultTypes: ['violations'], ...options})"
# A change of colors fades in; nobody waits for it here.
FINISH = """
() => document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())
"""


@pytest.mark.parametrize("page", [*PAGES, "search.html?q=kernel", "no/such/page"])
def test_page(chromium, server, page):
    """No console message but logs, no request to another host, no sideways scrolling, axe."""
    tab = chromium.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    said, requests = [], []
    tab.on("console", lambda message: said.append((message.type, message.text)))
    tab.on("pageerror", lambda error: said.append(("exception", str(error))))
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("requestfailed", lambda request: said.append(("failed", request.url)))
    found = tab.goto(server + page).ok

    expected = [] if found else [("error", "Failed to load resource: the server responded with")]
    said = [(kind, text[: len(expected[0][1])] if expected else text) for kind, text in said]
    assert found == (page != "no/such/page")
    assert [message for message in said if message[0] != "log"] == expected
    assert [url for url in requests if not url.startswith((server, "data:"))] == []
    assert len(requests) > 3, "the listener hears nothing"
    drawn = "all => all.every(one => one.getBoundingClientRect().height > 10)"
    assert tab.eval_on_selector_all("figure svg, .katex-display", drawn)
    for width in (1440, 320, 390):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        # The theme waits, too, before it looks at the boxes.
        tab.wait_for_function(f"!({BOXES})().length", timeout=5000)

    tab.evaluate(SIMPLIFY)
    tab.evaluate(AXE_FILE_PATH.read_text("utf-8"))
    for width, scheme in product((390, 1440), ("light", "dark")):
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        tab.evaluate(FINISH)
        # What does not depend on colors need not be asked twice.
        colors = {"runOnly": ["color-contrast", "link-in-text-block"]}
        violations = tab.evaluate(AXE, {} if scheme == "light" else colors)["violations"]
        found = [(one["id"], one["nodes"][0]["html"][:200]) for one in violations]
        assert found == [], f"{width} {scheme}"
    tab.close()
