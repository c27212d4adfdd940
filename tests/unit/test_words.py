"""The words of the package: one catalog, whole and up to date, and the language of the moment."""

import json
import re
import shutil
from pathlib import Path

import polib
import pytest
import torch
import words as tool
from bs4 import BeautifulSoup
from nodejs import run

from convbook import diagrams, notebook
from convbook.explorer import EXAMPLES, explore, practice
from convbook.explorer.bundle import SIGNS, script, words
from convbook.explorer.state import CONTROLS, MODES, PRESETS, VIEWS
from convbook.explorer.trainer import KINDS
from convbook.words import _, lang, width_of, wrap

X, K = torch.arange(9).reshape(3, 3) - 2, torch.tensor([[0, 1], [-2, 3]])
NO_LANGUAGE = ["", "en", "xx_YY", "zh", "."]
FIELD = re.compile(r"\{\w+\}")
KEPT = re.compile(r"\{\w+\}|\d+")


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv("CONVBOOK_LANGUAGE", "zh_CN")


# ---- The catalog ----


def entries():
    return polib.pofile(str(tool.CATALOG))


def test_every_message_has_a_translation_with_the_same_fields_and_numbers():
    for entry in entries():
        assert entry.msgstr and not entry.fuzzy, entry.msgid
        kept = [sorted(KEPT.findall(text)) for text in (entry.msgid, entry.msgstr)]
        assert kept[0] == kept[1], entry.msgid


def test_the_catalog_is_up_to_date_and_compiled(tmp_path, monkeypatch):
    kept = [tool.CATALOG.read_bytes(), tool.COMPILED.read_bytes()]
    for name in ("CATALOG", "COMPILED"):
        monkeypatch.setattr(tool, name, Path(shutil.copy(getattr(tool, name), tmp_path)))
    assert tool.update() == (0, 0)
    tool.compile()
    assert [tool.CATALOG.read_bytes(), tool.COMPILED.read_bytes()] == kept, "make translations"


def test_what_changes_is_out_of_date_and_english_until_somebody_has_looked(tmp_path, monkeypatch):
    """And what is gone leaves the catalog, and what is new has no translation."""
    found = {"In each picture the output is above": [tool.PACKAGE], "Play it": [tool.PACKAGE]}
    for name in ("CATALOG", "COMPILED"):
        monkeypatch.setattr(tool, name, tmp_path / name)
    monkeypatch.setattr(tool, "messages", lambda: found)
    assert tool.update() == (0, 2)
    book = polib.pofile(str(tool.CATALOG))
    book[0].msgstr = "每幅图中，输出在上"
    book.save(str(tool.CATALOG))
    changed = "In each picture the output is on top"
    found = {changed: [tool.PACKAGE], "Another": [tool.PACKAGE]}
    for _again in range(2):  # what it was is kept
        assert tool.update() == (1, 1)
        first, second = polib.pofile(str(tool.CATALOG))
        assert first.msgid == changed and first.msgstr == "每幅图中，输出在上" and first.fuzzy
        assert first.previous_msgid == "In each picture the output is above"
        assert (second.msgid, second.msgstr) == ("Another", "")
    tool.compile()
    assert changed.encode() not in tool.COMPILED.read_bytes()


# ---- What a reader sees ----

