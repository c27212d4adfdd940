"""The trainer in a real browser: the numbers of torch, and everything a learner can do."""

import json
import sys
from pathlib import Path

import axe
import pytest
from book import ROOT
from bs4 import BeautifulSoup

from convbook.explorer import practice
from convbook.explorer.trainer import FIXED, KINDS, TEXT

sys.path.insert(0, str(ROOT / "tests" / "unit"))
import test_exercises as by_torch

PHONE = {"width": 390, "height": 664, "has_touch": True, "is_mobile": True}


@pytest.fixture
def show(show):
    """Return a function that shows trainers in a page, which first runs a script."""

    def show_after(*trainers, before="", **options):
        style = "body { margin: 0; font-size: 17px } main { padding: 0 16px }"
        head = f"<script>{before}</script><style>{style}</style>"
        return show(*trainers, head=head, **options)

    return show_after


def exercise(page):
    return page.evaluate("document.querySelector('conv-trainer').exercise")


def enter(page, answer):
    return page.evaluate("a => document.querySelector('conv-trainer').enter(a)", answer)


def note(page):
    return page.locator("conv-trainer .note").inner_text()


def spoken(page):
    return page.locator("conv-trainer .spoken").inner_text()


def cells(page):
    return page.locator("conv-trainer input.cell")


def focused(page):
    return page.evaluate(
        "(() => { const e = document.activeElement.shadowRoot?.activeElement;"
        " return e && (e.ariaLabel || e.textContent); })()"
    )


def more(answer):
    """Return an answer that is wrong by one throughout."""
    return [more(part) for part in answer] if isinstance(answer, list) else answer + 1


def states(page):
    return page.eval_on_selector_all(
        "conv-trainer .answer td", "cells => cells.map(cell => cell.className)"
    )


def numbers(answer):
    """Return the numbers of an answer in the order of its cells."""
    return [n for part in answer for n in numbers(part)] if isinstance(answer, list) else [answer]


def type_answer(page, answer):
    """Type as a learner does: a number, Enter, and so on, from the first cell."""
    cells(page).first.focus()
    for number in numbers(answer):
        page.keyboard.type(str(number))
        if exercise(page)["kind"] not in ("row", "output_padding"):
            page.keyboard.press("Enter")


def memory(page):
    return json.loads(page.evaluate("localStorage.getItem('conv-trainer')") or "null")


# ---- The same numbers ----

EXERCISES = """(cases) => cases.map(([kind, level, seed]) => {
  const element = document.querySelector("conv-trainer");
  for (const [name, value] of Object.entries({ kind, level, seed }))
    element.setAttribute(name, value);
  const { exercise } = element;  // at once: the contract says so
  return [exercise, element.enter(exercise.answer)];
})"""


@pytest.mark.parametrize("kind", KINDS)
def test_200_exercises_are_those_of_torch(show, kind):
    cases = [[kind, 1 + seed % 3, seed] for seed in range(200)]
    for case, (e, entered) in zip(cases, show(practice()).evaluate(EXERCISES, cases), strict=True):
        assert [e["kind"], e["level"], e["seed"]] == case
        assert entered == {"right": True, "wrong": []}
        if kind == "output_padding":
            assert by_torch.size_by_torch(e, output_padding=e["answer"]) == e["wanted"], e
        else:
            assert by_torch.BY_TORCH[kind](e) == e["answer"], e


@pytest.mark.parametrize(
    "kind, answer, wrong",
    [
        ("fill", lambda a: [[99, *a[0][1:]], *a[1:]], [[0, 0]]),
        ("size", lambda a: [a[0], a[1] + 5], [1]),
        ("shape", lambda a: [a[0] + 50, a[1], a[2], a[3] + 50], [0, 3]),
        ("row", lambda a: [*a[:-1], 9 - a[-1]], [8]),
        ("output_padding", lambda a: [a[0] + 3, a[1]], [0]),
        ("field", lambda a: a + 40, [0]),
        ("fill", lambda a: [a[0]], [[1, 0], [1, 1]]),
    ],
)
def test_entering_says_which_places_differ(show, kind, answer, wrong):
    page = show(practice(kind, 1, 0))
    assert enter(page, answer(exercise(page)["answer"])) == {"right": False, "wrong": wrong}
    assert enter(page, exercise(page)["answer"]) == {"right": True, "wrong": []}


