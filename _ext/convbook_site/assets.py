"""One style sheet and one script for all pages, of what the pages use; and lighter pages.

A stock page loads thirteen style sheets, most of whose rules match nothing, and seventeen scripts.
Here the sheets become `_static/site.css`, without the rules that nothing uses and with fonts of
the icons and letters in use; the scripts become `_static/site.js`. What no page loads then is not
published.
"""

import base64
import functools
import io
import json
import re
import zlib
from pathlib import Path

from PIL import Image
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token
from selectolax.lexbor import LexborNode
from sphinx.locale import _
from sphinx.util import logging

from . import styles
from .languages import chinese
from .pages import attributes, mend, remove, whole, written

logger = logging.getLogger(__name__)
SHEET, SCRIPT = "_static/site.css", "_static/site.js"

# Scripts that no page needs, and why.
UNUSED = {
    "sphinx-thebe.js": "Thebe runs code on foreign servers",
    "THEBE_JS_URL": "Thebe's address",
    "design-tabs.js": "no page has tabs",
    "fontawesome.js": "1.5 MB that draw the icons of the web font a second time",
    "bootstrap.js": "80 kB for menus, which are buttons here",
    "DOCUMENTATION_OPTIONS.pagename": "for a switch of versions, which the book has not",
}
# Of Sphinx, with a function made of a text, which the policy forbids; see words().
TRANSLATIONS = "translations.js"
# Only on the page of the search, in this order.
SEARCH = ("searchtools.js", "language_data.js", "searchindex.js", "_static/search.js")
# Scripts with a fault: what to write in place of what, and why.
FAULTS = {
    "in the title of a picture, marking what was searched for fails": (
        '"button, select, textarea"',
        '"button, select, textarea, svg"',
    ),
    "a button that was pressed keeps the focus": ("t.blur()", "0"),
}
ELEMENT = re.compile(r"""customElements\.define\(["']([\w-]+)""")


def plain_tokens():
    """Return a selector of code that looks like text in both of the theme's styles."""
    styles = [get_style_by_name(f"a11y-high-contrast-{mode}") for mode in ("light", "dark")]
    text = [style.style_for_token(Token.Text) for style in styles]
    return ", ".join(
        f"pre .{name}"
        for token, name in STANDARD_TYPES.items()
        if name and [style.style_for_token(token) for style in styles] == text
    )


