"""Diagrams: numbers that are right, in every cell, readable by everyone."""

import re

import pytest
import torch
import torch.nn.functional as F
from bs4 import BeautifulSoup

from convbook.diagrams import (
    COLORS,
    Grid,
    Spy,
    Step,
    draw,
    draw_corr2d,
    draw_matrix,
    draw_product,
    draw_stamps,
    draw_tied,
    draw_trans_conv,
    draw_twins,
    number,
)
from convbook.diagrams.grid import PHASES

X = torch.arange(1, 26).reshape(5, 5)
K = torch.tensor([[1, -2], [0, 3]])
CASES = [dict(stride=s, padding=p, dilation=d) for s in (1, 2) for p in (0, 1) for d in (1, 2)]


def svgs(diagram):
    return BeautifulSoup(diagram.html(), "html.parser").select("svg")


def texts(diagram):
    return [tag.text for svg in svgs(diagram) for tag in svg.select("text")]


def check_stretched(grid, dilation):
    """The kernel stands in every `dilation`-th cell; the others are drawn as zeros put in."""
    assert torch.equal(grid.values[::dilation, ::dilation], K)
    assert grid.zeros.sum() == grid.values.numel() - K.numel()
    assert not grid.zeros[::dilation, ::dilation].any()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_correlation_shows_what_pytorch_computes(case):
    diagram = draw_corr2d(X, K, **case)
    wanted = F.conv2d(X[None, None], K[None, None], **case)[0, 0]
    assert torch.equal(diagram.parts[4].values, wanted)
    check_stretched(diagram.parts[2], case["dilation"])
    # One step for each output; its arithmetic, computed anew, gives the output.
    assert len(diagram.steps) == wanted.numel()
    for step, value in zip(diagram.steps, wanted.flatten().tolist()):
        left, right = step.text.replace("−", "-").replace("·", "*").split(" = ")
        assert eval(left) == int(right) == value
        (window, (place,)) = step.marked[0], step.marked[4]
        assert len(window) == K.numel() and wanted[place] == value


@pytest.mark.parametrize("case", CASES, ids=str)
def test_transposed_shows_what_pytorch_computes(case):
    for output_padding in range(max(case["stride"], case["dilation"])):
        diagram = draw_trans_conv(X, K, output_padding=output_padding, **case)
        grid = diagram.parts[4]
        wanted = F.conv_transpose2d(
            X[None, None], K[None, None], output_padding=output_padding, **case
        )[0, 0]
        kept = grid.values[~grid.unused].reshape(wanted.shape)
        assert torch.equal(kept, wanted)
        check_stretched(diagram.parts[2], case["dilation"])
        assert torch.equal(diagram.steps[-1].digits[4], grid.values), "the stamps add up"


def test_unused_cells_are_those_without_gradient():
    for case in CASES:
        grid = draw_corr2d(X, K, **case).parts[0]
        padded = F.pad(X, [case["padding"]] * 4)[None, None].double().requires_grad_()
        case = case | {"padding": 0}
        F.conv2d(padded, torch.ones(1, 1, 2, 2).double(), **case).sum().backward()
        assert torch.equal(grid.unused, padded.grad[0, 0] == 0)


def test_every_cell_has_its_number():
    shown = texts(draw(Grid(X, label="X"), title="numbers"))
    assert shown == ["X", "5 × 5", *map(str, range(1, 26))]
    assert texts(draw(Grid(X, blank=X > 3), title="some")) == ["1", "2", "3"]


def test_labels_stand_in_place_of_numbers():
    grid = Grid(torch.zeros(1, 3), labels=[["w₀₀", "0", "w₀₁"]])
    assert texts(draw(grid, title="W")) == ["w₀₀", "0", "w₀₁"]
    assert str(grid) == "input (1 × 3)\nw₀₀   0 w₀₁"
    for wrong in ([["a", "b"]], [["a", "b", "c"]] * 2):
        with pytest.raises(ValueError, match=r"labels has shape .*it must be that of values"):
            Grid(torch.zeros(1, 3), labels=wrong)


