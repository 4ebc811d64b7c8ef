# SPDX-License-Identifier: MIT
"""Writes tests/networks/mlp_reference.inc, dit_reference.inc or unet_reference.inc: what PyTorch makes of networks whose weights are a formula.

    python tests/reference/networks.py mlp > tests/networks/mlp_reference.inc

Needs the Python package with torch and azula (docs/training.md). Weights are a hash of the tensor's name and the
element's number, so that no weights need be stored: tests/support/formula_weights.c has the same formula.
"""

import importlib.metadata
import math
import sys

import numpy as np
import torch

from azula.nn.dit import DiT
from azula.nn.unet import UNet
from azula.nn.vit import ViT
from quell.architectures.modules import Conditioned, ResidualMLP

TIMES = [-4.25, 0.0, 1.5]
MLPS = [  # dim, hidden, blocks, activation, width, features, omega, classes, rows
    (2, 16, 1, "silu", 8, 4, 1e4, 0, 3),
    (1, 5, 2, "relu", 3, 2, 1e2, 0, 2),
    (7, 33, 3, "gelu", 17, 10, 1e3, 3, 6),
    (3, 64, 2, "relu2", 32, 64, 1e4, 10, 5),
    (2, 128, 3, "silu", 64, 64, 1e4, 0, 4),
    (64, 256, 2, "silu", 128, 64, 1e4, 5, 2),
]

DITS = [  # channels, size, patch (() for tokens), hidden, blocks, heads, factor, activation, bias,
    # norm, rope, width, features, omega, classes, rows
    (5, (7,), (), 16, 1, 2, 4, "silu", True, True, False, 8, 4, 1e4, 0, 3),
    (3, (33,), (), 24, 2, 3, 2, "swiglu", False, True, True, 12, 6, 1e3, 4, 2),
    (1, (8, 12), (4, 4), 32, 2, 1, 4, "relu2", True, False, True, 16, 8, 1e4, 3, 3),
    (2, (6, 4, 2), (3, 2, 1), 40, 1, 4, 3, "relu", True, True, True, 16, 8, 1e4, 0, 2),
    (3, (50,), (1,), 64, 1, 2, 2, "silu", True, True, False, 16, 8, 1e4, 2, 1),
    (1, (12, 12), (2, 3), 48, 2, 4, 4, "swiglu", True, True, False, 32, 16, 1e4, 5, 2),
]

UNETS = [  # channels, size, hidden, blocks, kernel, stride, periodic, norm, groups, factor, width,
    # features, omega, classes, rows
    (1, (12,), (8,), (1,), 3, 2, False, "layer", 16, 1, 8, 4, 1e4, 0, 3),
    (3, (15,), (4, 6), (1, 1), 5, 3, True, "rms", 16, 2, 6, 4, 1e3, 2, 2),
    (1, (9, 7), (8, 12), (1, 2), 3, 2, False, "layer", 16, 1, 8, 4, 1e4, 3, 3),
    (2, (8, 6), (6, 8, 10), (1, 1, 0), (3, 1), (2, 1), True, "group", 2, 1, 8, 8, 1e4, 0, 2),
    (1, (8, 8), (20, 36), (1, 1), 3, 2, False, "group", 4, 2, 8, 8, 1e4, 5, 2),
    (1, (4, 5, 3), (4, 6), (1, 1), 3, 2, False, "rms", 16, 1, 8, 4, 1e4, 0, 2),
    (2, (2, 4, 6), (5, 3), (1, 1), (1, 3, 5), (1, 2, 3), True, "layer", 16, 1, 8, 4, 1e4, 4, 2),
]