def test_the_exercise_is_a_copy_and_read_only(show):
    page = show(practice("fill", 1, 0))
    before, after = page.evaluate(
        """() => {
          const element = document.querySelector("conv-trainer"), before = element.exercise;
          const first = structuredClone(before);
          before.answer[0][0] = before.input[0][0] = 1000;
          try { element.exercise = {}; } catch { /* strict code throws */ }
          return [first, element.exercise];
        }"""
    )
    assert before == after


@pytest.mark.parametrize("name", ["kind", "level", "seed"])
@pytest.mark.parametrize(
    "wrong", ["", "abc", "0.5", "-1", "99999999999", "4294967297", "constructor"]
)
def test_wrong_attributes_give_an_exercise(show, name, wrong):
    page = show(practice("fill", 2, 7))
    page.evaluate(
        "([name, value]) => document.querySelector('conv-trainer').setAttribute(name, value)",
        [name, wrong],
    )
    found = exercise(page)
    assert found["kind"] in KINDS and found["level"] in (1, 2, 3) and found["seed"] >= 0
    assert found == exercise(page)  # it stays
    for other in {"kind", "level", "seed"} - {name}:
        assert found[other] == {"kind": "fill", "level": 2, "seed": 7}[other]


# ---- Marking ----


def test_a_number_is_marked_at_once(show):
    """A wrong one is kept; the window and the arithmetic are shown, and said to a screen reader."""
    page = show(practice("fill", 1, 1))
    assert exercise(page)["answer"] == [[18, 8], [3, 5]]
    cells(page).first.focus()
    page.keyboard.type("18")
    assert states(page) == ["", "", "", ""]  # it might go on
    page.keyboard.press("Enter")
    assert states(page) == ["right", "", "", ""]
    assert note(page) == spoken(page) == "Y[0, 0] = 18 is right."
    assert focused(page) == "Y, row 0, column 1"
    page.keyboard.type("23")
    page.keyboard.press("Enter")
    assert states(page) == ["right", "wrong", "", ""]
    assert cells(page).nth(1).input_value() == "23"
    said = "Y[0, 1] = 6·0 + 5·1 + 0·2 + 3·1 = 8, you wrote 23."
    assert note(page).startswith(said) and spoken(page).startswith(said)
    assert page.locator(".X .lit").all_inner_texts() == ["6", "5", "0", "3"]
    assert page.locator(".K .lit").count() == 4
    cell = cells(page).nth(1)
    assert cell.get_attribute("aria-invalid") == "true"
    described = page.locator(f"#{cell.get_attribute('aria-describedby')}")
    assert described.text_content().startswith(said)
    assert focused(page) == "Y, row 0, column 1"  # to look at it
    page.keyboard.press("Enter")
    assert focused(page) == "Y, row 1, column 0"


def test_going_to_another_cell_completes_one_and_asking_for_a_hint_does_not(show):
    page = show(practice("fill", 1, 1))
    cells(page).first.focus()
    page.keyboard.type("1")
    page.get_by_role("button", name="Hint").click()
    assert states(page)[0] == "" and "The window of Y[0, 0] is marked" in note(page)
    assert page.locator(".X .lit").all_inner_texts() == ["1", "6", "6", "0"]
    page.keyboard.type("18")
    page.keyboard.press("Tab")
    assert states(page)[0] == "right"
    page.keyboard.type("9")
    cells(page).nth(3).click()
    assert states(page)[1] == "wrong"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "Y, row 0, column 0"
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Y, row 1, column 0"
    page.keyboard.press("Enter")
    assert note(page) == TEXT["nothing"] and states(page)[2] == ""


def test_a_wrong_number_can_be_mended_without_credit(show):
    page = show(practice("size", 1, 7))
    type_answer(page, [9])
    assert states(page) == ["wrong", ""]
    page.keyboard.type("6")
    page.keyboard.press("Enter")
    assert states(page) == ["mended", ""] and focused(page) == "width"
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    assert TEXT["done"]["wrong"] in note(page) and focused(page) == "Next"
    assert memory(page) == {"kind": "size", "levels": {"size": [1, 0, 1]}, "streak": 0}


