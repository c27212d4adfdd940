"""How much of a checkerboard a layer makes where there is nothing to draw."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .signatures import Positive, Positives, definition, pair


def pattern_period(layer: object) -> tuple[int, int]:
    """Return the product of the strides of all `torch.nn` layers in `layer` that upsample.

    >>> pattern_period(nn.Sequential(nn.ConvTranspose2d(1, 4, 3, (3, 1)), nn.PixelShuffle(2)))
    (6, 2)
    """
    height = width = 1
    for module in layer.modules() if isinstance(layer, nn.Module) else ():
        factor: int | tuple[int, ...] = 1
        if isinstance(module, nn.ConvTranspose2d):
            factor = module.stride
        elif isinstance(module, nn.PixelShuffle):
            factor = module.upscale_factor
        rows, columns = pair(factor)
        height, width = height * rows, width * columns
    return height, width


@definition
def checkerboard(
    layer: Callable[[Tensor], Tensor],
    channels: Positive = 1,
    size: Positive = 16,
    period: Positives | None = None,
) -> float:
    """Measure which share of a layer's answer to constants is a pattern.

    layer: a layer, stack or function from (N, channels, size, size) to (N, c_out, h, w). channels:
    how many it takes. size: the side of the input, so large that no border reaches the middle.
    period: after how many rows and columns the pattern repeats, an int or (height, width); None:
    the product of the strides of the `nn.ConvTranspose2d` and `nn.PixelShuffle` in the stack.
    Each input channel in turn is 1 while the others are 0, and the answer to zeros, the bias, is
    taken off. Returns the variance within one period of the output, divided by the mean square
    there, each summed over all pairs of channels: 0 for constants, 1 for a pattern around 0.
    Raises TypeError or ValueError if a number is out of range or the output has not four axes,
    ValueError if its middle does not repeat after `period`.
    Source: Odena, Dumoulin and Olah, Deconvolution and checkerboard artifacts, Distill 2016.

    >>> layer = nn.ConvTranspose2d(1, 1, kernel_size=3, stride=2)
    >>> layer.weight = nn.Parameter(torch.ones(1, 1, 3, 3))
    >>> round(checkerboard(layer), 2)  # 4, 2, 2 and 1 stamps meet: variance 1.1875, squares 6.25
    0.19
    """
    rows, columns = pattern_period(layer) if period is None else pair(period)
    parameters = layer.parameters() if isinstance(layer, nn.Module) else iter(())
    like = next(parameters, torch.empty(0))  # of the layer's dtype and device

    # One row for each channel, which is 1 there, and a last row of zeros.
    inputs = torch.eye(channels + 1, channels, dtype=like.dtype, device=like.device)
    with torch.no_grad():
        output = layer(inputs[:, :, None, None].expand(-1, -1, size, size))
    if output.ndim != 4:
        raise ValueError(
            f"the output of layer has shape {tuple(output.shape)}; it must have 4 axes"
        )
    answers = (output[:-1] - output[-1:]).double()  # (channels, c_out, h, w)

    # In the middle, one period and those around it.
    h, w = answers.shape[2:]
    top, left = (h - rows) // 2 - rows, (w - columns) // 2 - columns
    around = answers[..., top:, left:][..., : 3 * rows, : 3 * columns]
    tile = around[..., rows : 2 * rows, columns : 2 * columns]
    if min(top, left) < 0 or not torch.allclose(
        around, tile.tile(3, 3), atol=1e-4 * answers.abs().max().item()
    ):
        raise ValueError(
            f"size={size} is too small, or the pattern does not repeat after "
            f"period={(rows, columns)}: the middle of the output of shape "
            f"{tuple(output.shape)} differs"
        )
    variance = tile.var(dim=(2, 3), unbiased=False).sum()  # of all pairs of channels
    square = tile.square().mean(dim=(2, 3)).sum()
    return (variance / square).item() if square > 0 else 0.0
