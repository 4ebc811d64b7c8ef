# SPDX-License-Identifier: MIT
"""Networks whose code looks at values: at constants of its own, whether anything is not a number,
at what it asserts, at the time of a single sample. Such code is exported where the answer does not
depend on the inputs, and refused elsewhere."""

import pytest
import quell
import torch
from torch import nn

X, T = torch.randn(4, 6), torch.rand(4)


class Of(nn.Module):
    def __init__(self, function):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.function = nn.Linear(6, 6), function
        self.register_buffer("count", torch.tensor(2))
        self.register_buffer("sizes", torch.tensor([6, 3]))
        self.register_buffer("scale", torch.tensor(0.75))
        self.register_buffer("off", torch.tensor(False))

    def forward(self, x, t):
        return self.function(self, x, t)


def _lengths_of_a_mask(m, x, t):
    """As text encoders take the lengths of texts from a mask."""
    mask = torch.ones(len(x), 5, dtype=torch.bool)
    mask[:, 4:] = False
    longest = max(mask.sum(1).tolist())
    return m.layer(x) * t[:, None] + x[:, :longest].sum(1, keepdim=True) * len(
        set(mask[0].tolist())
    )


def _warns_of_nan(m, x, t):
    made = m.layer(x) * t[:, None]
    if torch.any(torch.isnan(made)) or torch.isinf(made).any():
        made = torch.zeros_like(made)
    return made


def _asserts(m, x, t):
    assert (t >= 0).all(), "times are from 0 to 1"
    assert x.abs().max() < 1e6
    return m.layer(x) * t[:, None]


def _one_time_for_all(m, x, t):
    """As code that takes a number for the time of one sample."""
    told = torch.zeros(len(x), 1)
    told = told.fill_(t.item()) if t.numel() == 1 else t[:, None]
    return m.layer(x) * told + {1: 0.0}.get(x.shape[0], 0.0)


def _buffers(m, x, t):
    """As codes keep how often and how much, in the file of the weights."""
    for _ in range(int(m.count)):
        x = m.layer(x) * t[:, None]
    if m.layer.bias.abs().sum() > 0 and not m.off:
        x = x[:, : m.sizes.tolist()[1]].sum(1, keepdim=True) * m.scale.item() + x
    return x


@pytest.mark.parametrize(
    "function", [_lengths_of_a_mask, _warns_of_nan, _asserts, _one_time_for_all, _buffers]
)
def test_what_does_not_depend_on_inputs(function, tmp_path):
    net, path = Of(function), tmp_path / "net.safetensors"
    said = {"output": "x0", "schedule": "vp", "time": "t"}
    assert quell.export(net, path, (X, T), **said) < 1e-6
    with torch.no_grad():
        right = net(X, torch.full((4,), 0.25))
    assert (quell.load(path)(X, 0.25).mean - right).abs().max() < 1e-6


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x, t: m.layer(x) if x.sum() > 0 else -x,
        lambda m, x, t: m.layer(x) * [1, 2][int(t[0] > 0.5)],
        lambda m, x, t: m.layer(x) * (2 if max(x[0].tolist()) > 0 else 1),
    ],
)
def test_what_depends_on_inputs(function, tmp_path):
    with pytest.raises(ValueError, match=r"must not choose its way|depend on each other"):
        quell.export(Of(function), tmp_path / "no", (X, T), output="x0", schedule="vp", time="t")
    assert list(tmp_path.iterdir()) == []
