"""What the book's site needs and neither Jupyter Book nor its theme does.

pages           change the text of a page: the event that the others use, and mends that say when
                they no longer find what they mend
builds          builds that are equal, whether from nothing or after a change
mathematics     formulas, rendered at build time
docstrings      the API: docstrings laid out, the sources shown in chapters linked to it
accessibility   what a screen reader finds wrong with the theme
theme           light or dark
search          the words that it knows and what it shows of a page
addresses       the site's own address: cards, sitemap, 404
assets          one style sheet and one script, of what the pages use
compact         the same page in fewer bytes
policy          a Content-Security-Policy on every page
styles          style sheets: joined, purged, with fonts of what is shown
"""

from . import (
    accessibility,
    addresses,
    assets,
    builds,
    compact,
    docstrings,
    mathematics,
    pages,
    policy,
    search,
    theme,
)

MODULES = (pages, builds, mathematics, docstrings, accessibility, theme, search, addresses)
MODULES += (assets, compact, policy)


def setup(app):
    """Register with Sphinx."""
    for module in MODULES:
        module.setup(app)
    app.add_css_file("book.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
