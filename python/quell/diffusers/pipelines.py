# SPDX-License-Identifier: MIT
"""quell.export.from_diffusers: a pipeline of diffusers, from memory or from its folder on disk, as
a file that quell draws samples from."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from quell import diffusers as schedulers
from quell._inputs import extents_of
from quell._numbers import path_of, whole
from quell._said import said
from quell.diffusers import Setup, levels, networks, times
from quell.diffusers.classes import WHO, Rule, check_network, enlarged, of_pipeline, rule_of
from quell.diffusers.fields import Fields, read
from quell.diffusers.networks import DECODERS, NETWORKS, TOKENS, Asked, Decoder, Network
from quell.errors import BadArgument, Unsupported
from quell.programs.exporter import export

NAMES = ("unet", "transformer")
DECODER_NAMES = ("vae", "vqvae", "movq")


@dataclasses.dataclass
class _Parts:
    """What is taken of a pipeline.

    Attributes:
        net, coder: The network, and the decoder or None.
        scheduler: The scheduler's configuration.
        kind, rule: The pipeline's class and what it does; None for a network alone.
        sizes: How many sizes the pipeline tells its network, if it says so.
    """

    net: Any
    coder: Any
    scheduler: dict[str, Any]
    kind: str = ""
    rule: Rule | None = None
    sizes: int | None = None


@dataclasses.dataclass(frozen=True)
class Exported:
    """A pipeline that was exported.

    Attributes:
        path: The file.
        difference: The largest difference between quell and PyTorch in float64, relative to the
            largest output.
        scheduler: The configuration of the pipeline's scheduler.
    """

    path: str
    difference: float
    scheduler: dict[str, Any]

    def setup(self, steps: int | None = None, **told: Any) -> Setup:
        """Returns the scheduler's sampler and levels of noise (quell.from_diffusers).

        Raises:
            Unsupported: See quell.from_diffusers; or the network gets times that a file cannot say.
        """
        made = schedulers.from_diffusers(self.scheduler, steps, **told)
        if told.get("strict", True):
            times.check_of_file(made.name, made.time)
        return made

    def command(self, steps: int | None = None, **told: Any) -> str:
        """Returns the command that draws samples as the pipeline does with that many steps."""
        return shlex.join(
            ["quell", "sample", "--model", self.path, *self.setup(steps, **told).options()]
        )


def from_diffusers(
    pipeline: Any,
    path: str | os.PathLike[str],
    *,
    scheduler: Any = None,
    network: str | None = None,
    decode: bool = True,
    shape: Sequence[int] | None = None,
    classes: int | None = None,
    no_class: int | str | None = None,
    tokens: int = TOKENS,
    sizes: int | None = None,
    dtype: torch.dtype | None = None,
    fast: bool | float = False,
    **fields: Any,
) -> Exported:
    """Exports a pipeline of diffusers to a file that quell draws samples from: its network, and
    what its scheduler says of the schedule, of what the network returns and of its time; the
    classes, a learned variance, and the decoder of its latents. Nothing is downloaded.

        made = quell.export.from_diffusers("ddpm-cifar10-32", "cifar.safetensors")
        print(made.command(steps=50))

    Arguments:
        pipeline: A pipeline, or its folder on disk, as save_pretrained() writes it; or a network
            of diffusers, then with its scheduler.
        path: The .safetensors file to write.
        scheduler: Another scheduler than the pipeline's, its configuration, or a path to it.
        network: The name of a network in the pipeline: this network is then taken alone, without a
            decoder, and called as its class is, whatever the pipeline does beside it.
        decode: Whether the decoder of a latent model is exported as well.
        shape: The shape of a sample; by default that in the network's configuration.
        classes: The number of classes; by default that of the network's table, where each row is a
            class.
        no_class: What stands for "no class"; by default, what the class of networks says (see
            quell.export).
        tokens: The number of tokens of a text that is encoded.
        sizes: The number of numbers that a network of SDXL is told of sizes: by default 6, or what
            the pipeline says; the refiner's is 5.
        dtype: torch.float16 or torch.bfloat16: the type in which weights are stored.
        fast: Whether convolutions may be computed in tiles, which is faster and up to 4e-6 of the
            samples off (see quell.export). Without it they are diffusers' own to 1e-6 of them, but
            for what docs/from-diffusers.md names.
        fields: most (see quell.export), and further fields of the description, such as
            comment="...".

    Returns:
        What was exported, with the command that draws samples of it.

    Raises:
        Unsupported: The class of the pipeline, of the network or of the scheduler, or a field's
            value, is not known.
        ValueError: See quell.export.
    """
    parts = _parts(pipeline, scheduler, network)
    net, coder, rule = parts.net, parts.coder, parts.rule
    sizes = parts.sizes if sizes is None else whole(sizes, "sizes", 1)
    about = _network_of(net, Asked(whole(tokens, "tokens", 1), sizes))
    networks.check_asked(net, about, tokens, sizes if parts.sizes is None else None)
    if rule is not None:
        check_network(parts.kind, rule, net)
        if enlarged(rule, net):
            about.shape = (about.shape[0], 64, 64)
    if shape is not None:
        about.shape = extents_of(tuple(shape), "shape")
    if classes is not None:
        about.classes = classes
    if no_class is not None or classes is not None:
        about.no_class = no_class  # type: ignore[assignment]
    terms = _said(Fields(parts.scheduler, strict=False), about)
    example, names = _example(about, float(terms.pop("longest")))
    called = _Called(net, about.call, about.shape[0], terms)
    difference = export(
        called,
        path,
        example,
        names=names,
        classes=about.classes,
        no_class=about.no_class if about.classes else no_class,
        decode=_decoder_of(coder, rule) if decode and coder is not None and rule else None,
        dtype=dtype,
        fast=fast,
        **{name: value for name, value in terms.items() if name not in ("sign", "halves")},
        **fields,
    )
    return Exported(os.fsdecode(path_of(path, "path")), difference, parts.scheduler)


class _Called(nn.Module):
    """A network of diffusers, called as its pipeline calls it."""

    def __init__(self, net: nn.Module, call: Any, channels: int, terms: Mapping[str, Any]) -> None:
        super().__init__()
        self.net, self.call, self.channels = net, call, channels
        self.sign = -1 if terms.get("sign") == -1 else 1
        self.whole = terms.get("variance") == "learned_range"

    def forward(self, x: Tensor, t: Tensor, **given: Any) -> Tensor:
        made: Tensor = self.call(self.net, x, t, **given)
        made = made if self.whole or made.shape[1] == self.channels else made[:, : self.channels]
        return made if self.sign == 1 else -made


def _network_of(net: Any, asked: Asked) -> Network:
    kind = type(net).__name__
    if kind not in NETWORKS:
        raise Unsupported(
            f"{WHO}: the network {kind} is not known here, as {', '.join(NETWORKS)} are: call "
            "quell.export with an example of its call"
        )
    return NETWORKS[kind](net, asked)


def _decoder_of(coder: Any, rule: Rule) -> nn.Module:
    kind = type(coder).__name__
    if kind not in DECODERS:
        raise Unsupported(
            f"{WHO}: the decoder {kind} is not known here, as {', '.join(DECODERS)} are: take "
            "decode=False"
        )
    return Decoder(coder, rule.decode, rule.scale)


def _example(about: Network, longest: float) -> tuple[dict[str, Tensor], list[str]]:
    """Returns an example of a network's call, and the names of its inputs."""
    made = {
        "x": torch.randn(2, *about.shape),
        "t": torch.tensor([longest / 100, longest]),
    }
    names = ["x", "time"]
    if about.classes:
        made["class_"] = torch.tensor([0, about.classes - 1])
        names.append("class")
    made |= {name: torch.stack([one, one.flip(0)]) for name, one in about.inputs.items()}
    return made, [*names, *about.inputs]


