# SPDX-License-Identifier: MIT
"""Networks of layers of all kinds."""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from strangers import BATCH, case, img, sinus, t
from torch import nn


@case
def groupnorm1_pixelshuffle():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 32, 1))
            self.n = nn.GroupNorm(1, 32)
            self.mid = nn.Conv2d(32, 32, 3, padding=1, padding_mode="reflect")
            self.up = nn.Sequential(nn.Conv2d(32, 12, 1), nn.PixelShuffle(2))
            self.t = nn.Sequential(nn.Linear(1, 32), nn.GELU(), nn.Linear(32, 64))

        def forward(self, x, t):
            h = self.down(x)
            sc, sh = self.t(t[:, None]).chunk(2, 1)
            h = self.n(h) * (1 + sc[:, :, None, None]) + sh[:, :, None, None]
            return self.up(F.mish(self.mid(h))) + x

    return (Net(), (img(), t()), {})


@case
def moduledict_levels():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleDict(
                OrderedDict(
                    (
                        (
                            f"res{r}",
                            nn.ModuleList(
                                [nn.Conv2d(3 if i == 0 else 8, 8, 3, padding=1) for i in range(2)]
                            ),
                        )
                        for r in (8, 4)
                    )
                )
            )
            self.out = nn.Conv2d(16, 3, 1)
            self.t = nn.Embedding(1000, 8)
            self.p = nn.ParameterDict({"g": nn.Parameter(torch.ones(8))})

        def forward(self, x, t):
            outs = []
            for k, ms in self.blocks.items():
                h = F.interpolate(x, size=(int(k[3:]),) * 2, mode="bilinear", align_corners=False)
                for m in ms:
                    h = F.leaky_relu(m(h), 0.2, inplace=True) * self.p["g"].view(1, -1, 1, 1)
                h = h + self.t(t)[:, :, None, None]
                outs.append(F.interpolate(h, size=x.shape[-2:], mode="nearest"))
            return self.out(torch.cat(outs, 1))

    return (Net(), (img(), torch.tensor([3, 700])), {"time": "index", "schedule": "beta_linear"})


@case
def unfold_fold():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l = nn.Linear(12, 12)

        def forward(self, x, t):
            p = F.unfold(x, 2, stride=2).transpose(1, 2)
            return F.fold((self.l(p) * t[:, None, None]).transpose(1, 2), x.shape[-2:], 2, stride=2)

    return (Net(), (img(), t()), {})


@case
def squeeze_excite_depthwise():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.i = nn.Conv2d(3, 16, 1)
            self.d = nn.Conv2d(16, 16, 7, padding="same", groups=16)
            self.se = nn.Sequential(
                nn.AdaptiveAvgPool2d(1),
                nn.Conv2d(16, 4, 1),
                nn.ReLU(True),
                nn.Conv2d(4, 16, 1),
                nn.Hardsigmoid(),
            )
            self.o = nn.Conv2d(16, 3, 3, padding=1, padding_mode="circular")
            self.g = nn.Parameter(0.01 * torch.ones(16, 1, 1))

        def forward(self, x, t):
            h = self.d(self.i(x))
            h = h * self.se(h) * self.g
            nx = h.norm(p=2, dim=(2, 3), keepdim=True)
            h = h * nx / (nx.mean(1, keepdim=True) + 1e-06)
            return self.o(h + t[:, None, None, None])

    return (Net(), (img(), t()), {})


@case
def blurpool_and_antialias():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            k = torch.tensor([1.0, 3, 3, 1])
            self.register_buffer("k", (k[:, None] * k[None] / 64)[None, None].repeat(8, 1, 1, 1))
            self.i = nn.Conv2d(3, 8, 3, 1, 1)
            self.o = nn.Conv2d(8, 3, 3, 1, 1)

        def forward(self, x, t):
            h = F.conv2d(F.pad(self.i(x), (1, 2, 1, 2), mode="reflect"), self.k, stride=2, groups=8)
            h = F.interpolate(F.silu(h), scale_factor=2, mode="bicubic", align_corners=True)
            return self.o(h) * t[:, None, None, None]

    return (Net(), (img(), t()), {})


@case
def film_complex_film():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.c1 = nn.Conv1d(4, 16, 5, padding=2, dilation=1)
            self.c2 = nn.Conv1d(16, 16, 3, padding=4, dilation=4)
            self.o = nn.Conv1d(16, 4, 1)
            self.f = nn.Linear(16, 32)
            self.n = nn.InstanceNorm1d(16, affine=True)

        def forward(self, x, t):
            g, b = self.f(sinus(t, 16)).view(-1, 2, 16, 1).unbind(1)
            h = F.glu(torch.cat([self.n(self.c1(x)), self.c2(F.leaky_relu(self.c1(x)))], 1), 1)
            h = torch.lerp(h, h * g + b, 0.3)
            return self.o(h)

    return (Net(), (torch.randn(BATCH, 4, 24), t()), {})


