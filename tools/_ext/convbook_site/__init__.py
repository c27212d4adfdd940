"""What the book's site needs and neither Jupyter Book nor its theme does.

pages           change the text of a page: the event that the others use, and mends that say when
                they no longer find what they mend
mathematics     formulas, rendered at build time
docstrings      the API: docstrings laid out, the sources shown in chapters linked to it
accessibility   what a screen reader finds wrong with the theme
theme           light or dark
search          the words that it knows and what it shows of a page
addresses       the site's own address: cards, sitemap, 404
assets          one style sheet and one script, of what the pages use
compact         the same page in fewer bytes
policy          a Content-Security-Policy on every page
styles          style sheets: joined, purged, with fonts of few icons
"""

import zlib
from pathlib import Path

from . import (
    accessibility,
    addresses,
    assets,
    compact,
    docstrings,
    mathematics,
    pages,
    policy,
    search,
    theme,
)

MODULES = (pages, mathematics, docstrings, accessibility, theme, search, addresses)
MODULES += (assets, compact, policy)


def setup(app):
    """Register with Sphinx."""
    for module in MODULES:
        module.setup(app)
    app.add_css_file("book.css")
    # Pages are written anew after a change in here, and not only after one of their sources.
    files = [path for path in sorted(Path(__file__).parent.parent.rglob("*.*")) if path.is_file()]
    sources = b"".join(path.read_bytes() for path in files if path.suffix != ".pyc")
    app.add_config_value("convbook_site", zlib.crc32(sources), "html")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
