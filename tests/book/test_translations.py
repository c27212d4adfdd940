"""The Chinese edition: each page is the English one, translated, and says the same.

Most rules read the two notebooks alone, not the tool that makes the one from the other.
"""

import ast
import json
import re
import shutil
from collections import Counter
from functools import partial
from itertools import pairwise

import polib
import pytest
import translations as tool
from book import ROOT
from catalogs import write
from test_rules import swap

import chapters

PAGES = tool.pages()
HAN = "[\u3400-\u9fff]"

each_page = pytest.mark.parametrize("path", PAGES, ids=tool.page_of)


def pair(path):
    """Return the cells of the English page and of the Chinese one, as they are committed."""
    endings = ".ipynb" if tool.has_code(path) else ".md"
    for folder in (ROOT, tool.CHINESE):
        page = folder / path.relative_to(ROOT).with_suffix(endings)
        yield (tool.read if endings == ".ipynb" else tool.plain_page)(page).cells


def both(path, kind):
    """Return pairs of the cells of a kind."""
    english, chinese = pair(path)
    assert [c.cell_type for c in english] == [c.cell_type for c in chinese]
    return [(a, b) for a, b in zip(english, chinese) if a.cell_type == kind]


# The tool


@each_page
def test_a_page_without_translations_is_the_page(path):
    page = tool.read(path)
    same = tool.chinese(page, {})
    for cell, other in zip(page.cells, same.cells):
        assert other.source.removeprefix(tool.CHOICE) == cell.source
    assert same.metadata == page.metadata


@each_page
def test_every_message_stands_where_it_says(path):
    """And no two overlap; so what is replaced is that, and nothing else."""
    for holder, key, found in tool.parts(tool.read(path)):
        for before, after in pairwise(found):
            assert before.end <= after.start
        for message in found:
            text = holder[key][message.start : message.end]
            words = [re.sub(r"\W+", "", re.sub(r"(?m)^\s*#", "", t)) for t in (text, message.text)]
            strings = message.written is not str  # prefixes and quotes stand between its pieces
            if not strings or message.kind == "comment":
                assert words[0] == words[1]


def marked(cell):
    """Return the source of a cell with a Chinese word in each message."""
    found = tool.code(cell.source)
    return tool.replaced(cell.source, found, {m.text: f"卷积{m.text}" for m in found})


@each_page
def test_only_texts_and_comments_are_replaced(path):
    cells = [cell for cell in tool.read(path).cells if cell.cell_type == "code"]
    for cell in cells:
        assert skeleton(marked(cell)) == skeleton(cell.source)


def skeleton(source):
    """Return code without its texts, and the fields of its f-strings in any order."""

    class Blank(ast.NodeTransformer):
        def visit_JoinedStr(self, node):
            fields = [ast.unparse(self.visit(value)) for value in node.values if _field(value)]
            return ast.Constant(f"f-string of {sorted(fields)}")

        def visit_Constant(self, node):
            return ast.Constant("") if isinstance(node.value, str) else node

    return ast.unparse(Blank().visit(ast.parse(source)))


def _field(value):
    return isinstance(value, ast.FormattedValue)


# The catalogs


def catalogs():
    return sorted(tool.LOCALE.rglob("*.po"))


def test_every_page_has_a_catalog():
    pages = {tool.LOCALE / f"{tool.page_of(path)}.po" for path in PAGES}
    others = {tool.LOCALE / "convbook.po", tool.LOCALE / "site.po"}
    assert {*catalogs()} == pages | others, "make translations, and delete those of no page"


@pytest.mark.parametrize("file", catalogs(), ids=lambda f: f.relative_to(tool.LOCALE).as_posix())
def test_nothing_is_missing_or_out_of_date(file):
    for entry in polib.pofile(str(file)):
        assert entry.msgstr, f"without a translation: {entry.msgid}"
        assert not entry.fuzzy, f"the English was {entry.previous_msgid!r} and is {entry.msgid!r}"


@each_page
def test_the_catalog_is_as_make_translations_writes_it(path):
    file = tool.LOCALE / f"{tool.page_of(path)}.po"
    apart = file.read_text(encoding="utf-8").rstrip() != f"{tool.updated(path)}".rstrip()
    assert not apart, f"make translations NAMES={path.stem}"


