# SPDX-License-Identifier: MIT
"""Reads the fields of a description (docs/networks.md) from a module. What quell does not know is
refused by a TypeError or a ValueError that names it."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from azula import noise
from azula.denoise import KarrasDenoiser, SimpleDenoiser
from azula.nn.dit import DiT
from azula.nn.layers import LayerNorm, ReLU2, RMSNorm, SineEncoding, SwiGLU
from azula.nn.unet import UNet, UNetBlock
from azula.nn.vit import ViT
from torch import nn

from quell import _torch
from quell._inputs import extents_of
from quell._said import one_line, said
from quell.architectures.modules import Conditioned, Conditioning, MLPBlock, ResidualMLP
from quell.architectures.unchanged import check_unchanged
from quell.noise import Schedule

Fields = dict[str, Any]

ACTIVATIONS = {nn.ReLU: "relu", ReLU2: "relu2", nn.SiLU: "silu", nn.GELU: "gelu", SwiGLU: "swiglu"}
SCHEDULES = {  # azula's classes: quell's names and their options
    noise.VPSchedule: ("vp", ("alpha_min", "sigma_min")),
    noise.VESchedule: ("ve", ("sigma_min", "sigma_max")),
    noise.CosineSchedule: ("cosine", ("alpha_min", "sigma_min")),
    noise.RectifiedSchedule: ("rectified", ("alpha_min", "sigma_min")),
    noise.DecaySchedule: ("decay", ("alpha_min", "sigma_min", "gamma")),
}
PRECONDITIONS = {
    SimpleDenoiser: "simple",
    _torch.SimpleDenoiser: "simple",
    KarrasDenoiser: "karras",
    _torch.KarrasDenoiser: "karras",
}


def refuse(wrong: bool, reason: str) -> None:
    if wrong:
        raise ValueError(f"quell.architectures: {reason}")


def plain(module: Any, kind: type, name: str) -> Any:
    """Returns the module, which must have exactly this class: a subclass may do something else."""
    if type(module) is not kind:
        raise TypeError(f"quell.architectures: {name}: {said(module)}, must be a {kind.__name__}")
    return module


def schedule_text(schedule: Any) -> str:
    """Returns the spec of the schedule, "vp:alpha_min=0.001,sigma_min=0.001"."""
    if isinstance(schedule, Schedule) and schedule.spec is not None:
        return schedule.spec
    if type(schedule) not in SCHEDULES:
        kind = type(schedule).__name__
        raise TypeError(f"quell.architectures: the schedule {kind} is not azula's own")
    name, options = SCHEDULES[type(schedule)]
    return name + ":" + ",".join(f"{o}={float(getattr(schedule, o))!r}" for o in options)


def activation(module: nn.Module) -> str:
    refuse(type(module) not in ACTIVATIONS, f"the activation {module} is not known")
    refuse(getattr(module, "approximate", "none") != "none", "GELU's approximation is not known")
    return ACTIVATIONS[type(module)]


def conditioning(module: Conditioning) -> Fields:
    plain(module.encoding, SineEncoding, "encoding")
    plain(module.time, nn.Sequential, "time")
    for i, kind in enumerate((nn.Linear, nn.SiLU, nn.Linear)):
        plain(module.time[i], kind, f"time.{i}")
    if module.classes:
        plain(module.label, nn.Embedding, "label")
    return {
        "time_features": module.encoding.features,
        "time_omega": module.encoding.omega,
        "mod_features": module.time[0].out_features,
        **({"classes": module.classes} if module.classes else {}),
    }


def mlp(net: ResidualMLP, shape: Sequence[int]) -> Fields:
    dim = plain(net.in_proj, nn.Linear, "in_proj").in_features
    plain(net.out_proj, nn.Linear, "out_proj")
    size = math.prod(shape)
    refuse(size != dim, f"shape: {size} elements, the MLP has {dim} elements")
    refuse(not len(net.blocks), "blocks: there is none")
    blocks: list[Any] = list(net.blocks)
    for i, block in enumerate(blocks):
        plain(block, MLPBlock, f"blocks.{i}")
        for name in ("in_proj", "mod_proj", "out_proj"):
            plain(getattr(block, name), nn.Linear, f"blocks.{i}.{name}")
    kinds = {activation(block.activation) for block in blocks}
    refuse(len(kinds) > 1, f"activation: blocks with {' and '.join(sorted(kinds))}, must be one")
    hidden = net.in_proj.out_features
    return {"hidden": hidden, "blocks": len(blocks), "activation": kinds.pop()}


def transformer(net: DiT) -> Fields:
    plain(net.in_proj, nn.Linear, "net.in_proj")
    plain(net.out_proj, nn.Linear, "net.out_proj")
    refuse(not len(net.blocks), "net.blocks: there is none")
    refuse(net.in_proj.in_features != net.out_proj.out_features, "input and output channels differ")
    block, hidden = net.blocks[0], net.in_proj.out_features
    return {
        "hid_channels": hidden,
        "hid_blocks": len(net.blocks),
        "attention_heads": block.msa.heads,
        "qkv_bias": block.msa.qkv_proj.bias is not None,
        "qk_norm": not isinstance(block.msa.qk_norm, nn.Identity),
        "rope": block.msa.theta_proj is not None,
        "ffn_factor": block.ffn[0].out_features // hidden,
        "ffn_activation": activation(block.ffn[1]),
    }


def dit(net: DiT, shape: Sequence[int]) -> Fields:
    channels = plain(net.in_proj, nn.Linear, "net.in_proj").in_features
    refuse(len(shape) != 2, f"shape: {list(shape)}, must be [tokens, channels] for a DiT")
    refuse(channels != shape[1], f"shape: {shape[1]} channels, the DiT has {channels}")
    return transformer(net)


def vit(net: ViT, shape: Sequence[int]) -> Fields:
    patch = list(net.patch.axes_lengths.values())
    refuse(patch != list(net.unpatch.axes_lengths.values()), "unpatch_size is not patch_size")
    channels = net.in_proj.in_features // math.prod(patch)
    spatial_shape(net.spatial, channels, shape)
    return {"spatial": net.spatial, "patch_size": patch, **transformer(net)}


def norm(block: UNetBlock) -> Fields:
    if isinstance(block.norm, nn.GroupNorm):
        return {"norm": "group", "groups": block.norm.num_groups}
    return {"norm": {LayerNorm: "layer", RMSNorm: "rms"}[type(block.norm)]}


def unet(net: UNet, shape: Sequence[int]) -> Fields:
    first, last = net.descent[0][0], net.ascent[-1][-1]
    kernel, depths = list(first.kernel_size), list(net.descent)
    refuse(hasattr(net, "bottleneck"), "a UNet with a bottleneck is not known")
    refuse(first.in_channels != last.out_channels, "input and output channels differ")
    spatial_shape(len(kernel), first.in_channels, shape)
    blocks = [block for depth in depths for block in depth if isinstance(block, UNetBlock)]
    fields = {
        "spatial": len(kernel),
        "hid_channels": [depth[0].out_channels for depth in depths],
        "hid_blocks": [len(depth) - 1 for depth in depths],
        "kernel_size": kernel,
        "stride": list(depths[1][0].stride) if len(depths) > 1 else 2,
        "periodic": first.padding_mode == "circular",
    }
    if blocks:
        ffn = blocks[0].ffn
        fields |= norm(max(blocks, key=lambda block: block.ffn[0].in_channels))
        fields["ffn_factor"] = ffn[0].out_channels // ffn[0].in_channels
    return fields


def spatial_shape(spatial: int, channels: int, shape: Sequence[int]) -> None:
    """Refuses a shape other than [channels, size...], or [size...] for one channel."""
    good = len(shape) == spatial + 1 and shape[0] == channels
    refuse(
        not good and not (len(shape) == spatial and channels == 1),
        f"shape: {list(shape)}, must be [{channels}, and then {spatial} sizes]",
    )


ARCHITECTURES: dict[type, tuple[str, Callable[..., Fields]]] = {
    DiT: ("dit", dit),
    ViT: ("vit", vit),
    UNet: ("unet", unet),
}


def backbone(module: nn.Module, shape: Sequence[int]) -> Fields:
    """Returns the fields of a ResidualMLP, or of a DiT, ViT or UNet inside Conditioned."""
    if type(module) is ResidualMLP:
        return {"architecture": "mlp", **conditioning(module), **mlp(module, shape)}
    if type(module) is not Conditioned or type(module.net) not in ARCHITECTURES:
        raise TypeError(
            f"quell.architectures: a {type(module).__name__} is not known: the backbone must be a "
            "ResidualMLP, or Conditioned around azula's DiT, ViT or UNet"
        )
    name, read = ARCHITECTURES[type(module.net)]
    return {"architecture": name, **conditioning(module), **read(module.net, shape)}


def describe(model: nn.Module, shape: Sequence[int], **fields: Any) -> tuple[Fields, nn.Module]:
    """The description of a model, and its backbone.

    Arguments:
        model: azula's SimpleDenoiser or KarrasDenoiser, or a backbone alone.
        shape: The shape of one sample.
        fields: What the model does not say, as image=True; for a backbone alone also schedule,
            output and precondition.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: {said(model)}, must be a network or a denoiser of PyTorch's")
    shape = extents_of(shape, "the sizes of one sample, as [2] or [channels, height, width]")
    refuse(not shape or not all(shape), f"shape: {list(shape)}, must be sizes from 1 on")
    check_unchanged(model)
    own: Fields = {"kind": "network", "shape": list(shape)}
    module: Any = model
    if type(model) in PRECONDITIONS:
        module = model.backbone
        own |= {
            "output": "x0",
            "precondition": PRECONDITIONS[type(model)],
            "schedule": schedule_text(model.schedule),
        }
    try:
        own |= backbone(module, shape)
    except (AttributeError, IndexError, KeyError, TypeError) as error:  # a part of another class
        if str(error).startswith("quell.architectures: "):
            raise
        what = f"a {type(module).__name__} that is not built as its class builds it"
        raise TypeError(f"quell.architectures: model: {what}: {one_line(error)}") from None
    twice = sorted(set(own) & set(fields))
    refuse(bool(twice), f"the model itself says {', '.join(twice)}")
    return own | fields, module
