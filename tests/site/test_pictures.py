"""Every picture of the book in a browser: legible on a phone, and stepped through by anybody.

The pictures are taken from the notebooks, so no site has to be built.
"""

import re

import nbformat
import pytest
from book import ROOT
from playwright.sync_api import expect

NOTEBOOKS = [ROOT / "intro.ipynb", *sorted(ROOT.glob("chapters/*.ipynb"))]
PHONE, TEXT = 390, 340  # CSS pixels: of a phone, and of the text column on it

# Of each picture: text of less than 11 px, numbers less than 4 px from the border of their cell,
# and parts that stick out of the text column without a box that scrolls.
MEASURE = """
() => [...document.querySelectorAll("figure")].flatMap((figure, place) => {
  const found = [], name = figure.querySelector("title").textContent.slice(0, 40);
  const say = (...words) => found.push([place, name, ...words].join(" "));
  const column = document.body.getBoundingClientRect();
  for (const svg of figure.querySelectorAll("svg")) {
    const scale = svg.getScreenCTM().a;
    if (!svg.closest(".conv-wide") && svg.getBoundingClientRect().width > column.width + 1)
      say("is cut off");
    const cells = [...svg.querySelectorAll("path")].flatMap(path =>
      [...path.getAttribute("d").matchAll(/M([\\d.]+) ([\\d.]+)h([\\d.]+)v([\\d.]+)h-/g)]
        .map(([, x, y, w, h]) => [x, y, w, h].map(Number)));
    for (const text of svg.querySelectorAll("text")) {
      const px = parseFloat(getComputedStyle(text).fontSize) * scale;
      if (text.textContent && px < 11) say(text.textContent, "is", px.toFixed(1), "px high");
      const at = text.getBBox(), x = at.x + at.width / 2, y = at.y + at.height / 2;
      const own = cells.filter(([left, top, w, h]) =>
        figure.matches(".conv-diagram") && left < x && x < left + w && top < y && y < top + h);
      for (const [left, , w] of own) {
        const space = Math.min(at.x - left, left + w - at.x - at.width) * scale;
        if (space < 4) say(text.textContent, "is", space.toFixed(1), "px from its border");
      }
    }
  }
  return found;
})
"""


