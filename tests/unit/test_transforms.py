"""Under torch.func, autocast, compile and export, everything does what torch's functions do."""

import pytest
import torch
import torch.nn.functional as F
from oracle import assert_same, fill
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