def test_show_fills_one_cell_without_credit(show):
    page = show(practice("size", 1, 7))
    page.get_by_role("button", name="Show").click()
    assert states(page) == ["shown", ""] and cells(page).first.input_value() == "6"
    assert "height = ⌊(5 + 2·1 − 1·(2 − 1) − 1) / 1⌋ + 1 = ⌊5 / 1⌋ + 1 = 6" in note(page)
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    assert TEXT["done"]["shown"] in note(page)
    assert memory(page) is None
    page.get_by_role("button", name="Show").click()  # nothing is left
    assert states(page) == ["shown", "right"]


def test_a_level_that_was_chosen_stays_after_show(show):
    page = show(practice("field", 3, 7))
    page.get_by_role("button", name="Show").click()
    page.get_by_role("button", name="Next").click()
    assert exercise(page)["level"] == 3 and exercise(page)["seed"] != 7


SET = """([kind, level, seed, answer]) => {
  const element = document.querySelector("conv-trainer"), attributes = { kind, level, seed };
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.enter(answer);
  return [...element.shadowRoot.querySelectorAll(".wrong span")].map(span => span.textContent);
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_are_named(show, kind):
    """One of each, made throughout: what is said about a number names it."""
    page = show(practice())
    for _, name, happens, wrong in [one for one in by_torch.MISTAKES if one[0] == kind]:
        for e in filter(happens, by_torch.exercises(kind)[::-1]):
            answer = by_torch.tried(wrong, e)
            if answer not in (None, e["answer"]):
                said = page.evaluate(SET, [kind, e["level"], e["seed"], answer])
                if said and TEXT["mistakes"][name] in said[-1]:
                    assert ", you wrote " in said[-1]
                    break
        else:
            raise AssertionError(name)


# ---- Levels, streak, reset ----


def results(page, *rights):
    """Answer exercises, right or wrong, and return the level of each next one."""
    levels = []
    for right in rights:
        answer = exercise(page)["answer"]
        enter(page, answer if right else [answer[0] + 1, answer[1]])
        page.get_by_role("button", name="Next").click()
        levels.append(exercise(page)["level"])
    return levels


def test_the_level_rises_after_four_of_five_and_falls_after_two(show):
    page = show(practice("size", 1, 0))
    assert results(page, True, False, True, True, True) == [1, 1, 1, 1, 2]
    assert results(page, True, True, True, True) == [2, 2, 2, 3]
    assert results(page, True, True, True, True) == [3, 3, 3, 3]
    assert results(page, False, True, False) == [3, 3, 2]
    assert results(page, False, True, False, False, False) == [2, 2, 1, 1, 1]


def test_leaving_a_wrong_one_counts_and_leaving_an_open_one_does_not(show):
    page = show(practice("size", 2, 0))
    for _ in range(3):
        page.get_by_role("button", name="Next").click()
    assert exercise(page)["level"] == 2 and memory(page)["levels"] == {}
    for _ in range(2):
        type_answer(page, [99])
        page.get_by_role("button", name="Next").click()
    assert exercise(page)["level"] == 1


def test_streak_and_levels_stay_on_the_device_until_they_are_deleted(show):
    page = show(practice())
    assert [exercise(page)[name] for name in ("kind", "level")] == ["size", 1]
    results(page, True, True, True, True, True)
    assert page.locator(".streak").inner_text() == "streak 5"
    page.goto(page.url.split("#")[0])
    assert page.locator(".streak").inner_text() == "streak 5"
    assert exercise(page)["level"] == 2
    page.select_option("conv-trainer #kind", "fill")
    assert [exercise(page)[name] for name in ("kind", "level")] == ["fill", 1]
    page.get_by_role("button", name="Reset").click()
    assert "streak of 5" in page.locator(".question").inner_text() and focused(page) == "Keep"
    page.keyboard.press("Enter")
    assert focused(page) == "Reset" and memory(page)["streak"] == 5
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Delete").click()
    assert note(page) == TEXT["deleted"] and memory(page) is None
    assert page.locator(".streak").inner_text() == "streak 0" and focused(page) == "Reset"
    page.goto(page.url.split("#")[0])
    assert [exercise(page)[name] for name in ("kind", "level")] == ["size", 1]


REFUSED = (
    """Object.defineProperty(window, "localStorage", { get() { throw new Error("refused"); } })"""
)
FULL = "Storage.prototype.setItem = () => { throw new Error('full'); }"
STORED = [
    """{"levels": [7], "streak": "<b>", "kind": 3}""",
    """{"levels": {"size": [9, 0, 0], "fill": [1, "1", 0]}, "streak": 1.5}""",
    """{"levels": {"size": "111"}, "streak": null}""",
    """{"levels": null}""",
    "null",
    "7",
    "{",
]


@pytest.mark.parametrize(
    "before",
    [REFUSED, FULL, *[f"localStorage.setItem('conv-trainer', {json.dumps(t)})" for t in STORED]],
)
def test_it_works_where_nothing_may_be_kept_and_after_another_s_data(show, before):
    page = show(practice("size", seed=0), before=before)
    assert page.locator(".streak").inner_text() == "streak 0" and exercise(page)["level"] == 1
    assert results(page, True, True, True, True) == [1, 1, 1, 2]
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Delete").click()
    assert page.locator(".streak").inner_text() == "streak 0" and note(page) == TEXT["deleted"]


def test_two_trainers_count_together(show):
    """On a page, and in two tabs: neither forgets what the other has counted."""
    page = show(practice("size", 1, 0), practice("field", 1, 0))
    for index in (0, 1, 0, 1):
        page.evaluate(
            "i => { const e = document.querySelectorAll('conv-trainer')[i];"
            " e.enter(e.exercise.answer); }",
            index,
        )
        page.get_by_role("button", name="Next").nth(index).click()
    assert memory(page)["streak"] == 4
    assert memory(page)["levels"] == {"size": [1, 2, 0], "field": [1, 2, 0]}
    assert page.get_by_role("button", name="Share").count() == 1  # the address is the first one's


# ---- The address ----


def test_the_address_leads_to_the_exercise(show):
    page = show(practice())
    page.select_option("conv-trainer #kind", "row")
    page.select_option("conv-trainer #level", "3")
    page.get_by_role("button", name="Share").click()
    page.locator("conv-trainer .note", has_text=TEXT["copied"]).wait_for()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address == page.url and "#kind=row&level=3&seed=" in address
    page.evaluate("location.hash = '#another-section'")  # is left alone, but not shared
    page.get_by_role("button", name="Hint").click()
    assert page.url.endswith("#another-section")
    page.get_by_role("button", name="Share").click()
    page.locator("conv-trainer .note", has_text=TEXT["copied"]).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url == address
    shared = exercise(page)
    other = show(practice("size", 1, 5), hash="#" + address.split("#")[1])
    assert exercise(other) == shared
    other.evaluate("location.hash = '#kind=fill&level=1&seed=1'")
    other.wait_for_function("document.querySelector('conv-trainer').exercise.kind === 'fill'")
    assert exercise(other)["answer"] == [[18, 8], [3, 5]]
    other.get_by_role("button", name="Next").click()
    assert other.evaluate("location.hash") != "#kind=fill&level=1&seed=1"


def test_back_and_forward_lead_to_the_same_exercise(show):
    page = show(practice())
    for _ in range(3):
        page.get_by_role("button", name="Next").click()
    left = exercise(page)
    page.goto("http://localhost/elsewhere.html")
    page.go_back()
    assert exercise(page) == left
    page.evaluate("location.hash = '#kind=fill&level=1&seed=1'")
    page.wait_for_function("document.querySelector('conv-trainer').exercise.kind === 'fill'")
    page.go_back()
    page.wait_for_function(
        "seed => document.querySelector('conv-trainer').exercise.seed === seed", arg=left["seed"]
    )
    assert exercise(page) == left


def test_the_links_of_chapters_preset_the_kind(site, show):
    """Each leads to a heading of the page; the page itself leads from kind to chapter."""
    code = (ROOT / "src/convbook/explorer/conv-trainer.js").read_text("utf-8")
    page = BeautifulSoup((site / "reference/trainer.html").read_text("utf-8"), "html.parser")
    anchors = code.split("const ANCHORS = ")[1].split("};")[0]
    for kind in KINDS:
        anchor = next(text for text in anchors.split('"') if text.startswith("#")
                      and f'"{text}": "{kind}"' in anchors)  # fmt: skip
        section = page.find(id=anchor.removeprefix("#"))
        assert section.find("h2") and section.select('a[href^="../chapters/"]'), anchor
        assert exercise(show(practice(), hash=anchor))["kind"] == kind
    trainer = page.find("conv-trainer")
    assert trainer["chapters"] == "../chapters/"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_links_its_chapter(show, kind):
    links = set()
    page = show(practice(kind, chapters="../chapters/"))
    for level in (1, 2, 3, 2, 3, 2, 3):
        page.select_option("conv-trainer #level", str(level))
        page.get_by_role("button", name="Next").click()
        links.add(page.get_by_role("link").get_attribute("href"))
    for link in links:
        assert (ROOT / "reference" / link.replace(".html", ".md")).is_file(), link
    assert show(practice(kind)).get_by_role("link").count() == 0


def test_someone_else_s_anchor_is_left_alone(show):
    page = show(practice(), hash="#section")
    page.get_by_role("button", name="Next").click()
    assert page.evaluate("location.hash") == "#section"


def test_several_on_a_page(show):
    page = show(practice("size", 1, 1), practice("fill", 2, 2))
    kinds = page.evaluate(
        "[...document.querySelectorAll('conv-trainer')].map(e => e.exercise.kind)"
    )
    assert kinds == ["size", "fill"]
    page.locator("conv-trainer").nth(1).get_by_role("button", name="Next").click()
    assert "kind=size" in page.evaluate("location.hash")


# ---- Where it runs ----


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [1, 2])
def test_a_phone_shows_all_at_once(show, kind, level):
    """Levels 1 and 2: from the question to the last button, on a screen, with cells of 44 px."""
    page = show(practice(kind, level, 0), **PHONE)
    for seed in range(12):
        page.evaluate(
            "seed => document.querySelector('conv-trainer').setAttribute('seed', seed)", seed
        )
        page.evaluate("new Promise(requestAnimationFrame)")
        if seed % 2:  # with what is wrong, in words
            enter(page, more(exercise(page)["answer"]))
        top, bottom = page.evaluate(
            "(() => { const root = document.querySelector('conv-trainer').shadowRoot;"
            " return [root.querySelector('.bar').getBoundingClientRect().top,"
            " root.querySelector('.next').getBoundingClientRect().bottom]; })()"
        )
        assert bottom - top <= 600, (kind, seed)  # the site's own bar has the rest
        sizes = page.eval_on_selector_all(
            "conv-trainer .answer td, conv-trainer button:not([hidden])",
            "nodes => nodes.map(n => n.getBoundingClientRect()).filter(b => b.width)"
            ".map(b => Math.min(b.width, b.height))",
        )
        assert min(sizes) >= 43.9, (kind, seed)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("kind", KINDS)
def test_it_fits_320_pixels(show, kind):
    page = show(practice(kind, 3, 0), width=320, height=640)
    for seed in range(12):
        page.evaluate(
            "seed => document.querySelector('conv-trainer').setAttribute('seed', seed)", seed
        )
        enter(page, exercise(page)["answer"])
        page.get_by_role("button", name="Hint").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, seed


@pytest.mark.parametrize("kind", KINDS)
def test_the_keypad_stays_where_it_is(show, kind):
    """While a learner answers, wrongly, too: no key moves from under the thumb."""
    for level in (1, 2):
        page = show(practice(kind, level, 3), **PHONE)
        answer, key = exercise(page)["answer"], page.get_by_role("button", name="7", exact=True)
        before = key.bounding_box()
        for change in (more, lambda same: same):
            enter(page, change(answer))
            assert key.bounding_box() == before, (level, note(page))


def test_a_zoom_of_400_percent(show):
    """A window of 1280 × 1024 has 320 × 256 left: the exercise and its keypad fit in turn."""
    page = show(practice("fill", 2, 3), **{**PHONE, "width": 320, "height": 256})
    for part in (".ask", ".answer", ".keys", ".do", ".note"):
        box = page.locator(f"conv-trainer {part}").bounding_box()
        assert box["height"] <= 256 and box["x"] >= 0 and box["x"] + box["width"] <= 320, part


def test_text_can_be_spaced(show):
    """WCAG 1.4.12: nothing is cut, in a cell or beside it."""
    page = show(practice("size", 3, 0), width=320)
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet(), root = document.querySelector("conv-trainer").shadowRoot;
      sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    }""")
    for kind in KINDS:
        page.select_option("conv-trainer #kind", kind)
        enter(page, more(exercise(page)["answer"]))
        cut = page.eval_on_selector_all(
            "css=conv-trainer :is(button, td, p, th, .cell)",
            "all => all.filter(e => e.checkVisibility() && (e.scrollWidth > e.clientWidth + 1 ||"
            " e.scrollHeight > e.clientHeight + 1)).map(e => e.outerHTML)",
        )
        assert cut == [], kind
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, kind


