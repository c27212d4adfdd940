"""One style sheet and one script for all pages, of what the pages use.

A stock page loads thirteen style sheets, most of whose rules match nothing, and seventeen scripts.
Here the sheets become `_static/site.css`, without the rules that nothing uses and with fonts of
the icons and letters in use; the scripts become `_static/site.js`. What no page loads then is not
published.
"""

import re
import zlib
from pathlib import Path

from sphinx.util import logging

from . import styles
from .pages import Mend, mend, whole, written

logger = logging.getLogger(__name__)
SHEET, SCRIPT, EXPLORER = "_static/site.css", "_static/site.js", "_static/conv-explorer.js"

# Scripts that no page needs, and why.
UNUSED = {
    "sphinx-thebe.js": "Thebe runs code on foreign servers",
    "THEBE_JS_URL": "Thebe's address",
    "thebe_selector": "Thebe's settings",
    "design-tabs.js": "no page has tabs",
    "fontawesome.js": "1.5 MB that draw the icons of the web font a second time",
    "bootstrap.js": "80 KB of which the pages use what buttons.js does",
    "DOCUMENTATION_OPTIONS.pagename": "for a switch of versions, which the book has not",
}
# Only on the page of the search.
SEARCH = ("searchtools.js", "language_data.js", "searchindex.js", "_static/search.js")

MENDS = [
    Mend("scripts that are part of one need no early loading", r'<link rel="preload"[^>]*>\s*'),
    Mend("Bootstrap would show this title; a browser does, too", r' data-bs-title="', ' title="'),
    Mend(
        "Thebe's settings go with Thebe",
        r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName[^<]*</script>',
        everywhere=False,
    ),
]

LINK = re.compile(r'<link\b(?=[^>]*rel="stylesheet")[^>]*?href="([^"]*)"[^>]*>\s*')
FILE = re.compile(r'<script\b[^>]*\ssrc="([^"]*)"[^>]*></script>\s*')
FILE_OR_CODE = re.compile(rf"{FILE.pattern}|<script>(.*?)</script>\s*", re.DOTALL)
INLINE_EXPLORER = re.compile(
    r"<script>((?:(?!</script>).)*customElements.define\(.conv-explorer.*?)</script>", re.DOTALL
)
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)


class Bundle:
    """The style sheets and scripts, which are the same on every page."""

    def __init__(self):
        """Begin with nothing."""
        self.links = None  # links to the sheets; links to the scripts, or their code
        self.unused = set()  # what was left out
        self.explorer = None  # its script

    def share_explorer(self, app, page):
        """Load the explorer's script once, from a file.

        In a notebook every explorer carries it, because in Colab each output is a page of its own.
        """
        codes = set(INLINE_EXPLORER.findall(page.html))
        if not codes:
            return
        self.explorer = self.explorer or codes.copy().pop()
        if codes != {self.explorer}:
            logger.warning("%s: another explorer than on other pages: make chapters", page.name)
        link = f"{page.context['content_root']}{EXPLORER}?v={_checksum(self.explorer)}"
        html = INLINE_EXPLORER.sub("", page.html)
        page.html = html.replace("</head>", f'<script src="{link}"></script>\n</head>', 1)

    def gather(self, app, page):
        """Replace the style sheets and the scripts of a page by one of each."""
        head, body = page.html.split("</head>", 1)
        root = page.context["content_root"]
        below = root.removeprefix("./")
        sheets = [link.removeprefix(below) for link in LINK.findall(head)]
        scripts = [link.removeprefix(below) or code for link, code in FILE_OR_CODE.findall(head)]
        scripts += [link.removeprefix(below) for link in FILE.findall(body)]
        head = FILE_OR_CODE.sub("", LINK.sub("", head))
        body = FILE.sub("", body)

        self.unused |= {name for name in UNUSED if any(name in script for script in scripts)}
        scripts = [s for s in dict.fromkeys(scripts) if not _has(s, UNUSED)]
        own = [s for s in scripts if _has(s, (*SEARCH, EXPLORER))]
        links = sheets, [s for s in scripts if s not in own]
        self.links = self.links or links
        if links != self.links:
            logger.warning("%s: other style sheets or scripts than on other pages", page.name)

        version = f"?v={_checksum(repr(links))}"
        head += f'<link rel="stylesheet" href="{root}{SHEET}{version}">\n'
        if found := dict.fromkeys(STYLE.findall(body)):  # the same one stands at many a picture
            head += f"<style>{styles.minify(''.join(found))}</style>\n"
            body = STYLE.sub("", body)
        # The scripts of the search are to run in their order, while the page is being read.
        defer = "" if page.name == "search" else " defer"
        for script in [SCRIPT + version, *own]:
            if page.name == "search" or not _has(script, SEARCH):
                head += f'<script{defer} src="{root}{script}"></script>\n'
        page.html = f"{head}</head>{body}"

    def write(self, app, exception):
        """Write the style sheet and the scripts, and remove what no page loads."""
        if exception or not self.links:  # no page was rendered
            return
        if whole(app):
            for name in UNUSED.keys() - self.unused:
                logger.warning("no page has %s: nothing to leave out (a new theme?)", name)
        site, static = Path(app.outdir), Path(app.outdir, "_static")
        sheets, scripts = self.links
        code = [_read(site, s) if s.startswith("_static/") else s for s in scripts]
        script = ";\n".join(code)
        (site / SCRIPT).write_text(script, "utf-8")
        if self.explorer:
            (site / EXPLORER).write_text(self.explorer, "utf-8")
        explorer = _read(site, EXPLORER)  # if no page with one has changed, that of before

        pages = "".join(path.read_text("utf-8") for path in written(app))
        texts = script + explorer + _read(static, SEARCH[0])
        paths = [link.split("?")[0].removeprefix("_static/") for link in sheets]
        sheet = "".join(styles.read(static, path) for path in paths)
        sheet = styles.purge(sheet, pages, texts)
        sheet = styles.cut_fonts(static, sheet, pages, Path(app.doctreedir, "fonts"))
        (site / SHEET).write_text(sheet, "utf-8")

        for path in static.rglob("*"):
            name = path.relative_to(static).as_posix()
            named = f"_static/{name}" in pages + texts or name in sheet or path.name == "LICENSE"
            if path.is_file() and not named:
                path.unlink()


def _checksum(text):
    return f"{zlib.crc32(text.encode()):08x}"


def _has(script, names):
    return any(name in script for name in names)


def _read(folder, link):
    return (folder / link.split("?")[0]).read_text("utf-8")


def setup(app):
    """Register with Sphinx."""
    bundle = Bundle()
    app.add_js_file("buttons.js")
    mend(app, MENDS)
    app.connect("page-rendered", bundle.gather, priority=800)
    app.connect("page-rendered", bundle.share_explorer, priority=600)
    app.connect("build-finished", bundle.write, priority=900)  # the theme writes colors of code
