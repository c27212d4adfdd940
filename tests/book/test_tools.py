"""The commands that maintain the book, tried on a small copy of it."""

import csv
import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from types import SimpleNamespace

import links
import pytest
import release
import repository
import translations
from book import ROOT, URL
from catalogs import write
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import chapters

REQUIREMENTS = (ROOT / "requirements.txt").read_text("utf-8")
PINS = dict(re.findall(r"^([\w.-]+)==([\w.]+)", REQUIREMENTS, re.MULTILINE))
CUDA = ("nvidia-", "cuda-", "triton")  # brought by builds of torch that not every machine has

CHAPTER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A chapter

```{code-cell} ipython3
x = 1
```

```{code-cell} ipython3
:tags: [hide-input]

print(x + 1)
```
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return a book with one small chapter, which is the one that the tool works on."""
    for name in ("jupytext.toml", "requirements.in", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    folders = {"ROOT": tmp_path, "LOCALE": tmp_path / "locale", "CHINESE": tmp_path / "zh"}
    for name, folder in folders.items():
        monkeypatch.setattr(translations, name, folder)
    translations.catalog.cache_clear()
    (tmp_path / "intro.md").write_text("# A book\n")
    toc = {"root": "intro", "parts": [{"chapters": [{"file": "chapters/two.ipynb"}]}]}
    (tmp_path / "_toc.yml").write_text(json.dumps(toc))
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "one.md").write_text(CHAPTER)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "module.py").write_text("")
    yield tmp_path
    translations.catalog.cache_clear()


@pytest.fixture
def execute(capsys):
    """Return a function that runs the command and says what it returned and printed."""

    def run(*options):
        returned = chapters.main(options)
        return SimpleNamespace(returncode=returned, stdout=capsys.readouterr().out)

    return run


def outputs(book):
    cells = json.loads((book / "chapters" / "one.ipynb").read_text())["cells"]
    return ["".join(o["text"]) for cell in cells for o in cell.get("outputs", [])]


def test_chapters_are_executed_when_something_changed_and_only_then(book, execute):
    target = book / "chapters" / "one.ipynb"
    assert "one.md: changed" in execute().stdout
    assert outputs(book) == ["2\n"]
    first = target.read_bytes()

    assert "up to date" in execute().stdout
    assert "same as before" in execute("--all").stdout
    assert target.read_bytes() == first

    (book / "src" / "module.py").write_text("y = 1\n")
    assert "same as before" in execute().stdout
    assert target.read_bytes() == first

    (book / "chapters" / "one.md").write_text(CHAPTER.replace("x = 1", "x = 2"))
    assert "changed" in execute().stdout
    assert outputs(book) == ["3\n"]

    target.write_text(target.read_text().replace("3\\n", "4\\n"))  # a stored output is no input
    assert "one.md: changed (output of cell 3)," in execute().stdout
    assert outputs(book) == ["3\n"]


def test_a_chinese_page_is_executed_when_its_catalog_or_the_english_page_changes(book, execute):
    page = book / "chapters" / "one.md"
    page.write_text(CHAPTER.replace("print(x + 1)", 'print("It is", x + 1)'))
    catalog = book / "locale" / "chapters" / "one.po"
    made = translations.updated(page)
    words = {"A chapter": "一章", "It is": "结果"}
    for entry in made:
        entry.msgstr = words[entry.msgid]
    write(made, catalog)
    translations.catalog.cache_clear()
    assert "zh/chapters/one.md: changed" in execute("one").stdout
    chinese = json.loads((book / "zh" / "chapters" / "one.ipynb").read_text())["cells"]
    assert chinese[0]["source"] == ["# 一章"]
    assert "".join(chinese[1]["source"]) == f"{translations.CHOICE}x = 1"
    assert chinese[2]["outputs"][0]["text"] == ["结果 2\n"]
    assert "up to date" in execute("one").stdout

    catalog.write_text(catalog.read_text().replace("结果", "得"))
    translations.catalog.cache_clear()  # a new run would read it
    said = execute("--stale").stdout
    assert "locale/zh_CN/chapters/one.po was edited. Run: make chapters NAMES=one" in said
    assert "[1/1] zh/chapters/one.md: changed" in execute("one").stdout

    page.write_text(CHAPTER.replace("x = 1", "x = 4"))  # the text "It is" is gone as well
    said = execute("one").stdout
    assert "[2/2] zh/chapters/one.md: changed" in said


def test_timings_stay_until_they_are_measured_anew(book, execute):
    timing = CHAPTER.replace("[hide-input]", "[nbval-ignore-output]").replace(
        "x + 1", "time.time()"
    )
    (book / "chapters" / "one.md").write_text(timing.replace("x = 1", "import time"))
    execute()
    first = outputs(book)
    assert "same as before" in execute("--all").stdout
    assert outputs(book) == first
    assert "changed" in execute("--timings").stdout
    assert outputs(book) != first


def test_seconds_and_versions_are_written_with_the_timings_of_all_chapters(book, execute):
    tables = [book / "reference" / name for name in ("seconds.csv", "versions.csv")]
    execute("--all")
    assert not any(table.exists() for table in tables)
    execute("--timings")
    seconds, versions = (dict(csv.reader(table.open())) for table in tables)
    one, two = (f"[A chapter](../chapters/{name}.ipynb)" for name in ("one", "two"))
    assert list(seconds) == [one, "all"]
    assert float(seconds["all"]) > 0
    assert versions["Python"] == platform.python_version()
    assert versions["nbclient"] == importlib.metadata.version("nbclient")

    (book / "chapters" / "two.md").write_text(CHAPTER)
    before = tables[1].read_bytes()
    execute("--timings", "two")
    named = dict(csv.reader(tables[0].open()))
    assert list(named) == [two, one, "all"], "in the order of the contents"
    assert named[one] == seconds[one]
    total = float(seconds["all"]) + float(named[two])
    assert float(named["all"]) == pytest.approx(total, abs=0.11)
    assert tables[1].read_bytes() == before, "one chapter does not date them all"


def test_edits_of_a_notebook_are_not_lost(book, execute):
    execute()
    target = book / "chapters" / "one.ipynb"
    edited = target.read_text().replace("x + 1", "x + 10")
    target.write_text(edited)
    for options in ([], ["--all"]):
        refused = execute(*options)
        assert refused.returncode == 1
        assert "one.ipynb holds edits that would be lost" in refused.stdout
        apart = ["--- one.md", "+++ one.ipynb", "@@ -21 +21 @@", "-print(x + 1)", "+print(x + 10)"]
        assert "\n    ".join(apart) in refused.stdout
        assert "make chapters DISCARD=1 NAMES=one\n" in refused.stdout
        assert target.read_text() == edited

        assert "The site shows the old page: one.ipynb holds" in execute("--stale").stdout

    assert execute("--discard").returncode == 0
    assert execute("--stale").stdout == ""
    assert outputs(book) == ["2\n"]

    edited = target.read_text().replace("x + 1", "x + 10")
    target.write_text(edited)  # moved into the .md, the edit is in both
    (book / "chapters" / "one.md").write_text(CHAPTER.replace("x + 1", "x + 10"))
    assert execute().returncode == 0
    assert outputs(book) == ["11\n"]


def test_an_edit_that_was_not_executed_is_named_where_it_differs(book, execute):
    long = CHAPTER.replace("x = 1", "x = 1  # " + "so it is " * 20 + "HERE")
    (book / "chapters" / "one.md").write_text(long)
    assert "one.ipynb is missing. Run: make chapters NAMES=one" in execute("--stale").stdout
    execute()
    (book / "chapters" / "one.md").write_text(long.replace("HERE", "there"))
    said = execute("--stale")
    assert said.returncode == 0
    assert "one.md was edited. Run: make chapters NAMES=one\n" in said.stdout
    assert re.search(r"\n    -x = 1 .* there\n    \+x = 1 .* HERE\n", said.stdout)

    many = long.replace("# A chapter", "# A chapter\n\n" + "More.\n\n" * 10)
    (book / "chapters" / "one.md").write_text(many)
    lines = execute("--stale").stdout.splitlines()
    assert len(lines) == 10 and lines[-1].strip() == "…"


def test_a_moved_execution_number_is_no_new_output(book, execute):
    shown = CHAPTER.replace("print(x + 1)", "x")
    (book / "chapters" / "one.md").write_text(shown)
    execute()
    added = "```{code-cell} ipython3\ny = 1\n```\n\n```{code-cell} ipython3\n:tags"
    (book / "chapters" / "one.md").write_text(
        shown.replace("```{code-cell} ipython3\n:tags", added)
    )
    assert "one.md: changed (output as before)," in execute().stdout


def test_the_header_is_written_as_jupytext_writes_it(book, execute):
    words = "words and " * 20
    header = f'myst:\n  html_meta:\n    description: "{words}"\n---\n\n# A chapter'
    path = book / "chapters" / "one.md"
    path.write_text(CHAPTER.replace("---\n\n# A chapter", header))
    execute()
    assert path.read_text() == chapters.as_jupytext_writes(path)
    assert chapters.read(path).metadata["myst"]["html_meta"]["description"] == words
    assert "up to date" in execute().stdout


def test_a_header_that_cannot_be_read_is_named(book, execute):
    (book / "chapters" / "one.md").write_text(CHAPTER.replace("kernelspec:", "kernelspec: : :"))
    failed = execute()
    assert failed.returncode == 1
    assert "chapters/one.md: left alone. mapping values are not allowed" in failed.stdout
    assert "line 6" in failed.stdout


def test_a_failing_cell_is_named_and_leaves_the_old_notebook(book, execute):
    execute()
    before = (book / "chapters" / "one.ipynb").read_bytes()
    (book / "chapters" / "one.md").write_text(CHAPTER.replace("x + 1", "x + unknown"))
    failed = execute()
    assert failed.returncode == 1
    assert "chapters/one.md: FAILED" in failed.stdout
    assert "cell 3: NameError: name 'unknown' is not defined" in failed.stdout
    assert (book / "chapters" / "one.ipynb").read_bytes() == before
    assert not list((book / "chapters").glob("*.tmp"))


def test_an_unknown_chapter_is_refused():
    command = [sys.executable, ROOT / "tools" / "chapters.py", "unwritten"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "no such chapter: unwritten; there are intro, " in refused.stderr


def test_the_address_is_chosen_in_one_place(tmp_path):
    """After a move, no file but the notebooks, which are made anew, names the old address."""
    for path in repository.files():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    new = "https://github.com/another-owner/elsewhere"
    changed = repository.move(new, tmp_path)
    assert "_config.yml" in changed and "chapters/corr2d.md" in changed
    assert repository.current(tmp_path) == new
    for path in tmp_path.rglob("*"):
        if ".git" in path.parts or path.suffix == ".ipynb" or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        assert URL not in text and repository.pages(URL) not in text, path
    names_the_address(tmp_path, new)
    assert f'"convbook": ["git+{new}"],' in (tmp_path / "chapters" / "corr2d.md").read_text("utf-8")


def names_the_address(root, url):
    pages, colab = repository.pages(url), "https://colab.research.google.com/github/"
    named = {
        "README.md": [f"({pages})", f"({url.replace('https://github.com/', colab)}/blob/main/"],
        "CITATION.cff": [f"\nrepository-code: {url}\n", f"\nurl: {pages}\n"],
        "intro.md": [f"({url})"],
    }
    for name, addresses in named.items():
        text = (root / name).read_text("utf-8")
        for address in addresses:
            assert address in text, name


def test_whatever_names_the_address_names_the_chosen_one():
    names_the_address(ROOT, URL)


def test_the_site_of_an_account_is_at_its_root():
    assert repository.pages("https://github.com/Some/some.github.io") == "https://some.github.io"


@pytest.mark.parametrize("url", ["", "github.com/a/b", "https://github.com/a", "https://x.org/a/b"])
def test_an_address_that_is_none_is_refused(url, tmp_path):
    with pytest.raises(ValueError, match="must read https://github.com/NAME/REPOSITORY"):
        repository.move(url, tmp_path)


def test_one_version_is_named_everywhere_and_a_release_changes_it(tmp_path):
    (version,) = set(release.current().values())
    assert version == importlib.metadata.version("convbook")
    assert f"\n## {version} · " in (ROOT / "CHANGELOG.md").read_text("utf-8")
    for name in [*release.PLACES, "CHANGELOG.md"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    log = tmp_path / "CHANGELOG.md"
    log.write_text("# Changes\n\n## Unreleased\n\n- This.\n\n## 0.1.0 · 2026-11-21\n", "utf-8")
    release.release("9.8.7", tmp_path)
    assert set(release.current(tmp_path).values()) == {"9.8.7"}
    today = date.today().isoformat()
    assert f"## 9.8.7 · {today}\n\n- This.\n" in log.read_text("utf-8")
    assert f"\ndate-released: {today}\n" in (tmp_path / "CITATION.cff").read_text("utf-8")
    with pytest.raises(ValueError, match="has nothing below"):
        release.release("9.8.8", tmp_path)
    with pytest.raises(ValueError, match="must read X.Y.Z"):
        release.release("v9", tmp_path)


def test_every_requirement_is_pinned_within_its_bounds():
    for line in (ROOT / "requirements.in").read_text("utf-8").splitlines():
        if line[:1].isalnum():
            needed = Requirement(line.partition(" ")[0])
            assert PINS[needed.name] in needed.specifier, line
    for line in REQUIREMENTS.splitlines():
        pinned = re.fullmatch(r"#.*|-e \.|[\w.-]+==[\w.]+( ; .+)?", line)
        assert pinned and not line.startswith(CUDA), line


def test_everything_installed_for_the_book_is_as_pinned():
    """The requirements, what they bring, and what that brings: all are pinned, here as there."""
    pins = {canonicalize_name(name): version for name, version in PINS.items()}
    todo, seen = [Requirement(name) for name in pins], set()
    while todo:
        needed = todo.pop()
        name = canonicalize_name(needed.name)
        if name in seen or name.startswith(CUDA):
            continue
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        seen.add(name)
        try:
            installed = importlib.metadata.distribution(needed.name)
        except importlib.metadata.PackageNotFoundError:
            continue  # pinned for another system
        assert name in pins, f"{name}: run make update"
        assert installed.version.partition("+")[0] == pins[name], name
        todo += map(Requirement, installed.requires or [])
    assert {"torch", "numpy", "sphinx", "jupyter-client"} <= seen


def test_every_pin_installs_with_every_python_that_the_book_names():
    """pip would stop, and a fresh machine has the Python of its system."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert "Python 3.11 or newer" in (ROOT / "README.md").read_text("utf-8")
    asked = {}
    for name in PINS:
        try:
            metadata = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # pinned for another system
        asked[name] = SpecifierSet(metadata["Requires-Python"] or "")
    for python in ("3.11.0", "3.12.0", "3.13.0", "3.14.0"):
        assert [name for name, allowed in asked.items() if python not in allowed] == [], python
    assert len(asked) > 100


