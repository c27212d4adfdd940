"""The chapters on the landing page are cards, each with a drawing of its own."""

import json
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from .pages import attributes, fragment

GAP = 14  # between two grids, as in a diagram
CARD = 207, 102  # pixels, the room for a drawing on a card


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


def two_rows(sizes):
    """Return how many of the grids stand in the first of two rows; in a card, that is larger."""

    def shrinks(first):
        rows = [row for row in (sizes[:first], sizes[first:]) if row]
        width = max(sum(wide + GAP for wide, _ in row) for row in rows)
        height = sum(max(high for _, high in row) + GAP for row in rows)
        return max(width / CARD[0], height / CARD[1])

    return min(range(len(sizes), 0, -1), key=shrinks)


def side_by_side(svgs):
    """Return one SVG that holds others in a row or two, so that it shrinks as a whole."""
    sizes = [(float(svg.attrs["width"]), float(svg.attrs["height"])) for svg in svgs]
    first = two_rows(sizes)
    x = y = width = height = 0
    inside = []
    for i, svg in enumerate(svgs):
        if i == first:
            x, y = 0, height + GAP
        box, (wide, high) = svg.attrs["viewBox"], sizes[i]
        for node in svg.css("*"):
            attributes(**{"class": None, "data-step": None, "data-of": None})(node)
        content = "".join(node.html for node in svg.iter())
        inside.append(
            f'<svg x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" viewBox="{box}">'
            f"{content}</svg>"
        )
        x += wide + GAP
        width, height = max(width, x - GAP), max(height, y + high)
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
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
                link.insert_before(fragment(svg))
                drawn += 1
        chapters.attrs["class"] = "book-cards" if 2 * drawn > len(links) else "book-list"


def draw_anew(app, env):
    """Write the landing page in every build: a drawing may have changed."""
    return [app.config.root_doc]


def setup(app):
    """Register with Sphinx."""
    app.connect("page-rendered", draw_cards)
    app.connect("env-updated", draw_anew)
