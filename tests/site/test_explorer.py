"""The explorer in a real browser: the same numbers as Python, and everything a reader can do."""

import base64
import collections
import gzip
import hashlib
import itertools
import math
import random
from pathlib import Path

import axe
import pytest
import torch
from torch.nn import functional as F

from convbook.diagrams import draw_corr2d, draw_trans_conv
from convbook.explorer import EXAMPLES, element, explore
from convbook.explorer.bundle import script
from convbook.explorer.state import (
    CHANNELS,
    CONTROLS,
    LARGEST_OUTPUT,
    PAIRED,
    PRESETS,
    RANGES,
    VIEWS,
    weight_shape,
)

NAMES = [*PAIRED, *CHANNELS]


def attributes(given):
    """Return the attributes that `explore` gives the element."""
    return {name.replace("_", "-"): text for name, text in element._texts(**given).items()}


RESULTS = """
states => states.map(state => {
  const element = document.querySelector("conv-explorer");
  for (const name of element.getAttributeNames()) element.removeAttribute(name);
  for (const name in state) element.setAttribute(name, state[name]);
  return element.result;  // at once: the contract says so
})
"""


RESULT = "document.querySelector('conv-explorer').result"
FOCUSED = "document.activeElement.shadowRoot.activeElement.textContent"
SPOKEN_HAS = """(words) => document.querySelector("conv-explorer").shadowRoot
  .getElementById("spoken").textContent.includes(words)"""


def results_in_browser(page, states):
    return page.evaluate(RESULTS, [attributes(state) for state in states])


FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


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
    """Return states over all of the ranges, valid or not, some with numbers of their own.

    Half of them are plain; the others are rectangles, or have channels, or both.
    """
    rng = random.Random(seed)
    states = []

    def value(name):
        low, high, _ = RANGES[name]
        return rng.randint(low, min(high, rng.choice([low + 1, low + 4, high])))

    for _ in range(count):
        given = {"mode": rng.choice(["conv", "transposed"])}
        rectangle, channels = rng.random() < 0.3, rng.random() < 0.4
        for name in PAIRED:
            given[name] = (value(name), value(name)) if rectangle else value(name)
        if given["mode"] == "conv":
            given["output_padding"] = 0
        if channels:
            given["groups"] = rng.choice([1, 1, 1, 2, 2, 3, 4])
            for name in ("in_channels", "out_channels"):
                divided = rng.random() < 0.8
                given[name] = given["groups"] if divided else rng.randint(1, 4)
        if rng.random() < 0.3:
            n = math.prod(shapes(given)[1])
            given["kernel"] = " ".join(str(rng.randint(-9, 9)) for _ in range(n))
        if rng.random() < 0.3:
            n = math.prod(shapes(given)[0])
            given["input"] = ",".join(str(rng.randint(-99, 99) / 4) for _ in range(n))
        states.append(given)
    return states


def pair(value):
    return list(value) if isinstance(value, list | tuple) else [value, value]


def shapes(given):
    """Return the shapes of the input and the weight, as far as the state is valid."""
    channels = {name: given.get(name, 1) for name in CHANNELS}
    layer = {"mode": given["mode"], "kernel_size": pair(given["kernel_size"]), **channels}
    return [channels["in_channels"], *pair(given["input_size"])], weight_shape(layer)


def by_torch(result):
    X, K = (torch.tensor(result[name], dtype=torch.float64) for name in ("input", "kernel"))
    plain = X.dim() == 2
    X, K = (X[None, None], K[None, None]) if plain else (X[None], K)
    options = {name: result[name] for name in ("stride", "padding", "dilation")}
    options["groups"] = result.get("groups", 1)
    if result["mode"] == "conv":
        Y = F.conv2d(X, K, **options)
    else:
        Y = F.conv_transpose2d(X, K, output_padding=result["outputPadding"], **options)
    return (Y[0, 0] if plain else Y[0]).tolist()


def test_600_random_states_have_the_numbers_of_python_and_of_torch(show):
    states = drawn_at_random(600)
    page = show(explore())
    kinds = collections.Counter()
    for given, result in zip(states, results_in_browser(page, states), strict=True):
        assert result == explore(**given).result, given
        assert result["output"] == by_torch(result), given
        kinds["adjusted" if result["adjusted"] else "as given"] += 1
        kinds["channels" if "groups" in result else "plain"] += 1
        kinds["grouped"] += result.get("groups", 1) > 1
        kinds["square" if isinstance(result["stride"], int) else "rectangle"] += 1
        for name in NAMES if not result["adjusted"] else []:
            shown = result.get(element._camel(name), 1)
            assert pair(shown) == pair(given.get(name, 1)), name
    assert min(kinds.values()) > 30 and len(kinds) == 7, kinds  # all of them are there