def test_touch_alone(show):
    """The keypad types into the cell that was tapped, which no keyboard of the system covers."""
    page = show(practice("fill", 3, 0), **PHONE)
    answer = exercise(page)["answer"]
    assert answer[0][0] < 0
    assert cells(page).first.get_attribute("inputmode") == "none"
    for index, number in enumerate(numbers(answer)):
        cells(page).nth(index).tap()
        for digit in str(number).replace("-", "−"):
            page.get_by_role("button", name=digit if digit != "−" else "minus", exact=True).tap()
    page.get_by_role("button", name="delete a digit").tap()
    for digit in str(numbers(answer)[-1])[-1]:
        page.get_by_role("button", name=digit, exact=True).tap()
    page.get_by_role("button", name="Enter").tap()
    assert states(page) == ["right"] * len(numbers(answer))
    assert memory(page)["streak"] == 1
    page.get_by_role("button", name="Next").tap()
    assert exercise(page)["seed"] != 0


def test_the_keypad_begins_with_the_first_cell(show):
    page = show(practice("fill", 1, 1), **PHONE)
    page.get_by_role("button", name="1", exact=True).tap()
    assert focused(page) == "Y, row 0, column 0" and states(page)[0] == ""
    page.get_by_role("button", name="8", exact=True).tap()
    page.get_by_role("button", name="Enter").tap()
    assert states(page)[0] == "right" and focused(page) == "Y, row 0, column 1"


