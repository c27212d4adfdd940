"""Convolution and its transpose, as code to read: the package behind the book."""

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

__all__ = [
    "corr2d",
    "corr2d_multi_in",
    "corr2d_multi_in_out",
    "corr2d_multi_in_out_1x1",
    "crop2d",
    "dilate2d",
    "pad2d",
    "subsample2d",
    "trans_conv",
    "trans_conv_multi_in_out",
]
