"""The rules of chapters that nbval does not know: it passes cells and notebooks without outputs."""

import ast
import json
import re
import tomllib

import pytest
from book import CHAPTERS, ROOT, URL
from translations import CHINESE, CHOICE, columns

import chapters as tool

SOURCES = tool.sources()
BOTH = [*SOURCES, *tool.chinese()]  # where the .md of a Chinese page would be
NOTEBOOKS = sorted(
    path
    for depth in ("*.ipynb", "*/*.ipynb", "*/*/*.ipynb")
    for path in ROOT.glob(depth)
    if path.relative_to(ROOT).parts[0] != "_build"
)


def name(path):
    return path.relative_to(ROOT).with_suffix("").as_posix()


def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(path):
    return [cell for cell in notebook(path)["cells"] if cell["cell_type"] == "code"]


FIRST_CELL = "".join(code_cells(ROOT / "intro.ipynb")[0]["source"])


def test_every_chapter_is_a_pair():
    assert {path.with_suffix("") for path in NOTEBOOKS} == {p.with_suffix("") for p in BOTH}
    assert set(CHAPTERS) <= set(SOURCES)


@pytest.mark.parametrize("path", BOTH, ids=name)
def test_pair_agrees(path):
    """Source, type and tags of every cell, and the page's metadata."""
    apart = tool.out_of_step(path)
    assert not apart, apart
    assert not tool.edited_by_hand(path)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_saving_in_jupyter_changes_nothing(path):
    written = path.read_text(encoding="utf-8") == tool.as_jupytext_writes(path)
    assert written, f"make chapters NAMES={path.stem} writes the header as Jupytext does"


def test_toc_names_every_notebook():
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"file: (\S+)", toc)) | set(re.findall(r"root: (\S+)", toc))
    english = [path for path in NOTEBOOKS if not path.is_relative_to(CHINESE)]
    missing = {path.relative_to(ROOT).as_posix() for path in english} - named
    assert missing == set(), "add them to _toc.yml, each with its ending .ipynb"
    for name in named:  # the .md of a pair would be built without outputs, and nothing would warn
        bare = not name.endswith(".ipynb") and (ROOT / f"{name}.ipynb").exists()
        assert not bare, f"_toc.yml: write {name}.ipynb, or the page has no outputs"


