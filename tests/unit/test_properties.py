"""Search for a counterexample: random arguments, valid and invalid, against torch."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracle import agree, assert_same, fill

import convbook as cb

# The same examples in every run: a failure is news about the code, not luck.
search = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    max_examples=120,
)
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


@pytest.fixture(autouse=True, scope="module", params=[2**22, 64], ids=["whole", "parts"])
def most(request):
    """Run every test twice: all laid out at once, and in small blocks, or by phases if possible."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cb.functional, "MOST_COLUMNS", request.param)
        patch.setattr(cb.functional, "MOST_STAMPS", request.param - 64)
        yield


def per_axis(n, values):
    """An argument of a convolution over n axes: one number, or one for each axis."""
    return st.one_of(values, st.lists(values, min_size=n, max_size=n).map(tuple))


@st.composite
def layers(draw, transposed, invalid=False):
    """Tensors and parameters of a layer; `invalid`: numbers may be out of range now and then."""
    smallest = 0 if invalid and draw(st.integers(0, 3)) == 0 else 1
    n = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    c_in, c_out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    batch = draw(st.sampled_from([(2,), (1,), ()]))
    size = draw(st.lists(st.integers(1, 5 if n == 3 else 7), min_size=n, max_size=n))
    kernel_size = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    channels = (c_in, c_out // groups) if transposed else (c_out, c_in // groups)
    X, K = fill((*batch, c_in, *size), seed=1), fill((*channels, *kernel_size))
    b = draw(st.sampled_from([None, fill((c_out,), seed=2)]))
    kwargs = {
        "stride": draw(per_axis(n, st.integers(smallest, 3))),
        "padding": draw(per_axis(n, st.integers(smallest - 1, 2))),
        "dilation": draw(per_axis(n, st.integers(smallest, 3))),
        "groups": groups,
    }
    if transposed:
        kwargs["output_padding"] = draw(per_axis(n, st.integers(0, 2)))
    elif draw(st.integers(0, 9)) == 0:
        kwargs["padding"] = draw(st.sampled_from(["same", "valid"]))
    return n, [X, K] + ([] if b is None else [b]), kwargs


@search
@given(layers(transposed=False, invalid=True))
def test_conv_does_what_torch_does(layer):
    n, tensors, kwargs = layer
    agree(getattr(cb, f"conv{n}d"), getattr(F, f"conv{n}d"), *tensors, **kwargs)


@search
@given(layers(transposed=True, invalid=True))
def test_conv_transpose_does_what_torch_does(layer):
    n, tensors, kwargs = layer
    name = f"conv_transpose{n}d"
    agree(getattr(cb, name), getattr(F, name), *tensors, **kwargs)


@search
@given(layers(transposed=False), st.data())
def test_shapes_that_do_not_fit(layer, data):
    """One axis of one tensor is changed; what torch then refuses is refused."""
    n, tensors, kwargs = layer
    tensors = list(tensors)
    which = data.draw(st.integers(0, len(tensors) - 1))
    axis = data.draw(st.integers(0, tensors[which].ndim - 1))
    change = data.draw(st.sampled_from(["double", "drop", "add"]))
    tensor = tensors[which]
    tensors[which] = {
        "double": torch.cat([tensor, tensor], axis),
        "drop": tensor.select(axis, 0),
        "add": tensor.unsqueeze(axis),
    }[change]
    agree(getattr(cb, f"conv{n}d"), getattr(F, f"conv{n}d"), *tensors, gradients=False, **kwargs)


@search
@given(layers(transposed=False))
def test_conv_and_conv_transpose_are_adjoint(layer):
    """⟨A x, y⟩ = ⟨x, Aᵀ y⟩, with the output_padding that leads back to the size of x."""
    n, (x, K, *_), kwargs = layer
    assume(not isinstance(kwargs["padding"], str))
    numbers = {name: kwargs[name] for name in ("stride", "padding", "dilation")}
    try:
        size = cb.conv_output_size(x.shape[-n:], K.shape[2:], **numbers)
    except ValueError:
        assume(False)
    back = cb.output_padding_for(size, x.shape[-n:], K.shape[2:], **numbers)
    Ax = getattr(cb, f"conv{n}d")(x, K, **kwargs)
    y = fill(Ax.shape, seed=3)
    ATy = getattr(cb, f"conv_transpose{n}d")(y, K, output_padding=back, **kwargs)
    assert ATy.shape == x.shape
    assert_same((Ax * y).sum(), (x * ATy).sum(), scale=K.numel() * x.numel())


@search
@given(layers(transposed=True, invalid=True))
def test_the_three_algorithms_agree(layer):
    n, tensors, kwargs = layer
    assume(n == 2)
    for algorithm in (
        cb.conv_transpose2d_overlap_add,
        cb.conv_transpose2d_zero_insertion,
        cb.conv_transpose2d_sub_kernels,
    ):
        agree(algorithm, F.conv_transpose2d, *tensors, gradients=False, **kwargs)


@search
@given(layers(transposed=False))
def test_the_loops_and_the_matrix_compute_the_same(layer):
    n, (X, K, *_), kwargs = layer
    assume(n == 2 and not isinstance(kwargs["padding"], str))
    X, K = X.reshape(-1, *X.shape[-2:])[0], K[0, 0]
    stride, padding, dilation = (kwargs[name] for name in ("stride", "padding", "dilation"))
    padded, stretched = cb.pad2d(X, padding), cb.dilate2d(K, dilation)
    assume(all(k <= m for k, m in zip(stretched.shape, padded.shape)))
    by_moves = cb.subsample2d(cb.corr2d(padded, stretched), stride)
    W = cb.kernel2matrix(K, X.shape, stride, padding, dilation)
    assert_same((W @ X.flatten()).reshape(by_moves.shape), by_moves)
    fast = cb.conv2d(X[None], K[None, None], None, stride, padding, dilation)
    assert_same(fast[0], by_moves)


@search
@given(
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    *[st.tuples(st.integers(low, 3), st.integers(low, 3)) for low in (0, 0, -1, 0)],
)
def test_unfold_and_fold_do_what_torch_does(size, kernel_size, dilation, padding, stride):
    kwargs = dict(kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)
    X = fill((2, 3, *size))
    columns = agree(cb.unfold, F.unfold, X, **kwargs)
    columns = fill((2, 6, 4)) if columns is None else columns
    agree(cb.fold, F.fold, columns, output_size=size, **kwargs)


@search
@given(*[st.integers(low, high) for low, high in [(1, 40), (1, 7), (1, 5), (0, 5), (1, 4)]])
def test_output_padding_leads_back_to_every_size(n, k, s, p, d):
    assume(d * (k - 1) < n + 2 * p)
    o = cb.conv_output_size(n, k, s, p, d)
    a = cb.output_padding_for(o, n, k, s, p, d)
    assert cb.conv_transpose_output_size(o, k, s, p, a, d) == n
    assert 0 <= a < s