def test_plain_pages_and_tables_are_as_make_chapters_writes_them():
    texts = tool.plain()
    assert texts
    for file, text in texts.items():
        assert file.read_text(encoding="utf-8") == text, "make chapters"


@pytest.fixture
def small_page(tmp_path, monkeypatch):
    """Return the English file of a page in a book of its own, with two translated paragraphs."""
    for name, folder in {"ROOT": ".", "LOCALE": "locale", "CHINESE": "zh"}.items():
        monkeypatch.setattr(tool, name, tmp_path / folder)
    tool.catalog.cache_clear()
    path = tmp_path / "reference" / "page.md"
    path.parent.mkdir()
    path.write_text("---\nmyst: {}\n---\nA window slides\nover the input.\n\nIt stops.\n")
    book = tool.updated(path)
    assert [entry.msgid for entry in book] == ["A window slides over the input.", "It stops."]
    book[0].msgstr, book[1].msgstr = "窗口在输入上滑动。", "它停下。"
    write(book, tmp_path / "locale" / "reference" / "page.po")
    tool.catalog.cache_clear()
    yield path
    tool.catalog.cache_clear()


def shown(path):
    return (
        tool.read(tool.CHINESE / path.relative_to(tool.ROOT)).cells[0].source.strip().split("\n\n")
    )


def test_an_english_paragraph_that_is_wrapped_anew_stays_translated(small_page):
    small_page.write_text(small_page.read_text().replace("slides\nover", "slides over"))
    assert not tool.updated(small_page).fuzzy_entries()
    assert shown(small_page) == ["窗口在输入上滑动。", "它停下。"]


def test_a_changed_english_paragraph_is_out_of_date_and_shown_in_english(small_page):
    small_page.write_text(small_page.read_text().replace("window slides", "small window slides"))
    assert shown(small_page) == ["A small window slides\nover the input.", "它停下。"]
    book = tool.updated(small_page)
    (entry,) = book.fuzzy_entries()
    assert entry.previous_msgid == "A window slides over the input."
    assert entry.msgstr == "窗口在输入上滑动。"
    write(book, tool.LOCALE / "reference" / "page.po")
    tool.catalog.cache_clear()
    assert shown(small_page) == ["A small window slides\nover the input.", "它停下。"]
    again = tool.updated(small_page)  # what it was is kept until somebody has looked
    assert again.fuzzy_entries()[0].previous_msgid == "A window slides over the input."


def test_a_paragraph_that_is_gone_leaves_the_catalog(small_page):
    small_page.write_text(small_page.read_text().replace("It stops.\n", ""))
    assert [entry.msgid for entry in tool.updated(small_page)] == [
        "A window slides over the input."
    ]


# The pages


@each_page
def test_the_code_is_the_same_but_for_texts_and_comments(path):
    cells = both(path, "code")
    for number, (english, chinese) in enumerate(cells):
        source = chinese.source
        if number == 0:
            assert source.startswith(tool.CHOICE)
            source = source.removeprefix(tool.CHOICE)
        assert skeleton(source) == skeleton(english.source)
        assert chinese.metadata.get("tags") == english.metadata.get("tags")


SHOWN = re.compile(r"(?s)<(script|style|conv-explorer|conv-trainer).*?</\1>|<[^>]*>")
NUMBER = re.compile(r"(?<![\w.#])\d+(?:[.,]\d+)*")


def numbers(cell):
    """Return how often each number is shown in the outputs of a cell."""
    found = Counter()
    for output in cell.outputs:
        data = output.get("data") or {"stream": output.get("text", "")}
        for kind, text in data.items():
            text = "".join(text) if isinstance(text, list) else text
            found.update(NUMBER.findall(SHOWN.sub(" ", text) if "plain" not in kind else text))
    return found


@each_page
def test_the_numbers_in_every_output_are_the_same(path):
    for english, chinese in both(path, "code"):
        if "nbval-ignore-output" not in english.metadata.get("tags", []):
            assert numbers(chinese) == numbers(english), english.source


