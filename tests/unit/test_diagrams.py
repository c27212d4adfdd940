"""Diagrams: numbers that are right, in every cell, readable by everyone."""

import re

import pytest
import torch
import torch.nn.functional as F
from bs4 import BeautifulSoup

from convbook.diagrams import (
    WIDTH,
    Grid,
    Spy,
    draw,
    draw_corr2d,
    draw_matrix,
    draw_stamps,
    draw_trans_conv,
    draw_twins,
    number,
)

X = torch.arange(1, 26).reshape(5, 5)
K = torch.tensor([[1, -2], [0, 3]])
CASES = [dict(stride=s, padding=p, dilation=d) for s in (1, 2) for p in (0, 1) for d in (1, 2)]


def texts(html):
    return [tag.text for tag in BeautifulSoup(html, "html.parser").select("svg text")]


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
    shown = texts(draw(Grid(X, label="X"), title="numbers").html())
    assert shown == ["X", "5 × 5", *map(str, range(1, 26))]
    assert texts(draw(Grid(X, blank=X > 3), title="some")._repr_mimebundle_()["text/html"]) == [
        "1", "2", "3"
    ]  # fmt: skip


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
    diagram = draw_corr2d(X, K, at=(1, 2))
    bundle = diagram._repr_mimebundle_()
    soup = BeautifulSoup(bundle["text/html"], "html.parser")
    assert soup.svg["role"] == "img"
    assert soup.svg.title.text == "Cross-correlation"
    assert soup.svg.desc.text in bundle["text/plain"]
    assert soup.figcaption.text == diagram.caption and diagram.caption in bundle["text/plain"]
    for value in diagram.parts[4].values.flatten():
        assert number(value) in bundle["text/plain"]


def test_captions_count():
    assert draw_corr2d(K, K).caption.startswith("The window visits 1 place, one for each")
    assert draw_corr2d(X, K).caption.startswith("The window visits 16 places, one for each")
    assert draw_trans_conv(K, K).caption.startswith("4 stamps, one for each")


def test_still_pictures_do_not_move_and_moving_ones_can_be_stopped():
    still, moving = draw_corr2d(X, K, at=(0, 0)).html(), draw_corr2d(X, K).html()
    assert "animation" not in still and "checkbox" not in still
    assert "prefers-reduced-motion:no-preference" in moving and "checkbox" in moving
    steps = BeautifulSoup(moving, "html.parser").select(".conv-step")
    assert [s.get("visibility") for s in steps] == ["hidden"] * 15 + [None]
    two = BeautifulSoup(draw_corr2d(X[:1, :3], K[:1]).html(), "html.parser")
    assert [s.get("visibility") for s in two.select(".conv-step")] == ["hidden", None]


def test_no_name_could_clash_with_another_picture():
    assert not re.search(r'\bid="|url\(#|href="#', draw_trans_conv(K, K, padding=1).html())


def test_wide_rows_are_broken():
    narrow, wide = draw_corr2d(K, K), draw_corr2d(X.repeat(2, 2), X)
    assert len({y for _, y in narrow._layout()[0]}) < len({y for _, y in wide._layout()[0]})
    assert wide._layout()[1] <= 600


def test_places_without_and_with_a_label():
    assert Grid(K).height == 2 * 36 and Grid(K).corner(5, 7) == (5, 7)
    assert Grid(K, label="K").height == 2 * 36 + 40 and Grid(K, label="K").corner(5, 7) == (5, 47)
    assert draw(Grid(K), title="small")._layout()[1:] == (204, 2 + 2 * 36 + 14)
    assert str(Grid(K[:0], label="none")) == "none (0 × 2)"


def test_a_matrix_of_28_columns_has_digits_and_one_of_29_has_not():
    few, many = (draw_matrix(torch.eye(n), marked_row=2).parts[0] for n in (28, 29))
    assert (type(few), few.cell) == (Grid, 20) and (type(many), many.cell) == (Spy, 19)
    assert few.marked == [(2, j) for j in range(28)] and many.marked == [(2, j) for j in range(29)]


def test_twins_have_the_same_parameters():
    for more in ({}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"stride": 2, "padding": 1}):
        A = torch.arange(36).reshape(6, 6)
        grids = draw_twins(A, K, **more).parts[::2]
        wanted = F.conv2d(A[None, None], K[None, None], **more)[0, 0]
        assert torch.equal(grids[1].values, wanted) and torch.equal(grids[2].values, wanted)
        kept = grids[3].values if grids[3].unused is None else grids[3].values[~grids[3].unused]
        assert kept.numel() == A.numel()  # it returns to where it came from


@pytest.mark.parametrize(
    "columns, kernel_size, cell", [(3, 2, 36), (4, 3, 35), (4, 2, 30), (5, 3, None)]
)
def test_twins_stand_side_by_side_in_the_largest_cells_that_fit(columns, kernel_size, cell):
    twins = draw_twins(torch.ones(2, columns), torch.ones(1, kernel_size))
    cells = {part.cell for part in twins.parts if isinstance(part, Grid)}
    if cell is None:
        assert "\n" in twins.parts and cells == {36}
    else:
        assert "|" in twins.parts and cells == {cell}
        assert twins._layout()[1] <= WIDTH


def test_a_matrix_without_digits_says_how_many_numbers_are_not_zero():
    assert draw_matrix(torch.eye(2)).caption == ""
    said = draw_matrix(torch.eye(29), "I").caption
    assert said == "I (29 × 29), 29 of 841 numbers are not zero."


def test_large_matrices_shrink():
    assert draw_matrix(torch.eye(4)).parts[0].cell > draw_matrix(torch.eye(40)).parts[0].cell


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
