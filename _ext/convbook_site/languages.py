"""The Chinese edition: its words, the addresses of its headings, and how the two are linked.

English is at the root of the site, Chinese below zh/, page by page and section by section.
"""

import functools
import pickle
import re
import zlib
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import polib
from docutils import nodes
from sphinx.locale import _, translators
from sphinx.transforms import SphinxTransform
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import BracketStyle, PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

from .pages import fragment

LOCALE = Path(__file__).parents[2] / "locale" / "zh_CN"
# Words of the site; docstrings.
CATALOGS = [path for path in (LOCALE / "site.po", LOCALE / "reference/api.po") if path.exists()]
# By code: the name in the language itself, what a screen reader says of the link, and og:locale.
EDITIONS = {"en": ("English", "English edition", "en_US"), "zh-CN": ("中文", "中文版", "zh_CN")}


def chinese(app):
    """Return whether this build makes the Chinese site."""
    return app.config.language == "zh_CN"


def use_words(app):
    """Let the book's catalogs go before all those of Sphinx, its extensions and the theme."""
    for place in translators:
        for path in CATALOGS if place[0] == "general" else ():
            words = GNUTranslations(BytesIO(polib.pofile(str(path)).to_binary()))
            words.add_fallback(translators[place])
            translators[place] = words
    app.translator = translators["general", "sphinx"]  # of the templates


class EnglishAddresses(SphinxTransform):
    """Give each heading the address that it has in English, before links to it are resolved."""

    default_priority = 1

    def apply(self, **kwargs):
        """Read the English page, which was built before, and take over its addresses."""
        english = Path(self.app.doctreedir).parent / f"{self.env.docname}.doctree"
        theirs = list(pickle.loads(english.read_bytes()).findall(nodes.section))
        mine = list(self.document.findall(nodes.section))
        slugs = getattr(self.document, "myst_slugs", {})
        old = {entry[1]: entry for entry in slugs.values()}
        slugs.clear()
        for section, other in zip(mine, theirs, strict=True):
            (own,) = section["ids"]
            new = next(one for one in other["ids"] if not one.startswith("module-"))
            section["ids"] = [new]
            self.document.ids[new] = self.document.ids.pop(own)
            self.document.nameids.update({name: new for name in section["names"]})
            if "slug" in other:
                section["slug"] = other["slug"]
                slugs[other["slug"]] = (old[own][0], new, old[own][2])


def say_in_chinese(app, page):
    """Look up what names the parts of a page: not all of it goes through gettext."""
    for node in page.tree.css("a.reference"):  # BibTeX's word for more authors is no person
        if " 和 others" in node.inner_html:
            node.inner_html = node.inner_html.replace(" 和 others", " 等")
    for node in page.tree.css("article em"):  # which is bold in Chinese, and slanted in English
        if not re.search("[\u3400-\u9fff]", node.text()):
            node.attrs["lang"] = "en"
    for name in ("title", "aria-label", "placeholder"):
        for node in page.tree.css(f"[{name}]"):
            node.attrs[name] = _(node.attrs[name])


def alternates(app, name):
    """Return the address of a page in each language; nothing, if there is no Chinese edition."""
    if name not in app.env.all_docs or not (chinese(app) or Path(app.srcdir, "zh").exists()):
        return {}
    base, page = app.config.html_baseurl.removesuffix("zh/"), app.builder.get_target_uri(name)
    return {"en": base + page, "zh-CN": f"{base}zh/{page}", "x-default": base + page}


def link_editions(app, page):
    """Lead from each page to the same one in the other language: people, and search engines."""
    if not alternates(app, app.config.root_doc):
        return
    code, folder = ("en", "../") if chinese(app) else ("zh-CN", "zh/")
    both = alternates(app, page.name)
    target = page.name if both or page.name == "search" else app.config.root_doc
    shown, described, _territory = EDITIONS[code]
    link = f'<a class="btn btn-sm edition" lang="{code}" hreflang="{code}" aria-label="{described}"'
    link += f' href="{page.context["content_root"]}{folder}{target}.html">{shown}</a>'
    page.tree.css_first(".article-header-buttons").insert_child(fragment(link))
    for language, url in both.items():
        page.append("head", f'<link rel="alternate" hreflang="{language}" href="{url}">')


def setup(app):
    """Register with Sphinx."""
    app.connect("page-rendered", link_editions)
    style = functools.partial(
        AuthorYearReferenceStyle,
        bracket_textual=BracketStyle("（", "）", "、"),
        bracket_parenthetical=BracketStyle("（", "）", "；"),
        person=PersonStyle(sep="、", sep2=" 和 ", last_sep=" 和 ", other=" 等"),
        author_year_sep="，",
        text_reference_sep="",
        post_text_sep="，",
    )
    group = "sphinxcontrib.bibtex.style.referencing"
    register_plugin(group, "author_year_zh", style, force=True)
    if chinese(app):
        use_words(app)
        app.connect("builder-inited", use_words)  # for extensions that come after this one
        app.connect("page-rendered", say_in_chinese)
        words = b"".join(path.read_bytes() for path in CATALOGS)
        app.add_config_value("convbook_words", zlib.crc32(words), "env")
        app.add_transform(EnglishAddresses)
