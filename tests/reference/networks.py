# SPDX-License-Identifier: MIT
"""Writes tests/networks/files/*.safetensors and tests/networks/references.inc: residual MLPs, and azula's
DiTs, ViTs and U-Nets, as quell.export writes them, and what PyTorch makes of their denoisers in float64.

    python tests/reference/networks.py tests/networks [NAME...]

Needs the Python package with torch and azula (docs/training.md), and the command, $QUELL_COMMAND. Weights are a
hash of the tensor's name and the element's number. With names, only these files are written, and no numbers. Files
whose names end in _int8 and _bf16 are made of others, with narrow weights.
"""

import importlib.metadata
import math
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import quell
import torch
from azula.denoise import KarrasDenoiser
from azula.nn.dit import DiT
from azula.nn.unet import UNet
from azula.nn.vit import ViT
from azula.noise import VPSchedule
from quell.programs.exporter import rounded_to
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "training"))
from backbones import Conditioned, ResidualMLP  # noqa: E402

TIMES = [0.3, 0.6, 0.95]
NARROW = ("mlp_bf16", "unet_bf16", "unet_int8", "vit_int8")


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


def mlp(dim, hidden, blocks, activation, width, features, omega, classes):
    told = {"features": features, "omega": omega, "classes": classes}
    return ResidualMLP(dim, hidden, blocks, activation, width, **told), (dim,)


def dit(channels, tokens, width, features, omega, classes, **options):
    net = DiT(channels, channels, mod_features=width, **options)
    return Conditioned(net, width, features=features, omega=omega, classes=classes), (tokens, channels)


def vit(channels, size, width, features, omega, classes, **options):
    net = ViT(channels, channels, mod_features=width, spatial=len(size), **options)
    return Conditioned(net, width, features=features, omega=omega, classes=classes), (channels, *size)


def unet(channels, size, width, features, omega, classes, **options):
    net = UNet(channels, channels, mod_features=width, spatial=len(size), **options)
    return Conditioned(net, width, features=features, omega=omega, classes=classes), (channels, *size)


def small_mlp():
    return mlp(5, 32, 2, "silu", 16, 8, 1e3, 4)


def small_dit():
    return dit(3, 5, 16, 8, 1e3, 4, hid_channels=24, hid_blocks=2, attention_heads=3, ffn_activation="swiglu",
               ffn_factor=2, qkv_bias=False, qk_norm=True, rope=True)  # fmt: skip


def small_vit():
    return vit(1, (4, 8), 16, 8, 1e3, 4, hid_channels=32, hid_blocks=2, attention_heads=4, patch_size=(2, 4))


def small_unet():
    return unet(2, (5, 4), 16, 8, 1e3, 4, hid_channels=(8, 12), hid_blocks=(1, 1), kernel_size=3, stride=2,
                norm="group", groups=4)  # fmt: skip


SMALL = {  # drawn from in many tests (tests/support/small_networks.h), in float32
    "mlp": small_mlp,
    "dit": small_dit,
    "vit": small_vit,
    "unet": small_unet,
    "plane": lambda: mlp(2, 20, 1, "silu", 9, 6, 1e4, 4),
    "space": lambda: mlp(3, 20, 2, "silu", 9, 6, 1e4, 4),
}

