# SPDX-License-Identifier: MIT
"""How diffusers' networks are called: for each class the shape of a sample, the inputs beside x and
the time, and the call."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from quell.errors import BadArgument, Unsupported

TOKENS = 77  # of a text that is encoded by CLIP


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the caller says of a network's conditions.

    Attributes:
        tokens: The number of tokens of a text.
        sizes: The number of numbers that a network of SDXL is told as `sizes`; None: not said.
    """

    tokens: int = TOKENS
    sizes: int | None = None


@dataclasses.dataclass
class Network:
    """A network in the form that quell.export takes. `channels` are those of x; what the network
    returns beyond them is a learned variance.

    Attributes:
        shape: The shape of a sample.
        call: call(network, x, t, **inputs) -> output.
        inputs: An example of each input beside x and the time, for one sample.
        classes, no_class: As in quell.export.
    """

    shape: tuple[int, ...]
    call: Callable[..., Any]
    inputs: dict[str, Tensor] = dataclasses.field(default_factory=dict)
    classes: int = 0
    no_class: int | None = None


def _refuse(net: nn.Module, field: str) -> None:
    value = getattr(net, "config", {}).get(field)
    raise Unsupported(
        f"quell.export.from_diffusers: {type(net).__name__}: {field}={value!r}: not known here: "
        "wrap the network in a module and call quell.export"
    )


def check_asked(net: Any, about: Network, tokens: int, sizes: int | None) -> None:
    """Refuses numbers of what the network does not take."""
    own = ("tokens", tokens != TOKENS, "text"), ("sizes", sizes is not None, "sizes")
    for name, given, needed in own:
        if given and needed not in about.inputs:
            raise BadArgument(
                f"quell.export.from_diffusers: {name}: has no effect: {type(net).__name__}, as it "
                f"is configured, takes no {needed}"
            )


def _only(net: nn.Module, field: str, *values: Any) -> None:
    if getattr(net, "config", {}).get(field) not in values:
        _refuse(net, field)


def _sides(net: Any, dims: int = 2) -> tuple[int, ...]:
    size = net.config.sample_size
    if size is None:
        raise Unsupported(
            f"quell.export.from_diffusers: {type(net).__name__}: its configuration has no "
            "sample_size: give the shape of a sample, shape=(channels, height, width)"
        )
    return tuple(size) if isinstance(size, (list, tuple)) else (int(size),) * dims


def _further_channels(net: Any, inputs: dict[str, Tensor], sides: tuple[int, ...]) -> int:
    """Returns the number of x's channels. Those that a network takes beyond what it returns are
    those of a condition, an image that stands behind x."""
    given, made = net.config.in_channels, net.config.out_channels
    if made < given:
        inputs["image"] = torch.randn(given - made, *sides)
        return int(made)
    return int(given)


def _with_image(x: Tensor, given: dict[str, Any]) -> Tensor:
    image = given.pop("image", None)
    return x if image is None else torch.cat([x, image], 1)


def _labels(net: Any) -> dict[str, Any]:
    count = net.config.get("num_class_embeds")
    return {} if count is None else {"classes": int(count)}


def unet2d(net: Any, asked: Asked) -> Network:
    inputs: dict[str, Tensor] = {}
    sides = _sides(net)
    channels = _further_channels(net, inputs, sides)
    kind = net.config.get("class_embed_type")
    if kind not in (None, "identity"):
        _refuse(net, "class_embed_type")
    if kind == "identity":
        inputs["label"] = torch.randn(4 * net.config.block_out_channels[0])

    def call(net: Any, x: Tensor, t: Tensor, **given: Any) -> Any:
        x = _with_image(x, given)
        label = given.get("class_", given.get("label"))
        return net(x, t, class_labels=label).sample

    classes = {} if kind else _labels(net)
    return Network((channels, *sides), call, inputs, **classes)


