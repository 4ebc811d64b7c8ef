# SPDX-License-Identifier: MIT
"""The network of the showers, and what turns readings into samples of it and back.

A sample has six numbers: the sum of the readings divided by the energy, and, for each layer but the
last, the logit of its part of what it and the layers behind it read; all of them less their means and
divided by their standard deviations in training."""

import math

import torch
from torch import Tensor, nn

LAYERS, WIDTH, BLOCKS, WAVES = 6, 64, 4, 8


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.told = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.last = nn.Linear(WIDTH, WIDTH)

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        return h + self.last(nn.functional.silu(self.first(h) + self.told(told)))


class Network(nn.Module):
    """x: (B, 6). log_sigma: (B) or (). energy: (B), in GeV. Returns (B, 6)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("waves", torch.arange(1, WAVES + 1) * (math.pi / 16))
        self.told = nn.Sequential(nn.Linear(2 * WAVES + 2, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
        self.into, self.out = nn.Linear(LAYERS, WIDTH), nn.Linear(WIDTH, LAYERS)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))

    def forward(self, x: Tensor, log_sigma: Tensor, energy: Tensor) -> Tensor:
        angle = log_sigma.reshape(-1, 1).expand(len(x), 1) * self.waves
        height = torch.log(energy / 32)[:, None]
        told = self.told(torch.cat([torch.sin(angle), torch.cos(angle), height, height**2], 1))
        h = self.into(x)
        for block in self.blocks:
            h = block(h, told)
        return self.out(h)


class Readings(nn.Module):
    """Turns samples into readings of the layers in GeV."""

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)

    def forward(self, x: Tensor, energy: Tensor) -> Tensor:
        x = self.mean + self.deviation * x
        left, part = energy[:, None] * x[:, :1], torch.sigmoid(x[:, 1:])
        layers = []
        for k in range(LAYERS - 1):
            layers.append(left * part[:, k : k + 1])
            left = left * (1 - part[:, k : k + 1])
        return torch.cat([*layers, left], 1)


def numbers_of(readings: Tensor, energy: Tensor) -> Tensor:
    """Returns what Readings takes, before the mean and the standard deviation: (N, 6). A last layer
    that reads less than a thousandth of the one before counts as reading a thousandth."""
    behind = readings.flip(1).cumsum(1).flip(1)  # what a layer and those behind it read
    logits = torch.log(readings[:, :-1]) - torch.log(behind[:, 1:])
    return torch.cat([behind[:, :1] / energy[:, None], logits.clamp(max=7)], 1)
