# SPDX-License-Identifier: MIT
"""What becomes a product with a matrix: sums into fixed places, Fourier transforms, resolutions by
any factor, pooling of uneven windows; and convolutions by weights that are computed. As programs,
and by PyTorch in float64, on other inputs than were traced."""

import math

import torch
import torch.nn.functional as F
from beside import check_each
from torch import nn

PLACES = torch.tensor([1, 2, 0, 2, 1, 2])


def _f(function):
    return lambda module, *inputs: function(*inputs)


def _each(x, *functions, **parts):
    check_each([_f(function) for function in functions], x, **parts)


def test_sums_at_fixed_places():
    _each(
        torch.randn(2, 4, 6),
        lambda x: x.cumsum(-1),
        lambda x: x.cumsum(1),
        lambda x: (x > 0).cumsum(1),
        lambda x: torch.zeros_like(x[:, :, :3]).index_add(2, PLACES, x),
        lambda x: x[:, :, :3].index_add(2, PLACES, x, alpha=-0.5),
        lambda x: x[:, :3].index_add(1, torch.tensor([2, 0, 0, 1]), x),
        lambda x: torch.zeros_like(x[..., :3]).scatter_add(2, PLACES.expand(*x.shape[:2], -1), x),
        _accumulated,
    )


def _accumulated(x):
    return torch.ops.aten.index_put(x, [None, torch.tensor([0, 2, 2])], x[:, :3] * 2, True)


def test_fourier_transforms():
    _each(
        torch.randn(2, 3, 6, 5),
        lambda x: torch.view_as_real(torch.fft.rfft(x)),
        lambda x: torch.view_as_real(torch.fft.rfft(x, dim=2, norm="ortho")),
        lambda x: torch.fft.fft2(x).real,
        lambda x: torch.fft.fft2(x).imag,
        lambda x: torch.fft.irfft(torch.fft.rfft(x) * (1 + 2j), n=5),
        lambda x: torch.fft.irfft(torch.fft.rfft(x, n=8, dim=2), n=8, dim=2),
        lambda x: torch.fft.irfft2(torch.fft.rfft2(x, norm="ortho"), s=x.shape[2:], norm="ortho"),
        lambda x: torch.fft.ifftn(torch.fft.fftn(x, dim=(1, 3)).roll(1, 3), dim=(1, 3)).real,
        lambda x: torch.fft.fftshift(torch.fft.fft(x), dim=-1).abs(),
        lambda x: torch.fft.hfft(torch.fft.fft(x.cumsum(1)), n=5),
        _spectral,
    )


def _spectral(x):
    """The layer of a Fourier neural operator: the lowest frequencies by a matrix of their own."""
    weight = torch.polar(torch.linspace(1, 2, 48), torch.arange(48.0)).reshape(3, 4, 2, 2)
    spectrum = torch.fft.rfft2(x)
    made = torch.zeros(len(x), 4, 6, 3, dtype=torch.cfloat)
    made[:, :, :2, :2] = torch.einsum("bixy,ioxy->boxy", spectrum[:, :, :2, :2], weight)
    made[:, :, -2:, :2] = -torch.einsum("bixy,ioxy->boxy", spectrum[:, :, -2:, :2], weight) / 2
    return torch.fft.irfft2(made, s=(6, 5))


def test_resolutions_by_any_factor():
    images = torch.randn(2, 3, 8, 12)
    _each(
        images,
        lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear"),
        lambda x: F.interpolate(x, scale_factor=(0.6, 1.3), mode="bilinear"),
        lambda x: F.interpolate(x, scale_factor=2.3, mode="bilinear", align_corners=True),
        lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
        lambda x: F.interpolate(x, scale_factor=1.7),
        lambda x: F.interpolate(x, size=(5, 11), mode="nearest-exact"),
        lambda x: F.interpolate(x, scale_factor=1.3, mode="nearest-exact"),
        lambda x: F.interpolate(x, size=(16, 24), mode="nearest-exact"),
        lambda x: F.interpolate(x, size=(4, 5), mode="bilinear", antialias=True),
        lambda x: F.interpolate(x, size=(13, 5), mode="bicubic", antialias=True),
        lambda x: F.interpolate(x, scale_factor=0.7, mode="bilinear", antialias=True),
        lambda x: F.interpolate(x[:, :, 0], scale_factor=0.6, mode="linear"),
        lambda x: F.interpolate(x[:, :, None], scale_factor=(2, 1.4, 0.7), mode="trilinear"),
        lambda x: F.interpolate(x, size=(3, 5), mode="area"),
    )