@case
def lstm():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l = nn.LSTM(5, 16, batch_first=True, bidirectional=True)
            self.o = nn.Linear(32, 4)

        def forward(self, x, t):
            return self.o(self.l(torch.cat([x, t[:, None, None].expand(-1, x.shape[1], 1)], -1))[0])

    return (Net(), (torch.randn(BATCH, 6, 4), t()), {})


@case
def gru():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.l = nn.GRU(5, 16, batch_first=True)
            self.o = nn.Linear(16, 4)

        def forward(self, x, t):
            return self.o(self.l(torch.cat([x, t[:, None, None].expand(-1, x.shape[1], 1)], -1))[0])

    return (Net(), (torch.randn(BATCH, 6, 4), t()), {})


@case
def fft_fno():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.randn(4, 4, 5, dtype=torch.cfloat) * 0.1)
            self.o = nn.Conv1d(4, 4, 1)

        def forward(self, x, t):
            f = torch.fft.rfft(x)
            o = torch.zeros_like(f)
            o[..., :5] = torch.einsum("bix,iox->box", f[..., :5], self.w)
            return self.o(torch.fft.irfft(o, n=x.shape[-1])) + t[:, None, None] * x

    return (Net(), (torch.randn(BATCH, 4, 24), t()), {})


@case
def cumsum_cumprod():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(6, 8)
            self.b = nn.Linear(8, 5)

        def forward(self, x, t):
            return self.b(torch.cumsum(self.a(torch.cat([x, t[:, None]], 1)).softmax(-1), -1))

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def bilinear_cosine():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Bilinear(5, 6, 5)
            self.p = nn.Parameter(torch.randn(7, 5))
            self.o = nn.Linear(7, 5)

        def forward(self, x, t):
            c = F.cosine_similarity(x[:, None], self.p[None], dim=-1)
            d = torch.cdist(x, self.p)
            return (
                self.a(x, torch.cat([x, t[:, None]], 1))
                + self.o(c + torch.exp(-d))
                + F.normalize(x, dim=-1)
            )

    return (Net(), (torch.randn(BATCH, 5), t()), {})


@case
def conv3d_video():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv3d(2, 8, (1, 3, 3), padding=(0, 1, 1))
            self.tm = nn.Conv3d(8, 8, (3, 1, 1))
            self.n = nn.GroupNorm(4, 8)
            self.o = nn.ConvTranspose3d(8, 2, (1, 2, 2), (1, 2, 2))
            self.p = nn.AvgPool3d((1, 2, 2))

        def forward(self, x, t):
            h = self.n(self.a(x))
            h = self.tm(F.pad(h, (0, 0, 0, 0, 2, 0), mode="replicate"))
            return self.o(self.p(F.silu(h))) + t[:, None, None, None, None]

    return (Net(), (torch.randn(BATCH, 2, 4, 6, 6), t()), {})


@case
def maxpool_unet():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
            self.d = nn.MaxPool2d(2)
            self.m = nn.Conv2d(8, 16, 3, padding=1)
            self.u = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.o = nn.Conv2d(24, 3, 1)

        def forward(self, x, t):
            b, c, h, w = x.size()
            x = torch.cat((x, t.view(b, 1, 1, 1).repeat(1, 1, h, w)), dim=1)
            a = self.a(x)
            return self.o(torch.cat([self.u(F.relu(self.m(self.d(a)))), a], 1))

    return (Net(), (img(), t()), {})


@case
def log_time_half_odd():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 33)
            self.b = nn.Linear(33, 2)

        def forward(self, x, t):
            e = sinus(torch.log1p(t) * 250, 32)
            e = F.pad(e, (0, 1))
            return self.b(torch.sin(self.a(x)) * e)

    return (Net(), (torch.randn(BATCH, 2), t()), {})


@case
def gaussian_fourier_time():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.W = nn.Parameter(torch.randn(16) * 16, requires_grad=False)
            self.a = nn.Linear(2, 32)
            self.e = nn.Linear(32, 32)
            self.b = nn.Linear(32, 2)

        def forward(self, x, t):
            p = t[:, None] * self.W[None, :] * 2 * torch.pi
            e = torch.stack([torch.sin(p), torch.cos(p)], -1).flatten(1)
            return self.b(F.silu(self.a(x) + self.e(e))) / t[:, None].sqrt()

    return (Net(), (torch.randn(BATCH, 2), t()), {})


@case
def learned_sigma():

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 16, 3, 1, 1)
            self.b = nn.Conv2d(16, 6, 3, 1, 1)

        def forward(self, x, t):
            return self.b(F.silu(self.a(x) * t.float().view(-1, 1, 1, 1) / 1000))

    return (
        Net(),
        (img(), torch.tensor([3, 900])),
        {"variance": "learned_range", "time": "index", "schedule": "beta_linear"},
    )