def test_adjusted_exactly_if_torch_refuses_or_it_is_too_large_to_draw():
    for given in drawn_at_random(400, seed=1):
        result = explore(**{k: v for k, v in given.items() if k not in ("input", "kernel")}).result
        options = {name: given[name] for name in ("stride", "padding", "dilation")}
        options["groups"] = given.get("groups", 1)
        try:
            X, K = (torch.ones(shape) for shape in shapes(given))
            if given["mode"] == "conv":
                sizes = F.conv2d(X[None], K, **options).shape
            else:
                extra = given["output_padding"]
                sizes = F.conv_transpose2d(X[None], K, output_padding=extra, **options).shape
            divides = given.get("out_channels", 1) % options["groups"] == 0
        except RuntimeError:
            sizes, divides = (0,), False
        valid = divides and min(sizes) >= 1 and max(sizes) <= LARGEST_OUTPUT
        assert result["adjusted"] == (not valid), given
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
WRONG += [
    "1" * 30,
    " 2 ",
    "3px",
    "null",
    "<b>2</b>",
    '"',
    "2,3",
    "1.",
    "true",
    "4 2",
    "1 2 3",
    "2 x",
]


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
    reason = "padding=9: padding must leave at least one row of the output; 1 is used."
    assert reason in text(page, ".adjusted")
    [result] = page.evaluate(RESULTS, [{"kernel-size": "3 9", "input-size": "2", "groups": "3"}])
    assert result["reason"] == explore(kernel_size=(3, 9), input_size=2, groups=3).result["reason"]
    assert "padding (width)=0: the kernel must not span more cells (8)" in result["reason"]
    assert "groups=3: groups must divide in_channels and out_channels; 1 is used." in str(result)


