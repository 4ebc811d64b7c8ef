# SPDX-License-Identifier: MIT
"""Networks as other people have them, with random weights."""

import math

import torch
from torch import Tensor, nn


def cifar() -> nn.Module:
    """google/ddpm-cifar10-32, without its weights."""
    from diffusers import UNet2DModel

    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = UNet2DModel(
                sample_size=32, block_out_channels=(128, 256, 256, 256), layers_per_block=2,
                attention_head_dim=None, downsample_padding=0, flip_sin_to_cos=False,
                down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
                up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
            )  # fmt: skip

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.net(x, t).sample

    return Called()


def edm() -> nn.Module:
    """EDM's DDPM++ of 32 x 32 by diffusers' blocks: 256 channels, four blocks on a level, attention
    at 16 x 16."""
    from diffusers import UNet2DModel

    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = UNet2DModel(
                sample_size=32, block_out_channels=(256, 256, 256), layers_per_block=4,
                attention_head_dim=None, norm_eps=1e-6,
                down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
                up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
            )  # fmt: skip

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.net(x, t).sample

    return Called()


def dit() -> nn.Module:
    """DiT-S/2 on latents of 32 x 32, told a class that is always the same."""
    from diffusers import DiTTransformer2DModel

    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = DiTTransformer2DModel(
                num_attention_heads=6, attention_head_dim=64, in_channels=4, num_layers=12,
                sample_size=32, patch_size=2, num_embeds_ada_norm=1000,
            )  # fmt: skip
            self.register_buffer("label", torch.zeros(1, dtype=torch.long))

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            label = self.label.expand(x.shape[0])
            return self.net(x, timestep=t, class_labels=label).sample

    return Called()


class Moved(nn.Module):
    """A residual block of Diffusion Policy's U-Net along time: what it is told scales and shifts."""

    def __init__(self, into: int, out: int, told: int) -> None:
        super().__init__()

        def half(into: int) -> nn.Module:
            return nn.Sequential(
                nn.Conv1d(into, out, 5, padding=2), nn.GroupNorm(8, out), nn.Mish()
            )

        self.first, self.second = half(into), half(out)
        self.told = nn.Sequential(nn.Mish(), nn.Linear(told, 2 * out))
        self.skip = nn.Conv1d(into, out, 1) if into != out else nn.Identity()

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        scale, shift = self.told(e)[:, :, None].chunk(2, 1)
        return self.second(scale * self.first(x) + shift) + self.skip(x)


class Policy(nn.Module):
    """Diffusion Policy's U-Net: 16 actions of two numbers, told what was observed (here always the
    same 40 numbers), down to a quarter of the actions and up again."""

    def __init__(self, action: int = 2, widths: tuple[int, ...] = (256, 512, 1024)) -> None:
        super().__init__()
        told = 256 + 40
        self.time = nn.Sequential(nn.Linear(256, 1024), nn.Mish(), nn.Linear(1024, 256))
        self.register_buffer("rates", torch.exp(-math.log(1e4) * torch.arange(128) / 127))
        self.register_buffer("observed", torch.linspace(-1, 1, 40)[None])
        into = (action, *widths[:-1])
        self.down = nn.ModuleList(
            nn.ModuleList([Moved(a, b, told), Moved(b, b, told)])
            for a, b in zip(into, widths, strict=True)
        )
        self.shrink = nn.ModuleList(nn.Conv1d(w, w, 3, 2, 1) for w in widths[:-1])
        self.middle = nn.ModuleList(Moved(widths[-1], widths[-1], told) for _ in range(2))
        self.up = nn.ModuleList(
            nn.ModuleList([Moved(2 * b, a, told), Moved(a, a, told)])
            for a, b in zip(widths[-2::-1], widths[:0:-1], strict=True)
        )
        self.grow = nn.ModuleList(nn.ConvTranspose1d(w, w, 4, 2, 1) for w in widths[-2::-1])
        first = widths[0]
        self.leave = nn.Sequential(
            nn.Conv1d(first, first, 5, padding=2), nn.GroupNorm(8, first), nn.Mish(),
            nn.Conv1d(first, action, 1),
        )  # fmt: skip

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        angle = t[:, None] * self.rates
        e = self.time(torch.cat([angle.sin(), angle.cos()], 1))
        e = torch.cat([e, self.observed.expand(x.shape[0], -1)], 1)
        h, seen = x.transpose(1, 2), []
        for k, blocks in enumerate(self.down):
            for block in blocks:
                h = block(h, e)
            seen.append(h)
            if k < len(self.shrink):
                h = self.shrink[k](h)
        for block in self.middle:
            h = block(h, e)
        for blocks, grow in zip(self.up, self.grow, strict=True):
            h = torch.cat([h, seen.pop()], 1)
            for block in blocks:
                h = block(h, e)
            h = grow(h)
        return self.leave(h).transpose(1, 2)


class Tables(nn.Module):
    """TabDDPM's MLP, for tables of 16 numbers."""

    def __init__(self, dim: int = 16, told: int = 128) -> None:
        super().__init__()
        sizes = (told, 256, 1024, 1024, 1024, 1024, 256)
        self.enter = nn.Linear(dim, told)
        self.time = nn.Sequential(nn.Linear(told, told), nn.SiLU(), nn.Linear(told, told))
        self.register_buffer("rates", torch.exp(-math.log(1e4) * torch.arange(64) / 64))
        layers = [nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
        self.layers = nn.Sequential(*(m for layer in layers for m in (layer, nn.ReLU())))
        self.leave = nn.Linear(sizes[-1], dim)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        angle = t[:, None] * self.rates
        e = self.time(torch.cat([angle.cos(), angle.sin()], 1))
        return self.leave(self.layers(self.enter(x) + e))


class Decoder(nn.Module):
    """A decoder of latents of 16 x 16 as Stable Diffusion has it, half as wide. It finds them in an
    image, every eighth pixel: so it returns the shape that it gets, and runs as a denoiser."""

    def __init__(self) -> None:
        super().__init__()
        from diffusers import AutoencoderKL

        whole = AutoencoderKL(
            latent_channels=3, block_out_channels=(64, 128, 256, 256), layers_per_block=2,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        )  # fmt: skip
        self.decoder = whole.decoder

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.decoder(x[:, :, ::8, ::8] + 0 * t[:, None, None, None])
