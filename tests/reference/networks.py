# SPDX-License-Identifier: MIT
"""Writes tests/network_reference.inc: what PyTorch makes of networks whose weights are a formula.

    python tests/reference/networks.py > tests/network_reference.inc

Needs torch and azula, and python/ in PYTHONPATH. Weights are a hash of the tensor's name and the
element's number, so that no weights need be stored: tests/formula_weights.c has the same formula.
"""

import importlib.metadata
import sys

import numpy as np
import torch

from quell_export.modules import ResidualMLP

TIMES = [-4.25, 0.0, 1.5]
MLPS = [  # dim, hidden, blocks, activation, width, features, omega, classes, rows
    (2, 16, 1, "silu", 8, 4, 1e4, 0, 3),
    (1, 5, 2, "relu", 3, 2, 1e2, 0, 2),
    (7, 33, 3, "gelu", 17, 10, 1e3, 3, 6),
    (3, 64, 2, "relu2", 32, 64, 1e4, 10, 5),
    (2, 128, 3, "silu", 64, 64, 1e4, 0, 4),
    (64, 256, 2, "silu", 128, 64, 1e4, 5, 2),
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
def mlp(case: tuple, double: bool) -> str:
    dim, hidden, blocks, activation, width, features, omega, classes, rows = case
    network = ResidualMLP(
        dim, hidden, blocks, activation, width, features=features, omega=omega, classes=classes
    )
    fill(network)
    x = torch.from_numpy((2 * hashed("x", rows * dim)).astype(np.float32)).reshape(rows, dim)
    label = torch.arange(rows) * 7 % (classes + 1) if classes else None
    outs = []
    for t in TIMES:
        time = torch.full((rows,), t)
        out = network(x, time, label)
        if double:
            exact = network.double()(x.double(), time.double(), label)
            network.float()
            worst = ((out - exact).abs().max() / exact.abs().max()).item()
            print(f"{case} t = {t}: float32 is {worst:.1e} off", file=sys.stderr)
        outs.append(out)
    shape = f"{dim}, {hidden}, {blocks}, QUELL_{activation.upper()}, {{{features}, {width}, {classes}, {omega:g}}}"
    return f"{{{{{shape}}}, {rows}, (const double[]){{{numbers(torch.stack(outs))}}}}},"


def main() -> None:
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("torch", "azula"))
    print(f"/* Made by tests/reference/networks.py with {versions}. */")
    print("/* clang-format off */")
    for case in MLPS:
        print(mlp(case, double=True))


if __name__ == "__main__":
    main()