@each_page
def test_what_other_programs_say_stays_as_it_is(path):
    """PyTorch's messages, word for word: a text that code passes on may have been translated."""
    english, chinese = (
        "\n".join(output.get("text", "") for cell in page for output in cell.get("outputs", []))
        for page in pair(path)
    )
    said = [line for line in chinese.splitlines() if re.search(r"(?:[a-z]{2,} ){3}[a-z]{2,}", line)]
    said = [re.sub(rf"^[^:：]*{HAN}[^:：]*[:：] *", "", line) for line in said]  # without a label
    assert [message for message in said if message not in english] == []


KEPT = {
    "formula": r"\$\$.+?\$\$|\$[^$\n]+\$",
    "reference": r"\{[\w:]+\}`[^`]+`",
    "link": r"\]\([^)\s]+\)",
    "code": r"(?<![`}])`[^`\n]+`(?!`)",
    "label": r"(?m)^\([\w-]+\)=|\(eq-[\w-]+\)",
    "tag": r"<[/a-z][^>]*>",
}


@each_page
@pytest.mark.parametrize("what", KEPT)
def test_what_is_not_language_is_the_same(path, what):
    for english, chinese in both(path, "markdown"):
        sources = [re.sub(r"\s*\n\s*", " ", cell.source) for cell in (english, chinese)]
        if what == "code":  # between two references there is none
            sources = [re.sub(KEPT["reference"], "", source) for source in sources]
        a, b = (Counter(re.findall(KEPT[what], source, re.DOTALL)) for source in sources)
        assert a == b, english.source[:60]


NAMES = {"in", "out", "fan-in", "groups", "channel", "factor", "size", "before"}


@each_page
def test_a_formula_holds_names_and_no_words(path):
    """It is the same in both editions, so a word in it would stay English."""
    words = {*re.findall(r"\\text\{([^}]*)\}", path.read_text(encoding="utf-8"))}
    assert words <= NAMES, f"say it beside the formula: {words - NAMES}"


def inline(source):
    """Return the pieces of a text, as a page shows it: (kind, text)."""
    for block in tool.PARSER.parse(source):
        for token in block.children or []:
            yield token.type, token.content


@each_page
def test_emphasis_is_where_it_was_and_no_mark_is_left_over(path):
    """A mark behind a full-width point closes nothing, and stands in the text as it is written."""
    for english, chinese in both(path, "markdown"):
        source = re.sub(r"\*Dive\s+into\s+Deep\s+Learning\*", "《动手学深度学习》", english.source)
        a, b = ([*inline(text)] for text in (source, chinese.source))
        for mark in ("em_open", "strong_open"):
            counts = [sum(kind == mark for kind, _ in pieces) for pieces in (a, b)]
            assert counts[0] == counts[1], english.source[:60]
        stars = [
            sum(text.count("*") for kind, text in pieces if kind == "text") for pieces in (a, b)
        ]
        assert stars[0] == stars[1], chinese.source[:60]


def test_blocks_are_the_same():
    """A list stays a list, and a heading one of its level."""
    for path in PAGES:
        for english, chinese in both(path, "markdown"):
            a, b = (
                [(t.type, t.tag) for t in tool.PARSER.parse(c.source)] for c in (english, chinese)
            )
            assert a == b, english.source[:60]


# What the catalogs say, as Chinese

LATIN = r"[A-Za-z0-9]"
WRONG = {
    "half-width punctuation": rf"{HAN}[,;:?!]|{HAN}\.(?!{LATIN})|[,;:?!]{HAN}",
    "half-width brackets": rf"{HAN}\([^)]*{HAN}|{HAN}[^(]*\){HAN}",
    "no space between Chinese and Latin": rf"{HAN}{LATIN}|{LATIN}{HAN}",
    "a space before full-width punctuation": r" [，。；：？！、（）“”《》]",
    "a space after full-width punctuation": r"[，。；：？！、）”》] (?![ ]|$)",
    "straight quotation marks": r'(?:^|”)[^“”"=]*"',
}
# Words that other texts use for what the book calls otherwise.
TERMS = {
    "信道": "通道",
    "感知野": "感受野",
    "(?<!分数)步长": "步幅",
    "核函数": "卷积核",
    "填补": "填充",
    "转置的卷积": "转置卷积",
    "特征映射": "特征图",
    "扩张卷积": "空洞卷积",
    "拉伸(?!的最大|或压缩)|拉开(卷积核|权重|窗口)|(卷积核|权重|窗口)拉开": "撑开",
    "阴影线": "斜线",
    "(?<!等效)卷积核大小": "卷积核尺寸",
    "批量维|批次维": "批量轴",
    "冲激": "脉冲",
    "汇聚": "池化",
    "自动求导": "自动微分",
}