CASES = {  # held to PyTorch, in float16
    "mlp_line": lambda: mlp(1, 5, 2, "relu", 3, 2, 1e2, 0),
    "mlp_plane": lambda: mlp(2, 16, 1, "silu", 8, 4, 1e4, 0),
    "mlp_gelu": lambda: mlp(7, 33, 3, "gelu", 17, 10, 1e3, 3),
    "mlp_relu2": lambda: mlp(3, 64, 2, "relu2", 32, 64, 1e4, 10),
    "mlp_wide": lambda: mlp(2, 128, 1, "silu", 16, 64, 1e4, 0),
    "mlp_long": lambda: mlp(64, 80, 1, "silu", 24, 64, 1e4, 5),
    "dit_plain": lambda: dit(5, 7, 8, 4, 1e4, 0, hid_channels=16, hid_blocks=1, attention_heads=2),
    "dit_swiglu": lambda: dit(3, 33, 12, 6, 1e3, 4, hid_channels=24, hid_blocks=2, attention_heads=3, ffn_factor=2,
                              ffn_activation="swiglu", qkv_bias=False, rope=True),
    "vit_rope": lambda: vit(1, (8, 12), 16, 8, 1e4, 3, patch_size=(4, 4), hid_channels=32, hid_blocks=2,
                            attention_heads=1, ffn_activation="relu2", qk_norm=False, rope=True),
    "vit_volume": lambda: vit(2, (6, 4, 2), 16, 8, 1e4, 0, patch_size=(3, 2, 1), hid_channels=40, hid_blocks=1,
                              attention_heads=4, ffn_factor=3, ffn_activation="relu", rope=True),
    "vit_line": lambda: vit(3, (50,), 16, 8, 1e4, 2, patch_size=(1,), hid_channels=64, hid_blocks=1,
                            attention_heads=2, ffn_factor=2),
    "vit_swiglu": lambda: vit(1, (12, 12), 32, 16, 1e4, 5, patch_size=(2, 3), hid_channels=48, hid_blocks=1,
                              attention_heads=4, ffn_activation="swiglu"),
    "unet_line": lambda: unet(1, (12,), 8, 4, 1e4, 0, hid_channels=(8,), hid_blocks=(1,), norm="layer"),
    "unet_periodic": lambda: unet(3, (15,), 6, 4, 1e3, 2, hid_channels=(4, 6), hid_blocks=(1, 1), kernel_size=5,
                                  stride=3, periodic=True, norm="rms", ffn_factor=2),
    "unet_odd": lambda: unet(1, (9, 7), 8, 4, 1e4, 3, hid_channels=(8, 12), hid_blocks=(1, 2), norm="layer"),
    "unet_deep": lambda: unet(2, (8, 6), 8, 8, 1e4, 0, hid_channels=(6, 8, 10), hid_blocks=(1, 1, 0),
                              kernel_size=(3, 1), stride=(2, 1), periodic=True, norm="group", groups=2),
    "unet_group": lambda: unet(1, (8, 8), 8, 8, 1e4, 5, hid_channels=(12, 20), hid_blocks=(1, 1), norm="group",
                               groups=4, ffn_factor=2),
    "unet_volume": lambda: unet(1, (4, 5, 3), 8, 4, 1e4, 0, hid_channels=(4, 6), hid_blocks=(1, 1), norm="rms"),
    "unet_square": lambda: unet(1, (12, 12), 16, 8, 1e3, 0, hid_channels=(16, 32), hid_blocks=(1, 1), norm="group",
                                groups=4),
    "unet_uneven": lambda: unet(2, (2, 4, 6), 8, 4, 1e4, 4, hid_channels=(5, 3), hid_blocks=(1, 1),
                                kernel_size=(1, 3, 5), stride=(1, 2, 3), periodic=True, norm="layer"),
}  # fmt: skip


def made(name: str) -> tuple:
    """Returns the network, in evaluation mode, and the shape of a sample."""
    network, shape = {**SMALL, **CASES}[name]()
    with torch.no_grad():
        fill(network)
    network.eval().requires_grad_(False)
    return (network if name in SMALL else rounded_to(network, torch.float16)), shape


def write(name: str, folder: pathlib.Path) -> None:
    network, shape = made(name)
    classes = network.classes
    example = torch.randn(4, *shape), torch.rand(4), torch.arange(4) * classes // 3
    around = {"classes": classes, "no_class": classes} if classes else {}
    dtype = None if name in SMALL else torch.float16
    path = folder / f"{name}.safetensors"
    denoiser = KarrasDenoiser(network, VPSchedule())
    off = quell.export(denoiser, path, example[: 3 if classes else 2], dtype=dtype, **around)
    print(f"{path}: {path.stat().st_size} bytes, {off:.1e} off", file=sys.stderr, flush=True)


def write_narrow(name: str, folder: pathlib.Path) -> None:
    """Writes a file with weights of 8 or 16 bits, made of that of a small network."""
    path, (whole, _, kind) = folder / f"{name}.safetensors", name.rpartition("_")
    if kind == "int8":
        command = [os.environ.get("QUELL_COMMAND", "quell"), "quantize", "--bound", "0.5", "--steps", "4",
                   "--class", "each", "-m", folder / f"{whole}.safetensors", "-o", path]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        return
    with safe_open(folder / f"{whole}.safetensors", "pt") as file:
        tensors = {key: file.get_tensor(key).to(torch.bfloat16) for key in file.keys()}
        save_file(tensors, path, metadata=file.metadata())


@torch.no_grad()
def reference(name: str) -> str:
    """E[X | x_t] of some rows at each time, each row of a class of its own."""
    network, shape = made(name)
    classes, rows = network.classes, 3
    denoiser = KarrasDenoiser(network, VPSchedule()).double()
    x = torch.from_numpy(2 * hashed("x", rows * math.prod(shape))).reshape(rows, *shape)
    label = torch.arange(rows) * 7 % (classes + 1) if classes else None
    told = {} if label is None else {"label": label}
    means = [denoiser(x, torch.full((rows,), t, dtype=torch.double), **told).mean for t in TIMES]
    return f'{{"{name}", {rows}, (const double[]){{{numbers(torch.stack(means))}}}}},'


def main() -> None:
    warnings.simplefilter("ignore")
    folder, *names = sys.argv[1:]
    (pathlib.Path(folder) / "files").mkdir(exist_ok=True)
    for name in names or (*SMALL, *CASES, *NARROW):
        (write_narrow if name in NARROW else write)(name, pathlib.Path(folder) / "files")
    if names:
        return
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("torch", "azula"))
    lines = [f"/* Made by tests/reference/networks.py with {versions}. */", "/* clang-format off */"]
    lines += [reference(name) for name in (*SMALL, *CASES)]
    (pathlib.Path(folder) / "references.inc").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
