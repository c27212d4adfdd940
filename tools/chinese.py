"""Build the Chinese site from zh/ beside the English one, which must be there already.

    python tools/chinese.py [FOLDER]    writes FOLDER/html/zh; FOLDER is _build, if it is not given

It is configured as the English one: _config.yml and _toc.yml, in the words of locale/zh_CN/site.po.
A page that there is in English alone stands in English in it.
"""

import re
import shutil
import sys
from pathlib import Path

import polib
import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("chapters", "reference", "_ext/static", "intro.ipynb", "references.bib")


def read(name):
    """Return a YAML file of the book with its words in Chinese."""
    catalog = polib.pofile(str(ROOT / "locale/zh_CN/site.po")).translated_entries()
    words = {entry.msgid: entry.msgstr for entry in catalog}

    def translated(part):
        if isinstance(part, dict):
            return {key: translated(value) for key, value in part.items()}
        if isinstance(part, list):
            return [translated(value) for value in part]
        if isinstance(part, str) and part.startswith("<"):  # texts between tags
            return re.sub(
                r"(?<=>) ?([A-Z][a-zA-Z ]+[a-z])", lambda text: words.get(text[1], text[1]), part
            )
        return words.get(part, part) if isinstance(part, str) else part

    return translated(yaml.safe_load((ROOT / name).read_text("utf-8")))


def config():
    """Return the configuration; the path of the extension is from the root of the book."""
    given = read("_config.yml")
    given["repository"]["path_to_book"] = "zh"
    given["html"]["baseurl"] += "zh/"
    extensions = given["sphinx"]["local_extensions"]
    extensions.update({name: str(ROOT / folder) for name, folder in extensions.items()})
    own = given["sphinx"]["config"]
    own |= {"language": "zh_CN", "html_search_language": "en"}  # which knows both, see search.py
    own["bibtex_reference_style"] += "_zh"
    return given


def gather(folder):
    """Bring the pages together in a folder, in English first, and what the configuration names."""
    for edition in (ROOT, ROOT / "zh"):
        for source in filter(Path.exists, (edition / name for name in SOURCES)):
            target = folder / source.relative_to(edition)
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)


def build(folder):
    """Build the site; return its exit status."""
    from jupyter_book.sphinx import build_sphinx  # takes a second

    work = folder / "zh"
    gather(work)
    for name, made in (("_config.yml", config()), ("_toc.yml", read("_toc.yml"))):
        (work / name).write_text(yaml.safe_dump(made, allow_unicode=True), "utf-8")
    return build_sphinx(
        work,
        folder / "html" / "zh",
        doctreedir=folder / ".doctrees" / "zh",
        noconfig=True,
        path_config=work / "_config.yml",
        confoverrides={"nitpicky": True, "latex_individualpages": False},
        quiet=True,
        warningiserror=True,
        keep_going=True,
    )


if __name__ == "__main__":
    sys.exit(int(build(Path(*sys.argv[1:] or [ROOT / "_build"]).resolve()) != 0))
