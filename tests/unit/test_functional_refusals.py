"""What the convolution family refuses, in which words; and where torch and we part."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from oracle import agree, assert_refused, fill
from torch import tensor

import convbook as cb

LAYERS = {
    n: [
        (getattr(cb, f"{kind}{n}d"), getattr(F, f"{kind}{n}d"))
        for kind in ("conv", "conv_transpose")
    ]
    for n in (1, 2, 3)
}

X, K = torch.ones(1, 4, 5, 5), torch.ones(6, 4, 3, 3)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda: cb.conv2d(X, K, stride=0),
            ValueError,
            r"^stride=0 must be at least 1$",
        ),
        (
            lambda: cb.conv2d(X, K, stride=(1, 0)),
            ValueError,
            r"^stride\[1\]=0 must be at least 1$",
        ),
        (
            lambda: cb.conv2d(X, K, stride=True),
            TypeError,
            "^stride=True must be an integer, not bool$",
        ),
        (lambda: cb.conv2d(X, K, stride=tensor(True)), TypeError, "must be an integer, not Tensor"),
        (
            lambda: cb.conv2d(X, K, padding=(0, -1)),
            ValueError,
            r"^padding\[1\]=-1 must be at least",
        ),
        (
            lambda: cb.conv2d(X, K, dilation=(1, 0)),
            ValueError,
            r"^dilation\[1\]=0 must be at least",
        ),
        *[
            (
                lambda name=name, low=low: cb.conv_transpose2d(X, K[:4], **{name: (1, low - 1)}),
                ValueError,
                rf"^{name}\[1\]={low - 1} must be at least {low}$",
            )
            for name, low in [("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1)]
        ],
        (lambda: cb.conv2d(X, K, dilation=0), ValueError, "^dilation=0 must be at least 1$"),
        (lambda: cb.conv2d(X, K, padding=-1), ValueError, "^padding=-1 must be at least 0$"),
        (
            lambda: cb.conv2d(X, K, padding="full"),
            ValueError,
            "^padding='full' must be 'same', 'valid' or integers$",
        ),
        (
            lambda: cb.conv2d(X, K, stride=(1, 2), padding="same"),
            ValueError,
            r"^padding='same' needs stride=1, not stride=\(1, 2\)$",
        ),
        (
            lambda: cb.conv2d(X, K, stride=(1, 1, 1)),
            ValueError,
            r"^stride=\(1, 1, 1\) must be one integer or 2 of them, one for each axis$",
        ),
        (lambda: cb.conv2d(X, K, groups=0), ValueError, "^groups=0 must be at least 1$"),
        (
            lambda: cb.conv2d(X, K, groups=4),
            ValueError,
            "^groups=4 must divide 6, the first axis of weight$",
        ),
        (
            lambda: cb.conv2d(X, K, groups=2),
            ValueError,
            r"^input has shape \(1, 4, 5, 5\), so 4 channels; weight of shape \(6, 4, 3, 3\) with "
            "groups=2 needs 8$",
        ),
        (
            lambda: cb.conv2d(X[0, :3], K),
            ValueError,
            r"^input has shape \(3, 5, 5\), so 3 channels;",
        ),
        (
            lambda: cb.conv_transpose2d(X, K),
            ValueError,
            "so 4 channels; weight of shape .* with groups=1 needs 6",
        ),
        (
            lambda: cb.conv2d(X, K, torch.ones(4)),
            ValueError,
            r"^bias has shape \(4,\); it must be \(6,\)$",
        ),
        (
            lambda: cb.conv2d(X, K, torch.ones(6, dtype=torch.float64)),
            TypeError,
            "^input has dtype torch.float32 and bias has dtype torch.float64; they must be the",
        ),
        (lambda: cb.conv2d(X.numpy(), K), TypeError, "^input must be a torch.Tensor, not ndarray$"),
        (lambda: cb.conv2d(X, [1]), TypeError, "^weight must be a torch.Tensor, not list$"),
        (lambda: cb.conv2d(X, K, 1.0), TypeError, "^bias must be a torch.Tensor, not float$"),
        (lambda: cb.conv2d(X, K.to("meta")), ValueError, "and weight has device meta"),
        (
            lambda: cb.conv2d(X[0, 0], K),
            ValueError,
            r"^input has shape \(5, 5\); it must have the axes \(\[N,\] c_in, size0, size1\)$",
        ),
        (
            lambda: cb.conv2d(X[..., :0], K),
            ValueError,
            r"^input has shape \(1, 4, 5, 0\); only the batch and its samples may be empty$",
        ),
        (lambda: cb.conv2d(X, K[0]), ValueError, r"^weight has shape \(4, 3, 3\); it must have 4"),
        (lambda: cb.conv2d(X, K[..., :0]), ValueError, "it must have 4 axes, none empty$"),
        (
            lambda: cb.conv2d(X, K, dilation=(1, 3)),
            ValueError,
            "^kernel_size=3 with dilation=3 reaches over 7; it must fit into input_size=5 with "
            "padding=0, which is 5$",
        ),
        (
            lambda: cb.conv2d(X > 0, K > 0),
            TypeError,
            "^input has dtype torch.bool; a convolution needs one of bfloat16, complex128, ",
        ),
        (
            lambda: cb.conv2d(X.int(), K.int(), dilation=2),
            TypeError,
            "^input has dtype torch.int32; a dilated convolution needs one of .*, int64$",
        ),
        (
            lambda: cb.conv_transpose2d(X.int(), K[:4].int()),
            TypeError,
            "^input has dtype torch.int32; a transposed convolution needs one of .*, int64$",
        ),
        (
            lambda: cb.conv_transpose2d(X, K[:4], output_padding=2),
            ValueError,
            "^output_padding=2 must be smaller than stride=1 or dilation=1$",
        ),
        (
            lambda: cb.conv_transpose2d(X, K[:4], output_padding=-1),
            ValueError,
            "^output_padding=-1 must be at least 0$",
        ),
        (
            lambda: cb.conv_transpose2d(X, K[:4], padding=4),
            ValueError,
            "^padding=4 cuts off too much: the output of input_size=5 would have the size -1$",
        ),
        (
            lambda: cb.conv_transpose2d(X, K[:4], padding="same"),
            TypeError,
            "^padding='same' must be an integer, not str$",
        ),
        (
            lambda: cb.unfold(X[0, 0], 2),
            ValueError,
            r"^input has shape \(5, 5\); it must have the axes \(\[N,\] c, h, w\), and only N may",
        ),
        (lambda: cb.unfold([1], 2), TypeError, "^input must be a torch.Tensor, not list$"),
        (lambda: cb.unfold(X, 2, dilation=0), ValueError, "^dilation=0 must be at least 1$"),
        (lambda: cb.unfold(X, 2, padding=-1), ValueError, "^padding=-1 must be at least 0$"),
        (lambda: cb.unfold(X, 2, stride=0), ValueError, "^stride=0 must be at least 1$"),
        (lambda: cb.unfold(X, 2, dilation=[1]), ValueError, r"^dilation=\[1\] must be one integer"),
        (lambda: cb.unfold(X, 2, padding=[1]), ValueError, r"^padding=\[1\] must be one integer"),
        (lambda: cb.unfold(X, 2, stride=[1]), ValueError, r"^stride=\[1\] must be one integer"),
        (
            lambda: cb.unfold(X.int(), 2),
            TypeError,
            "^input has dtype torch.int32; unfold needs one of",
        ),
        (lambda: cb.unfold(X, 0), ValueError, "^kernel_size=0 must be at least 1$"),
        (lambda: cb.unfold(X, [2]), ValueError, r"^kernel_size=\[2\] must be one integer or 2"),
        (lambda: cb.unfold(X, 6), ValueError, "it must fit into input_size=5 with padding=0"),
        (
            lambda: cb.fold(X[0, 0].int(), 5, 1),
            TypeError,
            "^input has dtype torch.int32; fold needs one of",
        ),
        (
            lambda: cb.fold(torch.ones(1, 8, 9), (5, 4), 2),
            ValueError,
            r"^input has shape \(1, 8, 9\); its last two axes must be a multiple of kh·kw = 4 and "
            r"the number of windows, 4·3$",
        ),
        (
            lambda: cb.fold(X, 5, 1),
            ValueError,
            r"^input has shape \(1, 4, 5, 5\); it must have the axes \(\[N,\] c·kh·kw, L\)",
        ),
        (lambda: cb.fold(X[0], 0, 1), ValueError, "^output_size=0 must be at least 1$"),
    ],
)
def test_refusals_name_argument_value_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


# Where torch and we part: each time, torch is at odds with itself


def test_true_is_no_stride_anywhere():
    """Torch looks at the first entry only, and takes tensor(True)."""
    F.conv2d(X, K, stride=(1, True))
    F.conv2d(X, K, stride=tensor(True))
    assert_refused(cb.conv2d, X, K, stride=(1, True))
    assert_refused(cb.conv2d, X, K, stride=tensor(True))


def test_a_bias_has_the_dtype_of_the_input_when_transposed_too():
    """Torch takes another for some dtypes and sizes, and refuses it for a plain convolution."""
    b = torch.ones(4, dtype=torch.float64)
    F.conv_transpose2d(X.expand(-1, 4, -1, -1), K[:4], b)
    assert "bias" in assert_refused(cb.conv_transpose2d, X, K[:4], b)


def test_no_output_of_size_zero():
    """Torch gives one for large batches of float32 and refuses it otherwise."""
    X, kernel = torch.ones(32, 4, 5, 5), torch.ones(4, 1, 2, 2)
    assert 0 in F.conv_transpose2d(X, kernel, padding=3).shape
    with pytest.raises(RuntimeError, match="Output size is too small"):
        F.conv_transpose2d(X.double(), kernel.double(), padding=3)
    assert_refused(cb.conv_transpose2d, X, kernel, padding=3)


def test_an_empty_batch_obeys_the_same_rules():
    """Torch skips most checks for it."""
    empty = X[:0]
    assert F.conv_transpose2d(empty, K[:4], output_padding=2).shape == (0, 4, 9, 9)
    assert_refused(cb.conv_transpose2d, empty, K[:4], output_padding=2)
    assert F.conv2d(empty > 0, K > 0).dtype == torch.bool
    assert_refused(cb.conv2d, empty > 0, K > 0)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_no_input_channels(n):
    """Torch gives as many output channels, none, whatever the weight says; so do we."""
    for shape in ((2, 0), (0,)):
        X, K, b = fill((*shape, *[5] * n)), fill((6, 0, *[3] * n)), fill((6,))
        agree(*LAYERS[n][0], X, K, b, stride=2, gradients=False)
        agree(*LAYERS[n][0], X, K, groups=2, gradients=False)
        agree(*LAYERS[n][1], X, K, gradients=False)
    agree(*LAYERS[n][1], fill((2, 3, *[5] * n)), fill((3, 0, *[3] * n)), gradients=False)


@pytest.mark.parametrize("value", [2**62, 2**63, 2**64, None])
@pytest.mark.parametrize("function", [cb.conv2d, cb.conv_transpose2d, cb.unfold])
def test_paddings_that_no_computer_adds(function, value):
    message = assert_refused(function, X, 3 if function is cb.unfold else K[:4], padding=value)
    assert "padding" in message


@pytest.mark.parametrize("value", [np.array([1, 1]), tensor([1, 1])])
def test_an_array_is_no_padding(value):
    """Of a layer; unfold takes any two integers in a row, as torch does."""
    assert "padding=" in assert_refused(cb.conv2d, X, K, padding=value)
    assert "padding=" in assert_refused(cb.conv_transpose2d, X, K[:4], padding=value)
    agree(cb.unfold, F.unfold, X, kernel_size=3, padding=value)


def test_what_is_no_dense_tensor():
    for function in (cb.conv2d, cb.conv_transpose2d, cb.conv_transpose2d_sub_kernels):
        for bad in (None, X.to_sparse(), [1]):
            assert assert_refused(function, bad, K[:4]).startswith("input ")
            assert assert_refused(function, X, bad).startswith("weight ")
        assert assert_refused(function, X, K[:4], K[:, 0, 0, 0].to_sparse()).startswith("bias ")
    for bad in (None, X.to_sparse()):
        assert assert_refused(cb.unfold, bad, 2).startswith("input ")
        assert assert_refused(cb.fold, bad, 2, 2).startswith("input ")
        assert assert_refused(cb.flip_and_swap, bad).startswith("weight ")
    message = assert_refused(cb.unfold, X, tensor(3))
    assert message == "kernel_size=tensor(3) must be an integer or 2 of them, not a Tensor"


def test_flip_and_swap_stays_on_its_device_whatever_the_default():
    with torch.device("meta"):
        flipped = cb.flip_and_swap(K)
    assert torch.equal(flipped, cb.flip_and_swap(K))