@pytest.mark.parametrize("grid, presets", PRESETS.items())
def test_presets_are_those_of_python(show, grid, presets):
    sizes = range(1, RANGES[f"{grid}_size"][1] + 1)
    states = [
        {"input_size": 18, f"{grid}_size": size, grid: preset}
        for size, preset in itertools.product(sizes, presets)
    ]
    states += [
        {"input_size": (5, 4), "kernel_size": (2, 3), "in_channels": 2, grid: preset}
        for preset in presets
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
    counted = explore(input_size=3, kernel_size=2, in_channels=2, out_channels=3).result
    assert counted["output"] == [
        [[56, 72], [104, 120]],
        [[76, 100], [148, 172]],
        [[96, 128], [192, 224]],
    ]  # D2L's, of several channels
    assert explore().result["input"][4] == [
        20,
        21,
        22,
        23,
        24,
    ]  # counting counts, and does not wrap
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
    three = explore(input=torch.zeros(3, 2, 4), kernel=torch.ones(2, 3, 1, 2)).result
    assert [three[name] for name in ("inChannels", "outChannels", "inputSize")] == [3, 2, [2, 4]]
    grouped = torch.arange(16).reshape(4, 1, 2, 2)
    for mode, channels in (("conv", (2, 4)), ("transposed", (4, 2))):
        result = explore(mode, kernel=grouped, in_channels=channels[0], groups=2).result
        assert (result["inChannels"], result["outChannels"]) == channels, result["reason"]
        assert result["kernel"] == grouped.tolist() and not result["adjusted"]
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
    assert element.Explorer({}).result == explore().result


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
    assert len(result["output"]) == LARGEST_OUTPUT and not result["adjusted"]


def test_the_matrix_is_an_attribute():
    assert ' matrix=""' in explore(matrix=True)._repr_html_().split(">")[0]
    assert " matrix" not in explore()._repr_html_().split(">")[0]


def test_the_picture_is_that_of_the_moves():
    moves = {"stride": 2, "padding": 1, "dilation": 2}
    one = explore("conv", 7, 2, **moves)
    X, K = (torch.tensor(one.result[name]) for name in ("input", "kernel"))
    assert one._picture() == draw_corr2d(X, K, (2, 2), **moves).svg()
    one = explore("transposed", 4, 2, output_padding=1, **moves)
    X, K = (torch.tensor(one.result[name]) for name in ("input", "kernel"))
    assert one._picture() == draw_trans_conv(X, K, (2, 2), output_padding=1, **moves).svg()


def test_with_channels_the_picture_is_the_text():
    one = explore(in_channels=2, out_channels=2, groups=2)
    assert one._picture() == f"<pre>{one!r}</pre>"
    assert "groups=2" in repr(one) and "kernel[1, 0], 3 × 3:" in repr(one)


def test_without_examples_there_is_no_menu():
    """The element holds the picture alone, and no word of Python's for nothing."""
    markup = explore()._repr_html_().partition("<script>")[0].strip()
    assert "<select" not in markup and markup.endswith("</svg></div></div></conv-explorer>")


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
    grids = page.locator("conv-explorer > div svg").all()
    assert [grid.is_visible() for grid in grids] == [True] * 3, "input, kernel and output"
    assert "43" in grids[-1].text_content()
    assert not page.locator("select").is_visible()


def test_the_picture_gives_way_to_the_explorer(show):
    page = show(explore(input_size=3, kernel_size=2))
    grids = page.locator("conv-explorer > div svg").all()
    assert [grid.is_visible() for grid in grids] == [False] * 3
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


def test_marks_agree_with_the_gradient(show):
    """An output touches an input exactly if the gradient of the one by the other is not zero."""
    page = show(explore())
    rng = random.Random(0)
    for given in drawn_at_random(30, seed=3):
        given |= {"kernel": "ones", "input": "counting"}
        [result] = results_in_browser(page, [given])
        plain = "groups" not in result
        shape = torch.tensor(result["input"]).shape if not plain else (1, *pair_of(result["input"]))
        X = torch.zeros(1, *shape, dtype=torch.float64, requires_grad=True)
        K = torch.tensor(result["kernel"], dtype=torch.float64)
        options = {name: result[name] for name in ("stride", "padding", "dilation")}
        options["groups"] = result.get("groups", 1)
        conv = result["mode"] == "conv"
        if not conv:
            options["output_padding"] = result["outputPadding"]
        K = K[None, None] if plain else K
        Y = (F.conv2d if conv else F.conv_transpose2d)(X, K, **options)
        o, i, j = (rng.randrange(n) for n in Y.shape[1:])
        Y[0, o, i, j].backward()
        down, right = pair(result["padding"])
        seen = page.evaluate(TOUCHED, [o, i, j] if conv else [o, i + down, j + right])
        seen = {(c, r - down, q - right) if conv else (c, r, q) for c, r, q in seen}
        real = {at for at in seen if all(0 <= i < n for i, n in zip(at, shape))}
        assert real == {tuple(at) for at in X.grad[0].nonzero().tolist()}, given


TOUCHED = """async ([block, row, column]) => {
  const root = document.querySelector("conv-explorer").shadowRoot;
  await new Promise(requestAnimationFrame);
  const table = root.querySelectorAll(".output table")[block];
  table.rows[row].cells[column].dispatchEvent(
    new PointerEvent("pointermove", { pointerType: "mouse", bubbles: true }));
  return [...root.querySelectorAll(".input table")].flatMap((table, c) =>
    [...table.querySelectorAll(".lit")].map((cell) =>
      [c, cell.parentElement.rowIndex, cell.cellIndex]));
}"""


def pair_of(rows):
    return len(rows), len(rows[0])


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
    box = "e => { const { x, y, width, height } = e.getBBox(); return [x, y, width, height]; }"
    cell(page, "output", 1, 0).hover()
    assert page.eval_on_selector(strip, box) == [0, 2, 9, 1]
    cell(page, "input", 0, 1).hover()
    assert page.eval_on_selector(strip, box) == [1, 0, 1, 4]
    lit_entries = "e => e.getAttribute('d')"
    assert page.eval_on_selector("conv-explorer .marks", lit_entries) == "M1 0h1v1h-1zM1 1h1v1h-1z"
    cell(page, "kernel", 1, 1).hover()
    assert page.eval_on_selector("conv-explorer .marks", "e => e.getAttribute('d')").count("M") == 4
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


def test_no_end_of_a_stepper_is_invalid_and_limits_are_explained(show):
    states = [
        {k: v for k, v in given.items() if k not in ("input", "kernel")}
        for given in drawn_at_random(40, seed=4)
    ]
    page = show(explore())
    ends = page.evaluate(
        """async (states) => {
          const element = document.querySelector("conv-explorer"), ends = [];
          for (const [index, state] of states.entries()) {
            for (const name of element.getAttributeNames()) element.removeAttribute(name);
            for (const name in state) element.setAttribute(name, state[name]);
            await new Promise(requestAnimationFrame);
            if (element.result.adjusted) continue;
            for (const input of element.shadowRoot.querySelectorAll(".stepper input"))
              if (input.checkVisibility())
                for (const [end, beyond] of [[input.min, -1], [input.max, 1]])
                  ends.push([index, ...input.id.split("-"), Number(end), beyond]);
          }
          return ends;
        }""",
        [attributes(given) for given in states],
    )
    assert len(ends) > 250
    for index, name, axis, end, beyond in ends:
        for value, valid in ((end, True), (end + beyond, False)):
            values = pair(states[index].get(name, 1))
            values[int(axis)] = value
            if not any(isinstance(one, tuple) for one in states[index].values()):
                values = [value, value]
            given = states[index] | {name: tuple(values) if name in PAIRED else value}
            assert explore(**given).result["adjusted"] != valid, (given, name, value)
    page = show(explore("transposed", 3, stride=2, output_padding=1))
    limits = "stride at least 2, output_padding at most 1"
    why = "output_padding must be smaller than stride or dilation"
    assert text(page, ".limits") == f"{limits}: {why}."
    # A screen reader hears of each control its own limit.
    assert text(page, "#limit-stride-0") == f"stride at least 2: {why}."
    assert text(page, "#limit-kernel_size-0") == ""
    stride = page.get_by_role("spinbutton", name="stride")
    assert (stride.get_attribute("min"), stride.get_attribute("max")) == ("2", "6")


def test_steppers_modes_and_menus(show):
    page = show(explore(examples=EXAMPLES))
    page.get_by_label("stride", exact=True).and_(page.locator("input")).press("ArrowUp")
    assert text(page, "code") == "F.conv2d(X, K, stride=2)"
    page.get_by_role("button", name="more padding").click()
    assert text(page, "code") == "F.conv2d(X, K, stride=2, padding=1)"
    page.get_by_role("button", name="less padding").click()
    page.get_by_role("button", name="transpose it").click()
    result = page.evaluate(RESULT)
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
    assert len(page.evaluate(RESULT)["output"]) == 6
    assert not page.locator("conv-explorer .matrix").is_visible()


def test_a_number_that_cannot_be_is_moved_and_told(show):
    page = show(explore("transposed", 3))
    page.get_by_role("spinbutton", name="padding", exact=True).fill("7")
    page.keyboard.press("Enter")
    reason = "padding=7: padding must leave at least one row of the output; 2 is used."
    assert text(page, ".adjusted") == reason
    assert page.get_by_role("spinbutton", name="padding", exact=True).input_value() == "2"
    page.wait_for_function(SPOKEN_HAS, arg=reason)
    more = page.get_by_role("button", name="more padding")
    assert more.get_attribute("aria-disabled") == "true"
    more.click(force=True)  # it stays, and can be asked why it does nothing
    limit = "padding at most 2: padding must leave at least one row of the output."
    page.wait_for_function(SPOKEN_HAS, arg=limit)
    assert page.evaluate(RESULT)["padding"] == 2


def test_height_and_width_apart(show):
    page = show(explore())
    page.get_by_label("height and width apart").check()
    page.get_by_role("spinbutton", name="input_size width").fill("7")
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="stride height").press("ArrowUp")
    result = page.evaluate(RESULT)
    assert (result["inputSize"], result["stride"]) == ([5, 7], [2, 1])
    assert result == explore("conv", (5, 7), stride=(2, 1)).result
    assert text(page, "code") == "F.conv2d(X, K, stride=(2, 1))"
    assert "output height" in text(page, ".formula") and "output width" in text(page, ".formula")
    page.get_by_role("button", name="transpose it").click()
    result = page.evaluate(RESULT)
    assert (pair_of(result["output"]), result["inputSize"]) == ((5, 7), [2, 5])
    page.get_by_label("height and width apart").uncheck()
    assert page.evaluate(RESULT)["inputSize"] == 2


