"""Sizes: by hand, by the fifteen relationships of Dumoulin and Visin, and by what torch returns."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F

import convbook as cb
from convbook import (
    Layer,
    conv_output_size,
    conv_transpose_output_size,
    output_padding_for,
    receptive_field,
)


@pytest.mark.parametrize(
    "arguments, size",
    [
        ((5, 3), 3),  # windows begin at 0, 1, 2
        ((5, 3, 2), 2),  # at 0, 2
        ((6, 3, 2), 2),  # at 0, 2; the last column is never seen
        ((5, 3, 2, 1), 3),  # at -1, 1, 3
        ((5, 2, 1, 0, 4), 1),  # taps 4 apart
        ((224, 7, 2, 3), 112),  # the first layer of ResNet
        ((0, 3, 1, 2), 2),  # nothing but padding
    ],
)
def test_conv_output_size_by_hand(arguments, size):
    assert conv_output_size(*arguments) == size


@pytest.mark.parametrize(
    "arguments, size",
    [
        ((2, 2), 3),
        ((2, 2, 2), 4),
        ((2, 2, 3), 5),  # stamps at 0 and 3, a gap between them
        ((4, 4, 2, 1), 8),
        ((4, 3, 2, 1, 1), 8),
        ((1, 3, 1, 0, 0, 2), 5),
        ((16, 64, 32, 16), 512),  # FCN
    ],
)
def test_conv_transpose_output_size_by_hand(arguments, size):
    assert conv_transpose_output_size(*arguments) == size


# The relationships of arXiv:1603.07285 between input size i and output size o, kernel size k,
# stride s, padding p and dilation d; ' marks those of the transposed convolution. For each:
# which cases it speaks of, and the output size it gives.
CONVOLUTION = {
    1: (lambda i, k, s, p, d: s == 1 and p == 0 and d == 1, lambda i, k, s, p, d: (i - k) + 1),
    2: (lambda i, k, s, p, d: s == 1 and d == 1, lambda i, k, s, p, d: (i - k) + 2 * p + 1),
    3: (lambda i, k, s, p, d: s == 1 and d == 1 and k % 2 and p == k // 2, lambda i, *_: i),
    4: (lambda i, k, s, p, d: s == 1 and d == 1 and p == k - 1, lambda i, k, *_: i + (k - 1)),
    5: (lambda i, k, s, p, d: p == 0 and d == 1, lambda i, k, s, p, d: (i - k) // s + 1),
    6: (lambda i, k, s, p, d: d == 1, lambda i, k, s, p, d: (i + 2 * p - k) // s + 1),
    15: (
        lambda *_: True,
        lambda i, k, s, p, d: (i + 2 * p - k - (k - 1) * (d - 1)) // s + 1,
    ),
}
TRANSPOSED = {
    8: (lambda i, k, s, p: s == 1 and p == 0, lambda o, k, s, p, a: o + (k - 1)),
    9: (lambda i, k, s, p: s == 1, lambda o, k, s, p, a: o + (k - 1) - 2 * p),
    10: (lambda i, k, s, p: s == 1 and k % 2 and p == k // 2, lambda o, *_: o),
    11: (lambda i, k, s, p: s == 1 and p == k - 1, lambda o, k, *_: o - (k - 1)),
    12: (lambda i, k, s, p: p == 0 and (i - k) % s == 0, lambda o, k, s, p, a: s * (o - 1) + k),
    13: (
        lambda i, k, s, p: (i + 2 * p - k) % s == 0,
        lambda o, k, s, p, a: s * (o - 1) + k - 2 * p,
    ),
    14: (lambda *_: True, lambda o, k, s, p, a: s * (o - 1) + a + k - 2 * p),
}
SETTINGS = [
    (i, k, s, p)
    for i, k, s, p in itertools.product(range(1, 8), range(1, 5), range(1, 4), range(5))
    if k <= i + 2 * p
]


@pytest.mark.parametrize("number", CONVOLUTION)
def test_relationships_of_convolutions(number):
    speaks_of, formula = CONVOLUTION[number]
    cases = [
        (*case, d)
        for case in SETTINGS
        for d in (1, 2, 3)
        if speaks_of(*case, d) and d * (case[1] - 1) < case[0] + 2 * case[3]
    ]
    assert len(cases) > 10
    for i, k, s, p, d in cases:
        expected = F.conv1d(torch.ones(1, 1, i), torch.ones(1, 1, k), None, s, p, d).shape[2]
        assert formula(i, k, s, p, d) == conv_output_size(i, k, s, p, d) == expected


def test_relationship_7_is_pooling():
    for i, k, s in itertools.product(range(4, 9), range(1, 5), range(1, 4)):
        expected = F.max_pool1d(torch.ones(1, 1, i), k, s).shape[2]
        assert (i - k) // s + 1 == conv_output_size(i, k, s) == expected


@pytest.mark.parametrize("number", TRANSPOSED)
def test_relationships_of_transposed_convolutions(number):
    """From the output size o of a convolution, its transpose leads back to its input size i."""
    speaks_of, formula = TRANSPOSED[number]
    cases = [case for case in SETTINGS if speaks_of(*case)]
    assert len(cases) > 10
    for i, k, s, p in cases:
        o, a = conv_output_size(i, k, s, p), (i + 2 * p - k) % s
        assert formula(o, k, s, p, a) == i
        assert conv_transpose_output_size(o, k, s, p, output_padding=a) == i
        assert output_padding_for(o, i, k, s, p) == a
        ones = torch.ones(1, 1, o), torch.ones(1, 1, k)
        assert F.conv_transpose1d(*ones, None, s, p, output_padding=a).shape[2] == i


def test_which_sizes_collapse_to_one():
    sizes = range(16, 20)
    assert [conv_output_size(n, 5, 3, 2) for n in sizes] == [6, 6, 6, 7]
    assert [output_padding_for(6, n, 5, 3, 2) for n in (16, 17, 18)] == [0, 1, 2]


def test_output_padding_up_to_the_dilation():
    assert output_padding_for(4, 9, 2, dilation=3) == 2
    assert conv_transpose_output_size(4, 2, dilation=3, output_padding=2) == 9


def test_output_padding_for_is_what_torch_finds_for_an_output_size():
    layer = torch.nn.ConvTranspose2d(1, 1, 3, stride=(2, 3), padding=1)
    for size in itertools.product((7, 8), (10, 11, 12)):
        shape = layer(torch.ones(1, 1, 4, 4), output_size=size).shape[2:]
        back = output_padding_for((4, 4), size, 3, (2, 3), 1)
        assert conv_transpose_output_size((4, 4), 3, (2, 3), 1, back) == shape == size


@pytest.mark.parametrize("k, d", [*itertools.product(range(1, 6), range(1, 4))])
def test_same_padding_keeps_the_size(k, d):
    before, after = cb.same_padding(k, d)
    assert 0 <= after - before <= 1
    X = torch.arange(7.0).reshape(1, 1, 7)
    same = F.conv1d(X, torch.arange(1.0, k + 1).reshape(1, 1, k), padding="same", dilation=d)
    padded = F.pad(X, (before, after))
    assert torch.equal(same, F.conv1d(padded, torch.arange(1.0, k + 1)[None, None], dilation=d))


@pytest.mark.parametrize(
    "layers, field",
    [
        ([], 1),
        ([3], 3),
        ([3, 3, 3], 7),
        ([(2, 2), (2, 2), (3,)], 1 + 1 + 2 * 1 + 4 * 2),
        ([(3, 1, 1), (3, 1, 2), (3, 1, 4)], 1 + 2 + 4 + 8),
        ([(5, 3, 1), (3, 2, 2), (2, 1, 3)], 1 + 4 + 3 * 4 + 6 * 3),
    ],
)
def test_receptive_field_by_hand_and_by_gradient(layers, field):
    assert cb.receptive_field(layers).size == field
    X = Y = torch.zeros(1, 1, 3 * field + 10, requires_grad=True)
    for layer in layers:
        k, s, d = [*([layer] if isinstance(layer, int) else layer), 1, 1][:3]
        Y = F.conv1d(Y, torch.ones(1, 1, k), stride=s, dilation=d)
    Y[0, 0, 0].backward()
    reached = X.grad[0, 0].nonzero()
    assert reached.max() - reached.min() + 1 == field


STACKS = [
    [],
    [Layer(3, padding=1), Layer(2, stride=2), Layer(3, dilation=2, padding=2)],
    [(7, 2, 1, 3), (3, 2, 1, 1), (3, 1, 1, 1), (4, 3, 2, 5)],
    [Layer(4, 2, padding=1, transposed=True)],
    [Layer(3, 2, padding=1, transposed=True), Layer(3, padding=1)],
    [Layer(5, 3, transposed=True), Layer(2)],
    [Layer(2, 2, transposed=True), Layer(3, 3, transposed=True), Layer(4, dilation=2)],
    [Layer(3, 2, padding=1), Layer(3, padding=1), Layer(4, 2, padding=1, transposed=True)],
    [Layer(5, transposed=True, padding=1), (2, 2), Layer(7, 2, padding=2, transposed=True)],
]


@pytest.mark.parametrize("stack", STACKS)
def test_receptive_field_is_where_the_gradient_is(stack):
    field = receptive_field(stack)
    assert type(field) is cb.ReceptiveField
    X = Y = torch.zeros(1, 1, 120, dtype=torch.float64, requires_grad=True)
    for layer in stack:
        k, s, d, p, transposed = Layer(*layer)
        ones = torch.ones(1, 1, k, dtype=torch.float64)
        if transposed:
            Y = F.conv_transpose1d(Y, ones, stride=s, padding=p)
        else:
            Y = F.conv1d(Y, ones, stride=s, padding=p, dilation=d)
    period = math.prod(
        layer.stride for layer in map(lambda x: Layer(*x), stack) if layer.transposed
    )
    middle = Y.shape[2] // 2 // period * period  # the outputs from here on, up to the next period
    reached, centers = [], []
    for j in range(middle, middle + period):
        (ways,) = torch.autograd.grad(Y[0, 0, j], X, retain_graph=True)
        places = ways[0, 0].nonzero().flatten()
        reached.append((places.min().item(), (places.max() - places.min() + 1).item()))
        distance = torch.arange(120) - (field.center + j * field.jump)
        centers.append((ways[0, 0] * distance).sum().item())
    assert field.size == max(size for _, size in reached)
    assert field.start + middle * field.jump == reached[0][0]
    assert sum(centers) == pytest.approx(0, abs=1e-9)


def test_a_strided_layer_may_miss_the_largest_field():
    """The size is what an output of the first layer sees at most; the second takes the others."""
    first = Layer(3, stride=2, padding=1, transposed=True)
    assert receptive_field([first]).size == receptive_field([first, (1, 2)]).size == 2


def test_receptive_fields_of_known_networks():
    resnet = [(7, 2, 1, 3), (3, 2, 1, 1)]
    for stage in range(4):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            resnet += [(3, stride, 1, 1), (3, 1, 1, 1)]
    # 7, then 2·2; 4·(4·2), 4·2 + 3·8·2, 8·2 + 3·16·2, 16·2 + 3·32·2 by the four stages
    assert receptive_field(resnet).size == 7 + 4 + 32 + (8 + 48) + (16 + 96) + (32 + 192)
    vgg = ([3, 3, (2, 2)] * 2) + ([3, 3, 3, (2, 2)] * 3)
    assert receptive_field(vgg).size == 212


def test_transposed_parameters_are_all_that_torch_has():
    for n, m, bounds in [(7, 28, {}), (4, 7, {"max_dilation": 3}), (1, 5, {"max_padding": 0})]:
        k, s, p, d = (
            {"max_kernel_size": 8, "max_stride": 5, "max_padding": 4, "max_dilation": 1} | bounds
        ).values()
        expected = [
            parameters
            for parameters in itertools.product(
                range(1, k + 1), range(1, s + 1), range(p + 1), range(max(s, d)), range(1, d + 1)
            )
            if transposed_size(n, *parameters) == m
        ]
        found = cb.transposed_parameters_for(n, m, **bounds)
        assert sorted(found) == expected and len(expected) > 3
        assert [x[:3] for x in found] == sorted(x[:3] for x in found)
    assert len(cb.transposed_parameters_for(7, 28)) == 26
    assert cb.transposed_parameters_for(1, 1)[0] == cb.TransposedParameters(1, 1, 0, 0, 1)


def transposed_size(n, kernel_size, stride, padding, output_padding, dilation):
    X, K = torch.ones(1, 1, n), torch.ones(1, 1, kernel_size)
    try:
        return F.conv_transpose1d(X, K, None, stride, padding, output_padding, 1, dilation).shape[2]
    except RuntimeError:
        return None


def test_conv_parameters_are_all_that_torch_has():
    for n, m, bounds in [(28, 7, {}), (9, 4, {"max_dilation": 3}), (0, 2, {}), (3, 9, {})]:
        k, s, p, d = (
            {"max_kernel_size": 8, "max_stride": 5, "max_padding": 4, "max_dilation": 1} | bounds
        ).values()
        expected = []
        for kernel_size, stride, padding, dilation in itertools.product(
            range(1, k + 1), range(1, s + 1), range(p + 1), range(1, d + 1)
        ):
            if dilation * (kernel_size - 1) < n + 2 * padding:
                Y = torch.ones(1, 1, n + 2 * padding).unfold(
                    2, dilation * (kernel_size - 1) + 1, stride
                )
                if Y.shape[2] == m:
                    expected.append((kernel_size, stride, padding, dilation))
        assert cb.conv_parameters_for(n, m, **bounds) == expected and expected
    assert cb.conv_parameters_for(1, 1)[0] == cb.ConvParameters(1, 1, 0, 1)
    layer = torch.nn.Conv1d(1, 1, **cb.conv_parameters_for(28, 7)[-1]._asdict())
    assert layer(torch.ones(1, 1, 28)).shape[2] == 7


def test_an_int_gives_an_int_and_a_tuple_a_tuple():
    assert conv_output_size((5, 6), 3) == (3, 4)
    assert conv_output_size([5, 6], (3, 2), [2, 1], padding=(0, 1)) == (2, 7)
    assert conv_output_size(torch.Size([5]), 3) == (3,)
    assert conv_transpose_output_size((2, 3, 4), 2, (1, 2, 3)) == (3, 6, 11)
    assert cb.same_padding((3, 4), dilation=(1, 2)) == ((1, 1), (3, 3))
    assert type(conv_output_size(torch.tensor(5), 3)) is int


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: conv_output_size(5, 0), ValueError, "^kernel_size=0 must be at least 1$"),
        (lambda: conv_output_size(5, 3, 0), ValueError, "^stride=0 must be at least 1$"),
        (lambda: conv_output_size(5, 3, padding=-1), ValueError, "^padding=-1 must be at least 0$"),
        (lambda: conv_output_size(5, 3, dilation=0), ValueError, "^dilation=0 must be at least 1$"),
        (lambda: conv_output_size(-1, 3), ValueError, "^input_size=-1 must be at least 0$"),
        (lambda: conv_output_size(5.0, 3), TypeError, "^input_size=5.0 must be an integer, not"),
        (lambda: conv_output_size(5, True), TypeError, "^kernel_size=True must be an integer"),
        (lambda: conv_output_size(5, (3, 3)), TypeError, r"^kernel_size=\(3, 3\) must be an"),
        (
            lambda: conv_output_size((5, 5), (3, 3, 3)),
            ValueError,
            r"^kernel_size=\(3, 3, 3\) must be one integer or 2 of them, one for each axis$",
        ),
        (
            lambda: conv_output_size(5, 3, padding=1, dilation=4),
            ValueError,
            "^kernel_size=3 with dilation=4 reaches over 9; it must fit into input_size=5 with "
            "padding=1, which is 7$",
        ),
        (
            lambda: conv_transpose_output_size(4, 3, 2, 1, 2),
            ValueError,
            "^output_padding=2 must be smaller than stride=2 or dilation=1$",
        ),
        (
            lambda: conv_transpose_output_size(2, 3, padding=2),
            ValueError,
            "^padding=2 cuts off too much: the output of input_size=2 would have the size 0$",
        ),
        (
            lambda: conv_transpose_output_size(0, 9),
            ValueError,
            "^input_size=0 must be at least 1$",
        ),
        (
            lambda: conv_transpose_output_size(-1, 9),
            ValueError,
            "^input_size=-1 must be at least 1$",
        ),
        (
            lambda: conv_transpose_output_size(4, 3, output_padding=-1),
            ValueError,
            "^output_padding=-1 must be at least 0$",
        ),
        (
            lambda: conv_transpose_output_size(4, 3, padding=-1),
            ValueError,
            "^padding=-1 must be at least 0$",
        ),
        (
            lambda: output_padding_for(4, 9, 3, 2, 1),
            ValueError,
            "^output_size=9 must be at least 7 and at most 8$",
        ),
        (
            lambda: output_padding_for((4, 4), (6, 7), 3, 2, 1),
            ValueError,
            "^output_size=6 must be at least 7 and at most 8$",
        ),
        (lambda: output_padding_for(0, 1, 1), ValueError, "^input_size=0 must be at least 1$"),
        (lambda: output_padding_for(1, 0, 1), ValueError, "^output_size=0 must be at least 1$"),
        (
            lambda: output_padding_for(4, 8, 3, padding=-1),
            ValueError,
            "^padding=-1 must be at least 0$",
        ),
        (lambda: cb.same_padding(0), ValueError, "^kernel_size=0 must be at least 1$"),
        (lambda: cb.same_padding(3, 0), ValueError, "^dilation=0 must be at least 1$"),
        (
            lambda: cb.receptive_field([3, (3, 0)]),
            ValueError,
            r"^layers\[1\].stride=0 must be at least 1$",
        ),
        (
            lambda: cb.receptive_field([(3, 1, 0)]),
            ValueError,
            r"^layers\[0\].dilation=0 must be at least 1$",
        ),
        (
            lambda: cb.receptive_field([(3, 1, 1, 1, 1, 1)]),
            ValueError,
            r"^layers\[0\]=\(3, 1, 1, 1, 1, 1\) must be \(kernel_size, .*\) or its beginning$",
        ),
        (lambda: cb.receptive_field([()]), ValueError, r"^layers\[0\]=\(\) must be"),
        (lambda: cb.receptive_field(["3"]), TypeError, r"^layers\[0\].kernel_size='3' must be an"),
        (lambda: receptive_field(3), TypeError, "^layers=3 must be a list of layers$"),
        (lambda: receptive_field("33"), TypeError, "^layers='33' must be a list of layers$"),
        (lambda: receptive_field(None), TypeError, "^layers=None must be a list of layers$"),
        (
            lambda: receptive_field([3, (3, 1, 1, -1)]),
            ValueError,
            r"^layers\[1\].padding=-1 must be at least 0$",
        ),
        (
            lambda: receptive_field([(3, 1, 1, 0, 2)]),
            TypeError,
            r"^layers\[0\].transposed=2 must be True or False$",
        ),
        (
            lambda: receptive_field([Layer(2, 3, transposed=True)]),
            ValueError,
            r"^layers\[0\]=.* must have kernel_size of at least stride, and dilation 1$",
        ),
        (
            lambda: receptive_field([Layer(4, 2, 2, transposed=True)]),
            ValueError,
            r"^layers\[0\]=.* leaves outputs without input",
        ),
        (
            lambda: cb.conv_parameters_for(8, 0),
            ValueError,
            "^output_size=0 must be at least 1$",
        ),
        (
            lambda: cb.transposed_parameters_for(0, 8),
            ValueError,
            "^input_size=0 must be at least 1$",
        ),
        (
            lambda: cb.transposed_parameters_for(4, 8, max_stride=2.0),
            TypeError,
            "^max_stride=2.0 must be an integer, not float$",
        ),
        (lambda: output_padding_for(3, 2**70, 3), ValueError, "must be at most 2\\*\\*63 - 1$"),
    ],
)
def test_refusals_name_argument_value_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
