"""What a screen reader, or axe in its place, finds wrong with the theme."""

import re

from .pages import Mend, mend

MENDS = [
    Mend(
        "the side bar is a landmark, so that all of a page is in one",
        r'<div id="pst-primary-sidebar" class="',
        r'<div id="pst-primary-sidebar" role="complementary" aria-label="Side bar" class="',
    ),
    Mend(
        "a list of references may hold only list items, and the roles of its parts are deprecated",
        r'(<div) role="list"( class="citation-list")| role="doc-(?:biblioentry|backlink)"',
        r"\1\2",
        everywhere=False,
    ),
    Mend(
        "what a folded cell is called is what stands on it",
        r'<summary aria-label="Toggle hidden content">',
        "<summary>",
        everywhere=False,
    ),
    Mend(
        "a wide formula scrolls in a box, and the theme lets the keyboard reach those of tables",
        r'<span class="katex-display">',
        r'<span class="katex-display pst-scrollable-table-container">',
        everywhere=False,
    ),
]


def quiet_header(app, config):
    """Leave out the header's search field: the side bar and the article's header have one each."""
    config.html_theme_options["navbar_persistent"] = []


def name_headers(app, page):
    """Say of each header of a table what it is the header of."""
    for part, scope in (("thead", "col"), ("tbody", "row")):
        page.html = re.sub(
            rf"<{part}\b.*?</{part}>",
            lambda found, scope=scope: re.sub("<th(?=[ >])", f'<th scope="{scope}"', found[0]),
            page.html,
            flags=re.DOTALL,
        )


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", quiet_header)
    app.connect("page-rendered", name_headers)
    mend(app, MENDS)
