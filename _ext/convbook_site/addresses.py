"""What those who link to a page, and those who follow a wrong link, find.

The site's own address, html_baseurl, is `html: baseurl` in _config.yml.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from .pages import Mend, mend

CARD = "_static/card.png"  # drawn by tools/card.py
CARD_SAYS = (
    "A 3×3 input, a 2×2 kernel, their 2×2 output, and the 3×3 matrix that the transpose makes of it"
)

NUMBER_OR_TAG = r'<span class="section-number">[^<]*</span>|<[^>]+>'

MENDS = [
    Mend(
        "the title of the landing page is that of the book: once is enough",
        r"<title>(.+?) &#8212; \1</title>",
        r"<title>\1</title>",
        everywhere=False,
    ),
]

NOT_FOUND = """
<h1>Page not found</h1>
<p>There is no page at this address. <a href="{home}">Begin at the start</a>, or search:</p>
<form action="search.html">
  <input type="search" name="q" aria-label="Search the book">
  <button>Search</button>
</form>
"""


def add_card(app, page):
    """Say what a link to the page shows where people talk: title, description and picture."""
    described = re.search(r'<meta content="([^"]*)" name="description"', page.html)
    if not described:  # search and 404: nobody shares those
        return
    says = {
        "og:type": "website" if page.name == app.config.root_doc else "article",
        "og:site_name": app.config.html_title,
        "og:title": re.sub(NUMBER_OR_TAG, "", page.context["title"]),
        "og:description": described[1],
        "og:url": page.context["pageurl"],
        "og:image": app.config.html_baseurl + CARD,
        "og:image:alt": CARD_SAYS,
    }
    tags = [f'<meta property="{name}" content="{text}"/>' for name, text in says.items()]
    tags.append('<meta name="twitter:card" content="summary_large_image"/>')
    page.html = page.html.replace("</head>", "\n".join(tags) + "\n</head>", 1)


def add_not_found(app):
    """Make 404.html, which GitHub Pages shows at every address that is none."""
    body = NOT_FOUND.format(home=app.builder.get_target_uri(app.config.root_doc))
    yield "404", {"title": "Page not found", "body": body, "pageurl": None}, "page.html"


def root_addresses(app, page):
    """Lead from 404.html, which is shown at any depth, to addresses that begin at the root."""
    if page.name == "404":
        root = urlsplit(app.config.html_baseurl).path
        relative = r'\b(href|src|action|data-content_root)="(?![#/]|[a-z]+:)(?:\./)?'
        page.html = re.sub(relative, rf'\1="{root}', page.html)


def write_sitemap(app, exception):
    """List every page for search engines. Not when it changed: two builds give the same bytes."""
    if exception is None and app.builder.format == "html":
        base = app.config.html_baseurl
        pages = [base + app.builder.get_target_uri(name) for name in sorted(app.env.found_docs)]
        urls = "".join(f"<url><loc>{page}</loc></url>\n" for page in pages)
        Path(app.outdir, "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n',
            encoding="utf-8",
        )


def write_index(app, exception):
    """Show the first page at the site's own address, without the detour of a redirect."""
    if exception is None and app.builder.name == "html":
        first = app.builder.get_target_uri(app.config.root_doc)
        Path(app.outdir, "index.html").write_bytes(Path(app.outdir, first).read_bytes())


def setup(app):
    """Register with Sphinx."""
    app.connect("html-collect-pages", add_not_found)
    app.connect("page-rendered", add_card)
    app.connect("page-rendered", root_addresses, priority=900)  # after all that adds an address
    app.connect("build-finished", write_sitemap)
    app.connect("build-finished", write_index)
    mend(app, MENDS)