def _said(fields: Fields, about: Network) -> dict[str, Any]:
    """What a scheduler says of the network: arguments of quell.export; the greatest time that the
    network is told, and the sign of what it returns."""
    train = int(fields.num_train_timesteps)
    if fields.name == "FlowMatchEulerDiscrete" or fields.get("use_flow_sigmas"):
        time = times.form_of(fields, None)
        return {"output": "flow", "schedule": "flow", "time": time, "longest": train}
    if fields.name == "CMStochasticIterative":
        raise Unsupported(
            f"{WHO}: {fields.name}: its network is a whole denoiser with an offset of sigma: wrap "
            'it in a module that returns E[X | x], and call quell.export with time="sigma"'
        )
    if fields.name in schedulers._EDM:
        return _said_by_edm(fields)
    table = levels.Table(fields)
    schedule = table.schedule.spec
    if schedule is None:
        raise Unsupported(
            f"{WHO}: {fields.name}: its table of betas has no name in quell, and a file names its "
            "schedule: call quell.export with the nearest schedule, and draw with the sampler of "
            "quell.from_diffusers"
        )
    variance = "learned_range" if fields.get("variance_type") == "learned_range" else "none"
    return {
        "output": schedulers._output(fields),
        "schedule": schedule,
        "time": times.form_of(fields, table),
        "longest": train - 1,
        "variance": variance,
    }


