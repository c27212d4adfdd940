"""Style sheets: several made one, without what nothing uses, and with fonts of few icons."""

import logging
import posixpath
import re

import lightningcss
from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)

# The oldest browsers that understand all of policy.py: CSS is written in their terms.
BROWSERS = ["chrome 100", "firefox 108", "safari 15.4"]
NAME = r"(?:[a-zA-Z_-]|\\.)(?:[\w-]|\\.)*"
VALUE = r"""(?:"[^"]*"|'[^']*'|url\((?!["'])[^)]*\)|[^;{}"'])*"""
DECLARATION = rf"(?<=[{{;])(--[\w-]+):{VALUE};?"
ICON_FONT = re.compile(r"src:\s*url\(([^)]*?fontawesome/webfonts/[\w-]+)\.woff2\)[^;}]*")


def minify(css, unused=()):
    """Return a style sheet in few characters, without the unused classes and ids."""
    # What a browser does not understand it skips; so does error_recovery, instead of stopping.
    return lightningcss.process_stylesheet(
        css, unused_symbols=set(unused), browsers_list=BROWSERS, error_recovery=True
    )


def read(folder, name):
    """Return a style sheet with the sheets that it imports; its links begin at `folder`."""
    css = (folder / name).read_text("utf-8")
    here = posixpath.dirname(name)
    css = re.sub(
        r"url\((?!['\"]?(?:data:|#))['\"]?([^)'\"]+)['\"]?\)",
        lambda match: f"url({posixpath.normpath(posixpath.join(here, match[1]))})",
        css,
    )
    return re.sub(
        r'@import "([^"]+)";|@charset "[^"]+";',
        lambda match: (
            read(folder, posixpath.normpath(posixpath.join(here, match[1]))) if match[1] else ""
        ),
        css,
    )


def purge(css, pages, scripts):
    """Return a style sheet without the rules and variables that nothing uses.

    A rule is not used if each of its selectors has a class or id that is not. Those are used if a
    page has them or if they are words of a script, which may set them. So a script must have the
    names it sets in full.
    """
    values = re.findall(r"""\s(?:class|id)=(?:"([^"]*)"|([^\s>"']+))""", pages)
    licenses = "".join(re.findall(r"/\*!(?:(?!\*/).)*Licen.*?\*/", css, re.DOTALL))
    used = {*" ".join(map(" ".join, values)).split(), *re.findall(r"[\w-]+", scripts)}
    names = {name.replace("\\", "") for name in re.findall(rf"[.#]({NAME})", css)}
    css = minify(css, names - used)
    elsewhere = set(re.findall(r"--[\w-]+", pages + scripts))
    # A variable may be used by another one alone, so what is idle changes.
    while idle := _variables(css) - elsewhere.union(re.findall(r"var\(\s*(--[\w-]+)", css)):
        css = _without(css, idle)
    return licenses + minify(css)


def _variables(css):
    return {match[1] for match in re.finditer(DECLARATION, css)}


def _without(css, names):
    return re.sub(DECLARATION, lambda match: "" if match[1] in names else match[0], css)


def cut_icon_fonts(folder, css):
    """Cut the fonts of icons down to the icons that a style sheet shows, and let it name those."""
    escaped = re.findall(r"\\([ef][0-9a-f]{3})\b", css)
    icons = {int(code, 16) for code in escaped} | {
        ord(c) for c in re.findall("[\ue000-\uf8ff]", css)
    }

    def cut(match):
        name = match[1]
        font = TTFont(folder / f"{name}.ttf", recalcTimestamp=False)
        cutter = subset.Subsetter(subset.Options(layout_features=[], hinting=False))
        cutter.populate(unicodes=icons)
        cutter.subset(font)
        font.flavor = "woff"
        font.save(folder / f"{name}.woff")
        return f'src:url({name}.woff)format("woff")'

    return ICON_FONT.sub(cut, css)
