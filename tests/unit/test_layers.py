"""Pictures of layers and of the ways to compute one: what they show is what PyTorch computes."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from bs4 import BeautifulSoup

from convbook import receptive_field
from convbook.diagrams import (
    draw_cases,
    draw_connections,
    draw_gather,
    draw_phases,
    draw_stack,
    draw_symbols,
)

X = torch.arange(1, 13).reshape(3, 4)
K = torch.tensor([[1, -2, 3], [0, 5, 7]])
STACKS = {
    "dilated": [dict(kernel_size=2, dilation=d) for d in (1, 2, 4)],
    "strided": [dict(kernel_size=3, stride=2, padding=1), dict(kernel_size=3, padding=1)],
    "a transposed layer": [
        dict(kernel_size=3, stride=2),
        dict(kernel_size=4, stride=2, padding=1, transposed=True),
        dict(kernel_size=3, dilation=2),
    ],
    "holes": [dict(kernel_size=2, dilation=3), dict(kernel_size=2, dilation=3)],
    "output_padding": [dict(kernel_size=2, stride=3, padding=1, output_padding=2, transposed=True)],
}


def soup(diagram):
    return BeautifulSoup(diagram.html(), "html.parser")


@pytest.mark.parametrize("layers", STACKS.values(), ids=STACKS)
def test_a_stack_marks_the_inputs_that_have_a_gradient(layers):
    diagram = draw_stack(layers, 16)
    x = torch.ones(1, 1, 16).double().requires_grad_()
    y, counts = x, [16]
    for layer in layers:
        layer = dict(layer)
        move = F.conv_transpose1d if layer.pop("transposed", False) else F.conv1d
        y = move(y, torch.ones(1, 1, layer.pop("kernel_size")).double(), **layer)
        counts.append(y.shape[-1])
    (dots,) = diagram.parts
    assert [len(row["at"]) for row in dots.rows_] == counts
    assert len(diagram.steps) == counts[-1]
    for j, step in enumerate(diagram.steps):
        (gradient,) = torch.autograd.grad(y[0, 0, j], x, retain_graph=True)
        used = [i for row, i in step.marked[0] if row == 0]
        assert used == gradient[0, 0].nonzero().flatten().tolist()
        if used:
            said = f"inputs {used[0]} to {used[-1]}: {len(used)} of {used[-1] - used[0] + 1}."
            assert step.text.endswith(said)
        assert draw_stack(layers, 16, at=j).steps[0] == step


def test_a_dot_stands_above_the_middle_of_its_receptive_field():
    layers = [dict(kernel_size=3, stride=2), dict(kernel_size=2, dilation=3)]
    diagram = draw_stack(layers, 20)
    assert receptive_field([(3, 2), (2, 1, 3)]).size == 9
    for place, step in zip(diagram.parts[0].rows_[-1]["at"], diagram.steps):
        used = [i for row, i in step.marked[0] if row == 0]
        assert used[-1] - used[0] + 1 == 9 and place == (used[0] + used[-1]) / 2
    up = draw_stack([dict(kernel_size=4, stride=2, padding=1, transposed=True)], 4)
    assert up.parts[0].rows_[-1]["at"] == [-0.25 + 0.5 * j for j in range(8)]


def test_a_stack_is_as_wide_as_a_phone_at_most():
    for layers in STACKS.values():
        assert draw_stack(layers, 16).width() <= 340
    with pytest.raises(ValueError, match="at=9 must be one of the 9 outputs"):
        draw_stack(STACKS["dilated"], 16, at=9)


@pytest.mark.parametrize("layer", [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}], ids=str)
def test_connections_compute_what_pytorch_computes(layer):
    x, k = torch.tensor([1, 2, -3, 4, 5]), torch.tensor([2, -1])
    forward, back = draw_connections(x, k, **layer).parts
    y = F.conv1d(x[None, None], k[None, None], **layer)
    assert torch.equal(forward.upper, y[0, 0]) and torch.equal(forward.lower, x)
    z = F.conv_transpose1d(y, k[None, None], **layer)[0, 0]
    assert torch.equal(back.upper, y[0, 0]) and torch.equal(back.lower[: len(z)], z)
    assert not back.lower[len(z) :].any() and len(back.lower) == len(x)
    assert sorted(forward.arrows) == sorted(back.arrows)
    for text, value in zip(back.description().split("; "), back.lower.tolist()):
        assert text.replace("−", "-").endswith(f" = {value}")


def test_arrows_are_reversed_and_lines_differ_without_color():
    forward, back = soup(draw_connections(torch.arange(4), torch.arange(3))).select("svg")
    for svg in (forward, back):
        lines = svg.select("path[stroke-width]")[:3]
        assert len({line.get("stroke-dasharray") for line in lines}) == 3
        assert len({line["stroke"] for line in lines}) == 3
    ends = [svg.select_one("path:not([stroke])")["d"].split("L")[0] for svg in (forward, back)]
    heights = [float(end.split()[-1]) for end in ends]
    assert heights[0] < 90 < heights[1], "up in the convolution, down in its transpose"


def test_cases_have_the_sizes_of_pytorch_and_one_step_a_window():
    diagram = draw_cases()
    assert len(diagram.parts) == 6 and len(diagram.steps) == 49
    for place, case in enumerate(diagram.parts):
        wanted = F.conv2d(
            torch.ones(1, 1, *case.shape), torch.ones(1, 1, *case.kernel_size),
            stride=case.stride, padding=case.padding,
        ).shape[2:]  # fmt: skip
        assert case.small == tuple(wanted)
        cells = [step.marked[place][0] for step in diagram.steps]
        windows = list(itertools.product(*map(range, wanted)))
        assert cells[: case.cycle] == windows and cells == (windows * 49)[:49]
    for case, svg in zip(diagram.parts, soup(diagram).select("svg")):
        steps = svg.select("[data-step]")
        assert len(steps) == case.cycle and {step.get("data-of", "49") for step in steps} == {
            str(case.cycle)
        }
        shown = [step["data-step"] for step in steps if step.get("visibility") != "hidden"]
        assert shown == [f"{48 % case.cycle} {48 % case.cycle + 1}"]
        assert float(svg["width"]) <= 163, "two fit side by side on a phone"
    assert draw_cases(transposed=True).parts[0].measure() == "2 × 2 → 4 × 4"


def test_cases_have_names_parameters_and_sizes_in_words():
    svgs = soup(draw_cases()).select("svg")
    texts = [[text.get_text() for text in svg.select("text")] for svg in svgs]
    assert texts[0] == ["no padding", "k = 3, s = 1, p = 0", "4 × 4 → 2 × 2"]
    assert texts[5] == ["padding and stride", "k = 3, s = 2, p = 1", "5 × 5 → 3 × 3"]
    assert svgs[0].title.get_text() == "no padding, convolution, 4 × 4 → 2 × 2"
    for svg in svgs:  # words end above the cells
        lines = [float(text["y"]) + float(text["font-size"]) / 2 for text in svg.select("text")]
        cells = [float(path["d"].split()[1].split("h")[0]) for path in svg.select("path[stroke]")]
        assert max(lines) < min(cells)
    nameless = draw_cases([dict(input_size=5, kernel_size=3)], transposed=True)
    assert [text.get_text() for text in soup(nameless).select("text")] == [
        "k = 3, s = 1, p = 0", "3 × 3 → 5 × 5",
    ]  # fmt: skip
    assert "cropped" in nameless.caption and "padding" in draw_cases().caption


GATHERED = [
    dict(stride=s, padding=p, dilation=d, output_padding=o)
    for s, p, d in itertools.product((1, 2, 3), (0, 1, (1, 2)), (1, 2))
    for o in range(max(s, d))
]


@pytest.mark.parametrize("case", GATHERED, ids=str)
def test_gathering_gives_what_stamping_gives(case):
    diagram = draw_gather(X, K, **case)
    wanted = F.conv_transpose2d(X[None, None], K[None, None], **case)[0, 0]
    assert torch.equal(diagram.parts[4].values, wanted)
    spread = diagram.parts[0]
    assert torch.equal(spread.values[~spread.zeros], X.flatten()[: (~spread.zeros).sum()]) or case[
        "padding"
    ] == (1, 2)
    for step, value in zip(diagram.steps, wanted.flatten().tolist()):
        left, right = step.text.replace("−", "-").replace("·", "*").split(" = ")
        assert eval(left) == int(right) == value
    assert len(diagram.steps) == wanted.numel()


@pytest.mark.parametrize("case", GATHERED, ids=str)
def test_stamps_that_meet_are_what_the_window_reads(case):
    diagram, below = draw_gather(X, K, **case, stamps=True), draw_gather(X, K, **case)
    spread, stretched, canvas = (diagram.parts[place].values for place in (0, 2, 4))
    assert torch.equal(spread, X) and diagram.parts[5] == "\n"
    wanted = F.conv_transpose2d(X[None, None], K[None, None], **case)[0, 0]
    for step, alone in zip(diagram.steps, below.steps, strict=True):
        assert {
            place - 6: cells for place, cells in step.marked.items() if place > 5
        } == alone.marked
        ((i, j),) = step.marked[10]
        products = [
            X[x] * stretched[w] for x, w in zip(step.marked[0], step.marked[2], strict=True)
        ]
        assert sum(products) == wanted[i, j] == canvas[step.marked[4][0]]
    reached = F.conv_transpose2d(torch.ones(1, 1, 3, 4), torch.ones(1, 1, 2, 3), **case)[0, 0]
    met = [len(step.marked[0]) for step in diagram.steps]
    assert met == reached.flatten().int().tolist()


@pytest.mark.parametrize("stride, padding", [(2, 0), (2, 1), ((1, 3), (0, 1)), (3, 0)])
def test_weights_of_a_phase_reach_its_outputs_alone(stride, padding):
    diagram = draw_phases(X, K, stride=stride, padding=padding)
    kernel, output = diagram.parts[2], diagram.parts[4]
    for phase in output.phases.unique():
        weights = torch.where(kernel.phases == phase, K, 0)[None, None]
        alone = F.conv_transpose2d(X[None, None], weights, stride=stride, padding=padding)[0, 0]
        assert torch.equal(alone, torch.where(output.phases == phase, output.values, 0))


def test_symbols_stand_where_the_numbers_of_the_matrix_stand():
    for transposed in (False, True):
        (grid,) = draw_symbols((2, 2), (3, 4), padding=1, stride=2, transposed=transposed).parts
        index = {"0": 0, "k₀₀": 1, "k₀₁": 2, "k₁₀": 3, "k₁₁": 4}
        shown = torch.tensor([[index[name] for name in row] for row in grid.labels])
        assert torch.equal(shown, grid.values) and torch.equal(grid.zeros, shown == 0)
        X = torch.arange(1, 13).reshape(1, 1, 3, 4)
        weight = torch.arange(1, 5).reshape(1, 1, 2, 2)
        y = F.conv2d(X, weight, padding=1, stride=2)
        W = grid.values.T if transposed else grid.values
        assert torch.equal(W @ X.flatten(), y.flatten())
