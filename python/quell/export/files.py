# SPDX-License-Identifier: MIT
"""Writing a model's file: the weights by their names, and the description in the metadata."""

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from quell.export.check import compare
from quell.export.describe import describe

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def write(
    stored: Mapping[str, Tensor],
    path: str | os.PathLike[str],
    metadata: dict[str, str],
    check: Callable[[str], object],
) -> None:
    """Writes a .safetensors file that has its name when it is complete and check() of its temporary
    name has passed, and the mode that open() would leave: that of the file it replaces, or what the
    umask allows."""
    target = os.path.realpath(path)
    temporary = os.path.join(os.path.dirname(target), f".quell-{secrets.token_hex(8)}.safetensors")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        there = target if os.path.exists(target) else temporary
        mode = os.stat(there).st_mode & 0o7777
        save_file(dict(stored), temporary, metadata=metadata)  # which makes it 0600
        check(temporary)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _stored(
    weights: Mapping[str, Tensor], description: Mapping[str, Any], dtype: torch.dtype
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a file."""
    if dtype not in DTYPES:
        raise ValueError(f"quell.export: dtype {dtype} must be float32, float16 or bfloat16")
    stored = {name: w.detach().cpu().to(dtype).contiguous() for name, w in weights.items()}
    for name, w in stored.items():
        if not torch.isfinite(w).all():
            raise ValueError(f"quell.export: {name} is not finite as {dtype}")
    return stored, {"quell": json.dumps({"kind": "network", **description})}


def export_weights(
    weights: Mapping[str, Tensor],
    path: str | os.PathLike[str],
    description: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Writes a state_dict with its description (docs/networks.md) to `path`, a .safetensors file.

    Arguments:
        weights: The tensors by the names that the description's architecture gives them.
        path: Where the file goes.
        description: What the tensors are; "kind" is "network" if left out.
        dtype: How they are stored: torch.float32, float16 or bfloat16.

    Raises:
        ValueError: For another dtype, or a weight that is not finite once stored.
    """
    stored, metadata = _stored(weights, description, dtype)
    write(stored, path, metadata, lambda name: None)


def export(
    model: nn.Module,
    path: str | os.PathLike[str],
    shape: Sequence[int],
    dtype: torch.dtype = torch.float32,
    most: float = 1e-4,
    **fields: Any,
) -> None:
    """Writes an azula denoiser, or a backbone alone, as a model of quell's.

    Arguments:
        model: azula's SimpleDenoiser or KarrasDenoiser around a ResidualMLP, or around a DiT, ViT
            or UNet within Conditioned (quell.export.modules); or such a backbone.
        path: Where the .safetensors file goes.
        shape: The shape of one sample, as [2] or [channels, height, width].
        dtype: How the weights are stored: torch.float32, float16 or bfloat16.
        most: The largest difference from PyTorch allowed (check).
        fields: Further fields of the description, as image=True or comment="..."; for a backbone
            alone, schedule="vp", output="eps" and the like.

    Raises:
        TypeError: The model or its schedule is of a kind that quell does not have.
        ValueError: It has an option that quell does not have, or what quell makes of it differs
            from PyTorch by more than `most`. No file is then written.
    """
    description, module = describe(model, shape, **fields)
    stored, metadata = _stored(module.state_dict(), description, dtype)
    write(stored, path, metadata, lambda name: compare(model, name, description, most=most))