def test_channels_and_groups(show):
    page = show(explore(input_size=4, kernel_size=2))
    for name in ("in_channels", "out_channels"):
        page.get_by_role("spinbutton", name=name).fill("4")
        page.keyboard.press("Enter")
    page.get_by_role("spinbutton", name="groups").press("ArrowUp")
    given = {"input_size": 4, "kernel_size": 2, "in_channels": 4, "out_channels": 4, "groups": 2}
    assert page.evaluate(RESULT) == explore(**given).result
    assert text(page, ".weight").startswith(
        "weight (4, 2, 2, 2): out_channels, in_channels / groups, height, width; 32 numbers"
    )
    labels = page.locator("conv-explorer .input .block small").all_inner_texts()
    assert labels == ["X[0] A", "X[1] A", "X[2] B", "X[3] B"]  # not by color alone
    page.locator("conv-explorer .output table").nth(3).locator("td").first.hover()
    assert text(page, ".reads") == "Y[3] reads X[2], X[3], group B."
    assert page.locator("conv-explorer .input .read").all_inner_texts() != []
    read = page.locator("conv-explorer .read small").all_inner_texts()
    assert read == ["X[2] B", "X[3] B", "K[3,0] B", "K[3,1] B", "Y[3] B"]
    assert text(page, ".sum").startswith("Y[3, 0, 0] = 2·3 + 3·4 + 6·5 + 7·6 + 3·4 + ")
    page.get_by_role("spinbutton", name="groups").press("ArrowUp")  # 3 divides neither
    assert page.evaluate(RESULT)["groups"] == 4
    page.get_by_role("spinbutton", name="in_channels").press("ArrowUp")
    assert page.evaluate(RESULT)["inChannels"] == 4
    page.get_by_label("transposed convolution").check()
    page.get_by_role("spinbutton", name="groups").press("ArrowDown")
    assert text(page, ".weight").startswith("weight (4, 2, 2, 2): in_channels, out_channels / gr")
    page.locator("conv-explorer .output td").first.focus()
    page.keyboard.press("PageDown")
    assert text(page, ".reads") == "Y[1] reads X[0], X[1], group A."