def _said_by_edm(fields: Fields) -> dict[str, Any]:
    low, high = float(fields.sigma_min), float(fields.sigma_max)
    cosine = fields.name == "CosineDPMSolverMultistep"
    schedulers._output(fields)
    return {
        "output": "x0",
        "precondition": "karras",
        "sigma_data": float(fields.sigma_data),
        "schedule": f"ve:sigma_min={low!r},sigma_max={high!r}",
        "time": "angle" if cosine else {"of": "log_sigma", "scale": 0.25},
        "longest": 1.0,
        "sign": -1 if fields.prediction_type == "v_prediction" else 1,
    }


# The parts of a pipeline.


def _parts(pipeline: Any, scheduler: Any, network: str | None) -> _Parts:
    """Returns the parts of a pipeline, of its folder, or of a network alone."""
    if isinstance(pipeline, (str, os.PathLike)):
        return _of_folder(os.fsdecode(path_of(pipeline, "pipeline")), scheduler, network)
    there = getattr(pipeline, "components", None)
    if not isinstance(there, Mapping):
        if not isinstance(pipeline, nn.Module):
            raise TypeError(
                f"{WHO}: pipeline: {said(pipeline)}, must be a pipeline, a network, or a folder"
            )
        if scheduler is None:
            raise TypeError(f"{WHO}: scheduler: must be given with a network alone")
        return _Parts(pipeline, None, read(scheduler))
    kind = type(pipeline).__name__
    rule = rule_of(kind) if network is None else None
    names, coders = (NAMES, DECODER_NAMES) if network is None else ((network,), ())
    net = next((there[name] for name in names if there.get(name) is not None), None)
    if net is None:
        raise BadArgument(f"{WHO}: the pipeline has no {' and no '.join(names)}: say network=NAME")
    coder = next((there[name] for name in coders if there.get(name) is not None), None)
    config = read(there.get("scheduler") if scheduler is None else scheduler)
    if scheduler is None and rule is not None:
        config = of_pipeline(rule, kind, config, loaded=True)
    coder = None if coder is None else _single(coder)
    sizes = _sizes_of(getattr(pipeline, "config", {}))
    return _Parts(_single(net), coder, config, kind, rule, sizes)


def _sizes_of(config: Any) -> int | None:
    """How many sizes a pipeline tells a network of SDXL, where its configuration says so."""
    told = config.get("requires_aesthetics_score") if isinstance(config, Mapping) else None
    return None if told is None else 5 if told else 6


