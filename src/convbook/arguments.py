"""The one place where arguments are normalized and checked.

Every refusal names the argument, the value it was given and the rule:
`ValueError` for a value or shape that cannot work, `TypeError` for a wrong type.
"""

import operator

import torch


def as_int(name, value, at_least=None):
    """Return `value` as a plain int.

    name: what the message calls it. value: an int, or anything that counts as one, such as
    `numpy.int64`. at_least: the smallest value allowed, or None.
    Raises TypeError if it is no integer (`True` is not), ValueError if it is too small.

    >>> as_int("stride", 2, at_least=1)
    2
    >>> as_int("stride", 0, at_least=1)
    Traceback (most recent call last):
    ValueError: stride=0 must be at least 1
    """
    if isinstance(value, (bool, torch.Tensor)):
        raise TypeError(f"{name}={value!r} must be an integer, not {type(value).__name__}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name}={value!r} must be an integer, not {type(value).__name__}"
        ) from None
    if at_least is not None and number < at_least:
        raise ValueError(f"{name}={value!r} must be at least {at_least}")
    return number


def as_ints(name, value, length, at_least=None):
    """Return `value` as a tuple of `length` ints, one for each axis; one int serves all axes.

    name: what the message calls it. value: an int or a sequence of them, in the order
    (height, width) for two axes. at_least: the smallest value allowed, or None.
    Raises TypeError if an entry is no integer, ValueError if the number of entries is not
    `length` or an entry is too small.

    >>> as_ints("stride", 2, 2), as_ints("stride", [2, 3], 2)
    ((2, 2), (2, 3))
    >>> as_ints("stride", (1, 2, 3), 2)
    Traceback (most recent call last):
    ValueError: stride=(1, 2, 3) must be one integer or 2 of them, one for each axis
    """
    if isinstance(value, torch.Tensor) or not hasattr(value, "__len__"):
        return (as_int(name, value, at_least),) * length
    if isinstance(value, str) or len(value) != length:
        raise ValueError(
            f"{name}={value!r} must be one integer or {length} of them, one for each axis"
        )
    return tuple(as_int(f"{name}[{axis}]", v, at_least) for axis, v in enumerate(value))


def check_tensor(name, value, *shape):
    """Check that `value` is a numeric tensor with as many axes as `shape` has names.

    name: what the message calls it. shape: the names of the axes, such as "h", "w".
    Raises TypeError if it is no tensor or holds booleans, ValueError if the number of axes
    differs.

    >>> check_tensor("X", torch.ones(3), "h", "w")
    Traceback (most recent call last):
    ValueError: X has shape (3,); it must have 2 axes (h, w)
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(value).__name__}")
    if value.ndim != len(shape):
        axes = f"{len(shape)} axes ({', '.join(shape)})"
        raise ValueError(f"{name} has shape {tuple(value.shape)}; it must have {axes}")
    if value.dtype == torch.bool:
        raise TypeError(f"{name} has dtype torch.bool; it must hold numbers")


def check_alike(**tensors):
    """Check that two named tensors share dtype and device, as an operation on both needs.

    tensors: the two tensors, by the names that the message gives them.
    Raises TypeError if the dtypes differ, ValueError if the devices do.

    >>> check_alike(X=torch.ones(2), K=torch.ones(2, dtype=torch.int64))
    Traceback (most recent call last):
    TypeError: X has dtype torch.float32 and K has dtype torch.int64; they must be the same
    """
    (name, tensor), (other_name, other) = tensors.items()
    for attribute, error in (("dtype", TypeError), ("device", ValueError)):
        mine, others = getattr(tensor, attribute), getattr(other, attribute)
        if mine != others:
            raise error(
                f"{name} has {attribute} {mine} and {other_name} has {attribute} {others}; "
                "they must be the same"
            )


def check_kernel(K):
    """Check that the kernel `K`, whose last two axes are height and width, is not empty.

    Raises ValueError if it is.
    """
    if 0 in K.shape:
        raise ValueError(f"K has shape {tuple(K.shape)}; no axis of a kernel may be empty")