def test_keyboard_alone(show):
    page = show(practice("output_padding", 1, 1))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "height"
    page.keyboard.type("01")  # a digit is all that such an answer has
    assert states(page) == ["right", "right"] and focused(page) == "Next"
    page.keyboard.press("Enter")
    assert focused(page) == "height" and exercise(page)["seed"] != 1
    for _ in range(8):
        page.keyboard.press("Tab")
    assert focused(page) != "height"


@pytest.mark.parametrize("text", ["18", " 18 ", "0018", "+18", "１８", "\t1８\u3000"])
def test_a_number_may_be_written_in_many_ways(show, text):
    page = show(practice("fill", 1, 1))
    cells(page).first.focus()
    page.keyboard.insert_text(text)  # as by pasting
    page.keyboard.press("Enter")
    assert states(page)[0] == "right" and cells(page).first.input_value() == "18"


@pytest.mark.parametrize("minus", "-−–—－﹣")
def test_so_may_a_minus(show, minus):
    page = show(practice("fill", 3, 0))
    assert exercise(page)["answer"][0][0] == -32
    cells(page).first.focus()
    page.keyboard.insert_text(minus + "32")
    page.keyboard.press("Enter")
    assert states(page)[0] == "right" and cells(page).first.input_value() == "−32"


@pytest.mark.parametrize("key", ["Enter", "Tab"])
@pytest.mark.parametrize(
    "text", ["1.8", "18,0", "1e1", "1 8", "Y[0, 0] = 18", "--18", "-", "十八", "1" * 7, "18" * 99]
)
def test_what_is_no_whole_number_is_refused_and_not_made_one(show, text, key):
    page = show(practice("fill", 1, 1))
    cells(page).first.focus()
    page.keyboard.insert_text(text)
    page.keyboard.press(key)
    assert states(page)[0] == "" and cells(page).first.input_value() == text
    assert note(page) == spoken(page) == TEXT["nothing"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 800


def test_a_zero_has_no_sign(show):
    page = show(practice("row", 1, 0))
    assert exercise(page)["answer"][0] == 0
    cells(page).first.focus()
    page.keyboard.type("-0")
    assert states(page)[0] == "right" and cells(page).first.input_value() == "0"


def test_a_marked_number_is_not_lost_to_a_text(show):
    page = show(practice("fill", 1, 1))
    type_answer(page, [18])
    for text in ("abc", ""):
        cells(page).first.focus()
        cells(page).first.fill(text)
        page.keyboard.press("Tab")
        assert states(page)[0] == "right" and cells(page).first.input_value() == "18"


def test_an_input_method_may_finish(show):
    """What it composes is no number yet, though one digit is all that such an answer has."""
    page = show(practice("output_padding", 1, 1))
    assert exercise(page)["answer"] == [0, 1]
    cells(page).first.focus()
    method = page.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "０", "selectionStart": 1, "selectionEnd": 1})
    assert states(page) == ["", ""] and focused(page) == "height"
    method.send("Input.insertText", {"text": "０"})
    assert states(page) == ["right", ""] and focused(page) == "width"