def test_the_matrix_with_channels(show):
    page = show(explore(input_size=3, kernel_size=2, in_channels=2, out_channels=2, matrix=True))
    result = page.evaluate(RESULT)
    W = torch.zeros(8, 18)
    for x, y, value in page.eval_on_selector_all(
        "css=conv-explorer .matrix text",
        "all => all.map(t => [t.getAttribute('x'), t.getAttribute('y'), t.textContent])",
    ):
        W[int(float(y)), int(float(x))] = float(value)
    x, y = (torch.tensor(result[name]).flatten().float() for name in ("input", "output"))
    assert torch.equal(W @ x, y)


def test_letters(show):
    page = show(explore(input_size=3, kernel_size=2, letters=True, matrix=True))
    assert texts(page, "input")[1] == ["x₁₀", "x₁₁", "x₁₂"]
    assert texts(page, "output") == [["y₀₀", "y₀₁"], ["y₁₀", "y₁₁"]]
    cell(page, "output", 0, 1).hover()
    assert text(page, ".sum") == "y₀₁ = x₀₁·k₀₀ + x₀₂·k₀₁ + x₁₁·k₁₀ + x₁₂·k₁₁"
    row = page.locator("conv-explorer .matrix text[y='0.5']").all_text_contents()
    assert row == ["k₀₀", "k₀₁", "k₁₀", "k₁₁"]
    page.get_by_label("letters").uncheck()
    assert texts(page, "output") == [["19", "25"], ["37", "43"]]
    page = show(explore(input_size=12, padding=1, letters=True))
    assert texts(page, "input")[12][12] == "x₁₁,₁₁"
    cell(page, "output", 0, 0).hover()
    assert text(page, ".sum").startswith("y₀₀ = 0·k₀₀ + 0·k₀₁ + 0·k₀₂ + 0·k₁₀ + x₀₀·k₁₁ + ")
    page = show(explore(in_channels=2, groups=1, letters=True, input_size=2, kernel_size=1))
    assert text(page, ".sum") == "y₀₁₁ = x₀₁₁·k₀₀₀₀ + x₁₁₁·k₀₁₀₀"


