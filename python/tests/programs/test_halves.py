# SPDX-License-Identifier: MIT
"""Networks in half precision whose code casts: they are exported as they are in float32."""

import pytest
import quell
import torch
import torch.nn.functional as F
from test_forms import SAID, tensors_of
from torch import nn


class Norm(nn.LayerNorm):
    """In float32 and back, as many codes have it."""

    def forward(self, x):
        kind = x.dtype
        made = F.layer_norm(x.float(), self.normalized_shape, None, None, 1e-6)
        return made.to(kind) * self.weight


class Net(nn.Module):
    """Has every cast between half precision and float32 that codes have. `kind` is what it is told,
    as by `use_fp16`, and no weight."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.norm = kind, Norm(8)
        self.first, self.second, self.last = nn.Linear(3, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.table = torch.linspace(-1, 1, 8).to(kind)  # no buffer

    def forward(self, x, t):
        rates = torch.arange(4, dtype=torch.float32) + 1
        e = torch.cat([(t[:, None] * rates).sin(), (t[:, None] * rates).cos()], 1)
        h = self.first(x.type(self.kind)) + e.to(dtype=self.kind) + self.table
        cast = torch.Tensor.half if self.kind == torch.float16 else torch.Tensor.bfloat16
        h = self.second(self.norm(h)) + torch.ones(8, dtype=self.kind) + cast(t)[:, None]
        h = torch.softmax(h, dim=-1, dtype=torch.float32).type_as(h)
        assert h.dtype == self.last.weight.dtype
        return self.last(h).to(x.dtype)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_casts(kind, tmp_path):
    torch.manual_seed(0)
    net, path, x = Net(kind).to(kind), tmp_path / "net.safetensors", torch.randn(4, 3)
    with torch.no_grad():
        rounded = net(x, torch.full((4,), 0.5))
    assert quell.export(net, path, (x, torch.rand(4)), **SAID) < 1e-6
    kinds = {name: tensor.dtype for name, tensor in tensors_of(path).items()}
    assert {kinds[f"{layer}.weight"] for layer in ("first", "second", "last", "norm")} == {kind}
    assert net.first.weight.dtype == kind and type(net.forward).__name__ == "method"
    made = quell.load(path)(x, 0.5).mean
    net.kind = torch.float64
    with torch.no_grad():
        right = net.double()(x.double(), torch.full((4,), 0.5).double())
    assert (made - right).abs().max() < 1e-6
    assert 1e-5 < (rounded - right).abs().max() < 3e-2


class Body(nn.Module):
    """As guided-diffusion has it: norms, and what is first and last, in float32."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(3, 8), nn.LayerNorm(8), nn.Linear(8, 3)
        self.body = nn.Linear(8, 8).half()
        nn.init.normal_(self.norm.weight)

    def forward(self, x, t):
        h = self.first(x) + t[:, None]
        h = self.body(self.norm(h.half().float()).type(torch.float16))
        return self.last(h.type(x.dtype))


def test_a_body_in_half_precision(tmp_path):
    """What is narrow is stored so, and other weights keep their digits."""
    torch.manual_seed(0)
    net, path = Body(), tmp_path / "net.safetensors"
    assert quell.export(net, path, (torch.randn(4, 3), torch.rand(4)), **SAID) < 1e-6
    kinds = {name: tensor.dtype for name, tensor in tensors_of(path).items()}
    assert kinds["body.weight"] == torch.float16
    assert {kinds[name] for name in ("first.weight", "norm.weight", "last.bias")} == {torch.float32}