def texts(file):
    """Yield the prose of a catalog without code, formulas, links, fields and tags."""
    for entry in polib.pofile(str(file)):
        cited = re.sub(r"\{cite:p\}`[^`]+`", "（）", entry.msgstr)  # as the page shows it
        bare = re.sub(r"(\{[\w:]+\})?`[^`]+`|\$[^$]+\$|\]\([^)]*\)|<[^>]+>|\{[^}]*\}", "·", cited)
        yield re.sub(r"\*+", "", bare).replace("\\n", "\n")


@pytest.mark.parametrize("file", catalogs(), ids=lambda f: f.relative_to(tool.LOCALE).as_posix())
def test_the_chinese_is_set_as_chinese(file):
    for text in texts(file):
        for what, wrong in WRONG.items():
            found = re.search(wrong, text)
            assert not found, f"{what}: {found[0]!r} in {text!r}"


@pytest.mark.parametrize("file", catalogs(), ids=lambda f: f.relative_to(tool.LOCALE).as_posix())
def test_terms_are_those_of_the_glossary(file):
    for text in texts(file):
        for other, ours in TERMS.items():
            assert not re.search(other, text), f"{ours}: {text}"


def test_the_glossary_is_turned_around_and_in_the_order_of_pinyin():
    text = (tool.CHINESE / "reference" / "glossary.md").read_text(encoding="utf-8")
    english = (ROOT / "reference" / "glossary.md").read_text(encoding="utf-8")
    pairs = re.findall(r"(?m)^(\S.*) \[(.+)\]\{\.language-zh-Hans\}$", english)
    entries = re.findall(r"(?m)^(\S.*) \[(.+)\]\{\.language-en\}$", text)
    assert sorted(entries) == sorted((chinese, term) for term, chinese in pairs)
    names = [chinese for chinese, _ in entries]
    known = [
        "伴随",
        "步幅（步长）",
        "卷积",
        "卷积核",
        "通道",
        "转置卷积",
    ]  # bàn bù juǎn juǎn tōng zhuǎn
    assert [name for name in names if name in known] == known


def test_json_of_a_notebook_is_written_as_chinese():
    text = (tool.CHINESE / "intro.ipynb").read_text(encoding="utf-8")
    assert "卷积" in text and json.loads(text)


# The net has no holes: a damaged copy of a Chinese page turns a rule red

PAGE = ROOT / "chapters" / "corr2d.md"
NOTEBOOK, CATALOG = "zh/chapters/corr2d.ipynb", "locale/zh_CN/chapters/corr2d.po"
ENGLISH = "chapters/corr2d.md"


def rules(path):
    """Return {rule: a function that checks it} of a page."""
    file = tool.LOCALE / f"{tool.page_of(path)}.po"
    chinese = tool.CHINESE / path.relative_to(tool.ROOT)
    return {
        "pair": lambda: step(chinese),
        "code cells": lambda: test_the_code_is_the_same_but_for_texts_and_comments(path),
        "numbers": lambda: test_the_numbers_in_every_output_are_the_same(path),
        "words": lambda: test_a_formula_holds_names_and_no_words(path),
        "emphasis": lambda: test_emphasis_is_where_it_was_and_no_mark_is_left_over(path),
        "complete": lambda: test_nothing_is_missing_or_out_of_date(file),
        "current": lambda: test_the_catalog_is_as_make_translations_writes_it(path),
        "set": lambda: test_the_chinese_is_set_as_chinese(file),
        "terms": lambda: test_terms_are_those_of_the_glossary(file),
        **{what: partial(test_what_is_not_language_is_the_same, path, what) for what in KEPT},
    }


