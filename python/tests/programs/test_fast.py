# SPDX-License-Identifier: MIT
"""quell.export's choice of convolutions by Winograd's algorithm (fast): which they are, and that
the network stays as near to float64 as is promised."""

import interpreter
import numpy as np
import pytest
import quell
import torch
from quell.programs import exporter, fast
from quell.programs.check import expected
from quell.programs.inputs import inputs_of
from torch import nn


class Network(nn.Module):
    """Some convolutions, not all of which tiles fit, with what is between them in U-Nets."""

    def __init__(self, channels=32):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, channels, 3, padding=1)
        self.norm = nn.GroupNorm(8, channels)
        self.inner = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(4))
        self.down = nn.Conv2d(channels, channels, 3, padding=1, stride=2)
        self.up = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.last = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, x, t):
        h = self.first(x) + t.reshape(-1, 1, 1, 1)
        for conv in self.inner:
            h = h + conv(torch.nn.functional.silu(self.norm(h)))
        return self.last(h + self.up(self.down(h)))


EXAMPLE = (torch.randn(2, 3, 24, 24), torch.rand(2))
SAID = {"output": "eps", "schedule": "vp", "time": "t"}


def tiles(path):
    """The tiles of the convolutions of a file."""
    program = interpreter.read(path)[0]["programs"]["denoise"]
    return [i.get("winograd", 0) for i in program["instructions"] if "conv" in i]


def exact(network):
    inputs = inputs_of(network, EXAMPLE, None, True, 0)
    return expected(network, inputs, 0)


def test_inner_convolutions_are_fast_and_others_as_before(tmp_path):
    network = Network().eval()
    right = exact(network)
    worst = quell.export(network, tmp_path / "fast.safetensors", EXAMPLE, **SAID)
    first, *inner, down, last = tiles(tmp_path / "fast.safetensors")
    assert min(inner) >= 4 and len(inner) == 4 and first == down == last == 0
    assert worst <= 4 * right.own + 1e-6
    quell.export(network, tmp_path / "plain.safetensors", EXAMPLE, fast=False, **SAID)
    assert not any(tiles(tmp_path / "plain.safetensors"))
    made = interpreter.Program(tmp_path / "fast.safetensors")(**right.sample(0))
    assert np.abs(made - right.double[0].numpy()).max() < 1e-9


def test_a_larger_bound_gives_larger_tiles(tmp_path):
    network = Network().eval()
    worst = quell.export(network, tmp_path / "n.safetensors", EXAMPLE, fast=1e-4, **SAID)
    assert max(tiles(tmp_path / "n.safetensors")) == 6
    assert worst <= 1e-4


@pytest.mark.parametrize("bound", [0, -1e-3, float("nan")])
def test_a_bound_must_be_a_number_above_0(tmp_path, bound):
    with pytest.raises(ValueError, match="fast: "):
        quell.export(Network(), tmp_path / "n.safetensors", EXAMPLE, fast=bound, **SAID)


def chosen(network, most, outputs, groups=fast.GROUPS):
    """The tiles that are chosen for a network whose results are what `outputs` makes of its
    layers."""
    inputs = inputs_of(network, EXAMPLE, None, True, 0)
    lowered = exporter.program_of(network, inputs)
    layers = fast.layers_of(lowered)
    right = exact(network)
    fast.choose({"denoise": lowered}, {"denoise": right}, {"denoise": most},
                lambda _: outputs(layers, right.double.numpy()))  # fmt: skip
    return [layer.tile for layer in layers]


@pytest.mark.parametrize("groups", [24, 2])
def test_layers_that_spoil_most_stay_as_they_were(monkeypatch, groups):
    """The third layer's errors are a hundred times those of the others."""
    monkeypatch.setattr(fast, "GROUPS", groups)
    share = [1e-7, 1e-7, 1e-5, 1e-7]

    def outputs(layers, right):
        square = sum(s**2 * fast.ERROR[layer.tile] for s, layer in zip(share, layers, strict=True))
        made = right.copy()
        made.flat[np.abs(right).argmax()] += np.abs(right).max() * (square + 1e-14) ** 0.5
        return made

    found = chosen(Network().eval(), 2e-6, outputs)
    assert found[2] == 0 and min(found[:2]) >= 4
    assert chosen(Network().eval(), 1e-3, outputs) == [6, 6, 6, 6]
    assert chosen(Network().eval(), 1e-8, outputs) == [0, 0, 0, 0]


def layers(channels, out, size):
    conv = nn.Conv2d(channels, out, 3, padding=1)
    inputs = inputs_of(conv, (torch.randn(1, channels, size, size),), None, False, 0)
    return fast.layers_of(exporter.program_of(conv, inputs))


def test_weights_that_come_from_memory_are_not_made_many():
    """Of 512 channels at 8 x 8, tiles of four would read four times the weights."""
    assert [layer.fastest for layer in layers(512, 512, 8)] == [2]


def test_few_channels_are_convolved_as_before():
    assert not layers(3, 64, 64) and not layers(64, 3, 64)