def test_phases_have_a_tint_and_a_letter_each():
    phases = torch.tensor([[0, 1, -1], [2, 3, 0]])
    (svg,) = svgs(draw(Grid(X[:2, :3], "output", phases=phases), title="phases"))
    assert [tag.text for tag in svg.select("tspan")] == ["a", "b", "c", "d", "a"]
    fills = [path["fill"] for path in svg.select("path")]
    assert len(set(fills)) == 5, "four phases, and the one cell that has none"


def test_numbers_are_short_and_zero_has_no_sign():
    written = [number(x) for x in (3.0, -0.5, 1 / 3, 2.346, -0.001, 0.0, 100, -20.0)]
    assert written == ["3", "−0.5", "0.33", "2.35", "0", "0", "100", "−20"]


def test_stamps_add_up():
    parts = draw_stamps(K, K, stride=2).parts
    assert [part for part in parts if isinstance(part, str)] == ["+", "+", "+", "="]
    stamps = [part.values for part in parts[:-1] if isinstance(part, Grid)]
    assert torch.equal(sum(stamps), parts[-1].values)
    assert torch.equal(
        parts[-1].values, F.conv_transpose2d(K[None, None], K[None, None], stride=2)[0, 0]
    )


def test_words_say_what_the_picture_says():
    diagram = draw_corr2d(X, K, at=(1, 2), padding=1, stride=(2, 1))
    bundle = diagram._repr_mimebundle_()
    soup = BeautifulSoup(bundle["text/html"], "html.parser")
    title = "Cross-correlation of a 5 × 5 input and a 2 × 2 kernel, stride (2, 1), padding 1"
    assert diagram.title == soup.select_one("[role=group]")["aria-label"] == title
    assert bundle["text/plain"].startswith(title)
    assert soup.figcaption.text == diagram.caption and diagram.caption in bundle["text/plain"]
    assert soup.figure["aria-labelledby"] == soup.figcaption["id"]
    for value in diagram.parts[4].values.flatten():
        assert number(value) in bundle["text/plain"]
    shown = soup.select("svg")
    assert [svg["role"] for svg in shown] == ["img"] * 3
    titles = [svg.title.text for svg in shown]
    assert titles == ["input X, 7 × 7, ⋆", "kernel K, 2 × 2, =", "output Y, 3 × 6"]
    assert shown[1].desc.text == "row 0: 1, −2; row 1: 0, 3"
    row = diagram.parts[0].values[2].tolist()
    assert f"; row 2: 0, {row[1]}, {row[2]} marked, {row[3]} marked, {row[4]}" in shown[0].desc.text


def test_titles_name_the_parameters_that_differ_from_their_defaults():
    titles = [
        draw_corr2d(X, K, stride=1, padding=(0, 0)).title,
        draw_corr2d(X, K, stride=2, padding=((1, 1), (1, 1)), dilation=(1, 2)).title,
        draw_corr2d(X, K, padding=[(0, 0), (2, 0)]).title,
        draw_trans_conv(X, K, stride=2, output_padding=1).title,
        draw_twins(X, K, stride=2).title,
    ]
    sizes = "of a 5 × 5 input and a 2 × 2 kernel"
    assert titles == [
        f"Cross-correlation {sizes}",
        f"Cross-correlation {sizes}, stride 2, padding 1, dilation (1, 2)",
        f"Cross-correlation {sizes}, padding [(0, 0), (2, 0)]",
        f"Transposed convolution {sizes}, stride 2, output_padding 1",
        f"Cross-correlation {sizes}, stride 2, and its transpose",
    ]


def test_a_picture_without_a_caption_is_named_by_its_title():
    soup = BeautifulSoup(draw(Grid(K), title="a < b").html(), "html.parser")
    assert soup.figure["aria-label"] == "a < b" and "aria-labelledby" not in soup.figure.attrs


