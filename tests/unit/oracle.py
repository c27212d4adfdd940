"""One way to compare a function of ours with another's: results, gradients and refusals."""

import math

import torch

# What rounding may do: the relative error allowed, for a sum of a few dozen products.
TOLERANCE = {
    torch.float16: 4e-3,
    torch.bfloat16: 3e-2,
    torch.float32: 1e-5,
    torch.float64: 1e-12,
    torch.complex32: 8e-3,
    torch.complex64: 1e-5,
    torch.complex128: 1e-12,
}
REFUSALS = (RuntimeError, TypeError, ValueError, IndexError)


def fill(shape, dtype=torch.float64, seed=0):
    """Return a tensor of numbers of either sign, of any dtype; small ones if integers."""
    generator = torch.Generator().manual_seed(seed + math.prod(shape))
    if dtype.is_floating_point or dtype.is_complex:
        kind = torch.complex128 if dtype.is_complex else torch.float64
        return torch.randn(shape, generator=generator, dtype=kind).to(dtype)
    return torch.randint(-4, 5, shape, generator=generator).to(dtype)


def assert_same(ours, theirs, scale=None):
    """Assert that two tensors have the same shape, dtype and values, up to rounding."""
    assert ours.shape == theirs.shape, f"shape {tuple(ours.shape)}, expected {tuple(theirs.shape)}"
    assert ours.dtype == theirs.dtype, f"dtype {ours.dtype}, expected {theirs.dtype}"
    if theirs.numel() == 0:
        return
    if ours.dtype not in TOLERANCE:
        assert torch.equal(ours, theirs)
        return
    wide = torch.complex128 if ours.is_complex() else torch.float64
    scale = theirs.to(wide).abs().max().item() if scale is None else scale
    worst = (ours.to(wide) - theirs.to(wide)).abs().max().item()
    assert worst <= TOLERANCE[ours.dtype] * (scale + 1), f"differs by {worst} at a scale of {scale}"


def derivatives(function, tensors, kwargs):
    """Return the first and second derivatives of `function` along fixed directions.

    First: those of <function(*tensors), G>. Second: those of <first, H>, by the tensors and G.
    """
    leaves = [tensor.detach().clone().requires_grad_() for tensor in tensors]
    output = function(*leaves, **kwargs)
    G = fill(output.shape, output.dtype, seed=7).requires_grad_()
    first = torch.autograd.grad(output, leaves, G, create_graph=True)
    inner = sum((g * fill(g.shape, g.dtype, seed=8)).abs().square().sum() for g in first)
    second = torch.autograd.grad(inner, [*leaves, G], materialize_grads=True)
    return [*first, *second]


def agree(ours, theirs, *tensors, gradients=None, **kwargs):
    """Assert that `ours` does what `theirs` does with these arguments; return the result.

    Shape, dtype, contiguity and values are compared, first and second derivatives too
    (`gradients=None`: if the numbers are of 64 bits or more), and if `theirs` refuses, that
    `ours` does, with a ValueError or TypeError.
    """
    tensors = [tensor for tensor in tensors if tensor is not None]
    try:
        expected = theirs(*tensors, **kwargs)
    except REFUSALS as refusal:
        assert_refused(ours, *tensors, because=refusal, **kwargs)
        return None
    result = ours(*tensors, **kwargs)
    assert_same(result, expected)
    assert result.is_contiguous() == expected.is_contiguous()
    if gradients is None:
        gradients = expected.dtype in (torch.float64, torch.complex128)
    if gradients:
        pairs = zip(derivatives(ours, tensors, kwargs), derivatives(theirs, tensors, kwargs))
        for mine, its in pairs:
            assert_same(mine, its)
    return result


def assert_refused(function, *args, because="", **kwargs):
    """Assert that `function` raises a ValueError or TypeError with a message of its own."""
    try:
        result = function(*args, **kwargs)
    except (ValueError, TypeError) as refusal:
        assert str(refusal), "a refusal without a message"
        return str(refusal)
    raise AssertionError(f"gave {tuple(result.shape)} where it should refuse: {because}")
