"""A build after a change gives what a build from nothing gives, and on every machine the same."""

import functools
import zlib
from pathlib import Path

import pybtex.plugin

EXTENSION = Path(__file__).parent.parent


def rewrite_indexed(app, env):
    """Write the pages with index entries anew in every build.

    Sphinx keeps the words of the search for pages that have not changed, but not their index
    entries: after a change elsewhere, the search would no longer know the terms of the glossary.
    """
    return [name for name, entries in env.get_domain("index").entries.items() if entries]


def setup(app):
    """Register with Sphinx."""
    app.connect("env-updated", rewrite_indexed)
    # Or pybtex reads the entry points of every installed package, anew for each citation.
    pybtex.plugin._load_entry_point = functools.cache(pybtex.plugin._load_entry_point)
    # Pages are written anew after a change of this extension, too, not only of their sources.
    files = [path for path in sorted(EXTENSION.rglob("*.*")) if path.is_file()]
    sources = b"".join(path.read_bytes() for path in files if path.suffix != ".pyc")
    app.add_config_value("convbook_site", zlib.crc32(sources), "html")
