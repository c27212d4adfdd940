"""The measure of checkerboards: by hand, of layers that are even, and of stacks."""

import pytest
import torch
import torch.nn.functional as F
from oracle import fill
from torch import nn

from convbook.checkerboards import checkerboard, pattern_period


def transposed(weight, **parameters):
    """Return a transposed convolution as a function, with its weight (c_in, c_out, kh, kw)."""
    return lambda X: F.conv_transpose2d(X, weight.to(X), **parameters)


ONE_TO_FOUR = torch.tensor([[1.0, 2], [3, 4]])


def test_by_hand():
    # Stride and kernel size 2: each output is one weight. Mean 2.5, squares 30 / 4.
    kernel = ONE_TO_FOUR[None, None]
    assert checkerboard(transposed(kernel, stride=2), period=2) == pytest.approx(1 - 2.5**2 / 7.5)
    # 4, 2, 2 or 1 ones meet.
    assert checkerboard(transposed(torch.ones(1, 1, 3, 3), stride=2), period=2) == pytest.approx(
        1 - (9 / 4) ** 2 / (25 / 4)
    )
    assert (
        checkerboard(transposed(torch.tensor([[[[1.0, -1]]]]), stride=(1, 2)), period=(1, 2)) == 1
    )


def test_channels_that_cancel_are_seen():
    both = torch.stack([ONE_TO_FOUR, 5 - ONE_TO_FOUR])[:, None]  # their sum is 5 everywhere
    measured = checkerboard(transposed(both, stride=2), channels=2, period=2)
    assert measured == pytest.approx(1 - 2.5**2 / 7.5)


def test_channels_count_by_their_energy():
    kernel = torch.stack([ONE_TO_FOUR, torch.full((2, 2), 3.0)])[None]  # one even output channel
    measured = checkerboard(transposed(kernel, stride=2), period=2)
    assert measured == pytest.approx(1.25 / (7.5 + 9))
    from_two = checkerboard(transposed(kernel.swapaxes(0, 1), stride=2), channels=2, period=2)
    assert from_two == pytest.approx(1.25 / (7.5 + 9))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 4, 3, padding=1),
        nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(3, 4, 3, padding=1)),
        nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(3, 4, 5)),
        nn.Sequential(nn.Conv2d(3, 3, 3, stride=2, padding=1), nn.Upsample(scale_factor=2)),
        lambda X: F.interpolate(X, scale_factor=3) + 1,
        torch.zeros_like,
    ],
)
def test_even_layers_score_zero(layer):
    torch.manual_seed(0)
    assert checkerboard(layer, channels=3) == pytest.approx(0, abs=1e-10)
    assert checkerboard(layer, channels=3, period=(2, 3)) == pytest.approx(0, abs=1e-10)


def test_pixel_shuffle_and_its_cure():
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 8, 3, padding=1)
    shuffle = nn.Sequential(conv, nn.PixelShuffle(2))
    assert checkerboard(shuffle, channels=3) > 0.1
    with torch.no_grad():  # the same kernel for the four phases of an output channel
        conv.weight.copy_(conv.weight[::4].repeat_interleave(4, 0))
        conv.bias.copy_(conv.bias[::4].repeat_interleave(4, 0))
    assert checkerboard(shuffle, channels=3) == pytest.approx(0, abs=1e-10)


def test_a_stack_repeats_after_the_product_of_its_strides():
    torch.manual_seed(0)
    stack = nn.Sequential(
        nn.ConvTranspose2d(2, 3, 3, stride=2),
        nn.ConvTranspose2d(3, 4, 3, stride=(3, 1)),
        nn.PixelShuffle(2),
    ).double()
    assert pattern_period(stack) == (12, 4)
    whole = checkerboard(stack, channels=2)
    assert whole == pytest.approx(checkerboard(stack, channels=2, period=(12, 8)))
    assert 0 < whole < 1
    with pytest.raises(ValueError, match=r"does not repeat after period=\(2, 2\)"):
        checkerboard(stack, channels=2, period=2)


def test_scale_and_bias_do_not_count():
    kernel = fill((2, 3, 4, 4))
    measured = checkerboard(transposed(kernel, stride=3), 2, period=3)
    scaled = transposed(-1e6 * kernel, stride=3, bias=torch.tensor([1e3, 0, -5]))
    assert checkerboard(scaled, 2, period=3) == pytest.approx(measured, rel=1e-5)


def test_refusals():
    layer = nn.ConvTranspose2d(1, 1, 9, stride=2)
    with pytest.raises(ValueError, match="^size=2 is too small"):
        checkerboard(layer, size=2)
    with pytest.raises(ValueError, match="^size=1 is too small"):
        checkerboard(layer, size=1)
    with pytest.raises(ValueError, match="^channels=0 must be at least 1"):
        checkerboard(layer, channels=0)
    with pytest.raises(ValueError, match=r"^period\[0\]=0 must be at least 1"):
        checkerboard(layer, period=(0, 1))
    with pytest.raises(ValueError, match=r"^the output of layer has shape \(2, 256\)"):
        checkerboard(nn.Flatten())


def fixed(P):
    """Return a layer whose answer to a one is P, and to zeros 7."""
    return lambda X: X[:, :, :1, :1] * P + 7


@pytest.mark.parametrize("scale", [1, 1e4])
def test_three_periods_in_the_middle_are_looked_at_and_nothing_else(scale):
    torch.manual_seed(0)
    cell = torch.rand(2, 3) * scale
    P = torch.rand(11, 16) * scale
    P[2:8, 3:12] = cell.tile(3, 3)  # (11 - 2) // 2 - 2 = 2, (16 - 3) // 2 - 3 = 3
    wanted = ((cell - cell.mean()) ** 2).mean() / (cell**2).mean()
    assert checkerboard(fixed(P), period=(2, 3)) == pytest.approx(wanted.item(), rel=1e-3)
    for i, j in [(2, 5), (7, 5), (4, 3), (4, 11)]:  # the edges of the middle
        other = P.clone()
        other[i, j] += 0.5e-4 * P.max()
        assert checkerboard(fixed(other), period=(2, 3)) == pytest.approx(wanted.item(), rel=1e-2)
        other[i, j] += 3e-4 * P.max()
        with pytest.raises(ValueError, match="does not repeat after"):
            checkerboard(fixed(other), period=(2, 3))


def test_just_three_periods_are_enough():
    cell = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    assert 0 < checkerboard(fixed(cell.tile(3, 3)), period=(2, 3)) < 1
    for less in (cell.tile(3, 3)[1:], cell.tile(3, 3)[:, 1:]):
        with pytest.raises(ValueError, match="is too small"):
            checkerboard(fixed(less), period=(2, 3))
