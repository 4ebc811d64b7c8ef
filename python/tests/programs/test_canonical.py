# SPDX-License-Identifier: MIT
"""What is written by hand in many operations becomes the one instruction that it is: each form by
itself, with its instructions and with its numbers beside PyTorch's."""

import collections

import beside
import pytest
import torch
import torch.nn.functional as F
from quell.programs.exporter import program_of
from quell.programs.inputs import inputs_of
from torch import nn


class One(nn.Module):
    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


def kinds_of(module, x):
    lowered = program_of(module, inputs_of(module, (x,), None, False, 0))
    return collections.Counter(result.kind for result in lowered.results)


def check(function, x, kinds, **parts):
    module = One(function, **parts)
    assert kinds_of(module, x) == kinds
    made, right = beside.numbers(module, (x,))
    assert abs(made - right).max() <= 1e-6 * abs(right).max()


TOKENS, IMAGE = torch.randn(2, 3, 5, 8), torch.randn(2, 6, 4, 5)
LOWER = torch.ones(5, 5).tril().bool()
GAIN = nn.Parameter(torch.randn(8))


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: torch.softmax(x @ x.mT, -1) @ x,
        lambda m, x: torch.softmax(x @ x.mT * 0.3, -1) @ x,
        lambda m, x: torch.softmax(x @ x.mT / 2.5, -1) @ x,
        lambda m, x: torch.softmax(0.3 * torch.einsum("bhid,bhjd->bhij", x, x), -1) @ x,
        lambda m, x: torch.einsum(
            "bhij,bhjd->bhid", torch.einsum("bhid,bhjd->bhij", x, x).softmax(-1), x
        ),
        lambda m, x: torch.softmax(x @ x.mT + m.bias, -1) @ x,
        lambda m, x: torch.softmax((x @ x.mT).masked_fill(~m.lower, -torch.inf), -1) @ x,
        lambda m, x: (
            torch.softmax((0.3 * (x @ x.mT)).masked_fill(~m.lower, torch.finfo(x.dtype).min), -1)
            @ x
        ),
    ],
)
def test_attention(function):
    check(function, TOKENS, {"attention": 1}, lower=LOWER, bias=torch.randn(5, 5))


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6),
        lambda m, x: x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6),
        lambda m, x: m.gain * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)),
        lambda m, x: (
            (x - x.mean(-1, keepdim=True))
            / torch.sqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5)
        ),
        lambda m, x: (x - x.mean(1, keepdim=True)) * torch.rsqrt(x.var(1, keepdim=True) + 1e-5),
        lambda m, x: F.layer_norm(x, (8,)) * m.gain + m.gain.sin(),
        lambda m, x: m.gain.cos() + F.layer_norm(x, (8,)) * (1 + m.gain),
        lambda m, x: F.rms_norm(x, (8,)) * m.gain,
    ],
)
def test_norms(function):
    check(function, TOKENS, {"norm": 1}, gain=GAIN)


def test_modulation():
    """The scale and shift of a norm may be computed."""

    def modulated(m, x):
        scale, shift = m.line(x[:, 0, 0])[:, None, None].chunk(2, -1)
        return F.layer_norm(x, (8,)) * (1 + scale) + shift

    assert kinds_of(One(modulated, line=nn.Linear(8, 16)), TOKENS)["norm"] == 1
    made, right = beside.numbers(One(modulated, line=nn.Linear(8, 16)), (TOKENS,))
    assert abs(made - right).max() <= 1e-6 * abs(right).max()


@pytest.mark.parametrize("bias", [True, False])
def test_batch_norm(bias):
    """In evaluation mode it is part of the convolution before it."""
    norm = nn.BatchNorm2d(4)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    nn.init.normal_(norm.weight)
    parts = {"conv": nn.Conv2d(6, 4, 3, bias=bias), "norm": norm}
    check(lambda m, x: m.norm(m.conv(x)), IMAGE, {"conv": 1}, **parts)


def test_what_is_used_elsewhere_stays():
    """Scores that are wanted too, and a product of two norms."""

    def attending(m, x):
        weights = torch.softmax(x @ x.mT, -1)
        return torch.cat([weights @ x, weights], -1)

    kinds = {"move": 1, "matmul": 2, "softmax": 1, "concat": 1}
    module = One(attending)
    assert kinds_of(module, TOKENS)["attention"] == 0 and kinds["softmax"] == 1
    made, right = beside.numbers(module, (TOKENS,))
    assert abs(made - right).max() <= 1e-6 * abs(right).max()
    check(lambda m, x: F.layer_norm(x, (8,)) * F.rms_norm(x, (8,)), TOKENS, {"norm": 2, "map": 1})


def test_masks_that_are_no_masks():
    """A row that is hidden throughout has no attention of its own; where() has other uses."""
    hidden = LOWER.clone()
    hidden[2] = False
    for low in (-1e4, 0.5):
        check(
            lambda m, x, low=low: torch.softmax((x @ x.mT).masked_fill(~m.lower, low), -1) @ x,
            TOKENS,
            {"permute": 1, "matmul": 2, "map": 1, "softmax": 1},
            lower=hidden,
        )
