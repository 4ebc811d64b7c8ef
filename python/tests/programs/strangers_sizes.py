# SPDX-License-Identifier: MIT
"""Networks of images and volumes that change their size, or take layers that few have."""

import math

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from strangers import BATCH, case, img, sinus, t
from torch import nn


@case
def unet_3d_instance():
    """A U-Net of volumes: instance norms, PReLU, pooling, trilinear steps, crops of skips."""

    class Two(nn.Sequential):
        def __init__(self, into, out):
            super().__init__(
                nn.Conv3d(into, out, 3, padding=1, bias=False), nn.InstanceNorm3d(out, affine=True),
                nn.PReLU(out), nn.Conv3d(out, out, (1, 3, 3), padding="same"), nn.ELU(inplace=True),
            )  # fmt: skip

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.three = Two(2, 8), Two(8, 16), Two(24, 8)
            self.pool, self.out = nn.MaxPool3d(2, ceil_mode=True), nn.Conv3d(8, 2, 1)
            self.up = nn.Upsample(scale_factor=2, mode="trilinear", align_corners=True)
            self.time = nn.Linear(16, 16)

        def forward(self, x, t):
            first = self.one(x)
            h = self.two(self.pool(first))
            h = self.up(h + self.time(sinus(t, 16))[:, :, None, None, None])
            h = h[:, :, : x.shape[2], : x.shape[3], : x.shape[4]]
            return self.out(self.three(torch.cat((h, first), dim=1)))

    return (Net(), (torch.randn(BATCH, 2, 4, 5, 6), t()), {})


@case
def modulated_convolution():
    """StyleGAN2's: each sample has weights of its own, as groups of one convolution."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.style = nn.Linear(16, 8)
            self.weight = nn.Parameter(torch.randn(1, 8, 8, 3, 3))
            self.into, self.out = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)

        def forward(self, x, t):
            h = self.into(x)
            b, c, height, width = h.shape
            w = self.weight * (self.style(sinus(t, 16)).view(b, 1, c, 1, 1) + 1)
            w = w * torch.rsqrt(w.pow(2).sum([2, 3, 4]) + 1e-8).view(b, -1, 1, 1, 1)
            h = F.conv2d(
                h.reshape(1, b * c, height, width), w.view(b * 8, c, 3, 3), padding=1, groups=b
            )
            return self.out(F.leaky_relu(h.reshape(b, 8, height, width), 0.2) * math.sqrt(2))

    return (Net(), (img(), t()), {})


@case
def sizes_of_all_modes():
    """Every mode of interpolate, by factors and sizes."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = nn.Conv2d(27, 3, 1)

        def forward(self, x, t):
            size = x.shape[-2:]
            down = F.interpolate(x, scale_factor=0.5, mode="area")
            parts = [
                F.interpolate(down, size=size, mode="nearest"),
                F.interpolate(down, size=size, mode="nearest-exact"),
                F.interpolate(down, scale_factor=2, mode="bilinear", align_corners=True),
                F.interpolate(down, size=size, mode="bicubic"),
                F.interpolate(x, scale_factor=1.5, mode="bicubic", align_corners=True)[..., :8, :8],
                F.interpolate(
                    F.interpolate(x, scale_factor=1.5, mode="bilinear"),
                    size=size,
                    mode="bilinear",
                    antialias=True,
                ),
                F.interpolate(
                    F.interpolate(x, size=(5, 3)), size=size, mode="bicubic", antialias=True
                ),
                F.interpolate(F.adaptive_avg_pool2d(x, (3, 5)), size=size, mode="bilinear"),
                F.interpolate(
                    x, scale_factor=(0.3, 0.7), recompute_scale_factor=True, mode="bilinear"
                )
                .mean((2, 3), keepdim=True)
                .expand(-1, -1, *size),
            ]
            return self.mix(torch.cat(parts, 1)) * (1 + t.view(-1, 1, 1, 1))

    return (Net(), (img(), t()), {})


@case
def haar_wavelets():
    """Written into an empty image by strides."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(
                nn.Conv2d(12, 24, 3, padding=1), nn.Mish(), nn.Conv2d(24, 12, 1)
            )

        def forward(self, x, t):
            a, b = x[:, :, 0::2, 0::2], x[:, :, 0::2, 1::2]
            c, d = x[:, :, 1::2, 0::2], x[:, :, 1::2, 1::2]
            h = torch.cat([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], 1) / 2
            h = h + self.net(h) * torch.exp(-t)[:, None, None, None]
            one, two, three, four = h.chunk(4, 1)
            out = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
            out[:, :, 0::2, 0::2] = one + two + three + four
            out[:, :, 0::2, 1::2] = one - two + three - four
            out[:, :, 1::2, 0::2] = one + two - three - four
            out[:, :, 1::2, 1::2] = one - two - three + four
            return out / 2

    return (Net(), (img(), t()), {})


@case
def odd_layers():
    """Pads, pools, norms and shrinkages that few networks have."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Sequential(
                nn.ReflectionPad2d((2, 1, 0, 3)), nn.Conv2d(3, 8, 3, dilation=2), nn.CELU(0.7),
                nn.LocalResponseNorm(3), nn.ReplicationPad2d(1), nn.Softsign(),
            )  # fmt: skip
            self.two = nn.Sequential(
                nn.ZeroPad2d((1, 0, 0, 1)), nn.LPPool2d(2, 2), nn.Hardshrink(0.1), nn.Softmax2d(),
                nn.ConvTranspose2d(8, 8, 3, stride=2, output_padding=1, dilation=2, groups=2),
                nn.Tanhshrink(), nn.ConstantPad2d(-1, 0.5), nn.BatchNorm2d(8), nn.Softshrink(0.05),
            )  # fmt: skip
            self.out = nn.Conv2d(8, 3, 1)

        def forward(self, x, t):
            h = self.two(self.one(x) * t[:, None, None, None])
            return self.out(F.adaptive_max_pool2d(h, x.shape[-2:])) + F.threshold(x, 0.1, 20.0)

    return (Net(), (img(), t()), {})


@case
def class_and_gumbel_free_vq():
    """Distances from a codebook, softly."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.codes, self.classes = nn.Embedding(11, 8), nn.Embedding(5, 8, padding_idx=0)
            self.into, self.out = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 3, 1)

        def forward(self, x, t, y):
            h = self.into(x) + self.classes(y)[:, :, None, None]
            flat = rearrange(h, "b c h w -> (b h w) c")
            d = flat.pow(2).sum(1, keepdim=True) + self.codes.weight.pow(2).sum(1)
            d = torch.addmm(d, flat, self.codes.weight.t(), alpha=-2)
            near = F.softmin(d * (1 + repeat(t, "b -> (b n) 1", n=64)), dim=1) @ self.codes.weight
            return self.out(rearrange(near, "(b h w) c -> b c h w", h=8, w=8))

    return (Net(), (img(), t(), torch.tensor([1, 4])), {"classes": 5})
