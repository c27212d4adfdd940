"""The numbers themselves: half precision, whole numbers, and numbers that are not finite."""

import pytest
import torch

import convbook as cb

HALF = [torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_definitions_round_half_precision_once(dtype):
    """At 64·64, one more is less than half of what the next number is away."""
    row = torch.tensor([[64.0] + [1.0] * 64], dtype=dtype)
    right = torch.tensor(64.0 * 64 + 64, dtype=dtype)
    assert cb.corr2d(row, row).dtype == dtype
    assert cb.corr2d(row, row) == right
    assert cb.trans_conv(row, row.flip(1)).max() == right
    channels = row.reshape(65, 1, 1)
    assert cb.corr2d_multi_in(channels, channels) == right
    assert cb.corr2d_multi_in_out(channels, channels[None]) == right
    assert cb.corr2d_multi_in_out_1x1(channels, channels[None]) == right
    assert cb.trans_conv_multi_in_out(channels, channels[:, None]) == right
