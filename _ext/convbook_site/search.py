"""Search finds Chinese terms and sizes, leads to the glossary's entry, and shows text alone."""

import re

from sphinx import addnodes
from sphinx.search.en import SearchEnglish

CHINESE = "\u3400-\u9fff"
TIMES = r"(?<=\d)\s*×\s*(?=\d)"  # 3×3 is in the index as 3x3, as it is typed


class Search(SearchEnglish):
    """English as Sphinx has it, and Chinese, in which no space separates the words.

    A run of Chinese is in the index as a whole, in which the browser finds any three characters,
    and as its pairs, so that 插值 finds 双线性插值 as well.
    """

    js_splitter_code = (
        rf"var splitQuery = (query) => query.replace(/{TIMES}/gu, 'x').match("
        rf"/[{CHINESE}]+|(?:(?![{CHINESE}])[\p{{L}}\p{{N}}_])+/gu) ?? [];"
    )

    def split(self, text):
        """Split into English words, runs of Chinese and their pairs."""
        words = re.findall(rf"[{CHINESE}]+|[^\W{CHINESE}]+", re.sub(TIMES, "x", text))
        runs = [word for word in words if re.match(f"[{CHINESE}]", word)]
        return words + [run[i : i + 2] for run in runs for i in range(len(run) - 1)]

    def word_filter(self, word):
        """Leave out numbers, which the browser never looks for."""
        return super().word_filter(word) and not word.isdecimal()


def name_terms_twice(app, doctree):
    """List each term of a glossary by its English and by its Chinese name.

    The search compares the length of what is asked for with that of the whole name.
    """
    for index in doctree.findall(addnodes.index):
        entries = []
        for kind, name, *rest in index["entries"]:
            found = re.fullmatch(rf"([^{CHINESE}]+) ([{CHINESE}].*)", name)
            entries += [(kind, part, *rest) for part in (found.groups() if found else [name])]
        index["entries"] = entries


def show_text(app, page):
    """Load what shows the text around a word that was found."""
    if page.name == "search":
        file = page.context["pathto"]("_static/search.js", resource=True)
        page.append("body", f'<script src="{file}"></script>')


def setup(app):
    """Register with Sphinx."""
    app.add_search_language(Search)
    app.connect("doctree-read", name_terms_twice)
    app.connect("page-rendered", show_text)