LAYERS = [{"kernel_size": 2, "dilation": d} for d in (1, 2)]
PICTURES = {
    "corr2d": [{}, {"at": (0, 1)}, {"stride": 2}, {"padding": (0, 1), "dilation": 2}],
    "trans_conv": [{}, {"at": (0, 1), "padding": 1}, {"stride": 3, "output_padding": 1}],
    "twins": [{}, {"padding": 1}],
    "stamps": [{}],
    "gather": [{}, {"stride": 2, "stamps": True}],
    "phases": [{"stride": 2}],
    "product": [{}, {"transposed": True}],
}
STATES = [
    {},
    {"mode": "x", "stride": "1 2 3", "padding": "a", "view": "z", "examples": EXAMPLES},
    {"input_size": (4, 6), "kernel_size": (5, 2), "groups": 3, "in_channels": 4},
    {"mode": "transposed", "padding": 9, "output_padding": 1, "groups": 1.5},
    {"mode": "transposed", "input_size": 18, "stride": 6},
    {"input": "1 2 x", "kernel": "q"},
    {"input_size": 1, "input": "q"},
]
ATTEMPTS = [
    *((..., 1), (1, 1), (2, 1), (0, 1), (1, "a"), ("a", 1), ([1], [1, 2]), ([1, 2], 1)),
    *(([1, 2], [1, 3]), ([1, 9, 8], [1, 3, 4]), ([1.0, 3.0], [1.0, float("nan")])),
    *((float("nan"), 1), (1.0, float("nan")), (1j, 2j), (1j, 0j), (1 + 2j, 2j), (1 + 2j, 3 + 2j)),
]
CALLS = [(lambda x: 1 / 0, [(1,)]), (lambda *x: 3, [(1, torch.ones(2, 3))]), (lambda: ..., [()])]


def pictures():
    """Return every public picture, by name."""
    made = [
        *(getattr(diagrams, f"draw_{name}")(X, K, **more)
          for name, cases in PICTURES.items() for more in cases),
        *(draw(transposed=one) for draw in (diagrams.draw_cases,) for one in (True, False)),
        *(diagrams.draw_cases([{"input_size": 3, "kernel_size": 2}], transposed=one)
          for one in (True, False)),
        *(diagrams.draw_symbols(2, 3, transposed=one) for one in (True, False)),
        *(diagrams.draw_matrix(torch.eye(n), marked_row=0) for n in (2, 60)),
        *(diagrams.draw_stack(layers, 9) for layers in (LAYERS, [{**LAYERS[0], "padding": 9}])),
        diagrams.draw_connections(X[0], K[0]),
        diagrams.draw_corr2d(K, K),
        diagrams.draw_tied({"A": (lambda x, w: x * w, 1)}, 2),
        diagrams.draw(diagrams.Grid(K), diagrams.Grid(K, "kernel"), diagrams.Spy(K, "output"),
                      title=_("matrix")),
    ]  # fmt: skip
    return made


def timings(shown):
    for threads in (1, 2):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        notebook.show_timings({"f": lambda: 1}, repeat=3)
        torch.set_num_threads(before)
    return ["".join(bundle.values()) for bundle in shown]


def sayings(capsys):
    """Return what is said in numbers, words and names of code, but for measured times."""
    made = [*(explore(**state) for state in STATES), *map(practice, (None, *KINDS))]
    said = [text for one in made for text in (repr(one), one._repr_html_().split("<script>")[0])]
    capsys.readouterr()
    for attempt, expected in ATTEMPTS:
        notebook.check(attempt, expected)
    for attempt, on in CALLS:
        notebook.check(attempt, lambda *x: 2.0, on=on)
    return [*said, capsys.readouterr().out]


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed."""
    bundles = []
    monkeypatch.setattr(notebook, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


# What is Latin in Chinese, too: names in code, and a few of people, keys, units and programs.
LATIN = {
    *(name for name in CONTROLS if name not in ("matrix", "letters", "rectangles", "solver")),
    *MODES, *(name for views in VIEWS.values() for name in views),
    *(name for grid in PRESETS.values() for name in grid),
    *("input", "kernel", "weight", "torch", "nn"),
    *("conv2d", "conv_transpose2d", "Conv2d", "ConvTranspose2d"),
    *("ZeroDivisionError", "division", "by", "zero", "nan", "ms"),
    *("x86_64", "aarch64", "arm64", "AMD64", *re.findall(r"\w+", torch.__version__)),
    *("Dumoulin", "Visin", "PyTorch", "TensorFlow", "Escape", "Page", "Up", "Down"),
}  # fmt: skip
SEEN = ("aria-label", "data-title", "label")


def english(text):
    """Return what is Latin in a text, but for single letters."""
    return set(re.findall(r"[A-Za-z][A-Za-z0-9_]+", text))


def visible(html):
    """Return what a reader sees or hears of HTML: its text and what labels say."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup(["script", "style"]):
        tag.decompose()
    labels = [tag[name] for name in SEEN for tag in soup.find_all(attrs={name: True})]
    return " ".join([*soup.stripped_strings, *labels])


