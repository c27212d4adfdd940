"""Under torch.func, autocast, compile and export, everything does what torch's functions do."""

import functools

import pytest
import torch
import torch.nn.functional as F
from oracle import assert_refused, assert_same, fill
from torch import func

import convbook as cb

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")

X, K = fill((3, 4)), fill((2, 3))
MATRICES = {  # ours, torch's, and what to transform
    "corr2d": (cb.corr2d, lambda X, K: F.conv2d(X[None, None], K[None, None])[0, 0], (X, K)),
    "trans_conv": (
        cb.trans_conv,
        lambda X, K: F.conv_transpose2d(X[None, None], K[None, None])[0, 0],
        (X, K),
    ),
    "corr2d_multi_in_out": (
        cb.corr2d_multi_in_out,
        F.conv2d,
        (fill((2, 3, 4)), fill((3, 2, 2, 2))),
    ),
    "trans_conv_multi_in_out": (
        cb.trans_conv_multi_in_out,
        F.conv_transpose2d,
        (fill((2, 2, 3)), fill((2, 3, 2, 2))),
    ),
}


def loss(function):
    return lambda *operands: function(*operands).pow(3).sum()


def transforms(function, operands):
    """Yield a name and a result for every transformation of torch.func, over every operand."""
    copies = [torch.stack([x, x.flip(0), x - 1]) for x in operands]
    for i in range(len(operands)):
        mapped = [copies[j] if j == i else x for j, x in enumerate(operands)]
        dims = tuple(0 if j == i else None for j in range(len(operands)))
        yield f"vmap {i}", func.vmap(function, dims)(*mapped)
        yield f"gradients vmap {i}", func.vmap(func.grad(loss(function), i), dims)(*mapped)
        yield f"jacrev {i}", func.jacrev(function, i)(*operands)
        yield f"jacfwd {i}", func.jacfwd(function, i)(*operands)
        yield f"hessian {i}", func.hessian(loss(function), i)(*operands)
    for i, j in [(0, 1), (1, 0)]:
        nested = function
        for over in (i, j):
            dims = tuple(0 if axis == over else None for axis in range(len(operands)))
            nested = func.vmap(nested, dims)
        yield f"vmap {i} in {j}", nested(*copies[:2], *operands[2:])
    yield "jvp", func.jvp(function, tuple(operands), tuple(x + 1 for x in operands))[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", MATRICES)
def test_definitions_are_transformed_like_torch_s(name):
    ours, theirs, operands = MATRICES[name]
    pairs = zip(transforms(ours, operands), transforms(theirs, operands))
    for (what, mine), (_, its) in pairs:
        assert_same(mine, its), what


# Layers: what to transform has a stride that divides the kernel, or a dilation, or groups.
def layers(n):
    """Yield ours, torch's, and the input, weight and bias of layers over n axes."""
    X, b = fill((2, *[3] * n)), fill((2,))
    dense, depthwise = fill((2, 2, *[2] * n)), fill((2, 1, *[2] * n))
    for kind in ("conv", "conv_transpose"):
        ours, theirs = getattr(cb, f"{kind}{n}d"), getattr(F, f"{kind}{n}d")
        for K, kwargs in ((dense, {"stride": 2}), (depthwise, {"dilation": 2, "groups": 2})):
            yield functools.partial(ours, **kwargs), functools.partial(theirs, **kwargs), (X, K, b)


@pytest.mark.parametrize("most", [2**21, 16], ids=["whole", "blocks"])
@pytest.mark.parametrize("n", [1, 2])
def test_layers_are_transformed_like_torch_s(n, most, monkeypatch):
    monkeypatch.setattr(cb.functional, "MOST_COLUMNS", most)
    monkeypatch.setattr(cb.functional, "MOST_STAMPS", most - 16)
    for ours, theirs, operands in layers(n):
        pairs = zip(transforms(ours, operands), transforms(theirs, operands))
        for (what, mine), (_, its) in pairs:
            assert_same(mine, its), what


@pytest.mark.parametrize("algorithm", ["overlap_add", "zero_insertion", "sub_kernels"])
def test_the_three_algorithms_are_transformed_like_torch_s(algorithm):
    _, _, (_, theirs, operands), _ = layers(2)
    ours = functools.partial(getattr(cb, f"conv_transpose2d_{algorithm}"), **theirs.keywords)
    pairs = zip(transforms(ours, operands), transforms(theirs, operands))
    for (what, mine), (_, its) in pairs:
        assert_same(mine, its), what


def test_unfold_and_fold_are_transformed_like_torch_s():
    X = fill((2, 3, 4, 4))
    assert_same(func.vmap(lambda x: cb.unfold(x, 2))(X), F.unfold(X, 2))
    columns = F.unfold(X, 2)
    assert_same(func.vmap(lambda x: cb.fold(x, 4, 2))(columns), F.fold(columns, 4, 2))
    pairs = [
        (lambda x: cb.unfold(x, 2), lambda x: F.unfold(x, 2), X[0]),
        (lambda x: cb.fold(x, 4, 2), lambda x: F.fold(x, 4, 2), columns[0]),
    ]
    for ours, theirs, x in pairs:
        for transform in (func.jacrev, func.jacfwd):
            assert_same(transform(ours)(x), transform(theirs)(x))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_forward_mode_gradients(n):
    for ours, _, operands in layers(n):
        leaves = [x.requires_grad_() for x in operands]
        assert torch.autograd.gradcheck(ours, leaves, check_forward_ad=True, fast_mode=True)


# Autocast

AUTOCAST = {
    "conv2d": (cb.conv2d, F.conv2d),
    "conv_transpose2d": (cb.conv_transpose2d, F.conv_transpose2d),
    "overlap_add": (cb.conv_transpose2d_overlap_add, F.conv_transpose2d),
    "zero_insertion": (cb.conv_transpose2d_zero_insertion, F.conv_transpose2d),
    "sub_kernels": (cb.conv_transpose2d_sub_kernels, F.conv_transpose2d),
}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", AUTOCAST)
def test_autocast_as_torch_s(name, dtype):
    X, K, b = (fill(shape, torch.float32) for shape in ((2, 4, 6, 6), (4, 4, 3, 3), (4,)))
    with torch.autocast("cpu", dtype=dtype):
        for ours, theirs in (AUTOCAST[name],):
            twice = [function(function(X, K, b), K) for function in (ours, theirs)]
            assert_same(*twice)
            assert_same(ours(X, K[:, :1], groups=4), theirs(X, K[:, :1], groups=4))
            assert_same(ours(X.to(dtype), K, b.half()), theirs(X.to(dtype), K, b.half()))
            assert_same(ours(X.double(), K.double()), theirs(X.double(), K.double()))
            assert_refused(ours, X.double(), K)
    with torch.autocast("cpu", dtype=dtype, enabled=False):
        assert AUTOCAST[name][0](X, K).dtype == torch.float32


@pytest.mark.parametrize("n", [1, 3])
def test_autocast_over_other_axes(n):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for ours, theirs, operands in layers(n):
            operands = [x.detach().float() for x in operands]
            assert_same(ours(*operands), theirs(*operands))
        X = torch.ones(1, 2, 4, 4)
        assert cb.unfold(X, 2).dtype == F.unfold(X, 2).dtype
        assert cb.fold(cb.unfold(X, 2), 4, 2).dtype == F.fold(F.unfold(X, 2), 4, 2).dtype


# Compile and export

K, DEPTHWISE = fill((4, 4, 3, 3)), fill((4, 1, 3, 3))
TRACED = {
    "conv2d": lambda X, F: F.conv2d(X, K, None, 2, 1),
    "depthwise": lambda X, F: F.conv2d(X, DEPTHWISE, None, 1, "same", 2, 4),
    "conv_transpose2d": lambda X, F: F.conv_transpose2d(X, K, None, 2, 1, 1),
    "unfold and fold": lambda X, F: F.fold(F.unfold(X, 3, padding=1), X.shape[2:], 3, padding=1),
}


def everything(X, F):
    """Return what the functions of a module, ours or torch's, make of X."""
    return [layer(X, F) for layer in TRACED.values()]


def test_one_graph_for_every_size():
    torch._dynamo.reset()
    compiled = torch.compile(everything, fullgraph=True, backend="eager")
    for height in (5, 8):
        X = fill((2, 4, height, 6))
        for ours, theirs in zip(compiled(X, cb), everything(X, F)):
            assert_same(ours, theirs)


def test_one_graph_for_every_size_of_an_algorithm():
    torch._dynamo.reset()
    ours = functools.partial(cb.conv_transpose2d_sub_kernels, weight=K, stride=2)
    compiled = torch.compile(lambda X: ours(X), fullgraph=True, backend="eager")
    for height in (3, 5):
        X = fill((1, 4, height, 4))
        assert_same(compiled(X), F.conv_transpose2d(X, K, stride=2))


@pytest.mark.parametrize("name", MATRICES)
def test_definitions_in_one_graph(name):
    torch._dynamo.reset()
    ours, theirs, operands = MATRICES[name]
    assert_same(torch.compile(ours, fullgraph=True, backend="eager")(*operands), theirs(*operands))


class Model(torch.nn.Module):
    def forward(self, X):
        X = cb.conv2d(X, K, padding=1)
        X = cb.conv2d(X, K, stride=2, padding=1)
        return cb.conv_transpose2d(X, K, stride=2, padding=1, output_padding=1)


def test_export_with_a_height_that_is_not_known():
    half = torch.export.Dim("half", min=3, max=4096)
    X = fill((2, 4, 8, 6))
    exported = torch.export.export(Model(), (X,), dynamic_shapes={"X": {2: 2 * half}}).module()
    for height in (6, 14):
        X = fill((2, 4, height, 6))
        assert_same(exported(X), Model()(X))