def test_captions_count():
    assert draw_corr2d(K, K).caption.startswith("The window visits 1 place, one for each")
    assert draw_corr2d(X, K).caption.startswith("The window visits 16 places, one for each")
    assert draw_trans_conv(K, K).caption.startswith("4 stamps, one for each")


def test_still_pictures_carry_no_script_and_moving_ones_show_the_last_step():
    still, moving = (draw_corr2d(X, K, at=at).html() for at in ((0, 0), None))
    assert not BeautifulSoup(still, "html.parser").select("script, conv-steps, [data-step]")
    soup = BeautifulSoup(moving, "html.parser")
    assert len(soup.select("script")) == 1 and soup.select_one("conv-steps")["data-steps"] == "16"
    for path in ("conv-row svg:first-child path", "conv-row svg:last-child path", "conv-text p"):
        steps = soup.select(f".{path}[data-step]")
        assert [step["data-step"] for step in steps] == [f"{i} {i + 1}" for i in range(16)]
        hidden = [step.get("visibility") == "hidden" or step.has_attr("hidden") for step in steps]
        assert hidden == [True] * 15 + [False]
        assert ["conv-last" in step.get("class", []) for step in steps] == [False] * 15 + [True]


def test_numbers_stand_for_as_long_as_they_are_right():
    diagram = draw_trans_conv(K, K)
    *_, output = svgs(diagram)
    h, w = diagram.parts[4].values.shape
    side = diagram.rows()[0][2][0].side
    for step, wanted in enumerate(diagram.steps):
        shown = torch.zeros(h, w, dtype=torch.long)
        for text in output.select("g text"):
            start, end = map(int, text.get("data-step", "0 4").split())
            if start <= step < end:
                i = int((float(text["y"]) - 40) // side)
                shown[i, int(float(text["x"]) // side)] = int(text.text.replace("−", "-"))
        assert torch.equal(shown, wanted.digits[4]), step


def test_digits_that_come_one_by_one():
    row = torch.tensor([[1, 20, 3]])
    steps = [Step(digits={0: row[:, :n]}) for n in (1, 2, 3)]
    (svg,) = svgs(draw(Grid(row), title="one by one", steps=steps))
    shown = [(text.text, text.get("data-step")) for text in svg.select("text")]
    assert shown == [("1", None), ("20", "1 3"), ("3", "2 3")]


def test_no_name_could_clash_with_another_picture():
    one, same, other = (draw_corr2d(X, K, at=at).html() for at in ((0, 0), (0, 0), (0, 1)))
    ids = [re.findall(r' id="([^"]+)"', html) for html in (one, same, other)]
    assert [len(found) for found in ids] == [1, 1, 1]
    assert ids[0] == ids[1] != ids[2], "the same picture has the same name, in every run"
    assert not re.search(r'url\(#|href="#', one)


def test_svg_has_nothing_that_is_not_needed():
    html = draw_trans_conv(X, K, padding=1, stride=3).html()
    figure = html[html.index("</style>") : html.index("</figure>")]
    assert "xmlns" not in figure and not re.search(r">\s+<", figure)
    drawn = re.sub(r'(fill|stroke)-opacity="[^"]*"', "", figure)
    assert "." in drawn and not re.search(r"\d\.\d\d", drawn), "coordinates to a tenth"


def test_no_row_begins_with_a_sign():
    parts = [Grid(K), "+", Grid(K), "\n", "=", Grid(K), "\n", Grid(K)]
    rows = draw(*parts, title="a sum").rows()
    assert [[(place, sign) for _, place, sign in row] for row in rows] == [
        [(0, "+"), (2, "=")], [(5, "")], [(7, "")]
    ]  # fmt: skip
    with pytest.raises(ValueError, match="parts begin with '='"):
        draw("=", Grid(K), title="no").html()


def test_a_grid_that_no_phone_can_hold_scrolls_and_can_be_reached():
    for columns, scrolls in ((13, False), (15, True)):
        soup = BeautifulSoup(
            draw(Grid(torch.full((1, columns), 10)), title="t").html(), "html.parser"
        )
        group = soup.select_one("[role=group]")
        assert (group.get("tabindex") == "0") == ("conv-wide" in group.get("class", [])) == scrolls
        assert ("min-width" in soup.svg.get("style", "")) == scrolls


@pytest.mark.parametrize("columns", [1, 5, 9, 10, 14, 17])
@pytest.mark.parametrize("value", [1, -3, 10, 144, -1000, 0.25])
@pytest.mark.parametrize("cell", [28, 36, 44])
def test_digits_are_legible_and_do_not_touch_their_cells(columns, value, cell):
    values = torch.full((2, columns), 1.0)
    values[1, 0] = value
    grid = Grid(values, cell=cell)
    length = max(len(number(value)), 1)
    assert grid.side >= 0.6 * grid.em * length + 11.99
    scale = min(340 / (grid.width + 4), 1) if grid.width + 4 <= 377 else 0.9
    assert scale >= 0.9 and grid.em * scale >= 11 and grid.em <= 16
    assert grid.side == 36 or cell != 36 or length > 2 or columns > 9


def test_a_grid_has_room_for_the_numbers_of_all_steps():
    steps = [Step(digits={0: K * 1000}), Step(digits={0: K})]
    (row,) = draw(Grid(K), title="t", steps=steps).rows()
    assert row[0][0].side == Grid(K * 1000).side > Grid(K).side


def test_labels_of_a_row_are_aligned():
    shown = svgs(draw(Grid(K, label="K"), "→", Grid(X, label="X"), title="row"))
    labels = [[text["y"] for text in svg.select("text[font-weight]")] for svg in shown]
    assert labels == [["10"], ["10"]]
    tops = [re.match(r"M[-\d.]+ (\d+)", svg.path["d"])[1] for svg in shown]
    assert tops == ["40", "40"]
    bare, *_ = svgs(draw(Grid(K), Grid(X, label="X"), title="row"))
    assert bare.path["d"].startswith("M0 40"), "the cells are aligned, too"
    assert svgs(draw(Grid(K), title="alone"))[0].path["d"].startswith("M0 0")
    assert str(Grid(K[:0], label="none")) == "none (0 × 2)"


def test_a_matrix_that_fits_on_a_phone_has_digits_and_a_larger_one_has_not():
    few, many = (draw_matrix(torch.eye(n), marked_row=2).parts[0] for n in (18, 19))
    assert type(few) is Grid and (type(many), many.side) == (Spy, 17)
    assert few.marked == [(2, j) for j in range(18)] and many.marked == [(2, j) for j in range(19)]


def test_twins_have_the_same_parameters():
    for more in ({}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"stride": 2, "padding": 1}):
        A = torch.arange(36).reshape(6, 6)
        diagram = draw_twins(A, K, **more)
        grids = [part for part in diagram.parts if isinstance(part, Grid)]
        wanted = F.conv2d(A[None, None], K[None, None], **more)[0, 0]
        assert torch.equal(grids[1].values, wanted)
        kept = grids[2].values if grids[2].unused is None else grids[2].values[~grids[2].unused]
        assert kept.numel() == A.numel()  # it returns to where it came from
        check_stretched(grids[3], more.get("dilation", 1))
        assert torch.equal(diagram.steps[-1].digits[4], grids[2].values)
        for step in diagram.steps:
            window, stamp = ({cell for cell in step.marked[place]} for place in (0, 4))
            assert window == stamp and len(step.marked[2]) == 1


@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_marks_the_same_numbers_above_and_in_the_columns(transposed):
    function = F.conv_transpose2d if transposed else F.conv2d
    A = torch.arange(1, 13).reshape(3, 4)
    diagram = draw_product(A, K, transposed=transposed, names=("A", "B"))
    above, below = ([diagram.parts[place] for place in places] for places in ((0, 4), (8, 10)))
    assert [grid.label for grid in (*above, *below)] == ["input A", "output B", "a", "b"]
    matrix = diagram.parts[6]
    wanted = function(A[None, None], K[None, None]).flatten()
    assert torch.equal(matrix.values @ A.flatten(), wanted)
    assert torch.equal(matrix.zeros, matrix.values == 0)
    for grid, column in zip(above, below):
        assert torch.equal(grid.values.reshape(-1, 1), column.values)
    small, large = (0, 4) if transposed else (4, 0)
    assert len(diagram.steps) == diagram.parts[small].values.numel()
    total = torch.zeros_like(wanted)
    for index, step in enumerate(diagram.steps):
        for place, column in ((0, 8), (4, 10)):
            width = diagram.parts[place].values.shape[1]
            assert [(i * width + j, 0) for i, j in step.marked[place]] == step.marked[column]
        assert step.marked[{0: 8, 4: 10}[small]] == [(index, 0)]
        line = torch.stack([matrix.values[cell] for cell in step.marked[6]])
        covered = [place for place, _ in step.marked[{0: 8, 4: 10}[large]]]
        assert torch.equal(line[covered], K.flatten()), "the kernel, where window or stamp is"
        assert line.count_nonzero() == K.count_nonzero()
        if transposed:
            total = total + line * A.flatten()[index]
            assert torch.equal(step.digits[10].flatten(), total)
            assert torch.equal(step.digits[4].flatten(), total)
            products = step.text.removeprefix(f"column {index} adds ").replace("−", "-")
            assert [eval(text.replace("·", "*")) for text in products.split(", ")] == (
                A.flatten()[index] * K.flatten()
            ).tolist()
        else:
            left, right = step.text.removeprefix(f"row {index}: ").split(" = ")
            left = left.replace("−", "-").replace("·", "*")
            assert eval(left) == int(right) == wanted[index]


def test_a_product_fits_a_phone_and_weighs_little():
    for transposed in (False, True):
        A = torch.tensor([[27, 37], [57, 67]]) if transposed else X[:3, :3]
        diagram = draw_product(A, K, transposed=transposed)
        assert diagram.width() <= 720
        for grid in diagram.parts[::2]:
            if isinstance(grid, Grid):
                scale = min(340 / (grid.width + 4), 1)
                assert grid.em * scale >= 11
        assert len(diagram.svg()) < 30_000
    with pytest.raises(ValueError, match="at="):
        draw_product(X, K, at=(4, 4))


@pytest.mark.parametrize("n, kernel_size, cell", [(3, 2, 36), (5, 2, 36), (6, 2, 32), (9, 3, 20)])
def test_twins_stand_side_by_side_in_the_largest_cells_that_fit(n, kernel_size, cell):
    twins = draw_twins(
        torch.arange(n * n).reshape(n, n), torch.ones(kernel_size, kernel_size).long()
    )
    rows = twins.rows()
    assert [[sign for *_, sign in row] for row in rows] == [["→", "→", ""], [""]]
    assert rows[0][0][0].cell == cell and rows[1][0][0].label == "kernel K"
    assert twins.width() <= 720 or cell == 20


def test_a_matrix_without_digits_says_how_many_numbers_are_not_zero():
    assert draw_matrix(torch.eye(2)).caption == ""
    said = draw_matrix(torch.eye(29), "I").caption
    assert said == "I (29 × 29), 29 of 841 numbers are not zero."


TIED = {
    "transposed": (
        lambda x, w: F.conv_transpose1d(x[None, None], w[None, None], stride=2, padding=1)[0, 0],
        4,
    ),
    "resized": (
        lambda x, w: F.conv1d(x.repeat_interleave(2)[None, None], w[None, None], padding=1)[0, 0],
        3,
    ),
    "shuffled": (
        lambda x, w: F.conv1d(x[None, None], w.view(2, 1, 3), padding=1)[0].T.flatten(),
        6,
    ),
}


def test_tied_weights_stand_where_the_layer_uses_them():
    diagram = draw_tied(TIED, 4)
    x = torch.tensor([3.0, -1, 4, 2])
    for grid, (layer, count) in zip(diagram.parts, TIED.values(), strict=True):
        w = torch.tensor([5.0, 7, 11, 13, 17, 19])[:count]
        named = {f"k{'₀₁₂₃₄₅'[i]}": value for i, value in enumerate(w.tolist())} | {"0": 0.0}
        W = torch.tensor([[sum(named[n] for n in t.split("+")) for t in r] for r in grid.labels])
        assert torch.equal(W @ x, layer(x, w))
        assert torch.equal(grid.zeros, W == 0)
    assert diagram.parts[1].labels[2:4] == [["k₀", "k₁+k₂", "0", "0"], ["0", "k₀+k₁", "k₂", "0"]]
    assert diagram.width() <= 720  # side by side on a desktop; each fits on a phone
    assert len({grid.side for grid in diagram.parts}) == 1  # so that their rows stand in line
    assert all(grid.inside[0] <= 340 for grid in diagram.parts)
    assert all(float(g["font-size"]) >= 12 for svg in svgs(diagram) for g in svg.select("g"))


@pytest.mark.parametrize("layer", [lambda x, w: 2 * w * x, lambda x, w: w * x + 1, lambda x, w: x])
def test_a_layer_whose_matrix_is_no_sum_of_weights_is_refused(layer):
    with pytest.raises(ValueError, match="^layer 'odd' must be linear, its matrix made of sums"):
        draw_tied({"odd": (layer, 1)}, 3)


def test_large_matrices_shrink():
    assert draw_matrix(torch.eye(4)).parts[0].side > draw_matrix(torch.eye(40)).parts[0].side


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"at=\(9, 0\) must be a cell of the output"):
        draw_corr2d(X, K, at=(9, 0))
    with pytest.raises(ValueError, match=r"at=\(0, 4\) must be a cell of the output"):
        draw_corr2d(X, K, at=(0, 4))
    with pytest.raises(ValueError, match=r"at\[0\]=-1 must be at least 0"):
        draw_corr2d(X, K, at=(-1, 0))
    with pytest.raises(ValueError, match="at=.* must be a cell of the input"):
        draw_trans_conv(X, K, at=(5, 0))
    with pytest.raises(ValueError, match="padding=9 would crop more than there is"):
        draw_trans_conv(K, K, padding=9)
    with pytest.raises(ValueError, match="output_padding=-1 must be at least 0"):
        draw_trans_conv(K, K, output_padding=-1)
    with pytest.raises(TypeError, match="W must be a torch.Tensor"):
        draw_matrix([[1]])
    with pytest.raises(ValueError, match="values has shape"):
        Grid(torch.ones(3))
    with pytest.raises(ValueError, match="row has shape .* must have 2 axes"):
        Grid(torch.ones(3), label="row")


def luminance(color):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear))


