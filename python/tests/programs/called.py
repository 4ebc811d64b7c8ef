# SPDX-License-Identifier: MIT
"""What the families of networks share. Each function returns a module, what it is called with, and
how many classes it has."""

import torch
from torch import nn

FAMILIES = {}
BATCH = 2


def family(name):
    def add(function):
        FAMILIES[name] = function
        return function

    return add


class Called(nn.Module):
    """A network that is called in its own way."""

    def __init__(self, net, call):
        super().__init__()
        self.net, self.call = net, call

    def forward(self, *given):
        return self.call(self.net, *given)


def normal(*shape):
    return torch.randn(BATCH, *shape)


def times():
    return torch.rand(BATCH) * 0.8 + 0.1


def indices():
    return torch.randint(0, 900, (BATCH,))


def labels(count=10):
    return torch.randint(0, count, (BATCH,))
