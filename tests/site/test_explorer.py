"""The explorer in a real browser: the same numbers as Python, and everything a reader can do."""

import base64
import gzip
import hashlib
import itertools
import random
from pathlib import Path

import axe
import pytest
import torch
from torch.nn import functional as F

from convbook import explorer
from convbook.diagrams import draw_corr2d, draw_trans_conv
from convbook.explorer import EXAMPLES, RANGES, explore, script

ADDRESS = "http://localhost/page.html"
NAMES = list(RANGES)
THEMES = {"light": ("#ffffff", "#212529"), "dark": ("#14181e", "#ced6dd")}


@pytest.fixture
def show(chromium):
    """Return a function that shows explorers in a page; no page may write an error."""
    errors, contexts = [], []

    def show(*explorers, theme="light", width=800, hash="", head="", **options):
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        background, color = THEMES[theme]
        body = "".join(
            f"<div>{one if isinstance(one, str) else one._repr_html_()}</div>" for one in explorers
        )
        html = (
            f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Test</title>{head}"
            "<meta name=viewport content='width=device-width'><link rel=icon href='data:,'>"
            "<link rel=stylesheet href=style.css></head>"
            f"<body><main><h1>Test</h1>{body}</main></body></html>"
        )
        style = f"body {{ background: {background}; color: {color}; font: 16px/1.5 sans-serif }}"
        style += "[hidden] { display: none !important }"  # as the theme of the book has it
        page.route("**/*.html*", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.route("**/style.css", lambda route: route.fulfill(body=style, content_type="text/css"))
        page.goto(ADDRESS + hash)
        return page

    yield show
    for context in contexts:
        context.close()
    assert errors == []


def attributes(state):
    return {name.replace("_", "-"): str(value) for name, value in state.items()}


RESULTS = """
states => states.map(state => {
  const element = document.querySelector("conv-explorer");
  for (const name of element.getAttributeNames()) element.removeAttribute(name);
  for (const name in state) element.setAttribute(name, state[name]);
  return element.result;  // at once: the contract says so
})
"""


def results_in_browser(page, states):
    return page.evaluate(RESULTS, [attributes(state) for state in states])


def cell(page, grid, row, column):
    return page.locator(f".{grid} tr").nth(row).locator("td").nth(column)


def texts(page, grid):
    return page.eval_on_selector(
        "conv-explorer",
        "(e, grid) => [...e.shadowRoot.querySelectorAll(`.${grid} tr`)].map("
        "row => [...row.cells].map(cell => cell.firstChild?.data ?? ''))",
        grid,
    )


def lit(page, grid, look="lit"):
    """Return the places of the marked cells of a grid."""
    return page.eval_on_selector(
        "conv-explorer",
        "(e, [grid, look]) => [...e.shadowRoot.querySelectorAll(`.${grid} td.${look}`)].map("
        "cell => [cell.parentElement.rowIndex, cell.cellIndex])",
        [grid, look],
    )


def text(page, selector):
    return page.locator(f"conv-explorer {selector}").inner_text()


# ---- The same numbers ----


def drawn_at_random(count, seed=0):
    """Return states over all of the ranges, valid or not, some with numbers of their own."""
    rng = random.Random(seed)
    states = []
    for _ in range(count):
        state = {"mode": rng.choice(["conv", "transposed"])}
        for name, (low, high, _) in RANGES.items():
            state[name] = rng.randint(low, min(high, rng.choice([low + 1, low + 4, high])))
        if state["mode"] == "conv":
            state["output_padding"] = 0
        if rng.random() < 0.3:
            n = state["kernel_size"]
            state["kernel"] = " ".join(str(rng.randint(-9, 9)) for _ in range(n * n))
        if rng.random() < 0.3:
            n = state["input_size"]
            state["input"] = ",".join(str(rng.randint(-99, 99) / 4) for _ in range(n * n))
        states.append(state)
    return states


def by_torch(result):
    X, K = (torch.tensor(result[name], dtype=torch.float64) for name in ("input", "kernel"))
    options = {name: result[name] for name in ("stride", "padding", "dilation")}
    if result["mode"] == "conv":
        Y = F.conv2d(X[None, None], K[None, None], **options)
    else:
        extra = result["outputPadding"]
        Y = F.conv_transpose2d(X[None, None], K[None, None], output_padding=extra, **options)
    return Y[0, 0].tolist()


def test_600_random_states_have_the_numbers_of_python_and_of_torch(show):
    states = drawn_at_random(600)
    page = show(explore())
    adjusted = 0
    for state, result in zip(states, results_in_browser(page, states), strict=True):
        assert result == explore(**state).result, state
        assert result["output"] == by_torch(result), state
        adjusted += result["adjusted"]
        for name in NAMES:
            if not result["adjusted"]:
                assert result[explorer._camel(name)] == state[name]
    assert 50 < adjusted < 300  # both kinds are there


def test_adjusted_exactly_if_torch_refuses_or_it_is_too_large_to_draw():
    for state in drawn_at_random(300, seed=1):
        result = explore(**state).result
        options = {name: state[name] for name in ("stride", "padding", "dilation")}
        X, K = (
            torch.ones(1, 1, state[f"{name}_size"], state[f"{name}_size"])
            for name in ("input", "kernel")
        )
        try:
            if state["mode"] == "conv":
                size = len(F.conv2d(X, K, **options)[0, 0])
            else:
                extra = state["output_padding"]
                size = len(F.conv_transpose2d(X, K, output_padding=extra, **options)[0, 0])
        except RuntimeError:
            size = 0
        assert result["adjusted"] == (not 1 <= size <= explorer.LARGEST_OUTPUT), state
        assert result["adjusted"] == bool(result["reason"])


WRONG = [
    "",
    "abc",
    "2.5",
    "-3",
    "1e99",
    "-1e400",
    "NaN",
    "Infinity",
    "0x2",
    "1_0",
    "٣",
    "--1",
    ".5",
]
WRONG += ["1" * 30, " 2 ", "3px", "null", "<b>2</b>", '"', "2,3", "1.", "true"]


def test_wrong_attributes_give_the_nearest_state_and_a_sentence_as_in_python(show):
    states = [
        {"mode": mode, name: wrong}
        for mode in ("conv", "transposed", "Conv", "")
        for name in [*NAMES, "input", "kernel", "view"]
        for wrong in WRONG
    ]
    rng = random.Random(2)
    states += [{name: rng.choice(WRONG) for name in NAMES} for _ in range(100)]
    page = show(explore())
    for state, result in zip(states, results_in_browser(page, states), strict=True):
        assert result == explore(**state).result, state
        assert result["output"] == by_torch(result), state
    page.evaluate(RESULTS, [{"mode": "transposed", "padding": "9", "input-size": "2"}])
    assert "padding=9: padding crops the whole output away; 1 is used." in text(page, ".adjusted")


@pytest.mark.parametrize(
    "grid, presets", [("input", explorer.INPUTS), ("kernel", explorer.KERNELS)]
)
def test_presets_are_those_of_python(show, grid, presets):
    sizes = range(1, RANGES[f"{grid}_size"][1] + 1)
    states = [
        {"input_size": 18, f"{grid}_size": size, grid: preset}
        for size, preset in itertools.product(sizes, presets)
    ]
    for state, result in zip(states, results_in_browser(show(explore()), states), strict=True):
        python = explore(**state).result
        assert result[grid] == python[grid], state
        if (state.get("kernel"), result["kernelSize"]) in [("bilinear", 5), ("bilinear", 6)]:
            # Thirds are no binary fractions, so the order of a sum shows.
            expected = torch.tensor(python["output"], dtype=torch.float64)
            output = torch.tensor(result["output"], dtype=torch.float64)
            torch.testing.assert_close(output, expected, rtol=1e-12, atol=0)
        else:
            assert result == python, state


def test_default_numbers_are_those_of_the_book():
    assert explore(input_size=3, kernel_size=2).result["output"] == [[19, 25], [37, 43]]
    stamped = explore(mode="transposed", input_size=2, kernel_size=2).result["output"]
    assert stamped == [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    sobel = explore(kernel="edge").result["kernel"]
    assert sobel == [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    assert explore(kernel="bilinear", kernel_size=4).result["kernel"][0] == [
        0.0625,
        0.1875,
        0.1875,
        0.0625,
    ]


def test_own_numbers_set_the_size():
    own = explore(input=[[1, 2], [3, 4]], kernel=[[0.5]])
    assert own.result["inputSize"] == 2
    assert own.result["output"] == [[0.5, 1], [1.5, 2]]
    assert explore(input=torch.tensor([[1, 2], [3, 4]]), kernel=[[0.5]]).result == own.result
    ragged = explore(input=[[1, 2], [3]])
    assert "input=1 2 3 must be 4 numbers of at most 999 or one of" in str(ragged)


def test_own_numbers_are_taken_up_to_a_bound_and_stay_whole():
    assert explore(kernel=[[999]]).result["adjusted"] is False
    assert explore(kernel=[[999.5]]).result["kernel"] == [[0]]
    assert explore(kernel=" 1,2;\n3 4, ", kernel_size=2).result["kernel"] == [[1, 2], [3, 4]]
    assert "kernel=1 x must be" in explore(kernel="1 x", kernel_size=1).result["reason"]
    assert "kernel=x must be" in explore(kernel="x", kernel_size=1).result["reason"]
    result = explore(input=[[1.0]], kernel=[[2.0]]).result
    assert str([result[name] for name in ("input", "kernel", "output")]) == "[[[1]], [[2]], [[2]]]"
    assert explore(input=[[2**23]], kernel=[[2]]).result["adjusted"]


def test_nothing_given_is_the_default():
    assert explorer.Explorer({}).result == explore().result


def test_a_value_is_mended_up_to_its_last():
    result = explore(input_size=1, padding=8, kernel_size=4, dilation=6).result
    assert (result["padding"], result["kernelSize"], result["dilation"]) == (9, 4, 6)


def test_rules_are_mended_in_turn():
    """With output_padding mended, padding still crops all away, and is mended next."""
    result = explore("transposed", 1, 1, padding=3, output_padding=5).result
    assert (result["outputPadding"], result["padding"], result["output"]) == (0, 0, [[0]])
    assert result["reason"].count(" is used.") == 2


def test_the_largest_output_is_drawn():
    result = explore("transposed", 12, 5, stride=5, dilation=2).result
    assert len(result["output"]) == explorer.LARGEST_OUTPUT and not result["adjusted"]


def test_the_matrix_is_an_attribute():
    assert ' matrix=""' in explore(matrix=True)._repr_html_().split(">")[0]
    assert " matrix" not in explore()._repr_html_().split(">")[0]


def test_the_picture_is_that_of_the_moves():
    moves = {"stride": 2, "padding": 1, "dilation": 2}
    one = explore("conv", 7, 2, **moves)
    X, K = (torch.tensor(one.result[name]) for name in ("input", "kernel"))
    assert one._picture().svg() == draw_corr2d(X, K, (2, 2), **moves).svg()
    one = explore("transposed", 4, 2, output_padding=1, **moves)
    X, K = (torch.tensor(one.result[name]) for name in ("input", "kernel"))
    assert one._picture().svg() == draw_trans_conv(X, K, (2, 2), output_padding=1, **moves).svg()


def test_without_examples_there_is_no_menu():
    """The element holds the picture alone, and no word of Python's for nothing."""
    element = explore()._repr_html_().partition("<script>")[0].strip()
    assert "<select" not in element and element.endswith("</svg></conv-explorer>")


def test_examples_are_what_their_names_say():
    """As in Dumoulin and Visin; a name says what is not 1, or 0."""
    for group in list(EXAMPLES.values())[:2]:
        for name, state in group.items():
            assert (state["stride"] > 1) == ("non-unit" in name), name
            assert (state["padding"] == 0) == name.startswith(("no padding", "dilation")), name
    assert {state["mode"] for state in EXAMPLES["Convolution, Dumoulin and Visin"].values()} == {
        "conv"
    }
    assert EXAMPLES["Convolution, Dumoulin and Visin"]["dilation"]["dilation"] == 2


def test_examples_are_valid_and_transposed_ones_undo_the_size_of_their_twins():
    for states in EXAMPLES.values():
        for name, state in states.items():
            assert not explore(**state).result["adjusted"], name
    forward, transposed, *_ = EXAMPLES.values()
    for name, state in forward.items():
        if name == "dilation":
            continue
        twin = explore(
            **transposed[
                name.replace(" (odd)", "") + ", transposed" + (" (odd)" if "odd" in name else "")
            ]
        )
        result = explore(**state).result
        assert len(result["output"]) == twin.result["inputSize"], name
        assert len(twin.result["output"]) == result["inputSize"], name
    for name, state in EXAMPLES["Doubling a size"].items():
        assert len(explore(**state).result["output"]) == 2 * state["input_size"], name


def test_result_is_a_copy_and_read_only(show):
    page = show(explore())
    before, after = page.evaluate(
        """() => {
          const element = document.querySelector("conv-explorer"), before = element.result;
          const first = structuredClone(before);
          before.output[0][0] = before.input[0][0] = 1000;
          try { element.result = {}; } catch { /* strict code throws */ }
          return [first, element.result];
        }"""
    )
    assert before == after


# ---- What is seen ----


def test_without_scripts_there_is_the_picture(show):
    page = show(explore(input_size=3, kernel_size=2, examples=EXAMPLES), java_script_enabled=False)
    assert page.locator("conv-explorer svg").is_visible()
    assert "43" in page.locator("conv-explorer svg").text_content()
    assert not page.locator("select").is_visible()


def test_the_picture_gives_way_to_the_explorer(show):
    page = show(explore(input_size=3, kernel_size=2))
    assert not page.locator("conv-explorer > svg").is_visible()
    assert texts(page, "output") == [["19", "25"], ["37", "43"]]
    assert text(page, ".sum") == "Y[1, 1] = 4·0 + 5·1 + 7·2 + 8·3 = 43"


def test_text_says_the_same():
    plain = repr(explore(mode="transposed", input_size=2, kernel_size=2, output_padding=3))
    assert "F.conv_transpose2d(X, K)" in plain
    assert "(2 − 1)·1 − 2·0 + 1·(2 − 1) + 0 + 1 = 3" in plain
    assert "output_padding=3: " in plain
    assert " 4 12  9" in plain
    plain = repr(explore("conv", 7, 3, stride=2, padding=2))
    assert "F.conv2d(X, K, stride=2, padding=2)" in plain
    assert "⌊(7 + 2·2 − 1·(3 − 1) − 1) / 2⌋ + 1 = ⌊8 / 2⌋ + 1 = 5" in plain


def test_pointing_marks_what_a_cell_touches(show):
    page = show(explore(input_size=4, kernel_size=3, padding=1, stride=2))
    cell(page, "output", 0, 1).hover()
    assert lit(page, "input") == [[r, c] for r in range(3) for c in range(2, 5)]
    assert lit(page, "output", "marked") == [[0, 1]]
    assert len(lit(page, "kernel")) == 9
    assert text(page, ".sum").startswith("Y[0, 1] = 0·0 + 0·1 + 0·2 + 1·3 + ")
    cell(page, "input", 2, 2).hover()  # X[1, 1], in the middle of nothing but four windows
    assert lit(page, "output") == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert lit(page, "kernel") == [[0, 0], [0, 2], [2, 0], [2, 2]]
    cell(page, "kernel", 0, 0).hover()
    assert len(lit(page, "input")) == len(lit(page, "output")) == 4
    page.mouse.move(1, 1)
    assert lit(page, "output", "marked") == [[1, 1]]  # the middle again


def test_stamps_that_overlap_are_seen_to_add(show):
    page = show(explore("transposed", input_size=2, kernel_size=2))
    cell(page, "input", 1, 0).hover()
    assert lit(page, "output") == [[1, 0], [1, 1], [2, 0], [2, 1]]
    assert [cell(page, "output", *at).get_attribute("data-plus") for at in lit(page, "output")] == [
        "+0",
        "+2",
        "+4",
        "+6",
    ]
    cell(page, "output", 1, 1).hover()
    assert text(page, ".sum") == "Y[1, 1] = 0·3 + 1·2 + 2·1 + 3·0 = 4"
    assert len(lit(page, "input")) == 4
    page.get_by_role("button", name="step ›").click()
    assert texts(page, "output") == [["0", "0", ""], ["0", "0", ""], ["", "", ""]]
    for _ in range(2):
        page.get_by_role("button", name="step ›").click()
    assert texts(page, "output") == [["0", "0", "1"], ["0", "4", "3"], ["4", "6", ""]]
    assert lit(page, "input", "marked") == [[1, 0]]
    page.get_by_role("button", name="show all").click()
    assert texts(page, "output")[2] == ["4", "12", "9"]


@pytest.mark.parametrize("state", drawn_at_random(40, seed=3))
def test_marks_agree_with_the_gradient(show, state):
    """An output touches an input exactly if the gradient of the one by the other is not zero."""
    page = show(explore(**state | {"kernel": "ones", "input": "counting"}))
    result = page.evaluate("document.querySelector('conv-explorer').result")
    n, size, padding = result["inputSize"], len(result["output"]), result["padding"]
    X = torch.zeros(1, 1, n, n, requires_grad=True)
    K = torch.ones(1, 1, result["kernelSize"], result["kernelSize"])
    options = {name: result[name] for name in ("stride", "padding", "dilation")}
    conv = result["mode"] == "conv"
    Y = (
        F.conv2d(X, K, **options)
        if conv
        else F.conv_transpose2d(X, K, output_padding=result["outputPadding"], **options)
    )
    i, j = random.Random(0).randrange(size), random.Random(1).randrange(size)
    Y[0, 0, i, j].backward()
    inputs, outputs = (padding, 0) if conv else (0, padding)
    cell(page, "output", i + outputs, j + outputs).dispatch_event(
        "pointermove", {"pointerType": "mouse", "bubbles": True}
    )
    seen = {(r - inputs, c - inputs) for r, c in lit(page, "input")}
    real = {(r, c) for r, c in seen if 0 <= r < n and 0 <= c < n}
    assert real == {tuple(at) for at in X.grad[0, 0].nonzero().tolist()}


def test_counts(show):
    page = show(explore(input_size=4, kernel_size=3, padding=1, view="counts"))
    counts = [row[1:-1] for row in texts(page, "input")[1:-1]]
    assert counts == [list("4664"), list("6996"), list("6996"), list("4664")]
    page = show(explore("transposed", 3, 3, stride=2, view="counts"))
    assert texts(page, "output")[1] == ["1", "1", "2", "1", "2", "1", "1"]
    assert texts(page, "output")[2] == ["2", "2", "4", "2", "4", "2", "2"]


def test_zeros_inserted_is_the_same_operation(show):
    state = {"mode": "transposed", "input_size": 3, "stride": 2, "padding": 1, "output_padding": 1}
    page = show(explore(**state, view="zeros"))
    shown = [[float(value) for value in row] for row in texts(page, "input")]
    flipped = [[float(value) for value in row] for row in texts(page, "kernel")]
    X, K = (torch.tensor(rows)[None, None] for rows in (shown, flipped))
    assert F.conv2d(X, K)[0, 0].tolist() == explore(**state).result["output"]
    assert [[float(value) for value in row] for row in texts(page, "output")] == explore(
        **state
    ).result["output"]
    cell(page, "output", 0, 0).hover()
    assert lit(page, "input") == [[r, c] for r in range(3) for c in range(3)]
    cell(page, "kernel", 0, 0).hover()  # as it is drawn, flipped, it meets the first input first
    assert lit(page, "input")[0] == [0, 0]


def test_matrix_is_drawn_and_its_row_or_column_lit(show):
    page = show(explore(input_size=3, kernel_size=2, matrix=True))
    W = torch.zeros(4, 9)
    for x, y, value in page.eval_on_selector_all(
        "css=conv-explorer .matrix text",
        "all => all.map(t => [t.getAttribute('x'), t.getAttribute('y'), t.textContent])",
    ):
        W[int(float(y)), int(float(x))] = float(value)
    result = explore(input_size=3, kernel_size=2).result
    x, y = (
        torch.tensor(result[name], dtype=torch.float32).flatten() for name in ("input", "output")
    )
    assert torch.equal(W @ x, y)
    strip = "conv-explorer .strip"
    box = "e => ['x', 'y', 'width', 'height'].map(name => Number(e.getAttribute(name)))"
    cell(page, "output", 1, 0).hover()
    assert page.eval_on_selector(strip, box) == [0, 2, 9, 1]
    cell(page, "input", 0, 1).hover()
    assert page.eval_on_selector(strip, box) == [1, 0, 1, 4]
    lit_entries = "e => e.getAttribute('d')"
    assert page.eval_on_selector(strip + " + path", lit_entries) == "M1 0h1v1h-1zM1 1h1v1h-1z"
    cell(page, "kernel", 1, 1).hover()
    assert page.eval_on_selector(strip + " + path", "e => e.getAttribute('d')").count("M") == 4
    page = show(explore("transposed", 2, 2, matrix=True))
    assert "Wᵀ: 9 rows of outputs, 4 columns of inputs" in text(page, ".matrix")


def test_fractions_are_written_with_four_digits(show):
    page = show(explore(input="ones", kernel="blur"))
    cell(page, "output", 0, 0).hover()
    assert "0.0625" in text(page, ".sum")


def test_formula_floor_and_call(show):
    page = show(explore(input_size=6, stride=2))
    assert "⌊(6 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = ⌊3 / 2⌋ + 1 = 2" in text(page, ".formula")
    assert "remainder 1" in text(page, ".formula")
    assert text(page, "code") == "F.conv2d(X, K, stride=2)"
    page = show(explore("transposed", input_size=3, stride=2, padding=1, output_padding=1))
    assert "(3 − 1)·2 − 2·1 + 1·(3 − 1) + 1 + 1 = 6" in text(page, ".formula")
    assert text(page, "code") == "F.conv_transpose2d(X, K, stride=2, padding=1, output_padding=1)"


# ---- What the reader does ----


def test_no_end_of_a_slider_is_invalid_and_limits_are_explained(show):
    page = show(explore())
    ends = page.evaluate(
        """states => {
          const element = document.querySelector("conv-explorer"), ends = [];
          return (async () => {
            for (const state of states) {
              for (const name in state) element.setAttribute(name, state[name]);
              await 0; await 0;
              if (element.result.adjusted) continue;
              for (const slider of element.shadowRoot.querySelectorAll("[type=range]"))
                for (const [end, beyond] of [[slider.min, -1], [slider.max, 1]])
                  ends.push([state, slider.id, Number(end), beyond]);
            }
            return ends;
          })();
        }""",
        [
            attributes({k: v for k, v in state.items() if k not in ("input", "kernel")})
            for state in drawn_at_random(60, seed=4)
        ],
    )
    assert len(ends) > 300
    for state, name, end, beyond in ends:
        state = {key.replace("-", "_"): value for key, value in state.items()}
        assert not explore(**state | {name: end}).result["adjusted"], (state, name, end)
        assert explore(**state | {name: end + beyond}).result["adjusted"], (state, name, end)
    page = show(explore("transposed", 3, stride=2, output_padding=1))
    limits = "stride ≥ 2, output_padding ≤ 1"
    why = "output_padding is not smaller than stride or dilation"
    assert text(page, ".limits") == f"{limits}, or {why}."


def test_sliders_modes_and_menus(show):
    page = show(explore(examples=EXAMPLES))
    page.get_by_label("stride").press("ArrowRight")
    assert text(page, "code") == "F.conv2d(X, K, stride=2)"
    page.get_by_role("button", name="transpose it").click()
    result = page.evaluate("document.querySelector('conv-explorer').result")
    assert (result["mode"], result["inputSize"], len(result["output"])) == ("transposed", 2, 5)
    page.get_by_label("view").select_option("zeros")
    page.get_by_label("convolution", exact=True).check()
    assert page.get_by_label("view").input_value() == "numbers"
    page.get_by_label("kernel K").and_(page.locator("select")).select_option("edge")
    assert texts(page, "kernel")[1] == ["2", "0", "−2"]
    page.get_by_label("matrix").check()
    assert page.locator("conv-explorer .matrix").is_visible()
    page.get_by_label("examples").select_option("18 becomes 6")
    assert text(page, "code") == "F.conv2d(X, K, stride=3, padding=2)"
    assert page.evaluate("document.querySelector('conv-explorer').result.output.length") == 6
    assert not page.locator("conv-explorer .matrix").is_visible()


@pytest.mark.parametrize("size", [16, 17, 18])
def test_the_transpose_returns_to_the_size_it_came_from(show, size):
    page = show(explore(input_size=size, kernel_size=5, stride=3, padding=2))
    page.get_by_role("button", name="transpose it").click()
    result = page.evaluate("document.querySelector('conv-explorer').result")
    assert (result["inputSize"], result["outputPadding"]) == (6, size - 16)
    assert len(result["output"]) == size and not result["adjusted"]


def test_keyboard_alone(show):
    page = show(explore(input_size=3, kernel_size=2))
    cell(page, "output", 1, 1).hover()  # where the pointer rests does not matter
    page.locator("conv-explorer .input td").first.focus()
    for key in ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft"]:  # the edge holds
        page.keyboard.press(key)
    assert lit(page, "input", "marked") == [[2, 0]]
    page.keyboard.press("ArrowUp")
    assert lit(page, "input", "marked") == [[1, 0]]
    page.keyboard.press("ArrowDown")
    assert lit(page, "output") == [[1, 0]]
    page.keyboard.type("-2.5")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('conv-explorer').result.input[2]") == [-2.5, 7, 8]
    assert texts(page, "input")[2][0] == "−2.5"
    assert lit(page, "input", "marked") == [[2, 0]]  # the focus has come back
    page.keyboard.press("Enter")
    page.keyboard.type("7")
    page.keyboard.press("Escape")
    assert texts(page, "input")[2][0] == "−2.5"
    page.keyboard.press("Enter")
    page.keyboard.type("seven")
    page.keyboard.press("Enter")
    assert texts(page, "input")[2][0] == "−2.5"
    assert "X=seven must be a number of at most 999; -2.5 is used." in text(page, ".adjusted")
    page.keyboard.press("Tab")  # on to the kernel: a grid is one stop
    assert lit(page, "kernel", "marked") == [[0, 0]]
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    assert cell(page, "output", 0, 0).get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowRight")
    assert lit(page, "output", "marked") == [[0, 0]]  # pinned
    page.keyboard.press("Escape")
    assert lit(page, "output", "marked") == [[0, 1]]


def test_pin_holds_until_it_is_let_go(show):
    page = show(explore())
    cell(page, "output", 2, 2).click()
    cell(page, "input", 0, 0).hover()
    assert lit(page, "output", "marked") == [[2, 2]]
    cell(page, "output", 2, 2).click()
    cell(page, "input", 0, 0).hover()
    assert lit(page, "input", "marked") == [[0, 0]]
    cell(page, "output", 2, 2).click()
    page.get_by_label("kernel_size").press("ArrowRight")
    page.get_by_label("kernel_size").press("ArrowRight")  # one output is left
    assert lit(page, "output", "marked") == [[0, 0]]


def test_touch_on_a_phone(show):
    page = show(
        explore("transposed", 4, stride=2, padding=1, matrix=True),
        width=390,
        has_touch=True,
        is_mobile=True,
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cell(page, "output", 3, 3).tap()
    assert lit(page, "output", "marked") == [[3, 3]]
    cell(page, "kernel", 1, 1).tap()
    assert lit(page, "kernel", "marked") == [[1, 1]]
    assert page.locator("conv-explorer td input").count() == 0
    cell(page, "kernel", 1, 1).tap()
    assert page.locator("conv-explorer td input").count() == 1
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('conv-explorer').result.kernel[1][1]") == 9
    small = page.eval_on_selector_all(
        "conv-explorer :is(td, button, select, input[type=range])",
        "all => all.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect())"
        ".filter(b => Math.min(b.width, b.height) < 24).length",
    )
    assert small == 0


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out(show, width):
    for state in [
        {"input_size": 18, "padding": 9},
        {"mode": "transposed", "input_size": 12, "stride": 3, "kernel": "blur"},
    ]:
        page = show(explore(**state, matrix=True, examples=EXAMPLES), width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_play_is_off_until_asked_for_and_stops_at_the_end(show):
    page = show(explore(input_size=3, kernel_size=2))
    page.clock.install()
    page.reload()
    page.clock.run_for(3000)
    assert texts(page, "output") == [["19", "25"], ["37", "43"]]
    page.get_by_role("button", name="play").click()
    page.clock.run_for(1700)
    assert texts(page, "output") == [["19", "25"], ["", ""]]
    page.get_by_role("button", name="pause").click()
    page.clock.run_for(3000)
    assert texts(page, "output") == [["19", "25"], ["", ""]]
    page.get_by_role("button", name="back").click()
    assert texts(page, "output") == [["19", ""], ["", ""]]
    page.get_by_role("button", name="play").click()
    page.clock.run_for(8000)
    assert texts(page, "output") == [["19", "25"], ["37", "43"]]
    assert page.get_by_role("button", name="play").is_visible()


def test_live_text_speaks_once_things_have_settled(show):
    page = show(explore())
    page.clock.install()
    page.reload()
    page.locator("conv-explorer .output td").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.clock.run_for(100)
    assert text(page, ".spoken") == ""
    page.clock.run_for(1000)
    assert text(page, ".spoken").startswith("Y[0, 2] = ")


def test_copied_code_computes_what_is_shown(show):
    page = show(
        explore(kernel="edge", padding=2), permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="copy code").click()
    page.wait_for_function(
        "document.querySelector('conv-explorer').shadowRoot.textContent.includes('copied')"
    )
    *lines, call = page.evaluate("navigator.clipboard.readText()").splitlines()
    names = {}
    exec("\n".join(lines), names)
    assert eval(call, names)[0, 0].tolist() == explore(kernel="edge", padding=2).result["output"]


def test_where_copying_is_not_allowed_the_code_is_selected(show):
    page = show(explore())
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.get_by_role("button", name="copy code").click()
    page.wait_for_function(
        "document.querySelector('conv-explorer').shadowRoot.textContent.includes('import torch')"
    )


def test_sharing(show):
    page = show(explore("transposed"), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("stride").press("ArrowRight")
    cell(page, "kernel", 0, 0).dblclick()
    page.keyboard.type("-0.5")
    page.keyboard.press("Enter")
    page.get_by_label("matrix").check()
    result = "document.querySelector('conv-explorer').result"
    shared = page.evaluate(result)
    assert shared["kernel"][0][0] == -0.5
    page.wait_for_function("location.hash.includes('matrix')")
    page.get_by_role("button", name="share").click()
    address = page.evaluate("navigator.clipboard.readText()")
    other = show(explore(input_size=7), hash=address.removeprefix(ADDRESS))
    assert other.evaluate(result) == shared
    assert other.locator("conv-explorer .matrix").is_visible()
    other.evaluate("location.hash = '#conv-explorer-1?mode=conv&stride=x'")
    other.wait_for_function(result + ".adjusted")


def test_the_anchors_of_the_page_are_left_alone(show):
    page = show(explore(), hash="#section")
    page.get_by_label("stride").press("ArrowRight")
    page.wait_for_timeout(500)
    assert page.evaluate("location.hash") == "#section"
    page.get_by_role("button", name="share").click()
    assert "stride=2" in page.evaluate("location.hash")


def test_several_on_one_page_are_independent(show):
    first, second = explore(stride=2), explore("transposed", 3, 2)
    page = show(
        first, second, explore()._repr_html_().replace("<conv-explorer", "<conv-explorer id=third")
    )
    results = page.evaluate("[...document.querySelectorAll('conv-explorer')].map(e => e.result)")
    assert results == [first.result, second.result, explore().result]
    third = page.locator("#third")
    third.get_by_label("stride").press("ArrowRight")
    page.wait_for_function("location.hash.startsWith('#third?')")
    second = page.locator("conv-explorer").nth(1)
    second.get_by_label("stride").press("ArrowRight")
    page.wait_for_timeout(500)
    assert page.evaluate("location.hash").startswith("#third?")
    second.get_by_role("button", name="share").click()
    assert page.evaluate("location.hash").startswith("#conv-explorer-2?mode=transposed")
    assert page.evaluate("document.querySelectorAll('conv-explorer')[0].result.stride") == 2


def test_it_can_be_taken_out_and_put_back(show):
    page = show(explore())
    page.evaluate("""() => { const e = document.querySelector("conv-explorer"), p = e.parentElement;
      e.remove(); e.setAttribute("stride", "2"); p.append(e); }""")
    assert text(page, "code") == "F.conv2d(X, K, stride=2)"
    page.evaluate("""() => { const e = document.createElement("conv-explorer");
      e.setAttribute("mode", "transposed"); document.body.append(e); }""")
    assert (
        page.evaluate("document.querySelectorAll('conv-explorer')[1].result.mode") == "transposed"
    )


# ---- Where it runs ----


def test_in_a_frame_like_those_of_colab(show):
    page_of_output = explore()._repr_html_().replace("&", "&amp;").replace('"', "&quot;")
    frame = '<iframe title=output sandbox="allow-scripts" width=700 height=900'
    page = show(f'{frame} srcdoc="{page_of_output}"></iframe>')
    frame = page.frame_locator("iframe")
    frame.get_by_label("stride").press("ArrowRight")
    assert frame.locator("code").inner_text() == "F.conv2d(X, K, stride=2)"
    assert frame.get_by_role("button", name="share").count() == 0
    page.wait_for_timeout(500)


def test_in_a_file(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        f"<!doctype html><meta charset=utf-8>{explore()._repr_html_()}", encoding="utf-8"
    )
    page = chromium.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.get_by_label("stride").press("ArrowRight")
    page.wait_for_timeout(500)
    assert text(page, "code") == "F.conv2d(X, K, stride=2)"
    page.close()
    assert errors == []


def test_under_a_strict_content_security_policy(show):
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'self'; script-src 'sha256-{digest}'"
    html = explore(view="counts", matrix=True, examples=EXAMPLES)._repr_html_()
    page = show(html, html, head=f'<meta http-equiv="Content-Security-Policy" content="{policy}">')
    cells = page.locator("conv-explorer .input td")
    color = cells.first.evaluate("cell => getComputedStyle(cell).backgroundColor")
    assert color != "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize(
    "state",
    [
        {"padding": 1, "dilation": 2, "matrix": True, "examples": EXAMPLES},
        {"mode": "transposed", "stride": 2, "padding": 2, "output_padding": 1, "kernel": "edge"},
        {"mode": "transposed", "input_size": 3, "stride": 2, "view": "zeros"},
        {"mode": "transposed", "stride": 2, "view": "counts", "kernel_size": 4},
        {"view": "counts", "padding": 1, "stride": "x"},
    ],
)
def test_axe_finds_nothing(show, state):
    for theme, rules in (("light", {}), ("dark", axe.COLORS)):
        page = show(explore(**state), theme=theme)
        axe.load(page)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            assert axe.violations(page, rules) == [], f"{theme} {width}"


def luminance(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


COLORS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d",
    { willReadFrequently: true });
  const mix = (...layers) => { // what is seen of layers that are laid over each other
    for (const color of layers) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(c => c / 255);
  };
  const page = getComputedStyle(document.body).backgroundColor;
  const root = document.querySelector("conv-explorer").shadowRoot;
  const cells = [...root.querySelectorAll("td")].map(cell => {
    const style = getComputedStyle(cell), back = style.backgroundColor;
    return { look: cell.className, text: mix(page, back, style.color), back: mix(page, back),
      outline: mix(page, style.borderTopColor), page: mix(page),
      marked: mix(page, back, "#D55E00") };
  });
  const words = [...root.querySelectorAll("p, small, b, code, button")].map(node =>
    [mix(page, getComputedStyle(node).color), mix(page)]);
  return [cells, words];
}
"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("view", ["numbers", "counts", "zeros"])
def test_contrast(show, theme, view):
    page = show(explore("transposed", 4, stride=2, padding=1, view=view), theme=theme)
    cells, words = page.evaluate(COLORS)
    for one in cells:
        assert contrast(one["text"], one["back"]) >= 4.5, one
        assert contrast(one["outline"], one["page"]) >= 3, one
        if "marked" in one["look"]:
            assert contrast(one["marked"], one["back"]) >= 3, one
    assert all(contrast(color, back) >= 4.5 for color, back in words)


def test_colors_are_never_alone(show):
    page = show(explore("transposed", 2, 2, stride=3, padding=1))
    assert cell(page, "output", 0, 0).get_attribute("aria-label") == "0 cropped away"
    assert cell(page, "output", 2, 1).get_attribute("aria-label") == "0 zero put in"
    dotted = "e => getComputedStyle(e).borderTopStyle"
    assert cell(page, "output", 2, 1).evaluate(dotted) == "dotted"
    assert "gradient" in cell(page, "output", 0, 0).evaluate(
        "e => getComputedStyle(e).backgroundImage"
    )


def test_print_leaves_the_picture(show):
    page = show(explore())
    page.emulate_media(media="print")
    assert not page.get_by_label("stride").is_visible()
    assert not page.get_by_role("button", name="play").is_visible()
    assert page.locator("conv-explorer .output table").is_visible()
    assert page.locator("conv-explorer .formula").is_visible()


def test_nothing_moves_by_itself(show):
    page = show(explore(), reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    page.get_by_role("button", name="step ›").click()
    assert page.evaluate("document.getAnimations({ subtree: true }).length") == 0


# ---- Its cost ----


def test_it_is_small():
    source = Path(explorer.__file__).with_name("conv-explorer.js").read_bytes()
    assert len(gzip.compress(source, 9)) <= 12 * 1024
    assert len(gzip.compress(script().encode(), 9)) <= 12 * 1024
    assert "</script" not in script()
