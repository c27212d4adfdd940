"""Convolution and its transpose, as code to read: the package behind the book."""

from .checkerboards import checkerboard
from .functional import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    fold,
    unfold,
)
from .matrix import (
    kernel2matrix,
    move2matrix,
)
from .moves import (
    corr2d,
    corr2d_multi_in,
    corr2d_multi_in_out,
    corr2d_multi_in_out_1x1,
    crop2d,
    dilate2d,
    pad2d,
    subsample2d,
    trans_conv,
    trans_conv_multi_in_out,
)
from .sizes import (
    ConvParameters,
    Layer,
    ReceptiveField,
    TransposedParameters,
    conv_output_size,
    conv_parameters_for,
    conv_transpose_output_size,
    output_padding_for,
    receptive_field,
    same_padding,
    transposed_parameters_for,
)
from .transposed import (
    conv_transpose2d_overlap_add,
    conv_transpose2d_sub_kernels,
    conv_transpose2d_zero_insertion,
    flip_and_swap,
)

__version__ = "0.1.0"

__all__ = [
    "ConvParameters",
    "Layer",
    "ReceptiveField",
    "TransposedParameters",
    "checkerboard",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_output_size",
    "conv_parameters_for",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose2d_overlap_add",
    "conv_transpose2d_sub_kernels",
    "conv_transpose2d_zero_insertion",
    "conv_transpose3d",
    "conv_transpose_output_size",
    "corr2d",
    "corr2d_multi_in",
    "corr2d_multi_in_out",
    "corr2d_multi_in_out_1x1",
    "crop2d",
    "dilate2d",
    "flip_and_swap",
    "fold",
    "kernel2matrix",
    "move2matrix",
    "output_padding_for",
    "pad2d",
    "receptive_field",
    "same_padding",
    "subsample2d",
    "trans_conv",
    "trans_conv_multi_in_out",
    "transposed_parameters_for",
    "unfold",
]
