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

    with pytest.raises(ValueError, match="decode: takes angle: .* beside it may take .*ene"):
        quell.export(
            Net(), tmp_path / "x.safetensors", example(), classes=3, decode=Other(), **OPTIONS
        )
    assert not list(tmp_path.iterdir())


def test_what_is_positive_stays_so():
    """The comparison must not tell a network a negative energy."""
    inputs = inputs_of(Net(), example(), None, True, 3)
    for seed in range(20):
        assert (others(inputs, 3, seed=seed).tensors()["energy"] > 0).all()


class Masked(nn.Module):
    """Takes a text of which some tokens are hidden, in one of the ways that networks do it."""

    def __init__(self, way):
        super().__init__()
        torch.manual_seed(0)
        self.way, self.heads = way, nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x, t, text, mask):
        hidden = mask == 0
        if self.way == "heads":
            made = self.heads(x, text, text, key_padding_mask=hidden, need_weights=False)[0]
        elif self.way == "added":
            far = torch.zeros_like(mask).masked_fill(hidden, float("-inf"))[:, None]
            made = nn.functional.scaled_dot_product_attention(x, text, text, attn_mask=far)
        elif self.way == "kept":
            kept = (mask > 0)[:, None]
            made = nn.functional.scaled_dot_product_attention(x, text, text, attn_mask=kept)
        else:
            scores = (x @ text.mT).masked_fill(hidden[:, None], float("-inf"))
            made = torch.nan_to_num(scores.softmax(-1)) @ text
        return x + made * t[:, None, None]


@pytest.mark.parametrize("way", ["heads", "added", "kept", "by hand"])
def test_a_mask_that_hides_everything(way, tmp_path):
    """As guidance away from no text has it. It was uniform attention in place of none at all."""
    net, path = Masked(way).eval(), tmp_path / "net.safetensors"
    mask = (torch.arange(5) < torch.tensor([[3], [5], [4], [1]])).float()
    x, text = torch.randn(4, 3, 8), torch.randn(4, 5, 8)
    none = {"text": "zeros", "mask": "zeros"}
    quell.export(net, path, (x, torch.rand(4), text, mask), none=none, **OPTIONS)
    model, (alpha, sigma) = quell.load(path), quell.Schedule("vp")(0.5)
    for each in (torch.zeros(4, 5), torch.ones(4, 5), mask):
        given = {"text": quell.PerSample(text), "mask": quell.PerSample(each)}
        with torch.no_grad():
            right = (x - sigma * net(x, torch.full((4,), 0.5), text, each)) / alpha
        assert (model(x, 0.5, **given).mean - right).abs().max() < 1e-5


def test_the_check_tries_masks_and_what_stands_for_none():
    example = torch.randn(2, 3, 8), torch.rand(2), torch.randn(2, 5, 8), torch.ones(2, 5)
    inputs = inputs_of(Masked("kept"), example, None, True, 0)
    none = {"text": torch.full((5, 8), 0.25)}
    tried = others(inputs, 0, nones=none).tensors()
    assert (tried["mask"][1] == 0).all() and (tried["mask"][2] == 1).all()
    assert (tried["text"][1] == 0.25).all() and not (tried["text"][0] == 0.25).any()


class Ratio(nn.Module):
    def forward(self, x, t, energy):
        return x / energy[:, None]


def test_none_that_the_network_does_not_stand(tmp_path):
    with pytest.raises(ValueError, match="none: with what stands for none of energy"):
        quell.export(
            Ratio(), tmp_path / "x.safetensors", example()[:3], none={"energy": "zeros"}, **OPTIONS
        )


@pytest.mark.parametrize("name", ["label", "t", "x_t", "conditions"])
def test_names_that_arguments_have(name, tmp_path):
    """A condition may be called as an argument of a denoiser is: `conditions` gives it."""
    net, path = Ratio(), tmp_path / "net.safetensors"
    given = {**OPTIONS, "names": ["x", "time", name]}
    quell.export(net, path, example()[:3], **given)
    assert list(quell.load(path).conditions) == [name]
