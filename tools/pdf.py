"""Print the built site as one file to read offline: _build/convolution.pdf.

    python tools/pdf.py

The browser on this machine prints each page in light colors, by the site's styles for paper. The
pages are joined in the order of _toc.yml, with bookmarks and page numbers, and a link from one page
to another leads there.
"""

import shutil
import sys
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urldefrag

import yaml
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Chromium notes where an anchor is printed only if a link of the same page leads to it.
NAME_ANCHORS = """
() => {
  const links = document.createElement("div");
  for (const { id } of document.querySelectorAll("main [id]"))
    links.append(Object.assign(document.createElement("a"), { href: "#" + id, textContent: "." }));
  links.style.cssText = "position: absolute; top: 0; font-size: 1px; opacity: 0";
  document.querySelector("main").append(links);
  for (const image of document.images) image.loading = "eager";
}
"""
PAPER = """
@page { size: A4; @bottom-center { content: counter(page); font: 9pt sans-serif } }
pre, figure, tr, .katex-display, .cell_output > * { break-inside: avoid }
.cell_input:has(+ .cell_output), dt { break-after: avoid }
"""


def contents(root=ROOT):
    """Return the parts of the book: pairs of a caption, or None, and names of pages."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    parts = [(part["caption"], [c["file"] for c in part["chapters"]]) for part in toc["parts"]]
    parts = [(None, [toc["root"]]), *parts]
    return [(caption, [f.removesuffix(".ipynb") for f in files]) for caption, files in parts]


def printed(names, site=SITE):
    """Return {name: (title, reader of its sheets)}; the sheets are numbered from page to page."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        found = [*map(shutil.which, BROWSERS), own if own.exists() else None]
        if not any(found):
            sys.exit("no Chromium or Chrome here; try .venv/bin/playwright install chromium")
        path = next(filter(None, found))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        tab = browser.new_page(color_scheme="light", bypass_csp=True)

        pages, count = {}, 0
        for name in names:
            tab.goto((site / f"{name}.html").as_uri())
            tab.add_style_tag(content=f"{PAPER} html {{ counter-reset: page {count} }}")
            tab.evaluate(NAME_ANCHORS)
            tab.evaluate("document.fonts.ready.then(() => {})")
            title = tab.locator("main h1").last.text_content().strip().rstrip("#")
            sheets = tab.pdf(print_background=True, prefer_css_page_size=True)
            pages[name] = title, PdfReader(BytesIO(sheets))
            count += len(pages[name][1].pages)
        browser.close()
    return pages


def joined(parts, pages, site=SITE):
    """Return a writer of all sheets, with bookmarks, and links that lead inside."""
    writer, first = PdfWriter(), {}
    for caption, names in parts:
        part = None
        for name in names:
            title, reader = pages[name]
            first[(site / f"{name}.html").as_uri()] = len(writer.pages), reader
            writer.append(reader, import_outline=False)
            at = len(writer.pages) - len(reader.pages)
            if caption and not part:
                part = writer.add_outline_item(title=caption, page_number=at)
            writer.add_outline_item(title=title, page_number=at, parent=part)

    def inside(address, anchor):
        """Return where a link leads to, or None if that is no page of the book."""
        if address not in first:
            return None
        start, reader = first[address]
        found = reader.named_destinations.get(anchor)
        page = reader.get_destination_page_number(found) if found else 0
        top = FloatObject(found.top) if found and found.top is not None else NullObject()
        sheet = writer.pages[start + page].indirect_reference
        return ArrayObject([sheet, NameObject("/XYZ"), NullObject(), top, NullObject()])

    for address, (start, reader) in first.items():
        for sheet in writer.pages[start : start + len(reader.pages)]:
            for link in sheet.get("/Annots", ()):
                link = link.get_object()
                action = link.get("/A", {})
                target, anchor = urldefrag(str(action.get("/URI", "")))
                if not target:
                    target, anchor = (
                        address,
                        str(link.get("/Dest", action.get("/D", ""))).strip("/"),
                    )
                if there := inside(target, unquote(anchor)):
                    link[NameObject("/Dest")] = there
                    link.pop("/A", None)
    writer.compress_identical_objects()
    return writer


def main():
    """Write the file and say how many pages it has."""
    if not (SITE / "index.html").exists():
        sys.exit("there is no site in _build/html; run make book")
    parts = contents()
    writer = joined(parts, printed([name for _, names in parts for name in names]))
    writer.add_metadata({"/Title": "Convolution and its transpose"})
    target = ROOT / "_build" / "convolution.pdf"
    writer.write(target)
    size = target.stat().st_size / 1e6
    print(f"{target.relative_to(ROOT)}: {len(writer.pages)} pages, {size:.1f} MB")


if __name__ == "__main__":
    main()
