# SPDX-License-Identifier: MIT
"""Functions of elements as programs, and by PyTorch in float64."""

import torch
import torch.nn.functional as F
from beside import check_each
from torch import nn


def _f(function):
    return lambda module, *inputs: function(*inputs)


def test_functions():
    check_each(
        [
            _f(f)
            for f in (
                lambda x: x.abs(),
                lambda x: x.ceil(),
                lambda x: x.floor(),
                lambda x: x.round(),
                lambda x: x.trunc(),
                lambda x: x.sign(),
                lambda x: x.cos(),
                lambda x: x.sin(),
                lambda x: (0.2 * x).tan(),
                lambda x: x.erf(),
                lambda x: x.exp(),
                lambda x: x.exp2(),
                lambda x: x.expm1(),
                lambda x: (x.abs() + 0.1).log(),
                lambda x: x.abs().log1p(),
                lambda x: (x.abs() + 0.1).log2(),
                lambda x: (x.abs() + 0.1).log10(),
                lambda x: -x,
                lambda x: 1 / (x.square() + 0.1),
                lambda x: (x.abs() + 0.1).reciprocal(),
                lambda x: (x.abs() + 0.1).rsqrt(),
                lambda x: x.abs().sqrt(),
                lambda x: x**2,
                lambda x: x**3,
                lambda x: x.abs() ** 0.5,
                lambda x: (x.abs() + 0.1) ** -0.5,
                lambda x: (x.abs() + 0.1) ** 1.3,
                lambda x: 1.7**x,
                lambda x: 2 - x,
                lambda x: torch.add(x, x.cos(), alpha=3),
                lambda x: torch.sub(x, x.cos(), alpha=0.5),
                lambda x: x / 3,
                lambda x: torch.div(x, 0.3, rounding_mode="floor"),
                lambda x: torch.div(x, 0.3, rounding_mode="trunc"),
                lambda x: x // 0.7,
                lambda x: x % 0.7,
                lambda x: torch.fmod(x, 0.7),
                lambda x: torch.lerp(x, x.cos(), 0.3),
                lambda x: torch.addcmul(x, x.sin(), x.cos(), value=0.3),
                lambda x: torch.addcdiv(x, x.sin(), x.cos() + 2, value=0.3),
                lambda x: torch.maximum(x, x.cos()),
                lambda x: torch.minimum(x, x.cos()),
                lambda x: torch.fmax(x, x.cos()),
                lambda x: torch.fmin(x, x.cos()),
                lambda x: torch.fmax(x.log(), x).nan_to_num() + torch.fmin(x, x.log()),
                lambda x: x.signbit(),
                lambda x: (x.sign() * 0.0).signbit(),
                lambda x: x.clamp(-0.5, 0.7),
                lambda x: x.clamp(min=0.1),
                lambda x: x.clamp(max=x.cos()),
            )
        ],
        torch.randn(2, 3, 5),
    )


def test_composed_functions():
    check_each(
        [
            _f(f)
            for f in (
                lambda x: x.atan(),
                lambda x: (20 * x).atan(),
                lambda x: torch.atan2(x, x.flip(-1)),
                lambda x: torch.atan2((x * 0).abs(), (x * 0.5).round() + 0.0),
                lambda x: x.tanh().asin(),
                lambda x: x.tanh().acos(),
                lambda x: x.sinh(),
                lambda x: x.cosh(),
                lambda x: x.asinh(),
                lambda x: (1 + x.abs()).acosh(),
                lambda x: (x.tanh() * 0.9).atanh(),
                lambda x: x.erfc(),
                lambda x: torch.copysign(x, x.flip(-1)),
                lambda x: torch.hypot(x, x.flip(-1)),
                lambda x: torch.cdist(x, x[:, :2] + 0.1),
                lambda x: torch.cdist(x, x[:, :2], p=1),
                lambda x: x.prod(-1),
                lambda x: x.prod(1, keepdim=True),
            )
        ],
        torch.randn(2, 3, 5),
    )


