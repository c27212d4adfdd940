"""Search finds Chinese terms and sizes, leads to the glossary's entry, and shows text alone."""

import json
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.search import js_index
from sphinx.search.en import SearchEnglish

CHINESE = "\u3400-\u9fff"
TIMES = r"(?<=\d)\s*×\s*(?=\d)"  # 3×3 is in the index as 3x3, as it is typed


class Search(SearchEnglish):
    """English as Sphinx has it, and Chinese, in which no space separates the words.

    A run of Chinese is in the index as its pairs, and search.js asks for those of a query: 线性插值
    finds what has 线性, 性插 and 插值.
    """

    js_splitter_code = (
        rf"var splitQuery = (query) => query.replace(/{TIMES}/gu, 'x').match("
        rf"/[{CHINESE}]+|(?:(?![{CHINESE}])[\p{{L}}\p{{N}}_])+/gu) ?? [];"
    )

    def split(self, text):
        """Split into English words and pairs of Chinese characters."""
        pairs = rf"(?=([{CHINESE}]{{2}}))|([^\W{CHINESE}]+)"
        return [pair or word for pair, word in re.findall(pairs, re.sub(TIMES, "x", text))]

    def word_filter(self, word):
        """Leave out numbers, which the browser never looks for."""
        return super().word_filter(word) and not word.isdecimal()


def name_terms(app, doctree):
    """Give each term the address of its English name, and list it by this and by the Chinese one.

    The search compares the length of what is asked for with that of the whole name.
    """
    objects = app.env.get_domain("std").objects
    for term in doctree.findall(nodes.term):
        for index in term.findall(addnodes.index):
            kind, name, _, *rest = index["entries"][0]
            marked = next(term.findall(nodes.inline), None)  # as of the other language
            names = (
                [name.replace(marked.astext(), "").strip(), marked.astext()] if marked else [name]
            )
            english = names[bool(marked and "language-en" in marked["classes"])]
            address = "term-" + re.sub(r"\W+", "-", english, flags=re.ASCII).strip("-")
            term["ids"] = [address]
            objects["term", name] = (app.env.docname, address)
            each = [one for name in names for one in re.split("[（）、]", name) if one]
            index["entries"] = [(kind, one, address, *rest) for one in each]


class Index:
    """The index as Sphinx writes and reads it, but with Chinese as it is, and without spaces."""

    load = js_index.load

    @staticmethod
    def dump(data, file):
        """Write an index."""
        text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        file.write(f"Search.setIndex({text})")


def write_index(app):
    """Write the index in few bytes."""
    app.builder.indexer_format = Index


def setup(app):
    """Register with Sphinx."""
    app.add_search_language(Search)
    app.connect("builder-inited", write_index)
    app.connect("doctree-read", name_terms)