def test_an_unknown_pin_is_refused():
    command = ["make", "--dry-run", "update", "PACKAGES=torch unheard-of"]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "requirements.in has no package unheard-of." in refused.stderr


def test_colab_gets_the_pinned_d2l():
    pin = re.search(r"^d2l==[\w.]+", REQUIREMENTS, re.MULTILINE)
    assert f'"d2l": ["--no-deps", "{pin[0]}"],' in (ROOT / "intro.md").read_text("utf-8")


def test_dead_links_are_named_with_each_file_and_line_that_holds_them(tmp_path, monkeypatch):
    (tmp_path / "one.md").write_text("# One\n\n[a](https://a.example/x) [b](https://b.example)\n")
    (tmp_path / "two.md").write_text("https://a.example/x/y\nhttps://a.example/x.\n")
    (tmp_path / "references.bib").write_text("@misc{c,\n  eprint = {1312.6034}}\n")
    found = tmp_path / links.FOUND
    found.parent.mkdir(parents=True)
    statuses = {
        "https://a.example/x": "broken",
        "https://b.example": "working",
        "https://arxiv.example/abs/1312.6034": "timeout",
    }
    entries = [
        {"uri": uri, "status": status, "info": "404", "filename": "one.ipynb"}
        for uri, status in statuses.items()
    ]
    found.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    names = ("one.md", "two.md", "references.bib")
    monkeypatch.setattr(repository, "files", lambda root: [root / name for name in names])
    assert list(links.dead(tmp_path)) == [
        "one.md:3: https://a.example/x (404)",
        "two.md:2: https://a.example/x (404)",
        "references.bib:2: https://arxiv.example/abs/1312.6034 (404)",
    ]