def test_truth_values():
    check_each(
        [
            _f(f)
            for f in (
                lambda x: (x > 0) & (x < 1),
                lambda x: (x > 0) + (x > 1),
                lambda x: (x > 0) * (x < 1),
                lambda x: x.masked_fill(x > 0, -torch.inf).exp(),
                lambda x: torch.isinf(x.masked_fill(x > 0, -torch.inf)),
                lambda x: torch.nan_to_num(x.masked_fill(x > 0, -torch.inf), neginf=-2.0),
                lambda x: x.clamp(-torch.inf, torch.inf),
                lambda x: (x > 0) | (x < -1),
                lambda x: (x >= 0) ^ (x <= 0.5),
                lambda x: ~(x > 0),
                lambda x: torch.logical_and(x > 0, x > 0.5),
                lambda x: x.bool(),
                lambda x: x.round() == 0,
                lambda x: x.round() != 0,
                lambda x: torch.where(x > 0, x, x.exp()),
                lambda x: torch.where(x > 0, x, 0.5),
                lambda x: x.masked_fill(x > 0, -2.0),
                lambda x: (x > 0).any(-1),
                lambda x: (x > -0.5).all(1),
                lambda x: (x > 0).sum(-1),
                lambda x: (x > 0).float().mean(-1),
                lambda x: (3 * x).long() // 2,
                lambda x: (3 * x).int().float() * 0.5,
                lambda x: torch.isnan(x),
                lambda x: torch.triu(x),
                lambda x: torch.nan_to_num(x),
            )
        ],
        torch.randn(2, 4, 4),
    )


def test_activations():
    check_each(
        [
            _f(f)
            for f in (
                F.relu,
                F.relu6,
                F.silu,
                F.gelu,
                lambda x: F.gelu(x, approximate="tanh"),
                F.mish,
                F.softplus,
                lambda x: F.softplus(x, beta=2),
                lambda x: F.softplus(x, beta=2, threshold=3),
                F.elu,
                lambda x: F.elu(x, 0.7),
                F.selu,
                F.celu,
                lambda x: F.celu(x, 0.5),
                lambda x: F.leaky_relu(x, 0.2),
                F.hardswish,
                F.hardsigmoid,
                F.hardtanh,
                F.hardshrink,
                F.softshrink,
                F.tanhshrink,
                F.softsign,
                F.logsigmoid,
                F.sigmoid,
                F.tanh,
                lambda x: F.threshold(x, 0.1, 0.3),
                lambda x: F.glu(x, 1),
                lambda x: F.softmax(x, -1),
                lambda x: F.softmax(x, 1),
                lambda x: F.log_softmax(x, 1),
                lambda x: F.softmin(x, 1),
                lambda x: torch.logsumexp(x, (1, 2)),
            )
        ]
        + [lambda m, x: m.prelu(x)],
        2 * torch.randn(2, 4, 5),
        prelu=nn.PReLU(4),
    )


def test_complex_numbers():
    torch.manual_seed(0)
    weight = torch.polar(torch.rand(3, 3), torch.arange(9.0).reshape(3, 3))
    x = torch.randn(2, 4, 6)

    def pairs(x):
        return torch.view_as_complex(x.reshape(*x.shape[:-1], 3, 2).contiguous())

    functions = [
        lambda m, x: torch.view_as_real(pairs(x) @ m.weight),
        lambda m, x: torch.view_as_real(nn.functional.linear(pairs(x), m.weight, m.weight[0])),
        lambda m, x: torch.view_as_real(torch.einsum("bij,bkj->bik", pairs(x), pairs(x).conj())),
        lambda m, x: torch.view_as_real(x * torch.exp(1j * x)),
        lambda m, x: torch.view_as_real(torch.stack([pairs(x), pairs(x).flip(1)], 1) / 3),
        lambda m, x: torch.view_as_real(torch.cat([pairs(x) + 2j, -pairs(x)], 1).sum(1)),
        lambda m, x: torch.angle(pairs(x)),
        lambda m, x: pairs(x).abs(),
    ]
    check_each(functions, x, weight=weight)


def test_places_among_numbers():
    torch.manual_seed(0)
    edges = torch.linspace(-1, 1, 5)
    functions = [
        lambda m, x: torch.bucketize(x, m.edges),
        lambda m, x: torch.bucketize((x * 2).round() / 2, m.edges, right=True),
        lambda m, x: torch.searchsorted(m.edges, (x * 2).round() / 2),
    ]
    check_each(functions, torch.randn(2, 6), edges=edges)
