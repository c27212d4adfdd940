"""Named states of the explorer: by group and name, the arguments of `explore`."""


def _transposed(input_size, kernel_size, stride=1, padding=0, **more):
    return {
        "mode": "transposed",
        "input_size": input_size,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        **more,
    }


def _conv(input_size, kernel_size, stride=1, padding=0, **more):
    return _transposed(input_size, kernel_size, stride, padding, **more) | {"mode": "conv"}


_ONES = {"input": "ones", "kernel": "ones", "view": "counts"}

EXAMPLES = {
    # Dumoulin and Visin, A guide to convolution arithmetic for deep learning, chapters 2 and 5.
    "Convolution, Dumoulin and Visin": {
        "no padding, unit strides": _conv(4, 3),
        "arbitrary padding, unit strides": _conv(5, 4, padding=2),
        "half (same) padding, unit strides": _conv(5, 3, padding=1),
        "full padding, unit strides": _conv(5, 3, padding=2),
        "no padding, non-unit strides": _conv(5, 3, stride=2),
        "padding, non-unit strides": _conv(5, 3, stride=2, padding=1),
        "padding, non-unit strides (odd)": _conv(6, 3, stride=2, padding=1),
        "dilation": _conv(7, 3, dilation=2),
    },
    # The same, chapter 4: each brings back the size of its forward twin.
    "Transposed, Dumoulin and Visin": {
        "no padding, unit strides, transposed": _transposed(2, 3),
        "arbitrary padding, unit strides, transposed": _transposed(6, 4, padding=2),
        "half (same) padding, unit strides, transposed": _transposed(5, 3, padding=1),
        "full padding, unit strides, transposed": _transposed(7, 3, padding=2),
        "no padding, non-unit strides, transposed": _transposed(2, 3, stride=2),
        "padding, non-unit strides, transposed": _transposed(3, 3, stride=2, padding=1),
        "padding, non-unit strides, transposed (odd)": _transposed(
            3, 3, stride=2, padding=1, output_padding=1
        ),
    },
    "Doubling a size": {
        "kernel 2, stride 2": _transposed(4, 2, stride=2),
        "kernel 4, stride 2, padding 1": _transposed(4, 4, stride=2, padding=1),
        "kernel 3, stride 2, padding 1, output_padding 1": _transposed(
            4, 3, stride=2, padding=1, output_padding=1
        ),
        "bilinear interpolation": _transposed(
            4, 4, stride=2, padding=1, input="ones", kernel="bilinear"
        ),
    },
    "Sizes that collapse": {
        "16 becomes 6": _conv(16, 5, stride=3, padding=2),
        "17 becomes 6": _conv(17, 5, stride=3, padding=2),
        "18 becomes 6": _conv(18, 5, stride=3, padding=2),
        "6 becomes 16": _transposed(6, 5, stride=3, padding=2),
        "6 becomes 17": _transposed(6, 5, stride=3, padding=2, output_padding=1),
        "6 becomes 18": _transposed(6, 5, stride=3, padding=2, output_padding=2),
    },
    "Checkerboard": {
        "kernel 3, stride 2: uneven": _transposed(5, 3, stride=2, **_ONES),
        "kernel 4, stride 2: even": _transposed(5, 4, stride=2, **_ONES),
        "kernel 5, stride 3: uneven": _transposed(4, 5, stride=3, **_ONES),
    },
    "Kernels": {
        "edge": _conv(8, 3, input="step", kernel="edge"),
        "blur": _conv(8, 3, padding=1, input="step", kernel="blur"),
        "an impulse brings out the kernel, flipped": _conv(5, 3, padding=1, input="impulse"),
    },
}