def test_the_solver_applies_what_is_tapped(show):
    page = show(explore("transposed", 7))
    page.get_by_text("Find parameters for a size").click()
    page.get_by_role("spinbutton", name="wanted output size").fill("28")
    buttons = page.locator("conv-explorer .choices button")
    count = buttons.count()
    assert count > 20 and f"{count} choices" in text(page, ".solver small >> nth=0")
    assert "kernel_size 4, stride 4" in buttons.all_inner_texts()
    page.get_by_role("button", name="kernel_size 6, stride 4, padding 1", exact=True).click()
    result = page.evaluate(RESULT)
    assert (result["kernelSize"], result["stride"], len(result["output"])) == (6, 4, 28)
    pressed = page.locator("conv-explorer [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["kernel_size 6, stride 4, padding 1"]
    assert page.evaluate(FOCUSED) == "kernel_size 6, stride 4, padding 1"  # the focus is kept
    page.get_by_role("spinbutton", name="wanted output size").fill("63")
    page.get_by_role("spinbutton", name="wanted output size").fill("0")
    assert "No choice gives this size." in text(page, ".solver")
    label = page.locator("conv-explorer .solver label >> nth=0")
    name, box = (label.locator(part).bounding_box() for part in ("span", "input"))
    assert box["x"] - name["x"] - name["width"] > 3  # the ring of the focus covers no letter


@pytest.mark.parametrize("grid", ["input", "kernel", "output"])
@pytest.mark.parametrize("what", ["", "focus", "edit"])
def test_what_a_page_changes_is_drawn_whatever_has_the_focus(show, grid, what):
    page = show(explore(input_size=4, kernel_size=3))
    for input_size, kernel_size in ((9, 5), (2, 1)):
        if what:
            last = page.locator(f"conv-explorer .{grid} td").last
            last.hover()
            last.focus()
            page.keyboard.press("7" if what == "edit" else "End")
        state = {"input_size": input_size, "kernel_size": kernel_size}
        results_in_browser(page, [state])
        result = page.evaluate(RESULT)
        assert result == explore(**state).result  # without what was typed
        assert page.locator("conv-explorer .output td").count() == len(result["output"]) ** 2
        assert page.locator("conv-explorer .marked").count() == 1


def test_a_cell_takes_the_focus_from_a_number_of_channels_that_was_typed(show):
    page = show(explore())
    page.get_by_role("spinbutton", name="in_channels").fill("2")
    cell(page, "input", 4, 0).click()  # what was typed changes the grids under the pointer
    assert page.evaluate(RESULT)["inChannels"] == 2
    assert page.evaluate(FOCUSED) == "20"
    assert text(page, ".sum").startswith("X[0, 4, 0] = 20: 20·6 → Y[0, 2, 0]")


def test_a_page_shows_only_what_it_has_introduced(show):
    page = show(explore(input_size=3, kernel_size=2, controls="input_size kernel_size numbers"))
    assert not page.get_by_role("spinbutton").first.is_visible()
    seen = page.locator("conv-explorer :is(button, summary, .sum, .formula, code)")
    assert [one.inner_text() for one in seen.filter(visible=True).all()] == [
        "Y[1, 1] = 4·0 + 5·1 + 7·2 + 8·3 = 43",
        *("‹ back", "play", "step ›", "show all"),
        "Change sizes",
    ]  # below the grids
    page.get_by_text("Change sizes").click()
    assert text(page, ".formula") == "output size = n − k + 1 = 3 − 2 + 1 = 2"
    shown = page.locator("conv-explorer .stepper").filter(visible=True)
    assert [one.get_attribute("aria-label") for one in shown.all()] == ["input_size", "kernel_size"]
    assert not page.get_by_label("view").is_visible()
    assert not page.get_by_role("button", name="transpose it").is_visible()
    page = show(explore(stride=2, controls="input_size kernel_size padding stride"))
    assert page.get_by_role("spinbutton", name="stride").is_visible()
    assert "⌊(n + 2p − k) / s⌋ + 1 = ⌊(5 + 2·0 − 3) / 2⌋ + 1 = ⌊2 / 2⌋" in text(page, ".formula")
    page = show(explore(controls=""))
    assert not page.get_by_text("Change sizes").is_visible()
    assert not page.locator("conv-explorer .formula").is_visible()
    for word in CONTROLS:
        page = show(explore(controls=word))
        shown = page.locator("conv-explorer [data-for]:not([hidden])")
        assert {one.get_attribute("data-for") for one in shown.all()} == {word}


def test_cause_and_effect_share_a_screen(show):
    """On a phone the grids and the steppers of a common layer; large ones shrink."""
    page = show(explore("transposed", 4, stride=2, padding=1), width=390, height=844)
    top = page.locator("conv-explorer .stage").bounding_box()["y"]
    last = page.locator("conv-explorer .stepper").nth(5).bounding_box()
    assert last["y"] + last["height"] - top < 780
    for given in ({"input_size": 18, "padding": 9}, {"in_channels": 4, "out_channels": 4}):
        page = show(explore(**given), width=390, height=844)
        inner = page.eval_on_selector_all(
            "css=conv-explorer .stage table",
            "all => all.map(e => [e.scrollWidth - e.clientWidth, e.getBoundingClientRect().right])",
        )
        assert all(over <= 0 and right <= 390 for over, right in inner)
    page.locator("conv-explorer .output td").first.focus()
    assert text(page, ".sum").startswith("Y[0, 0, 0] = ")


@pytest.mark.parametrize("size", [16, 17, 18])
def test_the_transpose_returns_to_the_size_it_came_from(show, size):
    page = show(explore(input_size=size, kernel_size=5, stride=3, padding=2))
    page.get_by_role("button", name="transpose it").click()
    result = page.evaluate(RESULT)
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
    page.keyboard.press("Shift+Tab")  # and back to where the reader was, after an edit, too
    assert lit(page, "input", "marked") == [[2, 0]]
    page.keyboard.press("Tab")
    assert lit(page, "kernel", "marked") == [[0, 0]]
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    assert cell(page, "output", 0, 0).get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowRight")
    assert lit(page, "output", "marked") == [[0, 0]]  # pinned
    page.keyboard.press("Escape")
    assert lit(page, "output", "marked") == [[0, 1]]


@pytest.mark.parametrize(
    "typed, number", [("１２", 12), ("－３", -3), ("−3", -3), ("1，5", 1.5), (" 007 ", 7)]
)
def test_a_number_may_be_written_in_many_ways(show, typed, number):
    """With full-width digits, as an input method for Chinese makes them; with any minus."""
    page = show(explore(input_size=3, kernel_size=2))
    cell(page, "kernel", 0, 0).dblclick()
    page.keyboard.insert_text(typed)
    page.keyboard.press("Enter")
    assert page.evaluate(RESULT)["kernel"][0][0] == number


def test_pin_holds_until_it_is_let_go(show):
    page = show(explore())
    cell(page, "output", 2, 2).click()
    cell(page, "input", 0, 0).hover()
    assert lit(page, "output", "marked") == [[2, 2]]
    cell(page, "output", 2, 2).click()
    cell(page, "input", 0, 0).hover()
    assert lit(page, "input", "marked") == [[0, 0]]
    cell(page, "output", 2, 2).click()
    page.get_by_role("spinbutton", name="kernel_size").press("ArrowUp")
    page.get_by_role("spinbutton", name="kernel_size").press("ArrowUp")  # one output is left
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
        "conv-explorer :is(td, button, select, summary, input[type=number])",
        "all => all.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect())"
        ".filter(b => Math.min(b.width, b.height) < 24).length",
    )
    assert small == 0


