# SPDX-License-Identifier: MIT
"""Modules of ordinary layers and habits, as strangers write them (strangers_*.py): each function
returns a network, an example of its call, and what quell.export is told besides."""

import math

import torch

CASES = {}
BATCH = 2


def case(function):
    CASES[function.__name__] = function
    return function


def img(channels=3, size=8):
    return torch.randn(BATCH, channels, size, size)


def t():
    return torch.tensor([0.3, 0.9])


def sinus(t, count, longest=10000.0):
    half = count // 2
    rates = torch.exp(-math.log(longest) * torch.arange(half, dtype=torch.float32) / half)
    angles = t[:, None].float() * rates[None]
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
