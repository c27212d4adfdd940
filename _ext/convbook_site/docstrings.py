"""The page of the API is made from the docstrings, and the sources in the chapters lead to it."""

import inspect
import re
import sys

from sphinx.locale import _

from .pages import fragment


def lay_out(app, what, name, thing, options, lines):
    """Turn a docstring, which is plain text, into reStructuredText for the page of the API.

    Each argument, the result, what is raised and the source begin a line of their own, with the
    first word in bold, and so does a sentence that begins a line. Names in backticks become links
    or code, and so do words in quotes. A drawing in a module's docstring stays as it is.
    """
    text, examples, rest = "\n".join(lines).partition(">>> ")
    first = text.split("\n\n")[0]
    if (said := _(" ".join(first.split()))) not in ("", " ".join(first.split())):
        text = text.replace(first, said, 1)
    arguments = [] if what == "module" else [*inspect.signature(thing).parameters]
    heads = "|".join([*map(re.escape, arguments), "Arguments", "All arguments", "Source"])
    paragraphs = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("    "):
            paragraphs.append(f".. code-block:: none\n\n{paragraph}")
            continue
        paragraph = re.sub(r"([*|\\])", r"\\\1", paragraph)
        paragraph = re.sub(r"`+([^`]+)`+|(\"\w+\")", _link_or_code, paragraph)
        paragraph = paragraph.replace(".\n", ".\n\n")
        named = rf"(?:{heads})(?:(?:, | and )(?:{heads}|the rest))*:"
        begins = rf"(?:^|(?<=\. )|(?<=\n))({named}|Returns\b|Raises\b)"
        paragraph = re.sub(begins, r"\n\n**\1**", paragraph)
        paragraphs.append(paragraph)
    lines[:] = ("\n\n".join(paragraphs) + examples + rest).split("\n")


def _link_or_code(match):
    if match[1] in sys.modules["convbook"].__all__:  # which autodoc has imported
        return f":py:func:`~convbook.{match[1]}`"
    return f"``{match[1] or match[2]}``"


def link_sources(app, page):
    """Link the name of each public function whose source is shown to its place in the API."""
    public = app.env.get_domain("py").objects
    for name in page.tree.css(".highlight-python pre > .k + .w + .nf"):
        found = public.get(f"convbook.{name.text()}")
        if found and found.objtype == "function":
            target = f"{page.context['pathto']('reference/api')}#{found.node_id}"
            title = _("{} in the API").format(name.text())
            link = f'<a class="nf" href="{target}" title="{title}">{name.text()}</a>'
            name.replace_with(fragment(link))


def setup(app):
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", lay_out)
    app.connect("page-rendered", link_sources)
