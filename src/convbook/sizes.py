"""How large everything gets: output sizes, what output_padding must be, what a stack sees.

Every size is counted along one axis, and each function takes either ints, for one axis, or
tuples, for several at once. The formulas hold for each axis by itself.
"""

import functools
import inspect

from .arguments import as_int, as_ints


def _for_each_axis(along_axis):
    """Let a function of ints also take tuples, one entry for each axis.

    The first argument decides: an int gives an int, a tuple or list gives a tuple.
    """
    signature = inspect.signature(along_axis)

    @functools.wraps(along_axis)
    def for_each_axis(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        names, values = bound.arguments.keys(), bound.arguments.values()
        if not isinstance(next(iter(values)), (list, tuple)):
            return along_axis(*(as_int(name, value) for name, value in zip(names, values)))
        axes = len(next(iter(values)))
        columns = [as_ints(name, value, axes) for name, value in zip(names, values)]
        return tuple(along_axis(*axis) for axis in zip(*columns))

    return for_each_axis


def _check(kernel_size, stride, dilation, **not_negative):
    """Raise ValueError if one of the numbers is smaller than it can be."""
    for name, value in {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}.items():
        as_int(name, value, at_least=1)
    for name, value in not_negative.items():
        as_int(name, value, at_least=0)


@_for_each_axis
def conv_output_size(input_size, kernel_size, stride=1, padding=0, dilation=1):
    """Return the size of a convolution's output: ⌊(n + 2p - d(k - 1) - 1) / s⌋ + 1.

    All arguments: ints (one axis), or a tuple for `input_size` and ints or tuples for the rest
    (several axes). padding counts per side. Returns an int or a tuple alike.
    Raises TypeError if an argument holds no integers, ValueError if one is out of range or the
    dilated kernel does not fit into the padded input.
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 15.

    >>> conv_output_size(5, 3, stride=2, padding=1)  # (5 + 2 - 2 - 1) // 2 + 1
    3
    >>> conv_output_size((5, 9), 3, dilation=(1, 4))
    (3, 1)
    """
    _check(kernel_size, stride, dilation, input_size=input_size, padding=padding)
    reach = dilation * (kernel_size - 1) + 1
    padded = input_size + 2 * padding
    if reach > padded:
        raise ValueError(
            f"kernel_size={kernel_size} with dilation={dilation} reaches over {reach}; it must fit "
            f"into input_size={input_size} with padding={padding}, which is {padded}"
        )
    return (padded - reach) // stride + 1


@_for_each_axis
def conv_transpose_output_size(
    input_size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1
):
    """Return the size of a transposed convolution's output: (n-1)s - 2p + d(k-1) + op + 1.

    All arguments: as for `conv_output_size`. padding counts per side and is cut off.
    Returns an int or a tuple alike.
    Raises TypeError if an argument holds no integers, ValueError if one is out of range,
    nothing is left, or output_padding is smaller than neither stride nor dilation.
    Source: Dumoulin and Visin, arXiv:1603.07285, relationship 14 with dilation, and the
    documentation of `torch.nn.ConvTranspose2d`.

    >>> conv_transpose_output_size(4, 3, stride=2, padding=1, output_padding=1)  # 6 - 2 + 2 + 1 + 1
    8
    >>> conv_transpose_output_size(4, 3, output_padding=2)
    Traceback (most recent call last):
    ValueError: output_padding=2 must be smaller than stride=1 or dilation=1
    """
    _check(
        kernel_size,
        stride,
        dilation,
        input_size=input_size,
        padding=padding,
        output_padding=output_padding,
    )
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"output_padding={output_padding} must be smaller than stride={stride} "
            f"or dilation={dilation}"
        )
    size = _smallest(input_size, kernel_size, stride, padding, dilation) + output_padding
    if input_size < 1 or size < 1:
        raise ValueError(
            f"padding={padding} cuts off too much: the output of input_size={input_size} would "
            f"have the size {size}"
        )
    return size


def _smallest(input_size, kernel_size, stride, padding, dilation):
    """Return the size of a transposed convolution's output without output_padding."""
    return (input_size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + 1


@_for_each_axis
def output_padding_for(input_size, output_size, kernel_size, stride=1, padding=0, dilation=1):
    """Return the output_padding with which a transposed convolution gives `output_size`.

    All arguments: as for `conv_output_size`; input_size and output_size are those of the
    transposed convolution. Returns an int or a tuple alike.
    Up to s sizes collapse to one under a convolution of stride s; output_padding says which of
    them to go back to.
    Raises TypeError if an argument holds no integers, ValueError if one is out of range or no
    output_padding gives that size.

    >>> conv_output_size((7, 8), 3, stride=2, padding=1)
    (4, 4)
    >>> output_padding_for((4, 4), (7, 8), 3, stride=2, padding=1)
    (0, 1)
    """
    _check(kernel_size, stride, dilation, padding=padding)
    as_int("input_size", input_size, at_least=1)
    as_int("output_size", output_size, at_least=1)
    smallest = _smallest(input_size, kernel_size, stride, padding, dilation)
    largest = smallest + max(stride, dilation) - 1
    if not smallest <= output_size <= largest:
        raise ValueError(
            f"output_size={output_size} must be at least {smallest} and at most {largest}"
        )
    return output_size - smallest


@_for_each_axis
def same_padding(kernel_size, dilation=1):
    """Return the zeros (before, after) with which a convolution of stride 1 keeps the size.

    All arguments: as for `conv_output_size`. Returns (before, after), or a tuple of such pairs,
    as `pad2d` takes it. d(k - 1) zeros are needed; the odd one goes after, as under
    `padding="same"` in torch.
    Raises TypeError if an argument holds no integers, ValueError if one is smaller than 1.

    >>> same_padding(3), same_padding(4)
    ((1, 1), (1, 2))
    >>> same_padding((3, 2), dilation=2)
    ((2, 2), (1, 1))
    """
    _check(kernel_size, 1, dilation)
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


def receptive_field(layers):
    """Return how many neighboring input elements one output element of a stack depends on.

    layers: for each layer, from the input on, its kernel size, or a tuple (kernel size, stride)
    or (kernel size, stride, dilation), of ints, along one axis. A pooling layer counts like a
    convolution. Returns the int 1 + Σ d(k - 1)·(product of the strides before).
    Raises TypeError if a layer holds no integers, ValueError if a number is smaller than 1 or a
    layer has none or more than three.
    Source: Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks,
    Distill 2019, equation 2.

    >>> receptive_field([3, 3])  # two 3×3 layers see what one 5×5 layer sees
    5
    >>> receptive_field([(7, 2), (3, 2), (3, 1, 2)])  # 1 + 6 + 2·2 + 4·4
    27
    """
    field, jump = 1, 1  # jump: distance, in the input, of neighbors in the present layer
    for i, layer in enumerate(layers):
        numbers = layer if isinstance(layer, (list, tuple)) else (layer,)
        if not 1 <= len(numbers) <= 3:
            raise ValueError(
                f"layers[{i}]={layer!r} must be (kernel_size, stride, dilation) or its beginning"
            )
        names = (f"layers[{i}].{name}" for name in ("kernel_size", "stride", "dilation"))
        numbers = [as_int(name, number, at_least=1) for name, number in zip(names, numbers)]
        kernel_size, stride, dilation = numbers + [1] * (3 - len(numbers))
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field