def test_the_tree_of_a_screen_reader(show):
    """Compared with the stored one, which is read as text when it changes.

    It was stored after a right and a wrong number; with a keyboard, and so without the keypad.
    """
    page = show(practice("fill", 1, 1, chapters="../chapters/"))
    type_answer(page, [[18, 23]])
    tree = page.locator("conv-trainer").aria_snapshot()
    assert tree + "\n" == Path(__file__).with_name("trainer.aria.yml").read_text("utf-8")
    assert page.locator("conv-trainer [aria-live]").count() == 1
    touched = show(practice("fill", 1, 1), **PHONE).locator("conv-trainer").aria_snapshot()
    for text in ('group "keypad"', 'button "delete a digit"', 'button "minus"', 'button "Enter"'):
        assert text in touched and text not in tree


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(show, kind):
    for theme, rules in (("light", {}), ("dark", axe.COLORS)):
        page = show(practice(kind, 2, 3, chapters="../chapters/"), theme=theme, **PHONE)
        axe.load(page)
        assert axe.violations(page, rules) == [], theme
        answer = exercise(page)["answer"]
        enter(page, json.loads(json.dumps(answer).replace("1", "7").replace("2", "3")))
        page.get_by_role("button", name="Hint").tap()
        page.get_by_role("button", name="Reset").tap()
        assert axe.violations(page, rules) == [], theme