def test_every_picture_is_among_them():
    drawn = {*PICTURES, "cases", "symbols", "matrix", "stack", "connections", "tied"}
    assert {f"draw_{name}" for name in drawn} == {
        name for name in diagrams.__all__ if name.startswith("draw_")
    }


def test_what_a_reader_sees_is_chinese(chinese, capsys, shown):
    words = [(text, LATIN) for text in [*sayings(capsys), *timings(shown)]]
    words += [(text, set()) for one in pictures() for text in (str(one), one.html())]
    for text, names in words:
        assert english(visible(text)) <= names, text[:300]
        assert not re.search("[\u4e00-\u9fff][,;:.?!]|[,;:?!] *[\u4e00-\u9fff]", visible(text))


def test_every_word_of_the_catalog_is_chinese_but_for_names():
    for entry in entries():
        said = english(FIELD.sub("", entry.msgstr))
        assert said <= LATIN, entry.msgid


def test_elements_say_which_language_they_are_in(chinese, shown):
    figure, _axes = notebook.subplots()
    notebook.show_figure(figure, "图")
    notebook.show_timings({"f": lambda: 1}, repeat=1)
    made = [explore()._repr_html_(), practice()._repr_html_(), diagrams.draw_corr2d(X, K).html()]
    for html in [*made, *(bundle["text/html"] for bundle in shown)]:
        assert re.match(r'<[\w-]+[^>]* lang="zh-CN"', html), html[:100]


# ---- The scripts ----

# The elements are built with as little of a page as it needs: what it writes is kept.
SHADOW = """
    globalThis.HTMLElement = class {
        attachShadow() { return this.root = {}; }
        getAttribute() { return null; }
        hasAttribute() { return false; }
    };
    globalThis.CSSStyleSheet = class { replaceSync() {} };
    globalThis.ResizeObserver = class { observe() {} };
    globalThis.CSS = {}; globalThis.top = globalThis.self = globalThis;
    globalThis.matchMedia = () => ({});
    globalThis.addEventListener = () => {};
    const made = [];
    globalThis.customElements = { get() {}, define(name, element) { made.push(element); } };
    let code = "";
    for await (const part of process.stdin) code += part;
    (0, eval)(code);
    for (const element of made.map((one) => new one())) {
        try { element.connectedCallback(); } catch { /* there is no page */ }
        console.log(element.root.innerHTML);
    }
"""


def test_the_script_is_chinese(chinese):
    markup = run(SHADOW, script())
    assert all(name in markup for name in ("stepper", "keys"))  # of explorer, of trainer
    assert english(visible(markup)) <= LATIN
    for text in tool._texts([words("explorer"), words("trainer")]):
        assert json.dumps(_(text), ensure_ascii=False) in script(), text


def test_only_words_and_signs_differ_in_a_chinese_script(monkeypatch):
    monkeypatch.delenv("CONVBOOK_LANGUAGE", raising=False)
    ours = script()
    monkeypatch.setenv("CONVBOOK_LANGUAGE", "zh_CN")
    assert _bare(script()) == _bare(ours) != ours


def _bare(code):
    """Return the script without its tables of words and the signs between words."""
    code, count = re.subn(r"(?<==)\{(?=wrong:|kinds:).*?\}(?=,\w=)", "", code)
    assert count == 2
    return code.replace("，", ", ").replace("。", ".").replace("：", ": ")


def test_each_sign_stands_in_the_script():
    for sign, _ours in SIGNS:
        assert re.search(sign, script())


# ---- Widths ----