def pictures(path):
    """Return the HTML of all pictures of a notebook."""
    return [
        output["data"]["text/html"]
        for cell in nbformat.read(path, 4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "<figure" in output.get("data", {}).get("text/html", "")
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pictures_are_legible_on_a_phone(chromium, path):
    context = chromium.new_context(viewport={"width": PHONE, "height": 800})
    tab = context.new_page()
    shown = pictures(path)
    style = "<style>figure { margin: 0 }</style>"  # as on the site
    body = f"{style}<body style='margin:0 {(PHONE - TEXT) // 2}px;font-family:sans-serif'>"
    tab.set_content(f"<!doctype html>{body}{''.join(shown)}</body>")
    assert tab.locator("figure").count() == len(shown) > 0
    wrong, wide = tab.evaluate(MEASURE), tab.evaluate("document.body.scrollWidth")
    context.close()
    assert wrong == [] and wide <= PHONE


@pytest.fixture
def tab(chromium):
    """Return an empty page; no script on it may fail."""
    context = chromium.new_context(viewport={"width": 800, "height": 500})
    context.set_default_timeout(10_000)
    tab, errors = context.new_page(), []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.clock.install(time=0)
    tab.clock.pause_at(1)  # a picture plays when a test lets time pass
    yield tab
    context.close()
    assert errors == []


@pytest.fixture(scope="module")
def moving():
    """Return a picture with four steps, and another one below the edge of the window."""
    import torch

    from convbook.diagrams import draw_corr2d, draw_trans_conv

    X, K = torch.arange(9).reshape(3, 3), torch.tensor([[0, 1], [2, 3]])
    far = "<div style='height:2000px'></div>"
    return draw_corr2d(X, K).html() + far + draw_trans_conv(K, K).html()


STEP = 1500  # milliseconds


def place(tab, which=0):
    return tab.locator(".conv-buttons [aria-hidden]").nth(which)


SHOWN = """() => [...document.querySelector("figure").querySelectorAll("p, .conv-marks path")]
  .filter(part => getComputedStyle(part).visibility === "visible").map(part => part.dataset.step)"""


def in_view(tab, which=0):
    """Wait until a picture knows that it is in view."""
    tab.wait_for_function("i => document.querySelectorAll('conv-steps')[i].inView", arg=which)


def test_a_picture_plays_while_it_is_in_view(tab, moving):
    tab.set_content(moving)
    in_view(tab)
    expect(place(tab)).to_have_text("1 of 4")
    assert set(tab.evaluate(SHOWN)) == {"0 1"}
    tab.clock.run_for(STEP - 1)
    assert place(tab).inner_text() == "1 of 4"
    tab.clock.run_for(1)
    assert place(tab).inner_text() == "2 of 4"
    assert set(tab.evaluate(SHOWN)) == {"1 2"}
    assert place(tab, 1).inner_text() == "1 of 4", "below the edge nothing moves"
    tab.locator("figure").nth(1).scroll_into_view_if_needed()
    in_view(tab, 1)
    stands = place(tab).inner_text()
    tab.clock.run_for(STEP)
    assert place(tab, 1).inner_text() == "2 of 4"
    assert place(tab).inner_text() == stands


def test_a_picture_is_stepped_by_keyboard_and_says_so(tab, moving):
    tab.set_content(moving)
    in_view(tab)
    title = "Cross-correlation of a 3 × 3 input and a 2 × 2 kernel"
    expect(tab.locator("[role=status]").first).to_have_text("")
    tab.get_by_role("button", name=f"Next step: {title}").focus()
    tab.keyboard.press("Enter")
    expect(place(tab)).to_have_text("2 of 4")
    said = tab.locator("[role=status]").first
    expect(said).to_have_text("Step 2 of 4. 1·0 + 2·1 + 4·2 + 5·3 = 25")
    tab.clock.run_for(2 * STEP)
    assert place(tab).inner_text() == "2 of 4", "whoever steps does not want it to run on"
    tab.get_by_role("button", name=f"Previous step: {title}").click()
    tab.get_by_role("button", name=f"Previous step: {title}").click()
    expect(place(tab)).to_have_text("4 of 4")
    tab.get_by_role("button", name=f"Play: {title}").press("Space")
    tab.clock.run_for(STEP)
    expect(place(tab)).to_have_text("1 of 4")
    tab.get_by_role("button", name=f"Pause: {title}").press("Space")
    tab.clock.run_for(2 * STEP)
    assert place(tab).inner_text() == "1 of 4"


@pytest.mark.parametrize("by_switch", [False, True])
def test_a_picture_stands_still_for_who_wants_it(tab, moving, by_switch):
    page = '<!doctype html><html data-motion="none">' if by_switch else "<!doctype html><html>"
    tab.emulate_media(reduced_motion="no-preference" if by_switch else "reduce")
    tab.set_content(page + moving)
    in_view(tab)
    expect(place(tab)).to_have_text("4 of 4")
    tab.clock.run_for(2 * STEP)
    assert place(tab).inner_text() == "4 of 4"
    tab.locator(".conv-buttons button").nth(2).click()
    assert set(tab.evaluate(SHOWN)) == {"0 1"}
    if by_switch:
        tab.evaluate("delete document.documentElement.dataset.motion")
    else:
        tab.emulate_media(reduced_motion="no-preference")
    expect(tab.locator("conv-steps button").nth(1)).to_have_text("Pause")
    tab.clock.run_for(STEP)
    expect(place(tab)).to_have_text("2 of 4")


def test_without_scripts_and_on_paper_the_last_step_is_shown(tab, moving):
    tab.set_content(re.sub("<script.*?</script>", "", moving, flags=re.DOTALL))
    assert set(tab.evaluate(SHOWN)) == {"3 4"} and tab.locator("button").count() == 0
    tab.set_content(moving)
    expect(place(tab)).to_have_text("1 of 4")
    tab.emulate_media(media="print")
    assert set(tab.evaluate(SHOWN)) == {"3 4"}
    assert not tab.locator("button").first.is_visible()


def test_marks_stand_out_in_forced_colors(tab, moving):
    stroke = "getComputedStyle(document.querySelector('.conv-marks')).stroke"
    tab.set_content(moving)
    own = tab.evaluate(stroke)
    tab.emulate_media(forced_colors="active")
    assert tab.evaluate(stroke) != own