def test_pytest_compares_every_output_and_hides_none():
    """Without these settings every test would pass, and nothing be tested."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    settings = settings["tool"]["pytest"]["ini_options"]
    assert {"--nbval", "--doctest-modules"} <= set(settings["addopts"])
    assert not {"--nbval-lax", "--nbdime"} & set(settings["addopts"])
    assert {"src", "tests"} <= set(settings["testpaths"])
    tested = [ROOT / path for path in settings["testpaths"]]
    assert all({path, *path.parents} & {*tested} for path in NOTEBOOKS)
    rules = (ROOT / "nbval_sanitize.cfg").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") for line in rules)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
class TestNotebook:
    def test_was_executed_once_from_top_to_bottom(self, path):
        cells = code_cells(path)
        for number, cell in enumerate(cells, start=1):
            counts = [output.get("execution_count", number) for output in cell["outputs"]]
            assert {cell["execution_count"], *counts} == {number}
        assert any(cell["outputs"] for cell in cells)

    def test_cells_that_show_something_have_an_output(self, path):
        """A cell whose last line is an expression, or that prints, shows something."""
        for cell in code_cells(path):
            lines = "".join(cell["source"]).rstrip().splitlines()
            shows = re.match(r"(print|show_\w+|check|draw\w*|explore)\(", lines[-1])
            if shows or any(
                line.startswith(("print(", "draw", "show_", "check(")) for line in lines
            ):
                assert cell["outputs"], "".join(cell["source"])

    def test_no_error_and_nothing_on_stderr(self, path):
        for cell in code_cells(path):
            for output in cell["outputs"]:
                assert output["output_type"] != "error", output
                assert output.get("name") != "stderr", output

    def test_no_output_that_nbval_does_not_compare(self, path):
        for cell in code_cells(path):
            for output in cell["outputs"]:
                found = {"image/png", "image/jpeg"} & set(output.get("data", {}))
                first = "".join(cell["source"]).strip().splitlines()[-1]
                assert not found, f"draw as SVG, with show_figure of convbook: {first}"

    def test_no_tag_that_makes_nbval_look_away(self, path):
        """But for cells that measure time: those, and only those, are not compared."""
        away = {"nbval-skip", "nbval-raises-exception", "raises-exception"}
        for cell in code_cells(path):
            tags, source = set(cell["metadata"].get("tags", [])), "".join(cell["source"])
            assert not away & tags
            assert not re.search(r"NBVAL_|PYTEST_VALIDATE", source)
            assert ("nbval-ignore-output" in tags) == source.startswith("show_timings("), source

    def test_nothing_of_this_machine_in_an_output(self, path):
        text = json.dumps([cell["outputs"] for cell in code_cells(path)])
        assert not re.search(r"/home/|/tmp/|/root/|/Users/|C:\\\\|0x[0-9a-f]{8,}", text)
        assert str(ROOT) not in text

    def test_metadata_is_normalized(self, path):
        content = notebook(path)
        assert content["metadata"]["language_info"] == {"name": "python"}
        ids = [cell["id"] for cell in content["cells"]]
        assert len(set(ids)) == len(ids)
        for cell in content["cells"]:
            assert "execution" not in cell["metadata"]

    def test_first_cell_is_the_bootstrap(self, path):
        """It installs what is missing, and is that of the first page."""
        source, wanted = "".join(code_cells(path)[0]["source"]), FIRST_CELL
        assert f'"convbook": ["git+{URL}"],' in wanted
        if path.is_relative_to(CHINESE):  # whose comments are Chinese
            assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(CHOICE + wanted))
        else:
            assert source == wanted

    def test_every_footnote_has_its_text(self, path):
        """Without it the mark would stand in the text as it is written, and nothing warns."""
        cells = [cell for cell in notebook(path)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
        marks = set(re.findall(r"\[\^([^\]\s]+)\](?!:)", text))
        assert marks == set(re.findall(r"^\[\^([^\]\s]+)\]:", text, re.MULTILINE))

    def test_code_fits_the_page(self, path):
        for cell in code_cells(path):
            shown = [out["data"] for out in cell["outputs"] if "data" in out]
            sources = ["".join(data.get("text/markdown", "")) for data in shown]
            sources = [text for text in sources if text.startswith("```python")]
            for line in "\n".join(["".join(cell["source"]), *sources]).splitlines():
                assert columns(line) <= 88, line

    def test_outputs_are_light(self, path):
        size = sum(len(json.dumps(cell["outputs"])) for cell in code_cells(path))
        assert size < 400_000, "a reader has to load this"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
class TestChapter:
    def test_has_what_every_chapter_has(self, path):
        text = path.read_text(encoding="utf-8")
        for heading in ("Where people stumble", "Exercises", "What to remember", "References"):
            assert f"\n## {heading}\n" in text, heading
        assert "you can\n" in text, "what the reader will be able to do"
        description = tool.read(path).metadata["myst"]["html_meta"]["description"]
        assert len(description) >= 50, "the description of the page"

    def test_exercises_have_executed_solutions(self, path):
        """Each solution is hidden, and says correct; each gap says not attempted."""
        said = {"not attempted": 0, "correct": 0}
        for cell in code_cells(path.with_suffix(".ipynb")):
            printed = "".join(
                "".join(o["text"]) for o in cell["outputs"] if o["output_type"] == "stream"
            )
            hidden = "hide-cell" in cell["metadata"].get("tags", [])
            if "check(" in "".join(cell["source"]):
                wanted = "correct" if hidden else "not attempted"
                answers = re.findall(
                    r"^(?:correct|not attempted|not yet.*)$", printed, re.MULTILINE
                )
                first = "".join(cell["source"]).splitlines()[0]
                assert set(answers) == {wanted}, f"check(…) in “{first}” says {printed!r}"
                said[wanted] += 1
        assert said["not attempted"] == said["correct"], "for each gap one hidden solution"
        assert 3 <= said["correct"] <= 6, (
            f"{said['correct']} exercises with check(…) in a gap and in a hidden solution; 3 to 6"
        )

    def test_shows_real_source_and_a_picture(self, path):
        text = path.read_text(encoding="utf-8")
        assert "show_source(" in text
        assert re.search(r"\bdraw\w*\(|explore\(", text)