def drawn(shown, text):
    """Return a figure with a text in every place, and the text then put out of it."""
    figure, axes = notebook.subplots(figsize=(4, 3))
    axes.barh([f"{text} 1", f"{text} 2"], [1, 2], label=text)
    axes.set(title=text * 3, xlabel=text, ylabel=text)
    axes.legend()
    notebook.show_figure(figure, "")
    svg = shown[-1]["text/html"]
    assert svg.count(text) == 8
    return re.sub(r"f[0-9a-f]{8}-", "", svg).replace(text, "").replace("\n", "")


@pytest.mark.filterwarnings("error")
def test_a_figure_has_room_for_chinese(shown):
    """As much as for as many wide letters; and nothing is said of letters that are missing."""
    once = drawn(shown, "卷积核")
    assert once == drawn(shown, "卷积核")
    assert _places(once) == _places(drawn(shown, "WWW"))


def test_a_long_chinese_title_is_broken(shown):
    figure, axes = notebook.subplots(figsize=(3, 2))
    axes.set_title("卷积核在每个位置都用同样的几个权重，所以边缘到处都一样")
    notebook.show_figure(figure, "")
    lines = ["卷积核在每个位置都用同样的几个权重，", "所以边缘到处都一样"]
    assert axes.get_title().split("\n") == lines


def _places(svg):
    return re.findall(r'<path d="[^"]*"|(?:[xy]|width|height)="[^"]*"', svg)


def test_measuring_is_as_before_afterwards(shown):
    from matplotlib.backends.backend_svg import RendererSVG

    own = RendererSVG.get_text_width_height_descent
    with pytest.raises(ZeroDivisionError), notebook._measured_as_latin():
        assert RendererSVG.get_text_width_height_descent is not own
        1 / 0  # noqa: B018
    assert RendererSVG.get_text_width_height_descent is own


def test_a_chinese_character_is_two_columns_wide():
    grid = diagrams.Grid(K[:1], labels=[["核", "1"]])
    assert str(grid).split("\n")[1] == "核  1"
    plain = diagrams.Grid(K[:1], labels=[["ab", "1"]])
    assert grid.fit == plain.fit
    assert diagrams.Grid(K, label="卷积核的矩阵，很长").width == 9 * 18
    dots = diagrams.draw_stack(LAYERS, 9).parts[0]
    margins = []
    for name in ("卷积核的矩阵", "kernel matrix"[:12]):
        dots.rows_[0]["name"] = name
        margins.append(dots.margin)
    assert margins[0] == margins[1] == 7.2 * 12 + 12


@pytest.mark.parametrize("sign", "，。）")
def test_no_line_begins_with_a_sign_that_closes(sign):
    text = "卷积核" + sign + "步幅"
    for width in range(2, 12):
        lines = wrap(text, width)
        assert "".join(lines) == text and not any(line.startswith(sign) for line in lines)
        assert max(map(width_of, lines)) <= max(width, 2) + 2  # a sign may hang over


# ---- The language of the moment ----


@pytest.mark.parametrize("language", NO_LANGUAGE)
def test_without_a_language_the_words_are_those_of_the_code(monkeypatch, capsys, language):
    def all_said():
        said = [text for one in pictures() for text in (str(one), one.html())]
        return [*said, *sayings(capsys), script()]

    monkeypatch.delenv("CONVBOOK_LANGUAGE", raising=False)
    said = all_said()
    monkeypatch.setenv("CONVBOOK_LANGUAGE", language)
    assert all(_(text) == text for text in ["", *tool.messages()])
    assert all_said() == said and lang() is None


def test_the_language_is_read_when_a_text_is_made(monkeypatch, capsys):
    for language, right in (("", "correct"), ("zh_CN", "正确"), ("", "correct")):
        monkeypatch.setenv("CONVBOOK_LANGUAGE", language)
        notebook.check(1, 1)
        assert capsys.readouterr().out == f"{right}\n"
        said = str(diagrams.draw_corr2d(X, K)), repr(explore()), repr(practice())
        html = diagrams.draw_corr2d(X, K).html().split("<script>")
        for text in (*said, *html, script()):
            assert bool(re.search("[\u4e00-\u9fff]", text)) == bool(language)
