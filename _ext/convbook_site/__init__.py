"""What the book's site needs and neither Jupyter Book nor its theme does.

pages           change the parsed tree of a page: the event that the others use, and mends that
                say when they no longer find what they mend; builds that are equal
mathematics     formulas, rendered at build time
docstrings      the API: docstrings laid out, the sources shown in chapters linked to it
theme           light or dark, and what a screen reader finds wrong with the theme
languages       the Chinese edition, and the way from one to the other
landing         the chapters as cards
search          the words that it knows and what it shows of a page
addresses       the site's own address: cards, sitemap, 404
assets          one style sheet and one script, of what the pages use
styles          style sheets: joined, purged, with fonts of what is shown
policy          a Content-Security-Policy on every page
"""

import functools
import gc

import pybtex.plugin

from . import addresses, assets, docstrings, landing, languages, mathematics, pages, search, theme


def setup(app):
    """Register with Sphinx. Each page passes through the modules in this order."""
    # A fifth of a build's time: looking for garbage, of which there is little, and asking anew for
    # each citation where pybtex has its styles.
    gc.disable()
    pybtex.plugin.find_plugin = functools.cache(pybtex.plugin.find_plugin)
    parts = (pages, mathematics, docstrings, theme, languages, landing, search, assets, addresses)
    for module in parts:
        module.setup(app)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