def test_marks_are_never_colors_alone(show):
    page = show(practice("fill", 1, 1), forced_colors="active")
    type_answer(page, [[18]])
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    signs = page.eval_on_selector_all(
        "conv-trainer .answer td", "cells => cells.map(c => getComputedStyle(c, '::after').content)"
    )
    assert signs[:3] == ['"✓"', '"✗"', "none"]
    outlines = page.eval_on_selector_all(
        "conv-trainer .X td", "cells => cells.map(c => getComputedStyle(c).outlineStyle)"
    )
    assert outlines.count("solid") == 4
    focus = cells(page).nth(1).evaluate("cell => getComputedStyle(cell).outlineStyle")
    assert focus == "solid"


def test_nothing_moves_and_nothing_waits(show):
    page = show(practice("fill", 1, 1), before="window.setTimeout = window.setInterval = null",
                reduced_motion="reduce")  # fmt: skip
    enter(page, [[1, 2], [3, 5]])
    page.get_by_role("button", name="Hint").click()
    page.get_by_role("button", name="Next").click()
    assert page.evaluate("document.getAnimations({ subtree: true }).length") == 0


def test_without_scripts_there_are_ten_exercises_with_folded_answers(show):
    page = show(practice(), java_script_enabled=False)
    assert page.locator("conv-trainer > ol > li").count() == len(FIXED) == 10
    assert not page.get_by_text("[0, 0] = 1·0 + 6·1 + 6·2 + 0·1 = 18").is_visible()
    page.locator("details").nth(3).locator("summary").click()
    assert page.get_by_text("Y[0, 0] = 1·0 + 6·1 + 6·2 + 0·1 = 18").is_visible()
    assert not show(practice()).locator("details").first.is_visible()


def test_in_a_frame_like_those_of_colab(show):
    class Framed:
        def _repr_html_(self):
            html = practice("size", 1, 7)._repr_html_().replace("&", "&amp;").replace('"', "&quot;")
            return f'<iframe sandbox="allow-scripts" width=700 height=900 srcdoc="{html}"></iframe>'

    page = show(Framed())
    frame = page.frame_locator("iframe")
    frame.get_by_label("height").fill("6")
    frame.get_by_label("height").press("Enter")
    assert "height = 6 is right" in frame.locator(".note").inner_text()
    assert frame.get_by_role("button", name="Share").count() == 0
    frame.get_by_role("button", name="Next").click()