def step(path):
    apart = chapters.out_of_step(path)
    assert not apart, apart


# A name for the damage: (file, damage, the rule, a pattern of what it says)
DAMAGES = {
    "a formula": (NOTEBOOK, swap(r"\$k\$", "$m$"), "formula", "k"),
    "a word in a formula": (ENGLISH, swap(r"\$k\$", r"$k \\text{ so }$"), "words", "so"),
    "a citation": (NOTEBOOK, swap(r"\{cite:p\}`\w+", "{cite:p}`nobody2000"), "reference", "nobody"),
    "a link": (
        NOTEBOOK, swap(r"\]\(padding-stride.ipynb\)", "](dilation.ipynb)"), "link", "dilation",
    ),
    "a name in code": (NOTEBOOK, swap(r"`corr2d`", "`corr3d`"), "code", "corr3d"),
    "an argument": (NOTEBOOK, swap(r"corr2d\(X, K\)", "corr2d(K, X)"), "code cells", ""),
    "a number in an output": (NOTEBOOK, swap(r">19<", ">18<"), "numbers", "18"),
    "an edited .ipynb": (
        NOTEBOOK, swap("卷积核", "卷积的核"),
        "pair", r"holds edits that would be lost:(.*\n)+.*locale/zh_CN/chapters/corr2d.po",
    ),
    "a catalog that was edited alone": (
        CATALOG, swap('msgstr "练习"', 'msgstr "习题"'), "pair", "make chapters NAMES=corr2d",
    ),
    "a stale paragraph": (ENGLISH, swap("## Exercises", "## Some exercises"), "current", "make tr"),
    "a translation that is missing": (
        CATALOG, swap('msgstr "练习"', 'msgstr ""'), "complete", "Exercises",
    ),
    "a translation out of date": (
        CATALOG, swap("#. heading\n", '#. heading\n#, fuzzy\n#| msgid "Before"\n'),
        "complete", "Before",
    ),
    "a mark that closes nothing": (
        NOTEBOOK, swap(r"(\*可交换)\*", r"\1。*后"), "emphasis", "",
    ),
    "half-width punctuation": (CATALOG, swap(f"({HAN})。", r"\1."), "set", "half-width"),
    "straight quotation marks": (CATALOG, swap("“([^”]*)”", r'\\"\1\\"'), "set", "straight"),
    "a space before a citation": (
        CATALOG, swap(f"({HAN})(.cite:p)", r"\1 \2"), "set", "a space before",
    ),
    "another term": (CATALOG, swap("感受野|卷积核", "信道"), "terms", "通道"),
}  # fmt: skip


@pytest.fixture
def copy_of_a_page(tmp_path, monkeypatch):
    """Return a copy of one page in both languages, which the rules take for the book."""
    for name in (NOTEBOOK, CATALOG, ENGLISH, "chapters/corr2d.ipynb", "intro.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    folders = {"ROOT": ".", "LOCALE": "locale/zh_CN", "CHINESE": "zh"}
    for owner, name in ((tool, "ROOT"), (tool, "LOCALE"), (tool, "CHINESE"), (chapters, "ROOT")):
        monkeypatch.setattr(owner, name, tmp_path / folders[name])
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    tool.catalog.cache_clear()
    yield tmp_path
    tool.catalog.cache_clear()


def broken(book):
    """Return {rule: what it says} for each rule that this book breaks."""
    said = {}
    for name, rule in rules(book / "chapters" / "corr2d.md").items():
        try:
            rule()
        except AssertionError as error:
            said[name] = str(error)
    return said


def test_without_a_damage_no_rule_is_red(copy_of_a_page):
    assert broken(copy_of_a_page) == {}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damage_turns_a_rule_red(copy_of_a_page, what):
    name, damage, rule, says = DAMAGES[what]
    text = (copy_of_a_page / name).read_text("utf-8")
    damaged = damage(text)
    assert damaged != text, "the damage changes nothing"
    (copy_of_a_page / name).write_text(damaged, "utf-8")
    assert re.search(says, broken(copy_of_a_page)[rule])
