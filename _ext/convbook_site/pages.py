"""Change each page after its template is rendered, before it is written.

    app.connect("page-rendered", function)    calls function(app, page) for every page
    mend(app, EVERYWHERE, SOMEWHERE)          changes what selectors find

A page has `name`, its parsed `tree`, which functions change, and the `context` of its template.
A selector that no longer finds what it mends is a warning, which fails the build: so a new version
of the theme cannot undo a mend unnoticed.
"""

import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import minify_html
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sphinx.util import logging

from . import policy

logger = logging.getLogger(__name__)


@dataclass
class Page:
    """A rendered page: its name, its tree and the context of its template."""

    name: str
    tree: LexborHTMLParser
    context: dict

    def append(self, place, html):
        """Parse HTML and put it at the end of the page's "head" or "body"."""
        parsed = LexborHTMLParser(f"<{place}>{html}</{place}>")
        for node in parsed.css(f"{place} > *"):
            getattr(self.tree, place).insert_child(node)


def fragment(html):
    """Return the element that a piece of HTML holds."""
    return LexborHTMLParser(html).body.child


remove = LexborNode.decompose


def attributes(**new):
    """Return a change that sets attributes, or deletes those that are None."""

    def change(node):
        for name, value in new.items():
            name = name.replace("_", "-")
            if value is not None:
                node.attrs[name] = value
            elif name in node.attrs:
                del node.attrs[name]

    return change


def mend(app, everywhere, somewhere):
    """Make changes, {selector: change}, on every page, and warn of a selector that finds nothing.

    everywhere: each page has what it finds; somewhere: at least one has.
    """
    found = Counter()

    def apply(app, page):
        for selector, change in (everywhere | somewhere).items():
            nodes = page.tree.css(selector)
            for node in nodes:
                change(node)
            found[selector] += len(nodes)
            if selector in everywhere and not nodes:
                logger.warning("%s: nothing to mend: %s (a new theme?)", page.name, selector)

    def check(app, exception):
        if exception is None and whole(app):
            for selector in somewhere:
                if not found[selector]:
                    logger.warning("nothing to mend on any page: %s (a new theme?)", selector)

    app.connect("page-rendered", apply)
    app.connect("build-finished", check)


def whole(app):
    """Return whether this build has rendered all pages, and not just those that have changed."""
    return app.env.all_docs.keys() <= app.rendered


def written(app):
    """Return the files of all pages of this edition, whichever build has written them."""
    pages = Path(app.outdir).rglob("*.html")
    return [p for p in pages if not {"_static", "zh"} & {*p.relative_to(app.outdir).parts}]


def announce_pages(app):
    """Emit "page-rendered" for each page, and write what becomes of its tree."""
    app.rendered = set()
    if app.builder.format != "html":
        return
    render = app.builder.templates.render

    def rendered(template, context):
        html = render(template, context)
        if "</html>" not in html:
            return html
        page = Page(context["pagename"], LexborHTMLParser(html), context)
        app.rendered.add(page.name)
        app.emit("page-rendered", page)
        html = minify_html.minify(
            page.tree.html,
            minify_css=True,
            keep_closing_tags=True,
            keep_html_and_head_opening_tags=True,
        )
        return policy.protect(html)

    app.builder.templates.render = rendered


def rewrite_indexed(app, env):
    """Write the pages with index entries anew in every build.

    Sphinx keeps the words of the search for pages that have not changed, but not their index
    entries: after a change elsewhere, the search would no longer know the terms of the glossary.
    """
    return [name for name, entries in env.get_domain("index").entries.items() if entries]


def setup(app):
    """Register with Sphinx."""
    app.add_event("page-rendered")
    app.connect("builder-inited", announce_pages)
    app.connect("env-updated", rewrite_indexed)
    # Pages are written anew after a change of this extension, too, not only of their sources.
    files = [path for path in sorted(Path(__file__).parent.parent.rglob("*.*")) if path.is_file()]
    sources = b"".join(path.read_bytes() for path in files if path.suffix != ".pyc")
    app.add_config_value("convbook_site", zlib.crc32(sources), "html")
