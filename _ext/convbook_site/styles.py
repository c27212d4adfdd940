"""Style sheets: several made one, without what nothing uses, and with fonts of what is shown."""

import hashlib
import logging
import posixpath
import re
import shutil

import fontTools
import lightningcss
from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)

# The oldest browsers that understand all of policy.py: CSS is written in their terms.
BROWSERS = ["chrome 100", "firefox 108", "safari 15.4"]
NAME = r"(?:[a-zA-Z_-]|\\.)(?:[\w-]|\\.)*"
# Fonts for letters of one kind, and where those stand.
ALPHABETS = {
    "Caligraphic": r"<span class=[^>]*\bmathcal\b[^>]*>([^<]*)",
    "Fraktur": r"<span class=[^>]*\bmathfrak\b[^>]*>([^<]*)",
    "Script": r"<span class=[^>]*\bmathscr\b[^>]*>([^<]*)",
    "SansSerif": r"<span class=[^>]*\b(?:math|text)sf\b[^>]*>([^<]*)",
    "KaTeX_Math": r"<span class=[^>]*\b(?:mathnormal|boldsymbol)\b[^>]*>([^<]*)",
    "KaTeX": r"class=katex-html>(.*?)</(?:p|td|th|li|div|dd|figcaption|h\d)>",
    "italic": r"<(?:em|cite|i)\b(.*?)</(?:em|cite|i)>",
    "mono": r"<(?:code|pre)\b(.*?)</(?:code|pre)>",
}
FONT = re.compile(r"src:url\(([^)]+\.woff2)\)[^;}]*")


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
    css, before = minify(css, names - used), None
    elsewhere = set(re.findall(r"--[\w-]+", pages + scripts))
    while css != before:  # a variable may be used by another one alone
        needed = elsewhere.union(re.findall(r"var\(\s*(--[\w-]+)", css))
        before, idle = css, set(re.findall(r"[{;](--[\w-]+):", css)) - needed
        css = minify(css, idle)
    return licenses + css


def minify(css, unused):
    """Return a style sheet in few characters, without the unused classes, ids and variables."""
    # What a browser does not understand it skips; so does error_recovery, instead of stopping.
    return lightningcss.process_stylesheet(
        css, unused_symbols=unused, browsers_list=BROWSERS, error_recovery=True
    )


def cut_fonts(folder, css, pages, cache):
    """Cut the fonts that a style sheet names down to the characters that the site shows.

    cache: a folder for what is cut, as the next build often shows the same characters.
    """
    cache.mkdir(parents=True, exist_ok=True)
    icons = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", css)}
    icons |= {ord(char) for char in css if "\ue000" <= char <= "\uf8ff"}
    characters = set(pages)

    def shown(font):
        if "fontawesome" in font:
            return icons
        alphabet = next((mark for name, mark in ALPHABETS.items() if name in font), None)
        letters = re.findall(alphabet, pages, re.DOTALL) if alphabet else characters
        return set(map(ord, "".join(letters)))

    def cut(match):
        path, letters = folder / match[1], sorted(shown(match[1]))
        given = path.read_bytes() + repr((letters, fontTools.version)).encode()
        kept = cache / hashlib.sha256(given).hexdigest()
        if not kept.exists():
            font = TTFont(path, recalcTimestamp=False)
            cutter = subset.Subsetter(subset.Options(hinting=False))
            cutter.populate(unicodes=letters)
            cutter.subset(font)
            font.save(kept.with_suffix(".new"))
            kept.with_suffix(".new").replace(kept)  # whole, even if we are stopped
        shutil.copyfile(kept, path)
        return f'src:url({match[1]})format("woff2")'

    return FONT.sub(cut, css)
