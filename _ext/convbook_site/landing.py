"""The chapters on the landing page are cards, each with a drawing of its own."""

import json
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from .pages import attributes


def drawing(notebook):
    """Return the first diagram of a notebook as it stands in its last step, or None."""
    if not notebook.exists():
        return None
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    htmls = ("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    for html in htmls:
        if "conv-diagram" in html and (svg := LexborHTMLParser(html).css_first("figure svg")):
            for unseen in [*svg.css("title, desc"), *svg.css(".conv-step")[:-1]]:
                unseen.decompose()
            for node in [svg, *svg.css("[class]")]:
                attributes(**{"class": None, "role": None, "aria_labelledby": None})(node)
            svg.attrs["aria-hidden"] = "true"
            return f'<span class="drawing">{svg.html}</span>'
    return None


def draw_cards(app, page):
    """Turn the list of the chapters into cards."""
    if page.name != app.config.root_doc:
        return
    for part in page.tree.css("article .toctree-wrapper > [role=heading]"):
        part.attrs["aria-level"] = "3"
    for chapters in page.tree.css("article .toctree-wrapper > ul"):
        links, drawn = chapters.css("li > a"), 0
        for link in links:
            notebook = Path(app.srcdir, link.attrs["href"]).with_suffix(".ipynb")
            if svg := drawing(notebook):
                link.insert_before(LexborHTMLParser(svg).body.child)
                drawn += 1
        chapters.attrs["class"] = "book-cards" if 2 * drawn > len(links) else "book-list"


def draw_anew(app, env):
    """Write the landing page in every build: a drawing may have changed."""
    return [app.config.root_doc]


def setup(app):
    """Register with Sphinx."""
    app.connect("page-rendered", draw_cards)
    app.connect("env-updated", draw_anew)
