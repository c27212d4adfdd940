"""Pictures and code in few bytes: what a reader sees stays the same."""

import base64
import functools
import io
import re

from PIL import Image
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token

PHOTOGRAPH = 4096  # bytes; a picture that needs more without loss is one in which none is seen


@functools.cache
def webp(png):
    """Return a picture as WebP, in base64: without loss, or a photograph at a quality of 90."""
    image = Image.open(io.BytesIO(base64.b64decode(png)))

    def saved(**options):
        file = io.BytesIO()
        image.save(file, "WEBP", method=6, **options)
        return file.getvalue()

    data = saved(lossless=True)
    if len(data) > PHOTOGRAPH:
        data = saved(quality=90)
    return base64.b64encode(data).decode()


def lighten(app, page):
    """Write pictures as WebP, coordinates to two decimals, and code without idle elements."""
    html = re.sub(
        r"data:image/png;base64,([^\"]+)",
        lambda m: f"data:image/webp;base64,{webp(m[1])}",
        page.html,
    )
    html = re.sub(r'(\s(?:d|x|y|points)=")([^"]*)"', _round, html)
    html = re.sub(r' transform="rotate\(-0 [^"]*"', "", html)  # matplotlib's, of each label
    plain = "|".join(plain_tokens())
    page.html = re.sub(rf'<span class="(?:{plain})">([^<]*)</span>', r"\1", html)


def _round(match):
    numbers = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", match[2])
    return f'{match[1]}{" ".join(numbers.split())}"'


@functools.cache
def plain_tokens():
    """Return the classes of code that look like text in both of the theme's styles."""
    styles = [get_style_by_name(f"a11y-high-contrast-{mode}") for mode in ("light", "dark")]
    text = [style.style_for_token(Token.Text) for style in styles]
    return [
        name
        for token, name in STANDARD_TYPES.items()
        if name and [style.style_for_token(token) for style in styles] == text
    ]


def setup(app):
    """Register with Sphinx."""
    app.connect("page-rendered", lighten, priority=700)
