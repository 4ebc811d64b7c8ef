# SPDX-License-Identifier: MIT
"""quell.export of networks with conditions: what decoders take of them, and what they are checked
with."""

import pytest
import quell
import torch
from quell.programs.check import others
from quell.programs.inputs import inputs_of
from torch import nn

OPTIONS = {"output": "eps", "schedule": "vp", "time": "t"}


class Net(nn.Module):
    """Takes an energy, of which it takes the logarithm, and a class."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.into, self.out, self.label = nn.Linear(3, 8), nn.Linear(8, 3), nn.Embedding(3, 8)

    def forward(self, x, t, energy, label):
        told = torch.log(energy)[:, None] + self.label(label) + t[:, None]
        return self.out(torch.tanh(self.into(x) + told))


class Decoder(nn.Module):
    """Takes the energy by its name, and the class as `label`."""

    def forward(self, x, energy, label=None, unused=1.0):
        shift = 0.0 if label is None else label[:, None].float()
        return torch.exp(x[:, :2]) * energy[:, None] + shift


def example():
    energy = torch.tensor([1.0, 10.0, 100.0, 40.0])
    return torch.randn(4, 3), torch.rand(4), energy, torch.tensor([0, 1, 2, 0])


def test_a_decoder_that_takes_them(tmp_path):
    path = tmp_path / "net.safetensors"
    given = {"classes": 3, "decode": Decoder()}
    assert quell.export(Net(), path, example(), **OPTIONS, **given) < 1e-5
    model = quell.load(path)
    assert model.decodes and model.decoded_shape == (2,)
    x, _, energy, label = example()
    made = model.decode(x, energy=quell.PerSample(energy), label=label)
    right = Decoder()(x, energy, label)
    assert (made - right).abs().max() < 1e-5 * right.abs().max()


def test_a_decoder_that_takes_what_there_is_not(tmp_path):
    class Other(nn.Module):
        def forward(self, x, angle):
            return x * angle

    with pytest.raises(ValueError, match="decode: takes angle, which the network does not: .*ene"):
        quell.export(
            Net(), tmp_path / "x.safetensors", example(), classes=3, decode=Other(), **OPTIONS
        )
    assert not list(tmp_path.iterdir())


def test_what_is_positive_stays_so():
    """The comparison must not tell a network a negative energy."""
    inputs = inputs_of(Net(), example(), None, True, 3)
    for seed in range(20):
        assert (others(inputs, 3, seed=seed).tensors()["energy"] > 0).all()
