# SPDX-License-Identifier: MIT
"""Writing a model's file: the weights by their names, and the description in the metadata."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from quell._numbers import real
from quell._said import said
from quell._whole import write
from quell.architectures.check import compare
from quell.architectures.describe import describe

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


def _tensor(weight: Any, name: str, dtype: torch.dtype) -> Tensor:
    """Returns a weight in the form in which it is stored."""
    if not isinstance(weight, Tensor) or weight.is_complex():
        kind = "complex" if isinstance(weight, Tensor) else said(weight)
        raise TypeError(f"quell.architectures: {name}: {kind}, must be a tensor of real numbers")
    if weight.device.type == "meta":
        raise ValueError(f"quell.architectures: {name}: is on the device meta, without values")
    made = weight.detach().cpu().to(dtype).contiguous()
    if not torch.isfinite(made).all():
        raise ValueError(f"quell.architectures: {name} is not finite as {dtype}")
    return made


def _field(name: str, value: Any) -> Any:
    """A field of the description, as JSON has it."""
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False)
        return json.loads(written.encode())
    except (TypeError, ValueError, RecursionError):
        wrong = f"quell.architectures: {name}: {said(value)}, must be what JSON has"
        raise TypeError(wrong) from None


def _stored(
    weights: Mapping[str, Tensor], description: Mapping[str, Any], dtype: torch.dtype
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Returns the tensors and the metadata of a file. Shared weights are stored twice."""
    for what, given in (("weights", weights), ("description", description)):
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            must = "must be a dict whose keys are str"
            raise TypeError(f"quell.architectures: {what}: {said(given)}, {must}")
    if not any(dtype is one for one in DTYPES):
        wrong = f"dtype: {dtype}, must be float32, float16 or bfloat16"
        raise ValueError(f"quell.architectures: {wrong}")
    fields = {name: _field(name, value) for name, value in description.items()}
    stored, seen = {}, set()
    for name, weight in weights.items():
        made = _tensor(weight, name, dtype)
        place = made.untyped_storage().data_ptr()
        stored[name] = made.clone() if place in seen else made
        seen.add(place)
    return stored, {"quell": json.dumps({"kind": "network", **fields})}


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
    """Writes an azula denoiser, or only a backbone, as a model for quell.

    Arguments:
        model: azula's SimpleDenoiser or KarrasDenoiser around a ResidualMLP, or around a DiT, ViT
            or UNet within Conditioned (quell.architectures.modules); or such a backbone.
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
    if not real(most, "most") > 0:
        raise ValueError(f"most: {most}, must be above 0")
    description, module = describe(model, shape, **fields)
    stored, metadata = _stored(module.state_dict(), description, dtype)
    write(stored, path, metadata, lambda name: compare(model, name, description, most=most))
