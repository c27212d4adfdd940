"""What a page need not load."""

from pathlib import Path

from convbook import explorer

from .pages import Mend, mend

EXPLORER = "_static/conv-explorer.js"

# Scripts and styles that no page uses: Thebe runs code on foreign servers, and the theme's icons
# come from its web font, so the script that draws them a second time (1.5 MB) is not needed.
UNUSED = ("sphinx-thebe.js", "sphinx-thebe.css", "design-tabs.js", "THEBE_JS_URL")

MENDS = [
    Mend(
        "icons come from the web font",
        r'\s*<script defer src="[^"]*fontawesome\.js[^>]*></script>',
    ),
    Mend(
        "Thebe's settings go with Thebe",
        r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName[^<]*</script>',
        everywhere=False,
    ),
]


def drop_unused(app, pagename, templatename, context, doctree):
    """Leave out the scripts and styles that no page uses."""
    for kind in ("script_files", "css_files"):
        context[kind] = [f for f in context.get(kind, []) if not _is_unused(f)]


def _is_unused(file):
    text = str(getattr(file, "filename", file) or "") + str(getattr(file, "attributes", ""))
    return any(name in text for name in UNUSED)


def share_explorer(app, page):
    """Load the explorer's script once, from a file.

    In a notebook every explorer carries it, because in Colab each output is a page of its own.
    """
    inline = f"<script>{explorer.script()}</script>"
    if inline not in page.html:
        return
    file = page.context["pathto"](EXPLORER, resource=True)
    script = f'<script defer src="{file}"></script>\n</head>'
    page.html = page.html.replace(inline, "").replace("</head>", script, 1)


def write_explorer(app, exception):
    """Write that file."""
    if exception is None and app.builder.format == "html":
        Path(app.outdir, EXPLORER).write_text(explorer.script(), encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("html-page-context", drop_unused, priority=900)
    app.connect("page-rendered", share_explorer)
    app.connect("build-finished", write_explorer)
    mend(app, MENDS)
