"""What those who link to a page, and those who follow a wrong link, find.

The site's own address, html_baseurl, is `html: baseurl` in _config.yml.
"""

import re
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.locale import _

from .languages import EDITIONS, alternates, chinese

CARD = "_static/card.png"  # drawn by tools/card.py
CARD_SAYS = (
    "A 3×3 input, a 2×2 kernel, their 2×2 output, and the 3×3 matrix that the transpose makes of it"
)

NOT_FOUND = """
<h1>Page not found</h1>
<p>There is no page at this address. <a href="{home}">Begin at the start</a>, or search:</p>
<form action="search.html">
  <input type="search" name="q" aria-label="Search the book">
  <button>Search</button>
</form>
<p lang="zh-CN">这个地址没有网页。<a href="zh/{home}">从头开始</a></p>
"""


# Pages that are no more, and the ones that have what was on them.
MOVED = {"chapters/one-and-three-dimensions": ["chapters/causal", "chapters/three-dimensions"]}


def add_card(app, page):
    """Say what a link to the page shows where people talk: title, description and picture."""
    title = page.tree.css_first("title")
    if page.name == app.config.root_doc:  # that of the book, which is enough once
        title.inner_html = escape(app.config.html_title)
    described = page.tree.css_first("meta[name=description]")
    if not described:  # search and 404: nobody shares those
        return
    says = {
        "og:locale": EDITIONS[app.config.language.replace("_", "-")][2],
        "og:type": "website" if page.name == app.config.root_doc else "article",
        "og:site_name": app.config.html_title,
        "og:title": re.sub(r"<[^>]+>|^[\d.]+ ", "", page.context["title"]),
        "og:description": described.attrs["content"],
        "og:url": page.context["pageurl"],
        "og:image": app.config.html_baseurl + CARD,
        "og:image:alt": _(CARD_SAYS),
    }
    tags = [f'<meta property="{name}" content="{escape(text)}">' for name, text in says.items()]
    page.append("head", "".join(tags) + '<meta name="twitter:card" content="summary_large_image">')


def add_pages(app):
    """Make 404.html, which GitHub Pages shows at every address that is none, and what has moved."""
    if chinese(app):  # the edition came later, and has no other 404.html
        return
    body = NOT_FOUND.format(home=app.builder.get_target_uri(app.config.root_doc))
    yield "404", {"title": "Page not found", "body": body, "pageurl": None}, "page.html"
    for old, pages in MOVED.items():
        links = "".join(
            f'<li><a href="{app.builder.get_relative_uri(old, new)}">'
            f"{escape(app.env.titles[new].astext())}</a></li>"
            for new in pages
            if new in app.env.titles  # a part of the book can be built alone
        )
        body = f"<h1>This page has moved</h1><p>What was here is now in:</p><ul>{links}</ul>"
        yield old, {"title": "This page has moved", "body": body, "pageurl": None}, "page.html"


def root_addresses(app, page):
    """Lead from 404.html, which is shown at any depth, to addresses that begin at the root."""
    if page.name == "404":
        root = urlsplit(app.config.html_baseurl).path
        for name in ("href", "src", "action", "data-content_root"):
            for node in page.tree.css(f"[{name}]"):
                if not re.match(r"[#/]|[a-z]+:", node.attrs[name]):
                    node.attrs[name] = root + node.attrs[name].removeprefix("./")


def write_root(app, exception):
    """Write the sitemap, and the first page at the site's own address, without a redirect.

    The sitemap, one for both editions, names all pages, not only those that this build has written,
    and not when they changed: two builds give the same bytes.
    """
    if exception is None and app.builder.name == "html":
        folder, address = Path(app.outdir), app.builder.get_target_uri
        if not chinese(app):
            (folder / "sitemap.xml").write_text(sitemap(app), "utf-8")
        first = folder / address(app.config.root_doc)
        (folder / "index.html").write_bytes(first.read_bytes())


def sitemap(app):
    """Return the sitemap, which says of each page where it is in each language."""
    urls = []
    for name in app.env.found_docs:
        there = alternates(app, name)
        link = '<xhtml:link rel="alternate" hreflang="{}" href="{}"/>'
        links = "".join(link.format(*one) for one in there.items())
        own = app.config.html_baseurl + app.builder.get_target_uri(name)
        urls += [f"<url><loc>{url}</loc>{links}</url>\n" for url in {own, *there.values()}]
    spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    spaces += ' xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {spaces}>\n'
    return f"{head}{''.join(sorted(urls))}</urlset>\n"


def setup(app):
    """Register with Sphinx."""
    app.connect("html-collect-pages", add_pages)
    app.connect("page-rendered", add_card)
    app.connect("page-rendered", root_addresses)
    app.connect("build-finished", write_root)
