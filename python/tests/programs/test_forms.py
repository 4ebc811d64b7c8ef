# SPDX-License-Identifier: MIT
"""Networks as people have them: times and classes in columns, weights of other types, and tables
that a network keeps between its calls."""

import functools
import warnings

import pytest
import quell
import torch
from safetensors import safe_open
from torch import nn

SAID = {"output": "x0", "schedule": "vp", "time": "t"}


def tensors_of(path):
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@pytest.mark.parametrize("shape", [(4, 1), (4, 1, 1, 1)])
def test_a_time_with_sizes_of_one(shape, tmp_path):
    """As small networks take it, which concatenate it with x."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv2d(2, 1, 3, padding=1)

        def forward(self, x, t):
            t = t.reshape(len(x), 1, 1, 1).expand(-1, 1, 5, 5) if t.ndim == 2 else t.expand_as(x)
            return self.layer(torch.cat([x, t], 1))

    net, x, path = Net(), torch.randn(4, 1, 5, 5), tmp_path / "net.safetensors"
    assert quell.export(net, path, (x, torch.rand(shape)), **SAID) < 1e-6
    with torch.no_grad():
        right = net(x, torch.full(shape, 0.375))
    assert (quell.load(path)(x, 0.375).mean - right).abs().max() < 1e-6


def test_classes_in_a_column(tmp_path):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.label, self.layer = nn.Embedding(4, 3), nn.Linear(3, 3)

        def forward(self, x, t, label):
            return self.layer(x + self.label(label)[:, 0]) * t[:, None]

    net, path = Net(), tmp_path / "net.safetensors"
    example = (torch.randn(4, 3), torch.rand(4), torch.tensor([[0], [1], [2], [3]]))
    quell.export(net, path, example, classes=3, no_class=3, **SAID)
    made = quell.load(path)(example[0], 0.5, label=torch.tensor([2, 0, -1, 1])).mean
    with torch.no_grad():
        right = net(example[0], torch.full((4,), 0.5), torch.tensor([[2], [0], [3], [1]]))
    assert (made - right).abs().max() < 1e-6


def test_a_time_of_two_numbers_is_refused(tmp_path):
    net = nn.Bilinear(3, 2, 3)
    with pytest.raises(ValueError, match="the time has 2 numbers a sample, must be one"):
        quell.export(net, tmp_path / "no", (torch.randn(4, 3), torch.rand(4, 2)), **SAID)


class Layers(nn.Module):
    """Casts its time to the type of x, as networks of any precision do."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(3, 8), nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, x, t):
        h = self.norm(self.first(x) + t.to(x.dtype)[:, None])
        return self.last(nn.functional.silu(h))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_half_precision(dtype, tmp_path):
    """They are stored as they are; the network is that of the same weights in float32."""
    net, x, path = Layers().to(dtype), torch.randn(4, 3), tmp_path / "net.safetensors"
    assert quell.export(net, path, (x.to(dtype), torch.rand(4)), **SAID) < 1e-6
    assert {tensor.dtype for tensor in tensors_of(path).values()} == {dtype}
    assert all(weight.dtype == dtype for weight in net.parameters())
    with torch.no_grad():
        right = net.float()(x, torch.full((4,), 0.5))
    assert (quell.load(path)(x, 0.5).mean - right).abs().max() < 1e-6


def test_weights_in_double(tmp_path):
    """What float32 rounds is said in one line, and what is returned includes it."""
    net, path = Layers().double(), tmp_path / "net.safetensors"
    example = (torch.randn(4, 3).double(), torch.rand(4))
    with warnings.catch_warnings():  # these are float32 numbers
        warnings.simplefilter("error")
        quell.export(net, path, example, **SAID)
    with torch.no_grad():
        net.last.weight *= 1 + 2.0**-26  # half of half a rounding
        net.last.bias += 1e-9
    with pytest.warns(UserWarning, match=r"float32, last.weight among 2: .* includes it"):
        assert quell.export(net, path, example, **SAID) < 1e-6
    assert net.last.weight.dtype == torch.float64


def test_the_twin_has_the_weights_in_double(tmp_path):
    """A weight that float32 has not, beside one that cancels nearly all of it."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.tensor(1 + 2.0**-30, dtype=torch.float64))

        def forward(self, x, t):
            return (x * 0 + self.weight) - 1 + 0 * t[:, None]

    with pytest.warns(UserWarning), pytest.raises(ValueError, match="differ by 1.0e"):
        quell.export(Net(), tmp_path / "no", (torch.randn(4, 3), torch.rand(4)), **SAID)


class Keeping(nn.Module):
    """Keeps tables by the shape of x, and in a function with a cache."""

    def __init__(self):
        super().__init__()
        self.kept, self.layer = {}, nn.Linear(3, 3)

    def forward(self, x, t):
        if tuple(x.shape) not in self.kept:
            self.kept[tuple(x.shape)] = torch.arange(x.shape[1], dtype=torch.float32).sin()
        return self.layer(x * self.kept[tuple(x.shape)] + waves(x.shape[1])) * t[:, None]


@functools.lru_cache
def waves(count):
    return torch.arange(count, dtype=torch.float32).cos()


def test_tables_that_a_network_keeps(tmp_path):
    net, x = Keeping(), torch.randn(3, 3)
    before = net(x, torch.ones(3))
    quell.export(net, tmp_path / "net.safetensors", (torch.randn(4, 3), torch.rand(4)), **SAID)
    assert list(net.kept) == [(3, 3)]
    for count in (1, 3, 4):
        made = net(x[:1].expand(count, -1), torch.ones(count))
        assert made.dtype == torch.float32 and torch.equal(made[0], before[0]), count


def test_weights_that_are_computed_and_kept(tmp_path):
    """Old weight norms keep what they computed, which Python refuses to copy."""
    net = Layers()
    net.last = nn.utils.weight_norm(net.last)
    net(torch.randn(2, 3), torch.rand(2))
    kept = net.last.weight
    example = (torch.randn(4, 3), torch.rand(4))
    assert quell.export(net, tmp_path / "net.safetensors", example, **SAID) < 1e-6
    assert net.last.weight is kept


def test_tensors_in_a_dictionary_and_a_list(tmp_path):
    """As diffusers' networks take what else they are told, and control nets' residuals."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(5, 3)

        def forward(self, x, t, added=None, residuals=(), scale=1.0):
            h = torch.cat([x, added["size"][:, None], added["more"]["shift"]], 1)
            return (self.layer(h) * t[:, None] + residuals[0] - residuals[1]) * scale

    net, path, x = Net(), tmp_path / "net.safetensors", torch.randn(4, 3)
    added = {"size": torch.rand(4), "more": {"shift": torch.randn(4, 1)}, "kind": "none"}
    residuals = [torch.randn(4, 3), torch.randn(4, 3)]
    assert quell.export(net, path, (x, torch.rand(4), added, residuals, 2.0), **SAID) < 1e-6
    model = quell.load(path)
    assert list(model.conditions) == ["size", "shift", "residuals_0", "residuals_1"]
    told = {"size": added["size"], "shift": added["more"]["shift"]}
    told |= {f"residuals_{k}": one for k, one in enumerate(residuals)}
    with torch.no_grad():
        right = net(x, torch.full((4,), 0.5), added, residuals, 2.0)
    assert (model(x, 0.5, **told).mean - right).abs().max() < 1e-6
