# SPDX-License-Identifier: MIT
"""The networks, with random weights: f(x, t) of the shape of x."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import theirs
import torch
from torch import Tensor, nn


class Block(nn.Module):
    """A residual block of U-Nets, told the time."""

    def __init__(self, into: int, out: int, told: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.GroupNorm(8, into), nn.SiLU(), nn.Conv2d(into, out, 3, padding=1)
        )
        self.told = nn.Linear(told, out)
        self.second = nn.Sequential(
            nn.GroupNorm(8, out), nn.SiLU(), nn.Conv2d(out, out, 3, padding=1)
        )
        self.skip = nn.Conv2d(into, out, 1) if into != out else nn.Identity()

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        h = self.first(x) + self.told(e)[:, :, None, None]
        return self.skip(x) + self.second(h)


class UNet(nn.Module):
    """Two blocks on each level down and up, as DDPM's without attention."""

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        told = 4 * widths[0]
        self.time = nn.Sequential(nn.Linear(widths[0], told), nn.SiLU(), nn.Linear(told, told))
        self.enter = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.down, self.shrink, self.up, self.grow = (nn.ModuleList() for _ in range(4))
        width, seen = widths[0], []
        for k, next in enumerate(widths):
            self.down.append(nn.ModuleList([Block(width, next, told), Block(next, next, told)]))
            width = next
            seen.append(width)
            last = k + 1 == len(widths)
            self.shrink.append(
                nn.Identity() if last else nn.Conv2d(width, width, 3, stride=2, padding=1)
            )
        for k, next in reversed(list(enumerate(widths))):
            self.up.append(
                nn.ModuleList([Block(width + seen[k], next, told), Block(next, next, told)])
            )
            width = next
            self.grow.append(nn.Conv2d(width, width, 3, padding=1) if k else nn.Identity())
        self.leave = nn.Sequential(
            nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, channels, 3, padding=1)
        )
        rates = torch.exp(-math.log(1e4) * torch.arange(widths[0] // 2) / (widths[0] // 2))
        self.register_buffer("rates", rates)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        angle = t[:, None] * self.rates
        e = self.time(torch.cat([angle.sin(), angle.cos()], 1))
        h, seen = self.enter(x), []
        for blocks, shrink in zip(self.down, self.shrink, strict=True):
            for block in blocks:
                h = block(h, e)
            seen.append(h)
            h = shrink(h)
        for blocks, grow in zip(self.up, self.grow, strict=True):
            h = torch.cat([h, seen.pop()], 1)
            for block in blocks:
                h = block(h, e)
            if seen:
                h = grow(nn.functional.interpolate(h, scale_factor=2.0, mode="nearest"))
        return self.leave(h)


class Two(nn.Module):
    """Two convolutions, what the table of a level of a U-Net comes to."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        for conv in self.convs:
            x = nn.functional.relu(conv(x) + t[:, None, None, None])
        return x


def vit() -> nn.Module:
    from azula.nn.vit import ViT
    from backbones import Conditioned

    net = ViT(
        1, 1, mod_features=128, hid_channels=128, hid_blocks=6, patch_size=4, attention_heads=4
    )
    return Conditioned(net, 128, features=64, omega=1e4)


def mlp(dim: int, hidden: int) -> nn.Module:
    from backbones import ResidualMLP

    return ResidualMLP(dim, hidden, 3, features=64, omega=1e4)


@dataclass(frozen=True)
class Network:
    name: str
    make: Callable[[], nn.Module]
    sample: tuple[int, ...]
    transforms: bool = False  # a transformer
    most: int = 64  # samples in the tables

    def module(self) -> nn.Module:
        torch.manual_seed(0)
        return self.make().eval().requires_grad_(False)


NETWORKS = (
    Network("U-Net 32-64-128, 28 x 28", lambda: UNet(1, (32, 64, 128)), (1, 28, 28)),
    Network("ViT 128 x 6, 28 x 28", vit, (1, 28, 28), transforms=True),
    Network("MLP 64-256 x 3", lambda: mlp(64, 256), (64,)),
    Network("MLP 2-128 x 3", lambda: mlp(2, 128), (2,)),
    Network("U-Net 64-128-256, 64 x 64", lambda: UNet(3, (64, 128, 256)), (3, 64, 64)),
    Network("ddpm-cifar10", theirs.cifar, (3, 32, 32)),
    Network("EDM's DDPM++, 32 x 32", theirs.edm, (3, 32, 32), most=8),
    Network("DiT-S/2, 4 x 32 x 32", theirs.dit, (4, 32, 32), transforms=True),
    Network("Diffusion Policy's U-Net, 16 x 2", theirs.Policy, (16, 2)),
    Network("TabDDPM's MLP, 16", theirs.Tables, (16,)),
    Network("VAE decoder to 128 x 128", theirs.Decoder, (3, 128, 128), most=8),
    Network("two convolutions, 64, 64 x 64", lambda: Two(64), (64, 64, 64), most=1),
    Network("two convolutions, 128, 32 x 32", lambda: Two(128), (128, 32, 32), most=1),
    Network("two convolutions, 256, 16 x 16", lambda: Two(256), (256, 16, 16), most=1),
)