def test_nothing_sticks_out(show):
    for given in [
        {"input_size": 18, "padding": 9},
        {"mode": "transposed", "input_size": 12, "stride": 3, "kernel": "blur"},
        {"input_size": (3, 12), "in_channels": 4, "out_channels": 4, "groups": 2, "letters": True},
    ]:
        page = show(explore(**given, matrix=True, examples=EXAMPLES))
        page.locator("conv-explorer .solver summary").click()
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            # Cells shrink once the new width is known: in the frame that follows.
            page.evaluate(FRAMES)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_play_is_off_until_asked_for_and_stops_at_the_end(show):
    page = show(explore(input_size=3, kernel_size=2), locale="en")
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
    page.get_by_role("button", name="step ›").click()
    page.get_by_role("button", name="show all").click()
    assert page.evaluate(FOCUSED) == "show all"  # the focus is not lost
    assert page.get_by_role("button", name="show all").get_attribute("aria-disabled") == "true"


def test_live_text_speaks_once_things_have_settled(show):
    page = show(explore(), locale="en")
    page.clock.install()
    page.reload()
    page.locator("conv-explorer .output td").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.clock.run_for(100)
    assert text(page, "#spoken") == ""
    page.clock.run_for(1000)
    assert text(page, "#spoken").startswith("Y[0, 2] = ")


def test_copied_code_computes_what_is_shown(show):
    for given in (
        {"kernel": "edge", "padding": 2},
        {"in_channels": 4, "out_channels": 2, "groups": 2, "stride": (1, 2)},
    ):
        page = show(explore(**given))
        page.get_by_role("button", name="copy code").click()
        page.wait_for_function(SPOKEN_HAS, arg="Copied.")  # told, and not only shown
        assert text(page, ".adjusted") == "Copied."
        *lines, call = page.evaluate("navigator.clipboard.readText()").splitlines()
        names = {}
        exec("\n".join(lines), names)
        Y = eval(call, names)[0].tolist()
        assert (Y if "groups" in given else Y[0]) == explore(**given).result["output"]


def test_where_copying_is_not_allowed_the_code_is_selected(show):
    page = show(explore())
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.get_by_role("button", name="copy code").click()
    page.wait_for_function(
        "document.querySelector('conv-explorer').shadowRoot.textContent.includes('import torch')"
    )


def test_sharing(show):
    page = show(explore("transposed", in_channels=2))
    page.get_by_role("spinbutton", name="stride").press("ArrowUp")
    cell(page, "kernel", 0, 0).dblclick()
    page.keyboard.type("-0.5")
    page.keyboard.press("Enter")
    page.get_by_label("matrix").check()
    shared = page.evaluate(RESULT)
    assert shared["kernel"][0][0][0][0] == -0.5 and shared["inChannels"] == 2
    page.wait_for_function("location.hash.includes('matrix')")
    page.get_by_role("button", name="share").click()
    address = page.evaluate("navigator.clipboard.readText()")
    other = show(explore(input_size=7), hash="#" + address.partition("#")[2])
    assert other.evaluate(RESULT) == shared
    assert other.locator("conv-explorer .matrix").is_visible()
    other.evaluate("location.hash = '#conv-explorer-1?mode=conv&stride=x'")
    other.wait_for_function(RESULT + ".adjusted")