def rgb(code):
    return [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]


@pytest.mark.parametrize("page", ["#FFFFFF", "#FDFCF9", "#15171B", "#121212", "#000000"])
def test_lines_stand_out_from_the_page_and_from_every_tint(page):
    """At least 3:1 (WCAG 1.4.11), by one set of colors for light and dark."""
    (svg,) = svgs(draw(Grid(K), title="tint"))
    tint = float(svg.path["fill-opacity"])
    assert svg.path["fill"] == svg.path["stroke"] == COLORS["input"]
    backs = [rgb(page)]
    for role in ("input", "kernel", "output"):
        backs.append([tint * a + (1 - tint) * b for a, b in zip(rgb(COLORS[role]), rgb(page))])
    for line in (*COLORS.values(), *PHASES):
        for back in backs:
            low, high = sorted([luminance(rgb(line)), luminance(back)])
            assert (high + 0.05) / (low + 0.05) >= 3, (line, back)


def test_a_sparse_matrix_is_drawn_as_the_dense_one():
    W = torch.tensor([[1, 0], [2, 3]])
    assert str(draw_matrix(W.to_sparse())) == str(draw_matrix(W))
    with pytest.raises(TypeError, match="^W must be a torch.Tensor, not list$"):
        draw_matrix([[1]])
