# SPDX-License-Identifier: MIT
"""What diffusers' pipelines do beside their network, by their classes: two pipelines with networks
of one shape may call them differently, so that a class which was not read is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from quell._said import said
from quell.diffusers.fields import CLASSES
from quell.errors import BadArgument, Unsupported

WHO = "quell.export.from_diffusers"

_SCALED = ("scaling_factor",)


@dataclasses.dataclass(frozen=True)
class Rule:
    """What the __call__ and the __init__ of a pipeline do (diffusers 0.42).

    Attributes:
        networks: The classes of the network that it can have.
        image: Whether channels of an image stand behind x; where not, the network takes as many
            channels as x has.
        decode: The fields of the decoder's configuration by which latents are scaled back.
        scale: The scaling factor that the pipeline takes whatever the configuration says.
        scales: Whether x is scaled for schedulers whose states are X + sigma Z; where not, such
            a scheduler makes no samples.
        scheduler: The class to which the pipeline turns its scheduler.
        amended: Fields of the scheduler that the pipeline sets as it is loaded.
        enlarged: Whether the pipeline takes a sample_size below 64 of a network that was saved
            before diffusers 0.9 for 64.
    """

    networks: tuple[str, ...]
    image: bool = False
    decode: tuple[str, ...] = _SCALED
    scale: float | None = None
    scales: bool = True
    scheduler: str | None = None
    amended: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    enlarged: bool = False


_UNET, _TEXT = ("UNet2DModel",), ("UNet2DConditionModel",)
_DIT, _PIXART = ("DiTTransformer2DModel", "Transformer2DModel"), ("PixArtTransformer2DModel",)

RULES = {
    "DDIMPipeline": Rule(_UNET, scheduler="DDIMScheduler"),
    "DDPMPipeline": Rule(_UNET, scales=False),
    "DanceDiffusionPipeline": Rule(("UNet1DModel",), scales=False),
    "DiTPipeline": Rule(_DIT, scales=False),
    "LDMPipeline": Rule(_UNET),
    "LDMSuperResolutionPipeline": Rule(_UNET, image=True, decode=(), scales=False),
    "LDMTextToImagePipeline": Rule(_TEXT, scales=False),
    "LatentConsistencyModelPipeline": Rule(_TEXT, scales=False),
    "PNDMPipeline": Rule(_UNET, scheduler="PNDMScheduler"),
    "PixArtAlphaPipeline": Rule(_PIXART),
    "PixArtSigmaPipeline": Rule(_PIXART),
    "SanaPipeline": Rule(("SanaTransformer2DModel",), scales=False),
    "StableDiffusion3Pipeline": Rule(
        ("SD3Transformer2DModel",), decode=(*_SCALED, "shift_factor"), scales=False
    ),
    "StableDiffusionImageVariationPipeline": Rule(_TEXT, enlarged=True),
    "StableDiffusionInpaintPipeline": Rule(
        _TEXT, image=True, amended={"steps_offset": 1, "skip_prk_steps": True}, enlarged=True
    ),
    "StableDiffusionInstructPix2PixPipeline": Rule(_TEXT, image=True),
    "StableDiffusionPipeline": Rule(
        _TEXT, amended={"steps_offset": 1, "clip_sample": False}, enlarged=True
    ),
    "StableDiffusionUpscalePipeline": Rule(_TEXT, image=True, scale=0.08333),
    "StableDiffusionXLPipeline": Rule(_TEXT, decode=(*_SCALED, "latents_mean", "latents_std")),
    "StableUnCLIPImg2ImgPipeline": Rule(_TEXT),
    "StableUnCLIPPipeline": Rule(_TEXT),
    "TextToVideoSDPipeline": Rule(("UNet3DConditionModel",)),
}

# The schedulers whose states are X + sigma Z, and are scaled for the network.
_IN_SIGMA = (
    "CosineDPMSolverMultistep",
    "DPMSolverSDE",
    "EDMDPMSolverMultistep",
    "EDMEuler",
    "EulerAncestralDiscrete",
    "EulerDiscrete",
    "HeunDiscrete",
    "KDPM2AncestralDiscrete",
    "KDPM2Discrete",
    "LMSDiscrete",
)


def rule_of(kind: Any) -> Rule:
    """Returns the rule of a pipeline's class.

    Raises:
        Unsupported: There is none.
    """
    made = RULES.get(kind) if isinstance(kind, str) else None
    if made is None:
        name = kind if isinstance(kind, str) and kind.isidentifier() else said(kind)
        raise Unsupported(
            f"{WHO}: the pipeline {name} is not known here, as {', '.join(RULES)} are: wrap its "
            "network in a module that calls it as the pipeline does, and call quell.export; or "
            'network="unet" (its name in the pipeline) takes the network alone'
        )
    return made


def check_network(kind: str, rule: Rule, net: Any) -> None:
    """Refuses a network that the pipeline calls in another way than its class of networks."""
    name, config = type(net).__name__, net.config
    if name not in rule.networks:
        raise Unsupported(
            f"{WHO}: {kind} with a {name} is not known here, as with {' or '.join(rule.networks)}"
        )
    given, made = config.get("in_channels"), config.get("out_channels")
    if given is None or made is None:
        return
    if rule.image and made >= given:
        raise Unsupported(
            f"{WHO}: {kind}: its network has {given} channels and takes no image, which the "
            f'pipeline then puts into x after each step: network="unet" takes the network alone'
        )
    if not rule.image and made < given:
        raise BadArgument(
            f"{WHO}: {kind}: its network takes {given} channels and returns {made}, must be as "
            f'many, since the pipeline gives it x alone: network="unet" takes the network alone'
        )


def of_pipeline(rule: Rule, kind: str, config: dict[str, Any], loaded: bool) -> dict[str, Any]:
    """Returns the configuration of the pipeline's own scheduler, as the pipeline has it.

    Arguments:
        loaded: Whether the pipeline's __init__ has been run on it.
    """
    made = dict(config)
    if not loaded:
        made["_class_name"] = rule.scheduler or made.get("_class_name")
    name = str(made.get("_class_name")).removesuffix("Scheduler")
    if not loaded:
        made |= {field: v for field, v in rule.amended.items() if field in CLASSES.get(name, {})}
    if not rule.scales and name in _IN_SIGMA:
        raise Unsupported(
            f"{WHO}: {kind} does not scale x as {name}Scheduler wants it, so that it makes no "
            "samples: scheduler=... takes another"
        )
    return made


def enlarged(rule: Rule, net: Any) -> bool:
    """Whether the pipeline takes the network's samples for ones of 64 x 64."""
    size, version = net.config.get("sample_size"), net.config.get("_diffusers_version")
    if not rule.enlarged or not isinstance(size, int) or size >= 64 or not version:
        return False
    first, second, *_ = (*str(version).split("."), "0")
    return first == "0" and second.isdigit() and int(second) < 9