def test_the_anchors_of_the_page_are_left_alone(show):
    page = show(explore(), hash="#section")
    page.get_by_role("spinbutton", name="stride").press("ArrowUp")
    page.wait_for_timeout(400)
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
    third.get_by_role("spinbutton", name="stride").press("ArrowUp")
    page.wait_for_function("location.hash.startsWith('#third?')")
    second = page.locator("conv-explorer").nth(1)
    second.get_by_role("spinbutton", name="stride").press("ArrowUp")
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
    frame.get_by_role("spinbutton", name="stride").press("ArrowUp")
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
    page.get_by_role("spinbutton", name="stride").press("ArrowUp")
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
    "given",
    [
        {"padding": 1, "dilation": 2, "matrix": True, "examples": EXAMPLES},
        {"mode": "transposed", "stride": 2, "padding": 2, "output_padding": 1, "kernel": "edge"},
        {"mode": "transposed", "input_size": 3, "stride": 2, "view": "zeros"},
        {"mode": "transposed", "stride": 2, "view": "counts", "kernel_size": 4},
        {"view": "counts", "padding": 1, "stride": "x"},
        {"in_channels": 4, "out_channels": 4, "groups": 4, "input_size": (3, 4), "letters": True},
    ],
)
def test_axe_finds_nothing(show, given):
    for theme, rules in (("light", {}), ("dark", axe.COLORS)):
        page = show(explore(**given), theme=theme)
        page.locator("conv-explorer .solver summary").click()
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
      mark: style.boxShadow === "none" ? null
        : mix(page, back, style.boxShadow.replace(/( -?[0-9.]+px)+.*$/, "")) };
  });
  const words = [...root.querySelectorAll("p, small, b, code, button")].map(node =>
    [mix(page, getComputedStyle(node).color), mix(page)]);
  return [cells, words];
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "given",
    [
        *({"view": view} for view in VIEWS["transposed"]),
        {"in_channels": 4, "out_channels": 4, "groups": 4},
    ],
)
def test_contrast(show, theme, given):
    page = show(explore("transposed", 4, stride=2, padding=1, **given), theme=theme)
    cells, words = page.evaluate(COLORS)
    for one in cells:
        assert contrast(one["text"], one["back"]) >= 4.5, one
        assert contrast(one["outline"], one["page"]) >= 3, one
        assert contrast(one["outline"], one["back"]) >= 3, one
        assert ("lit" in one["look"] or "marked" in one["look"]) == bool(one["mark"])
        if one["mark"]:
            assert contrast(one["mark"], one["back"]) >= 3, one
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


def test_forced_colors_leave_the_marks(show):
    """There box shadows and tints vanish; outlines stay."""
    page = show(explore(in_channels=2), forced_colors="active")
    page.locator("conv-explorer .output td").first.hover()
    styles = page.evaluate("""() => {
      const root = document.querySelector("conv-explorer").shadowRoot;
      return ["lit", "marked"].map((look) => {
        const style = getComputedStyle(root.querySelector("." + look));
        return [style.boxShadow, style.outlineStyle, style.outlineWidth];
      });
    }""")
    assert styles == [["none", "solid", "2px"], ["none", "double", "4px"]]
    cell(page, "output", 1, 1).focus()
    outline = "e => getComputedStyle(e).outlineStyle"
    page.keyboard.press("ArrowRight")
    assert cell(page, "output", 1, 2).evaluate(outline) == "solid"


def test_text_can_be_spaced(show):
    """WCAG 1.4.12: digits stay in their cells, and nothing is cut."""
    page = show(explore("transposed", 3, stride=2))
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet(), root = document.querySelector("conv-explorer").shadowRoot;
      sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; }`);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    }""")
    cell(page, "input", 1, 1).hover()
    cut = page.eval_on_selector_all(
        "css=conv-explorer td",
        "all => all.filter(e => e.scrollHeight > e.clientHeight || e.scrollWidth > e.clientWidth)"
        ".map(e => e.textContent)",
    )
    assert cut == []


def test_the_tree_of_a_screen_reader(show):
    """Compared with the stored one, which is read as text when it changes."""
    page = show(explore(input_size=2, kernel_size=1, in_channels=2, groups=1))
    page.locator("conv-explorer .solver summary").click()
    page.locator("conv-explorer .solver button").first.wait_for()
    tree = page.locator("conv-explorer").aria_snapshot()
    assert tree + "\n" == Path(__file__).with_name("explorer.aria.yml").read_text("utf-8")


def test_print_leaves_the_picture(show):
    page = show(explore())
    page.emulate_media(media="print")
    assert not page.get_by_role("spinbutton", name="stride").is_visible()
    assert not page.get_by_role("button", name="play").is_visible()
    assert page.locator("conv-explorer .output table").is_visible()
    assert page.locator("conv-explorer .formula").is_visible()


def test_nothing_moves_by_itself(show):
    page = show(explore(), reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    page.get_by_role("button", name="step ›").click()
    assert page.evaluate("document.getAnimations({ subtree: true }).length") == 0


# ---- Its cost ----


def test_explorer_and_trainer_are_small():
    """One script has both, and the arithmetic once."""
    code = script()
    assert len(gzip.compress(code.encode(), 9)) <= 24 * 1024 and "</script" not in code