def test_uneven_windows():
    _each(
        torch.randn(2, 3, 7, 9),
        lambda x: F.adaptive_avg_pool2d(x, (3, 4)),
        lambda x: F.adaptive_avg_pool2d(x, (7, 2)),
        lambda x: F.adaptive_avg_pool1d(x[:, :, 0], 4),
        lambda x: F.adaptive_avg_pool3d(x, (2, 3, 5)),
        lambda x: F.adaptive_max_pool1d(x[:, :, 0], 4),
        lambda x: F.adaptive_max_pool2d(x, (3, 4)),
        lambda x: F.adaptive_max_pool3d(x, (2, 3, 5)),
        lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
        lambda x: F.avg_pool2d(x, 2, ceil_mode=True),
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
        lambda x: F.avg_pool2d(x, (2, 3), divisor_override=5),
        lambda x: F.avg_pool1d(x[:, 0], 4, 3, 1, ceil_mode=True, count_include_pad=False),
        lambda x: F.avg_pool3d(x, 2, ceil_mode=True),
        lambda x: F.max_pool2d(x, 2, ceil_mode=True),
        lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True),
        lambda x: F.max_pool2d(x, 3, 1, 1, dilation=2),
        lambda x: F.max_pool2d(x, (2, 3), 2, (1, 0), dilation=(3, 1), ceil_mode=True),
        lambda x: F.max_pool1d(x[:, 0], 2, dilation=3),
        lambda x: F.max_pool3d(x, 2, ceil_mode=True),
    )


class Hyper(nn.Module):
    """Weights of convolutions that are made of each sample."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape
        self.layer = nn.Linear(5, math.prod(shape))

    def forward(self, x):
        return self.layer(x[:, 0, 0, :5]).reshape(-1, *self.shape[1:])


def test_weights_that_are_computed():
    torch.manual_seed(0)
    x = torch.randn(2, 4, 6, 7)
    parts = {
        "wide": Hyper(6, 4, 3, 2), "grouped": Hyper(6, 2, 3, 3), "line": Hyper(2, 4, 3),
        "turned": Hyper(4, 3, 3, 2), "apart": Hyper(4, 2, 2, 3), "cube": Hyper(3, 1, 2, 2, 2),
    }  # fmt: skip

    def one(x, function):
        """As networks write it: a batch of channels, and a group for each sample."""
        made = function(x.reshape(1, -1, *x.shape[2:]), len(x))
        return made.reshape(len(x), -1, *made.shape[2:])

    functions = [
        lambda m, x: one(x, lambda y, n: F.conv2d(y, m.wide(x), padding=1, groups=n)),
        lambda m, x: one(
            x, lambda y, n: F.conv2d(y, m.grouped(x), stride=2, dilation=(1, 2), groups=2 * n)
        ),
        lambda m, x: one(x[:, :, 0], lambda y, n: F.conv1d(y, m.line(x), padding=2, groups=n)),
        lambda m, x: one(
            x, lambda y, n: F.conv_transpose2d(y, m.turned(x), stride=2, padding=1, groups=n)
        ),
        lambda m, x: one(
            x,
            lambda y, n: F.conv_transpose2d(
                y, m.apart(x), stride=(3, 1), output_padding=(1, 0), dilation=(1, 2), groups=2 * n
            ),
        ),
        lambda m, x: one(x[:, None], lambda y, n: F.conv3d(y, m.cube(x), groups=n)),
    ]
    check_each(functions, x, **parts)


def test_running_statistics():
    torch.manual_seed(0)
    norm = nn.InstanceNorm2d(3, affine=True, track_running_stats=True).eval()
    for tensor in (norm.running_mean, norm.weight, norm.bias):
        nn.init.normal_(tensor)
    norm.running_var.uniform_(0.5, 2)
    check_each([lambda m, x: m.norm(x)], torch.randn(2, 3, 4, 4), norm=norm)


def test_what_is_not_a_number_only_where_another_is():
    """xlogy says so with a constant."""
    _each(
        torch.rand(2, 6),
        lambda x: torch.xlogy(x, x + 1),
        lambda x: torch.xlogy(0 * x, x),
        lambda x: torch.special.entr(x),
        lambda x: torch.special.xlog1py(x, x),
    )
