"""The chapters on the landing page are cards, each with a drawing of its own."""

import json
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from .pages import attributes

GAP = 14  # between two grids, as in a diagram


def drawing(notebook):
    """Return the first row of the first diagram of a notebook in its last step, or None."""
    if not notebook.exists():
        return None
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    htmls = ("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    for html in htmls:
        if "conv-diagram" in html and (row := LexborHTMLParser(html).css_first(".conv-row")):
            for unseen in row.css("title, desc, [visibility=hidden]"):
                unseen.decompose()
            return f'<span class="drawing">{side_by_side(row.css("svg"))}</span>'
    return None


def side_by_side(svgs):
    """Return one SVG that holds others in a row, so that it shrinks as a whole."""
    x = height = 0
    inside = []
    for svg in svgs:
        box, wide, high = (svg.attrs[name] for name in ("viewBox", "width", "height"))
        for node in svg.css("*"):
            attributes(**{"class": None, "data-step": None, "data-of": None})(node)
        content = "".join(node.html for node in svg.iter())
        inside.append(
            f'<svg x="{x}" width="{wide}" height="{high}" viewBox="{box}">{content}</svg>'
        )
        x, height = x + float(wide) + GAP, max(height, float(high))
    size = f'width="{x - GAP:g}" height="{height:g}" viewBox="0 0 {x - GAP:g} {height:g}"'
    return f'<svg aria-hidden="true" {size}>{"".join(inside)}</svg>'


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
