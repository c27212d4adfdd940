"""How large everything gets: output sizes, what output_padding must be, what a stack sees.

Every size is counted along one axis, and each function takes either ints, for one axis, or
tuples, for several at once. The formulas hold for each axis by itself.
"""

from .arguments import as_int
from .signatures import NotNegative, Positive, per_axis


def kernel_fits(
    result: int, input_size: int, kernel_size: int, padding: int, dilation: int
) -> None:
    """Raise ValueError if a kernel does not fit into the padded input."""
    if result < 1:
        raise ValueError(
            f"kernel_size={kernel_size} with dilation={dilation} reaches over "
            f"{dilation * (kernel_size - 1) + 1}; it must fit into input_size={input_size} "
            f"with padding={padding}, which is {input_size + 2 * padding}"
        )


def output_padding_is_small(output_padding: int, stride: int, dilation: int) -> None:
    """Raise ValueError if output_padding is smaller than neither stride nor dilation."""
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"output_padding={output_padding} must be smaller than stride={stride} "
            f"or dilation={dilation}"
        )


def something_is_left(result: int, input_size: int, padding: int) -> None:
    """Raise ValueError if padding cuts off all that a transposed convolution gives."""
    if result < 1:
        raise ValueError(
            f"padding={padding} cuts off too much: the output of input_size={input_size} would "
            f"have the size {result}"
        )


def output_padding_exists(result: int, output_size: int, stride: int, dilation: int) -> None:
    """Raise ValueError if no output_padding gives `output_size`."""
    smallest, largest = output_size - result, output_size - result + max(stride, dilation) - 1
    if not smallest <= output_size <= largest:
        raise ValueError(
            f"output_size={output_size} must be at least {smallest} and at most {largest}"
        )


@per_axis(kernel_fits)
def conv_output_size(
    input_size: NotNegative,
    kernel_size: Positive,
    stride: Positive = 1,
    padding: NotNegative = 0,
    dilation: Positive = 1,
) -> int:
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
    reach = dilation * (kernel_size - 1) + 1  # from the first to the last tap
    return (input_size + 2 * padding - reach) // stride + 1


@per_axis(output_padding_is_small, something_is_left)
def conv_transpose_output_size(
    input_size: Positive,
    kernel_size: Positive,
    stride: Positive = 1,
    padding: NotNegative = 0,
    output_padding: NotNegative = 0,
    dilation: Positive = 1,
) -> int:
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
    reach = dilation * (kernel_size - 1) + 1  # from the first to the last tap
    return (input_size - 1) * stride + reach - 2 * padding + output_padding


@per_axis(output_padding_exists)
def output_padding_for(
    input_size: Positive,
    output_size: Positive,
    kernel_size: Positive,
    stride: Positive = 1,
    padding: NotNegative = 0,
    dilation: Positive = 1,
) -> int:
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
    reach = dilation * (kernel_size - 1) + 1  # from the first to the last tap
    return output_size - ((input_size - 1) * stride + reach - 2 * padding)


@per_axis()
def same_padding(kernel_size: Positive, dilation: Positive = 1) -> tuple[int, int]:
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