def unet2d_condition(net: Any, asked: Asked) -> Network:
    config = net.config
    _only(net, "encoder_hid_dim_type", None)
    _only(net, "addition_embed_type", None, "text_time")
    _only(net, "class_embed_type", None, "projection", "simple_projection")
    inputs = {"text": torch.randn(asked.tokens, _one_of(net, config.cross_attention_dim))}
    sides = _sides(net)
    channels = _further_channels(net, inputs, sides)
    if config.addition_embed_type == "text_time":
        sizes = _sizes(net, asked)
        wide = config.projection_class_embeddings_input_dim - sizes * config.addition_time_embed_dim
        inputs |= {"pooled_text": torch.randn(wide), "sizes": torch.rand(sizes) * 1000}
    if config.class_embed_type:
        inputs["label"] = torch.randn(config.projection_class_embeddings_input_dim)
    if config.time_cond_proj_dim is not None:
        inputs["guidance"] = torch.randn(config.time_cond_proj_dim)

    def call(net: Any, x: Tensor, t: Tensor, **given: Any) -> Any:
        x = _with_image(x, given)
        added = {"text_embeds": given.get("pooled_text"), "time_ids": given.get("sizes")}
        return net(
            x,
            t,
            encoder_hidden_states=given["text"],
            class_labels=given.get("class_", given.get("label")),
            timestep_cond=given.get("guidance"),
            added_cond_kwargs=added if "sizes" in given else None,
        ).sample

    classes = {} if config.class_embed_type else _labels(net)
    return Network((channels, *sides), call, inputs, **classes)


def _sizes(net: Any, asked: Asked) -> int:
    """How many sizes a network of SDXL is told: 6, or 5 of the refiner, whose text is its pooled
    text's encoder's, so that both have one width."""
    if asked.sizes is not None:
        return asked.sizes
    config = net.config
    wide = config.projection_class_embeddings_input_dim - 5 * config.addition_time_embed_dim
    if wide == config.cross_attention_dim:
        raise Unsupported(
            f"quell.export.from_diffusers: {type(net).__name__}: its pooled text has {wide} "
            "numbers beside 5 sizes, as SDXL's refiner, or fewer beside 6: say sizes=5 or sizes=6"
        )
    return 6


def _one_of(net: nn.Module, sizes: Any) -> int:
    """One size for all blocks."""
    if isinstance(sizes, (list, tuple)):
        if len(set(sizes)) > 1:
            _refuse(net, "cross_attention_dim")
        return int(sizes[0])
    return int(sizes)


def unet3d_condition(net: Any, asked: Asked) -> Network:
    inputs = {"text": torch.randn(asked.tokens, _one_of(net, net.config.cross_attention_dim))}
    shape = (net.config.in_channels, 16, *_sides(net))
    return Network(
        shape, lambda net, x, t, text: net(x, t, encoder_hidden_states=text).sample, inputs
    )


def unet1d(net: Any, asked: Asked) -> Network:
    shape = (net.config.in_channels, *_sides(net, 1))
    return Network(shape, lambda net, x, t: net(x, t).sample)


def dit(net: Any, asked: Asked) -> Network:
    _only(net, "norm_type", "ada_norm_zero")
    count = int(net.config.num_embeds_ada_norm)
    return Network(
        (net.config.in_channels, *_sides(net)),
        lambda net, x, t, class_: net(x, timestep=t, class_labels=class_).sample,
        classes=count,
        no_class=count,
    )


