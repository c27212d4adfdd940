"""The same page in fewer bytes: a reader sees no difference."""

import base64
import functools
import io
import itertools
import re

from PIL import Image
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token

from .pages import Mend, mend


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


def plain_tokens():
    """Return the classes of code that look like text in both of the theme's styles."""
    styles = [get_style_by_name(f"a11y-high-contrast-{mode}") for mode in ("light", "dark")]
    text = [style.style_for_token(Token.Text) for style in styles]
    return [
        name
        for token, name in STANDARD_TYPES.items()
        if name and [style.style_for_token(token) for style in styles] == text
    ]


def round_coordinates(match):
    """Write coordinates to a tenth of a pixel, and a path without needless spaces."""
    numbers = re.sub(r"-?\d+\.\d+", lambda m: f"{round(float(m[0]), 1):.8g}", match[2])
    close = re.sub(r"\s*([a-zA-Z])\s*", r"\1", " ".join(numbers.split()))
    return f'{match[1]}{close}"'


def shorten_ids(app, page):
    """Number matplotlib's ids, which are hashes, on each page."""
    count = itertools.count(1)
    short = functools.cache(lambda name: f"part-{next(count)}")
    hashed = r"\bf[0-9a-f]{8}(?:p|m|h|C\d)[0-9a-f]{10}\b"
    page.html = re.sub(hashed, lambda match: short(match[0]), page.html)


MENDS = [
    Mend(
        "WebP is a third of PNG",
        r"data:image/png;base64,([^\"]+)",
        lambda match: f"data:image/webp;base64,{webp(match[1])}",
        everywhere=False,
    ),
    Mend(
        "nothing names matplotlib's images, of which two may have the same id",
        r' id="f[0-9a-f]{8}image[0-9a-f]{10}"',
        everywhere=False,
    ),
    Mend(
        "coordinates have six decimals",
        r'(\s(?:d|x|y|points)=")([^"]*)"',
        round_coordinates,
        everywhere=False,
    ),
    Mend("matplotlib turns labels by no angle", r' transform="rotate\(-0 [^"]*"', everywhere=False),
    Mend(
        "inside of a page, pictures and formulas need no namespaces",
        r' xmlns(?::xlink)?="[^"]*"',
        everywhere=False,
    ),
    Mend(
        "the source of a formula is read by nothing, and marks off nothing",
        r"<annotation.*?</annotation>|</?semantics>",
        everywhere=False,
    ),
    Mend(
        "no eye sees how MathML is laid out: beside it KaTeX draws the formula",
        r"<(mo|mstyle|mover|mspace|mtable)\b(?:[^>]*?( mathvariant=[^ >]+))?[^>]*>",
        r"<\1\2>",
        everywhere=False,
    ),
    Mend(
        "code that looks like text needs no elements",
        rf'<span class="(?:{"|".join(plain_tokens())})">([^<]*)</span>',
        r"\1",
        everywhere=False,
    ),
    Mend("so does a dot between names", r'<span class="o">\.</span>', ".", everywhere=False),
    Mend(
        "space between the parts of a picture is not drawn, and empty groups are not either",
        r"(?<=>)\n(?=</?(?:text|g|path|rect|use|defs)\b)|<(defs|g)(?![^>]*class)[^>]*>\s*</\1>\s*",
        everywhere=False,
    ),
    Mend(
        "Bootstrap's marks for titles, which a browser shows by itself",
        r' data-bs-(?:placement="\w+"|toggle="tooltip")',
    ),
    Mend(
        "the theme says three times how wide a page is",
        r"<meta name=.viewport.[^>]*>(?=.*?<meta name=.viewport)",
    ),
    Mend("nobody reads these: the search is the book's own", r'<meta name="docsearch:[^>]*>\s*'),
    Mend("there are no advertisements", r'<div id="ethical-ad-placement".*?</div>'),
    Mend("comments are for the authors of the theme", r"<!--.*?-->"),
    Mend(
        "indentation and empty lines, but not of code",
        r"(<pre.*?</pre>)|\n\s+(?=<)",
        lambda match: match[1] or "\n",
    ),
]


UNQUOTE = [
    Mend(
        "an attribute without spaces needs no quotes",
        r"(<(script|style)\b.*?</\2>)|<[a-z][^<>]*>",
        lambda tag: tag[1] or re.sub(r'="([\w.#/%:,;()?&-]+)"(?=[\s>])', r"=\1", tag[0]),
    ),
]


def setup(app):
    """Register with Sphinx."""
    mend(app, MENDS, priority=700)
    mend(app, UNQUOTE, priority=950)  # after all that looks for attributes
    app.connect("page-rendered", shorten_ids, priority=700)
