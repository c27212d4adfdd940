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


def placed(sizes, first):
    """Return the places of boxes in a row of so many and one below it, and the size of it all."""
    places, width, height = [], 0, 0
    for row in (sizes[:first], sizes[first:]):
        x, y = 0, height + GAP if places else 0
        for wide, high in row:
            places.append((x, y))
            width, height = max(width, x + wide), max(height, y + high)
            x += wide + GAP
    return places, width, height


def side_by_side(svgs):
    """Return one SVG that holds others in the row or two that are largest on a card."""
    sizes = [(float(svg.attrs["width"]), float(svg.attrs["height"])) for svg in svgs]
    ways = [placed(sizes, first) for first in range(len(svgs), 0, -1)]
    places, width, height = min(ways, key=lambda way: max(way[1] / CARD[0], way[2] / CARD[1]))
    inside = []
    for svg, (x, y), (wide, high) in zip(svgs, places, sizes):
        for node in svg.css("*"):
            attributes(**{"class": None, "data-step": None, "data-of": None})(node)
        content, box = "".join(node.html for node in svg.iter()), svg.attrs["viewBox"]
        size = f'x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" viewBox="{box}"'
        inside.append(f"<svg {size}>{content}</svg>")
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
