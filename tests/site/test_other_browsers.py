"""Explorer and trainer in Firefox and in WebKit: the few things that could be otherwise there."""

import sys

import other_browsers
import pytest
import test_explorer as by_explorer
import test_trainer as by_trainer
from book import ONE, REFERENCE_PAGES

from convbook.explorer import explore, practice


@pytest.fixture(scope="module", params=[other_browsers.firefox, other_browsers.webkit])
def browser(request, tmp_path_factory):
    """Start Firefox, and then WebKit, once for all tests; the console has no complaint."""
    if sys.platform != "linux":
        pytest.skip("Firefox and WebKit are driven as Debian and Ubuntu have them")
    with request.param(tmp_path_factory.mktemp("browser")) as tab:
        yield tab
        assert [told for told in tab.said if told[0] != "info"] == []


@pytest.fixture
def show(browser, tmp_path):
    """Return a function that shows a notebook's output in Firefox or in WebKit."""

    def show(output):
        page = tmp_path / "page.html"
        page.write_text(f"<!doctype html><meta charset=utf-8>{output._repr_html_()}", "utf-8")
        browser.open(page.as_uri())
        return browser

    return show


def test_explorer(show):
    """Numbers, keys and what is spoken: in Firefox and in WebKit."""
    tab = show(explore(in_channels=2, out_channels=2, groups=2))
    states = by_explorer.drawn_at_random(40, seed=5)
    results = tab.evaluate(by_explorer.RESULTS, list(map(by_explorer.attributes, states)))
    for given, result in zip(states, results, strict=True):
        assert result == explore(**given).result, given
        assert result["output"] == by_explorer.by_torch(result), given
    tab = show(explore(input_size=3, kernel_size=2))
    root = "document.querySelector('conv-explorer').shadowRoot"
    tab.evaluate(f"() => {root}.querySelector('.input td').focus()")
    tab.press("ArrowRight", "ArrowDown", "9", "Enter", "Tab", "Tab", "ArrowDown")
    result = explore(input=[[0, 1, 2], [3, 9, 5], [6, 7, 8]], kernel_size=2).result
    assert tab.evaluate("() => document.querySelector('conv-explorer').result") == result
    says = f"() => {root}.querySelector('.sum').textContent"
    assert tab.evaluate(says) == "Y[1, 0] = 3·0 + 9·1 + 6·2 + 7·3 = 42"
    tab.evaluate(f"() => {root}.getElementById('stride-0').focus()")
    tab.press("ArrowUp")
    call = f"() => {root}.querySelector('code').textContent"
    assert tab.evaluate(call) == "F.conv2d(X, K, stride=2)"
    spoken = f"""() => new Promise((done) => {{
      const node = {root}.getElementById("spoken");
      const told = () => node.textContent.startsWith("output") && done(node.textContent);
      new MutationObserver(told).observe(node, {{ childList: true }});
      told();
    }})"""
    assert tab.evaluate(spoken).startswith("output Y 1 × 1")
    tab = show(explore(input_size=3, kernel_size=2))
    played = f"""() => new Promise((done) => {{
      const progress = {root}.querySelector(".progress"), play = {root}.querySelector(".play");
      new MutationObserver(() => {{
        if (!progress.textContent.startsWith("2")) return;
        play.click();
        done([...{root}.querySelectorAll(".output td")].map((cell) => cell.textContent));
      }}).observe(progress, {{ childList: true }});
      play.click();
    }})"""
    assert tab.evaluate(played) == ["19", "25", "", ""]


def test_trainer(show):
    """Keys, marks and levels: in Firefox and in WebKit."""
    root = "document.querySelector('conv-trainer').shadowRoot"
    tab = show(practice("fill", 1, 1))
    tab.evaluate(f"() => {root}.querySelector('.cell').focus()")
    tab.press(*"18", "Enter", *"23", "Enter")
    marks = f"() => [...{root}.querySelectorAll('.answer td')].map(cell => cell.className)"
    assert tab.evaluate(marks) == ["right", "wrong", "", ""]
    said = "Y[0, 1] = 6·0 + 5·1 + 0·2 + 3·1 = 8, you wrote 23."
    for selector in (".note", ".spoken", "#state-1"):
        assert said in tab.evaluate(f"() => {root}.querySelector('{selector}').textContent")
    lit = f"() => [...{root}.querySelectorAll('.X .lit')].map(cell => cell.textContent).join()"
    assert tab.evaluate(lit) == "6,5,0,3"
    tab.press("ArrowDown")  # and then the keypad
    tab.evaluate(f"""() => ["9", "⌫", "5"].forEach(key =>
        {root}.querySelector(`[data-key="${{key}}"]`).click())""")
    tab.press("Enter")
    assert tab.evaluate(marks) == ["right", "wrong", "", "right"]
    tab = show(practice("size", 1, 0))
    tab.evaluate(f"() => {root}.querySelector('.cell').focus()")
    levels = []
    for _ in range(4):
        e = tab.evaluate("() => document.querySelector('conv-trainer').exercise")
        assert e["answer"] == by_trainer.by_torch.size_by_torch(e)
        levels.append(e["level"])
        for number in e["answer"]:
            tab.press(*str(number), "Enter")
        tab.press("Enter")  # the focus is on Next
    last = tab.evaluate("() => document.querySelector('conv-trainer').exercise")
    assert [*levels, last["level"]] == [1, 1, 1, 1, 2]
    assert tab.evaluate(f"() => {root}.querySelector('.streak').textContent") == "streak 4"


def test_pages(browser, server):
    """As wide as the window, and without a complaint: pages with all that pages have."""
    for page in (ONE, *REFERENCE_PAGES, f"zh/{ONE}", f"zh/{REFERENCE_PAGES[-1]}"):
        browser.open(server + page)
        wide = """async () => {
          await document.fonts.ready; // Firefox complains of one that is left while it comes
          const { scrollWidth, clientWidth } = document.documentElement;
          return scrollWidth - clientWidth;
        }"""
        assert browser.evaluate(wide) <= 0, page
    if isinstance(browser, other_browsers.Firefox):
        assert len(browser.said) > len(REFERENCE_PAGES), "the listener hears nothing"