def _single(net: nn.Module) -> nn.Module:
    """Returns a network in float32 on the CPU: itself, or a copy, as the pipeline is the user's."""
    weights = [*net.parameters(), *net.buffers()]
    types = {(w.dtype, w.device.type) for w in weights if w.is_floating_point()}
    return net if types <= {(torch.float32, "cpu")} else copy.deepcopy(net).float().cpu()


def _of_folder(folder: str, scheduler: Any, network: str | None) -> _Parts:
    index = _json(os.path.join(folder, "model_index.json"))
    if not index:
        net = _loaded(folder, _json(os.path.join(folder, "config.json")).get("_class_name"))
        if net is None:
            raise BadArgument(f"{WHO}: {folder}: has neither model_index.json nor config.json")
        return _Parts(net, None, read(_scheduler_of(folder) if scheduler is None else scheduler))
    kind = index.get("_class_name")
    rule = rule_of(kind) if network is None else None
    names, coders = (NAMES, DECODER_NAMES) if network is None else ((network,), ())
    net = _first_of(folder, index, names)
    if net is None:
        raise BadArgument(
            f"{WHO}: {folder}: model_index.json names no {' and no '.join(names)}: say "
            "network=NAME"
        )
    coder = _first_of(folder, index, coders)
    config = read(_scheduler_of(folder) if scheduler is None else scheduler)
    if scheduler is None:
        # diffusers loads the class that the index names, whatever the scheduler's file says.
        config["_class_name"] = _class_in(index, "scheduler") or config.get("_class_name")
        if rule is not None:
            config = of_pipeline(rule, str(kind), config, loaded=False)
    return _Parts(net, coder, config, str(kind), rule, _sizes_of(index))


def _class_in(index: Mapping[str, Any], name: str) -> Any:
    """Returns the class of a part, as model_index.json has it; None if there is none."""
    there = index.get(name)
    return there[1] if isinstance(there, list) and len(there) == 2 else None


def _first_of(folder: str, index: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Loads the first of these parts that there is."""
    for name in names:
        kind = _class_in(index, name)
        if kind is not None:
            return _loaded(_place(folder, name), kind)
    return None


def _place(folder: str, name: str) -> str:
    """Returns the folder of a part; of early pipelines all parts are in one."""
    inside = os.path.join(folder, name)
    return inside if os.path.isdir(inside) else folder


def _scheduler_of(folder: str) -> str:
    return _place(folder, "scheduler")


def _json(path: str) -> dict[str, Any]:
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8-sig") as file:
        try:
            made = json.load(file)
        except ValueError as error:
            raise BadArgument(f"{WHO}: {path}: {error}") from None
    return made if isinstance(made, dict) else {}


def _loaded(folder: str, kind: Any) -> Any:
    """Loads a network from its folder."""
    if kind is None:
        return None
    import diffusers

    if kind not in (*NETWORKS, *DECODERS):
        raise Unsupported(
            f"{WHO}: {folder}: the class {said(kind)} is not known here, as "
            f"{', '.join((*NETWORKS, *DECODERS))} are"
        )
    made = getattr(diffusers, kind).from_pretrained(
        folder, local_files_only=True, low_cpu_mem_usage=False, torch_dtype=torch.float32,
        variant=_variant_of(folder),
    )  # fmt: skip
    return made.eval()


def _variant_of(folder: str) -> str | None:
    """Returns the variant of the weights, such as fp16, where the folder has no plain ones."""
    names = os.listdir(folder)
    found = [re.match(r"diffusion_pytorch_model(?:\.(\w+))?\.", name) for name in names]
    variants = {match[1] for match in found if match}
    plain = variants & {None, "safetensors", "bin"}
    return None if plain or not variants else sorted(v for v in variants if v)[0]
