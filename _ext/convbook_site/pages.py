"""Change the text of each page after its template is rendered, before it is written.

    app.connect("page-rendered", function)    calls function(app, page) for every page
    mend(app, MENDS)                          applies a list of mends to every page

A page has `name`, the text `html`, which functions change, and the `context` of its template.
A mend that no longer finds what it mends is a warning, which fails the build: so a new version of
the theme cannot undo one unnoticed.
"""

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)
STATIC = Path(__file__).parent.parent / "static"


@dataclass
class Page:
    """A rendered page: its name, its text and the context of its template."""

    name: str
    html: str
    context: dict


@dataclass(frozen=True)
class Mend:
    """Why, what and by what; and whether every page has it, or just some pages of the book."""

    reason: str
    pattern: str
    replacement: str | Callable = ""
    everywhere: bool = True


def mend(app, mends, priority=500):
    """Apply mends to every page, and warn of each that finds nothing."""
    found = Counter()

    def apply(app, page):
        for m in mends:
            page.html, count = re.subn(m.pattern, m.replacement, page.html, flags=re.DOTALL)
            found[m] += count
            if m.everywhere and not count:
                logger.warning("%s: nothing to mend: %s (a new theme?)", page.name, m.reason)

    def check(app, exception):
        if exception is None and whole(app):
            for m in mends:
                if not found[m]:
                    logger.warning("nothing to mend on any page: %s (a new theme?)", m.reason)

    app.connect("page-rendered", apply, priority=priority)
    app.connect("build-finished", check)


def whole(app):
    """Return whether this build has rendered all pages, and not just those that have changed."""
    return app.env.all_docs.keys() <= app.rendered


def written(app):
    """Return the files of all pages, whichever build has written them."""
    return [p for p in Path(app.outdir).rglob("*.html") if "_static" not in p.parts]


def announce_pages(app):
    """Emit "page-rendered" for each page."""
    app.rendered = set()
    if app.builder.format != "html":
        return
    render = app.builder.templates.render

    def rendered(template, context):
        html = render(template, context)
        if "</html>" not in html:
            return html
        page = Page(context["pagename"], html, context)
        app.rendered.add(page.name)
        app.emit("page-rendered", page)
        return page.html

    app.builder.templates.render = rendered


def leave_out_pairs(app, config):
    """Build the .ipynb of each pair, which has the outputs, and not its .md."""
    for notebook in [*Path(app.srcdir).glob("*.ipynb"), *Path(app.srcdir).glob("*/*.ipynb")]:
        config.exclude_patterns.append(
            notebook.relative_to(app.srcdir).with_suffix(".md").as_posix()
        )


def use_own_files(app, config):
    """Serve our own styles and fonts."""
    # A relative path: the settings, whose checksum is in the site, are equal on every machine.
    config.html_static_path.append(os.path.relpath(STATIC, app.confdir))


def setup(app):
    """Register with Sphinx."""
    app.add_event("page-rendered")
    app.connect("config-inited", use_own_files)
    app.connect("config-inited", leave_out_pairs)
    app.connect("builder-inited", announce_pages)