def _text(tokens: int, width: int) -> dict[str, Tensor]:
    """A text that is padded to its tokens, with a mask of ones where it is not; of one token there
    is nothing to mask."""
    mask = torch.ones(tokens)
    mask[(tokens + 1) // 2 :] = 0
    made = {"text": torch.randn(tokens, width)}
    return made if tokens == 1 else made | {"text_mask": mask}


def pixart(net: Any, asked: Asked) -> Network:
    inputs = _text(asked.tokens, net.config.caption_channels)
    sizes = bool(getattr(net, "use_additional_conditions", False))
    if sizes:
        inputs |= {"resolution": torch.rand(2) * 1000, "aspect_ratio": torch.rand(1) + 0.5}

    def call(net: Any, x: Tensor, t: Tensor, text: Tensor, **given: Any) -> Any:
        added = {name: given.get(name) for name in ("resolution", "aspect_ratio")}
        mask = given.get("text_mask")
        return net(
            x,
            encoder_hidden_states=text,
            encoder_attention_mask=mask,
            timestep=t,
            added_cond_kwargs=added,
        ).sample

    return Network((net.config.in_channels, *_sides(net)), call, inputs)


def sd3(net: Any, asked: Asked) -> Network:
    inputs = {
        "text": torch.randn(asked.tokens, net.config.joint_attention_dim),
        "pooled_text": torch.randn(net.config.pooled_projection_dim),
    }
    return Network(
        (net.config.in_channels, *_sides(net)),
        lambda net, x, t, text, pooled_text: (
            net(x, encoder_hidden_states=text, pooled_projections=pooled_text, timestep=t).sample
        ),
        inputs,
    )


def sana(net: Any, asked: Asked) -> Network:
    _only(net, "guidance_embeds", None, False)
    inputs = _text(asked.tokens, net.config.caption_channels)
    factor = getattr(net.config, "timestep_scale", 1.0)

    def call(net: Any, x: Tensor, t: Tensor, text: Tensor, **given: Any) -> Any:
        mask = given.get("text_mask")
        return net(
            x, encoder_hidden_states=text, encoder_attention_mask=mask, timestep=t * factor
        ).sample

    return Network((net.config.in_channels, *_sides(net)), call, inputs)


NETWORKS: dict[str, Callable[[Any, Asked], Network]] = {
    "DiTTransformer2DModel": dit,
    "PixArtTransformer2DModel": pixart,
    "SD3Transformer2DModel": sd3,
    "SanaTransformer2DModel": sana,
    "Transformer2DModel": dit,
    "UNet1DModel": unet1d,
    "UNet2DConditionModel": unet2d_condition,
    "UNet2DModel": unet2d,
    "UNet3DConditionModel": unet3d_condition,
}


class Decoder(nn.Module):
    """A decoder as a pipeline calls it: of latents that were scaled for the network. The frames of
    a video are decoded one by one.

    Arguments:
        reads: The fields of the decoder's configuration by which the pipeline scales them back.
        scale: The scaling factor, if it is not that of the configuration.
    """

    def __init__(self, vae: Any, reads: Sequence[str], scale: float | None = None) -> None:
        super().__init__()
        self.vae = vae
        told = {name: vae.config.get(name) for name in reads}
        if told.get("latents_mean") is None or told.get("latents_std") is None:
            told |= {"latents_mean": None, "latents_std": None}  # the pipeline wants both
        scale = scale or told.get("scaling_factor") or 1.0
        self.register_buffer("scale", _per_channel(told["latents_std"], 1.0) / scale)
        shift = told.get("shift_factor") or 0.0
        self.register_buffer("shift", _per_channel(told["latents_mean"], 0.0) + shift)

    def forward(self, x: Tensor) -> Any:
        x = x * _along(self.scale, x) + _along(self.shift, x)
        if x.ndim != 5:
            return self.vae.decode(x).sample
        made = self.vae.decode(x.transpose(1, 2).flatten(0, 1)).sample
        return made.unflatten(0, (x.shape[0], x.shape[2])).transpose(1, 2)


def _per_channel(values: Any, default: float) -> Tensor:
    return torch.tensor([default] if values is None else list(values), dtype=torch.float32)


def _along(line: Any, x: Tensor) -> Tensor:
    made: Tensor = line.reshape(-1, *[1] * (x.ndim - 2))
    return made


DECODERS = ("AutoencoderKL", "AutoencoderTiny", "AutoencoderDC", "AutoencoderOobleck", "VQModel")
