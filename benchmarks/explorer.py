"""How long the thread of the page is busy after one change of the explorer, beside one frame.

    python benchmarks/explorer.py

The largest numbers a slider reaches, with the matrix; the thread's own time, so that other programs
do not count. A screen shows 60 frames a second.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from convbook.explorer import explore

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from book import browser

FRAME = 1000 / 60  # ms
CHANGES = {"stride": "12", "kernel-size": "23", "input-size": ["12", "11"]}
CHANGES |= {"kernel": ["ones", "edge"], "class": "ab"}  # the last one changes nothing
CHANGE = """async ([name, values, times]) => {
  const element = document.querySelector("conv-explorer");
  for (let i = 0; i < times; i++) {
    element.setAttribute(name, values[i % 2]);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame); // the frame before this one was painted
  }
}"""


def milliseconds(page, name, values, times=30):
    """Return how long the page's thread is busy for one change, after as many to warm up."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    page.evaluate(CHANGE, [name, list(values), times])
    before = busy()
    page.evaluate(CHANGE, [name, list(values), times])
    return 1000 * (busy() - before) / times


def main():
    """Print a table: what changes, the time, and its ratio to one frame."""
    print(f"{'at 12 × 12, changes of':<36} {'ms':>6} {'of a frame':>11}")
    with sync_playwright() as playwright:
        path = browser(playwright.chromium.executable_path)
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for mode in ("conv", "transposed"):
            html = explore(mode, 12, padding=1, matrix=True)._repr_html_()
            for name, values in CHANGES.items():
                page = chromium.new_page(viewport={"width": 1280, "height": 800})
                page.set_content(f"<!doctype html><body>{html}")
                time = milliseconds(page, name, values)
                what = f"{mode}, {name if name != 'class' else 'nothing'}"
                print(f"{what:<36} {time:>6.2f} {time / FRAME:>10.0%}", flush=True)
                page.close()


if __name__ == "__main__":
    main()