def hashed(name: str, count: int) -> np.ndarray:
    """Uniform numbers in [-1, 1), exact in float32."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + seed).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)).astype(np.float64) * 2.0**-23 - 1


def fill(module: torch.nn.Module) -> None:
    """Matrices get the variance 1 / inputs, vectors are in [-1/2, 1/2)."""
    for name, tensor in module.state_dict().items():
        inputs = int(np.prod(tensor.shape[1:])) if tensor.ndim > 1 else 0
        scale = np.sqrt(3 / inputs) if inputs else 0.5
        values = (hashed(name, tensor.numel()) * scale).astype(np.float32)
        tensor.copy_(torch.from_numpy(values).reshape(tensor.shape))


def numbers(values: torch.Tensor) -> str:
    return ", ".join(f"{v:.9g}" for v in values.flatten().tolist())


@torch.no_grad()
def mlp(case: tuple) -> str:
    dim, hidden, blocks, activation, width, features, omega, classes, rows = case
    network = ResidualMLP(
        dim, hidden, blocks, activation, width, features=features, omega=omega, classes=classes
    )
    shape = f"{dim}, {hidden}, {blocks}, QUELL_{activation.upper()}, {{{features}, {width}, {classes}, {omega:g}}}"
    return run(network, case, shape, (rows, dim), classes)


@torch.no_grad()
def dit(case: tuple) -> str:
    channels, size, patch, hidden, blocks, heads, factor, activation = case[:8]
    bias, norm, rope, width, features, omega, classes, rows = case[8:]
    options = {
        "mod_features": width,
        "hid_channels": hidden,
        "hid_blocks": blocks,
        "attention_heads": heads,
        "ffn_factor": factor,
        "ffn_activation": activation,
        "qkv_bias": bias,
        "qk_norm": norm,
        "rope": rope,
    }
    if patch:
        net = ViT(channels, channels, spatial=len(size), patch_size=patch, **options)
    else:
        net = DiT(channels, channels, **options)
    network = Conditioned(net, width, features=features, omega=omega, classes=classes)
    sizes, patches = ("{" + ", ".join(map(str, n or (0,))) + "}" for n in (size, patch))
    swiglu = activation == "swiglu"
    shape = (
        f"{{{len(patch)}, {channels}, {sizes}, {patches}}}, {hidden}, {blocks}, {heads}, {factor}, "
        f"{'QUELL_SILU' if swiglu else 'QUELL_' + activation.upper()}, {swiglu:d}, {bias:d}, {norm:d}, {rope:d}, "
        f"{{{features}, {width}, {classes}, {omega:g}}}"
    )
    sample = (channels, *size) if patch else (*size, channels)
    return run(network, case, shape, (rows, *sample), classes)


@torch.no_grad()
def unet(case: tuple) -> str:
    channels, size, hidden, blocks, kernel, stride, periodic, norm = case[:8]
    groups, factor, width, features, omega, classes, rows = case[8:]
    net = UNet(
        channels,
        channels,
        hid_channels=hidden,
        hid_blocks=blocks,
        kernel_size=kernel,
        stride=stride,
        spatial=len(size),
        periodic=periodic,
        mod_features=width,
        norm=norm,
        groups=groups,
        ffn_factor=factor,
    )
    network = Conditioned(net, width, features=features, omega=omega, classes=classes)

    def three(value: int | tuple) -> str:
        values = value if isinstance(value, tuple) else (value,) * len(size)
        return "{" + ", ".join(map(str, (1,) * (3 - len(values)) + values)) + "}"

    def listed(values: tuple) -> str:
        return "{" + ", ".join(map(str, values)) + "}"

    shape = (
        f"{channels}, {len(size)}, {len(hidden)}, {{{three(size)}}}, {listed(hidden)}, {listed(blocks)}, "
        f"{three(kernel)}, {three(stride)}, {periodic:d}, QUELL_NORM_{norm.upper()}, {groups}, {factor}, "
        f"{{{features}, {width}, {classes}, {omega:g}}}"
    )
    return run(network, case, shape, (rows, channels, *size), classes)


@torch.no_grad()
def run(network: torch.nn.Module, case: tuple, shape: str, sizes: tuple, classes: int) -> str:
    fill(network)
    rows = sizes[0]
    x = torch.from_numpy((2 * hashed("x", math.prod(sizes))).astype(np.float32)).reshape(sizes)
    label = torch.arange(rows) * 7 % (classes + 1) if classes else None
    outs = []
    for t in TIMES:
        time = torch.full((rows,), t)
        out = network(x, time, label)
        exact = network.double()(x.double(), time.double(), label)
        network.float()
        worst = ((out - exact).abs().max() / exact.abs().max()).item()
        print(f"{case} t = {t}: float32 is {worst:.1e} off", file=sys.stderr)
        outs.append(out)
    return f"{{{{{shape}}}, {rows}, (const double[]){{{numbers(torch.stack(outs))}}}}},"


def main() -> None:
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("torch", "azula"))
    print(f"/* Made by tests/reference/networks.py with {versions}. */")
    print("/* clang-format off */")
    make, cases = {"mlp": (mlp, MLPS), "dit": (dit, DITS), "unet": (unet, UNETS)}[sys.argv[1]]
    for case in cases:
        print(make(case))


if __name__ == "__main__":
    main()