@functools.cache
def webp(png):
    """Return a picture as WebP, in base64.

    Without loss, as diagrams and small matrices are smallest; but at a quality of 75, whose loss
    is not seen at four times the size, if that takes a quarter less, as for photographs.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "RGBA" and image.getextrema()[3] == (255, 255):  # nothing is transparent
        image = image.convert("RGB")

    def saved(**options):
        file = io.BytesIO()
        image.save(file, "WEBP", method=6, **options)
        return file.getvalue()

    exact, close = saved(lossless=True), saved(quality=75)
    return base64.b64encode(close if len(close) < 0.75 * len(exact) else exact).decode()


def lighten(picture):
    """Turn PNG inside of a page into WebP, which is a third of it."""
    for name in ("src", "xlink:href"):
        kind, _, data = (picture.attrs.get(name) or "").partition(";base64,")
        if kind == "data:image/png":
            picture.attrs[name] = f"data:image/webp;base64,{webp(data)}"


def round_coordinates(shape):
    """Write coordinates to a tenth of a pixel, and no turn by no angle."""
    for name in ("d", "x", "y", "points"):
        if text := shape.attrs.get(name):
            text = re.sub(r"-?\d+\.\d+", lambda m: f"{round(float(m[0]), 1):.8g}", text)
            shape.attrs[name] = re.sub(r"\s*([a-zA-Z])\s*", r"\1", " ".join(text.split()))
    if shape.attrs.get("transform", "").startswith("rotate(-0 "):
        del shape.attrs["transform"]


def leave_dots(operator):
    """Turn the dot between names into text."""
    if operator.text() == ".":
        operator.unwrap()


EVERYWHERE = {
    # Scripts that are part of one need no early loading.
    "link[rel=preload]": remove,
}
SOMEWHERE = {
    # Thebe's settings go with Thebe.
    "[type='text/x-thebe-config'], [type='text/x-thebe-config'] + script": remove,
    # A photograph as PNG is heavy, coordinates have six decimals, two images may have one id.
    ".cell_output :is(img, image)": lighten,
    "figure svg *": round_coordinates,
    "svg image[id]": attributes(id=None),
    # The source of a formula is read by nothing, and marks off nothing.
    "math annotation": remove,
    "math semantics": LexborNode.unwrap,
    # Text needs no elements, nor does a dot.
    plain_tokens(): LexborNode.unwrap,
    "pre .o": leave_dots,
}


class Bundle:
    """The style sheets and scripts, which are the same on every page."""

    def __init__(self, unused):
        """unused: a part of each script that is to be left out."""
        self.links = None  # links to the sheets; links to the scripts, or their code
        self.unused, self.left_out = unused, set()
        self.elements = {}  # the scripts of custom elements, by the name of the element

    def share_elements(self, app, page):
        """Load the script of a custom element, such as the explorer, once, from a file.

        In a notebook every explorer carries it, because in Colab each output is a page of its own.
        """
        links = {}
        for script in page.tree.css("article script:not([src])"):
            if not (found := ELEMENT.search(script.text())):
                continue
            name, code = found[1], script.text()
            if self.elements.setdefault(name, code) != code:
                logger.warning("%s: another %s than on other pages", page.name, name)
            links[f"_static/{name}.js?v={_checksum(code)}"] = None
            script.decompose()
        return list(links)

    def gather(self, app, page):
        """Replace the style sheets and the scripts of a page by one of each."""
        root, own = page.context["content_root"], self.share_elements(app, page)

        def take(selector, attribute=""):
            """Take elements out of the page; return their addresses, from the root on, or texts."""
            nodes = page.tree.css(selector)
            found = [node.attrs.get(attribute) or node.text() for node in nodes]
            for node in nodes:
                node.decompose()
            return list(dict.fromkeys(one.removeprefix(root.removeprefix("./")) for one in found))

        sheets = take("link[rel=stylesheet]", "href")
        scripts = take("head script:not([data-cfasync]), body script[src]", "src")
        left_out, scripts = split(scripts, self.unused)
        self.left_out.update(left_out)
        search, scripts = split(scripts, SEARCH)
        if page.name == "search":
            own += sorted(search, key=lambda script: [name not in script for name in SEARCH])
        links = [sheets, scripts]
        self.links = self.links or links
        if links != self.links:
            logger.warning("%s: other style sheets or scripts than on other pages", page.name)

        version = f"?v={_checksum(repr(links))}"
        head = f'<link rel="stylesheet" href="{root}{SHEET}{version}">'
        if inside := take("body style"):  # the same one stands at many a picture
            head += f"<style>{''.join(inside)}</style>"
        # The scripts of the search are to run in their order, while the page is being read.
        defer = "" if page.name == "search" else " defer"
        for script in [SCRIPT + version, *own]:
            head += f'<script{defer} src="{root}{script}"></script>'
        page.append("head", head)

    def write(self, app, exception):
        """Write the style sheet and the scripts, and remove what no page loads."""
        if exception or not self.links:  # no page was rendered
            return
        if whole(app):
            for name in self.unused:
                if not split(self.left_out, [name])[0]:
                    logger.warning("no page has %s: nothing to leave out (a new theme?)", name)
        site, static = Path(app.outdir), Path(app.outdir, "_static")
        sheets, scripts = self.links
        code = ";\n".join(_read(site, s) if s.startswith("_static/") else s for s in scripts)
        for reason, (fault, cure) in FAULTS.items():
            if fault not in code:
                logger.warning("nothing to mend in a script: %s (a new theme?)", reason)
            code = code.replace(fault, cure)
        if chinese(app):
            code += words(code + _read(static, "searchtools.js"))
        (site / SCRIPT).write_text(code, "utf-8")
        for name, element in self.elements.items():
            (static / f"{name}.js").write_text(element, "utf-8")

        pages = "".join(path.read_text("utf-8") for path in written(app))
        # Scripts of elements, too, on pages that were written before.
        loaded = set(re.findall(r"_static/([\w-]+\.js)", pages))
        texts = "".join(_read(static, name) for name in sorted(loaded))
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


def split(scripts, names):
    """Return the scripts that hold one of these names, and the others."""
    held = [script for script in scripts if any(name in script for name in names)]
    return held, [script for script in scripts if script not in held]


def words(code):
    """Return a script that gives the words that other scripts ask for, in the page's language."""
    asked = re.findall(r"""(?:\b_|gettext)\(\s*"([^"]+)"\s*\)""", code)
    known = {text: _(text) for text in sorted(set(asked))}
    return f"\n;Object.assign(Documentation.TRANSLATIONS, {json.dumps(known, ensure_ascii=False)})"


def _checksum(text):
    return f"{zlib.crc32(text.encode()):08x}"


def _read(folder, link):
    return (folder / link.split("?")[0]).read_text("utf-8")


def setup(app):
    """Register with Sphinx."""
    bundle = Bundle([*UNUSED, TRANSLATIONS] if chinese(app) else [*UNUSED])
    mend(app, EVERYWHERE, SOMEWHERE)
    app.connect("page-rendered", bundle.gather)
    app.connect("build-finished", bundle.write, priority=900)  # the theme writes colors of code
