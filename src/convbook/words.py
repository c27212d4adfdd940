"""Where the words that a reader sees pass on their way to the page: in English, or in Chinese.

CONVBOOK_LANGUAGE=zh_CN in the environment makes them Chinese. Unset, or without a catalog in
`locale`, it leaves them as they stand in the code. Errors stay English, as those of Python and
PyTorch are.
"""

import functools
import gettext
import os
import re
import textwrap
import unicodedata
from pathlib import Path

LOCALE = Path(__file__).with_name("locale")


@functools.cache
def _catalog(language: str) -> gettext.NullTranslations:
    path = LOCALE / language / "LC_MESSAGES" / "convbook.mo"
    if not (language and path.is_file()):
        return gettext.NullTranslations()
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)


def _now() -> gettext.NullTranslations:
    """Return the catalog of the language that is set now."""
    return _catalog(os.environ.get("CONVBOOK_LANGUAGE", ""))


def _(text: str) -> str:
    """Return the words to show for the English ones; those that no catalog has stay.

    >>> _("kernel K")
    'kernel K'
    """
    return _now().gettext(text) if text else text  # of no text, gettext returns its header


def lang() -> str | None:
    """Return the attribute `lang` of an element with such words; None in English."""
    return _now().info().get("language", "").replace("_", "-") or None


def lang_attribute() -> str:
    """Return the same for the text of a tag, with a space before it."""
    return f' lang="{lang()}"' if lang() else ""


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def width_of(text: str) -> int:
    """Return how many columns a text is wide; a Chinese character counts two.

    >>> width_of("K"), width_of("核")
    (1, 2)
    """
    return len(text) + sum(map(_is_wide, text))


def ljust(text: str, width: int) -> str:
    """Return a text with spaces after it, `width` columns wide."""
    return text + " " * (width - width_of(text))


def rjust(text: str, width: int) -> str:
    """Return a text with spaces before it, `width` columns wide."""
    return " " * (width - width_of(text)) + text


def latin(text: str) -> str:
    """Return a text with a W for each Chinese character: as wide, in a font that has none.

    >>> latin("卷积核 K")
    'WWW K'
    """
    return "".join("W" if _is_wide(character) else character for character in text)


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of `width` columns: at spaces, and between Chinese characters.

    No line begins with a Chinese sign that closes something, or ends with one that opens it; a
    comma may hang over.

    >>> wrap("卷积核的大小，步幅 2", 12)
    ['卷积核的大小，', '步幅 2']
    """
    text = "".join(c + "\v" if _is_wide(c) and c not in "（《「" else c for c in text)
    text = re.sub("\v(?=[，。；：？！、）》」”])", "", text)  # \v: textwrap may break there
    lines = textwrap.wrap(text, width, replace_whitespace=False)
    return [line.replace("\v", "") for line in lines]
