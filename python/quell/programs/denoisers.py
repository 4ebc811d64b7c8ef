# SPDX-License-Identifier: MIT
"""Takes whole denoisers, azula's, those of its plugins and quell's own, apart: the network inside,
and what the denoiser does around it, which quell does itself. EDM's preconditioned modules are
taken as they are; their class says what they return."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from quell._said import said
from quell.noise import Schedule
from quell.programs.trace import evaluating
from quell.programs.twin import in_double

Around = dict[str, Any]


@dataclasses.dataclass
class Whole:
    """A class of denoisers: what is around the network, the network's time at t, and a module that
    calls the network with x, that time, and what the denoiser is given beside them, by name."""

    around: Callable[[Any], Around]
    time: Callable[[Any, Tensor], Tensor]
    network: Callable[[Any], nn.Module]


class Called(nn.Module):
    """A network that is called in its own way."""

    def __init__(self, net: nn.Module, call: Callable[..., Any]) -> None:
        super().__init__()
        self.net, self.call = net, call

    def forward(self, x: Tensor, t: Tensor, **given: Any) -> Any:
        return self.call(self.net, x, t, **given)


# Schedules: azula's classes by their names, and the options that are attributes of theirs.

SCHEDULES = {
    "VPSchedule": ("vp", ("alpha_min", "sigma_min")),
    "VESchedule": ("ve", ("sigma_min", "sigma_max")),
    "CosineSchedule": ("cosine", ("alpha_min", "sigma_min")),
    "RectifiedSchedule": ("rectified", ("alpha_min", "sigma_min")),
    "DecaySchedule": ("decay", ("alpha_min", "sigma_min", "gamma")),
    "ElucidatedSchedule": ("edm", ("sigma_min", "sigma_max", "rho")),
}


def schedule_text(schedule: Any) -> str:
    """Returns the schedule as quell spells it, "vp:alpha_min=0.001,sigma_min=0.001"."""
    if isinstance(schedule, Schedule) and schedule.spec is not None:
        return schedule.spec
    kind = type(schedule)
    if kind.__name__ not in SCHEDULES or not kind.__module__.startswith("azula."):
        raise TypeError(f"quell.export: the schedule {kind.__name__} is not azula's own")
    name, options = SCHEDULES[kind.__name__]
    return name + ":" + ",".join(f"{o}={float(getattr(schedule, o))!r}" for o in options)


# What the denoisers do around their networks.


def _of(output: str, precondition: str, time: Any = None) -> Callable[[Any], Around]:
    def around(module: Any) -> Around:
        made = {
            "output": output,
            "precondition": precondition,
            "schedule": schedule_text(module.schedule),
        }
        return made if time is None else {**made, "time": time}

    return around


def _ratio(module: Any, t: Tensor) -> Tensor:
    alpha, sigma = module.schedule(t)
    ratio: Tensor = sigma / alpha
    return ratio


def _log_ratio(module: Any, t: Tensor) -> Tensor:
    return torch.log(_ratio(module, t)).to(torch.float32)


def _backbone(module: Any) -> nn.Module:
    made: nn.Module = module.backbone
    return made


def _by(call: Callable[..., Any]) -> Callable[[Any], nn.Module]:
    return lambda module: Called(module.backbone, call)


def _in_table(module: Any) -> Around:
    """The index of the first point of a table with at least this much noise (searchsorted)."""
    sigmas = module.sigmas.double()
    log_ratio = torch.log(sigmas / torch.sqrt((1 - sigmas) * (1 + sigmas))).tolist()
    if not all(a < b for a, b in zip(log_ratio, log_ratio[1:], strict=False)):
        raise ValueError("quell.export: the denoiser's table `sigmas` must rise, and end below 1")
    places = [float(k) for k in range(len(log_ratio))]
    time = {"of": "log_sigma", "at": log_ratio, "values": places, "rounding": "up"}
    return {"time": time, "precondition": "simple", "schedule": schedule_text(module.schedule)}


def _table_index(module: Any, t: Tensor) -> Tensor:
    ratio = _ratio(module, t)
    found = torch.searchsorted(module.sigmas, ratio * torch.rsqrt(1 + ratio**2))
    return found.clamp(max=len(module.sigmas) - 1)


def _ablated(module: Any) -> Around:
    if module.clip_mean:
        raise ValueError(
            "quell.export: clip_mean: the sampler does it: set it to False, and draw with "
            "--clamp-low -1 --clamp-high 1 (clamp=(-1, 1) in Python)"
        )
    return {**_in_table(module), "output": "eps"}


def _ablated_network(module: Any) -> nn.Module:
    def call(net: Any, x: Tensor, t: Tensor, label: Any = None, **more: Any) -> Any:
        made = net(x, t, y=label, **more)
        return made[:, : x.shape[1]] if module.learn_var else made

    return Called(module.backbone, call)


def _stable(module: Any) -> Around:
    return {**_in_table(module), "output": {"epsilon": "eps", "velocity": "v"}[module.prediction]}


def _jit(module: Any) -> Around:
    time = {"of": "fraction", "scale": -1, "offset": 1}
    return {**_of("x0", "straight", time)(module), "no_class": module.num_classes}


def _fraction(scale: float = 1.0, offset: float = 0.0) -> Callable[[Any, Tensor], Tensor]:
    def time(module: Any, t: Tensor) -> Tensor:
        alpha, sigma = module.schedule(t)
        made: Tensor = scale * (sigma / (alpha + sigma)) + offset
        return made

    return time


def _flux(net: Any, x: Tensor, t: Tensor, prompt_clip: Tensor, prompt_t5: Tensor,
          guidance: Any = 4.0, **more: Any) -> Any:  # fmt: skip
    batch, height, width, channels = x.shape
    places = torch.meshgrid(
        torch.zeros(1), torch.arange(float(height)), torch.arange(float(width)), indexing="ij"
    )
    told = None if guidance is None else torch.as_tensor(guidance, dtype=x.dtype).expand(batch)
    made = net(
        timestep=t,
        hidden_states=x.reshape(batch, height * width, channels),
        encoder_hidden_states=prompt_t5,
        pooled_projections=prompt_clip,
        img_ids=torch.stack(places, -1).reshape(-1, 3),
        txt_ids=torch.zeros(prompt_t5.shape[1], 3),
        guidance=told,
        **more,
    )
    return made.sample.reshape(x.shape)


def _angle(module: Any, t: Tensor) -> Tensor:
    alpha, sigma = module.schedule(t)
    return torch.atan2(sigma, alpha) / math.pi * 2


_AS_EDM = Whole(
    _of("x0", "unscaled", "sigma"),
    _ratio,
    _by(lambda net, x, t, label=None, **more: net(x, t, class_labels=label, **more)),
)
PLUGINS = {  # azula.plugins
    "AblatedDenoiser": Whole(_ablated, _table_index, _ablated_network),
    "ElucidatedDenoiser": _AS_EDM,
    "ElucidatedLatentDenoiser": _AS_EDM,
    "JITDenoiser": Whole(
        _jit, _fraction(-1, 1), _by(lambda net, x, t, label, **more: net(x, t, y=label, **more))
    ),
    "VelocityDenoiser": Whole(_of("v", "simple", "angle"), _angle, _backbone),
    "StableDenoiser": Whole(
        _stable,
        _table_index,
        _by(
            lambda net, x, t, prompt_embeds, **more: (
                net(x, t, encoder_hidden_states=prompt_embeds, **more).sample
            )
        ),
    ),
    "FluxDenoiser": Whole(_of("flow", "straight", "fraction"), _fraction(), _by(_flux)),
    "SanaDenoiser": Whole(
        _of("flow", "straight", {"of": "fraction", "scale": 1000}),
        _fraction(1000),
        _by(
            lambda net, x, t, prompt_embeds, prompt_mask=None, **more: (
                net(
                    x,
                    timestep=t,
                    encoder_hidden_states=prompt_embeds,
                    encoder_attention_mask=prompt_mask,
                    **more,
                ).sample
            )
        ),
    ),
}
PLAIN = {  # azula.denoise and quell.denoise
    "SimpleDenoiser": Whole(_of("x0", "simple"), _log_ratio, _backbone),
    "KarrasDenoiser": Whole(_of("x0", "karras"), _log_ratio, _backbone),
}
PRECONDITIONED = ("EDMPrecond", "VPPrecond", "VEPrecond", "iDDPMPrecond", "Precond")


def _kind_of(module: Any) -> Whole | None:
    """How to take a denoiser apart; None for what is no such denoiser. A subclass may do something
    else, and so may one whose forward was replaced: they are not taken for one."""
    kind = type(module)
    if kind.__module__.startswith("azula.plugins."):
        return PLUGINS.get(kind.__name__)
    own = kind.__module__ in ("azula.denoise", "quell._torch")
    return PLAIN.get(kind.__name__) if own else None


def _check_unchanged(module: nn.Module) -> None:
    changed: Any = module
    hooks = (changed._forward_hooks, changed._forward_pre_hooks)
    if "forward" in vars(module) or any(hooks):
        raise ValueError(
            f"quell.export: the {type(module).__name__} has another forward than its class's, or "
            "hooks: export the network inside"
        )


def _defaults(module: Any) -> Around:
    """What is known of a module that is no denoiser of azula's."""
    if type(module).__name__ in PRECONDITIONED and hasattr(module, "round_sigma"):
        return {"output": "x0", "precondition": "unscaled", "time": "sigma", "schedule": "edm"}
    return {}


def taken_apart(module: Any, example: Any, given: Mapping[str, Any]) -> tuple[Any, Any, Around]:
    """Returns the network of a denoiser, an example of the network's arguments, and what is around
    the network. A module that is no denoiser is returned unchanged, with its example.

    Arguments:
        example: The arguments of one call of the denoiser: (x_t, t, ...), or a dictionary with x_t,
            t, and the others by the names of its forward.
        given: What the caller says is around it; None: nothing.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    whole = _kind_of(module)
    if whole is None:
        return module, example, _defaults(module) | chosen
    _check_unchanged(module)
    if chosen:
        raise ValueError(f"quell.export: the denoiser itself says {', '.join(chosen)}")
    arguments = _by_name(module, example)
    (_, x), (_, t), *rest = arguments.items()
    t = torch.as_tensor(t)
    with torch.no_grad():
        told = whole.time(module, t if t.ndim else t.expand(len(x)))
    network = whole.network(module)
    if isinstance(network, Called):
        return network, {"x": x, "t": told, **dict(rest)}, whole.around(module)
    if not isinstance(example, Mapping):
        return network, (x, told, *(value for _, value in rest)), whole.around(module)
    names = _first_two(network)
    return network, dict(zip(names, (x, told), strict=True)) | dict(rest), whole.around(module)


def _named(denoiser: Any, example: Sequence[Any]) -> list[tuple[str, Any]]:
    """Returns what follows x and t, with the names of the denoiser's or the network's arguments."""
    known = [n for n, p in inspect.signature(denoiser.forward).parameters.items()
             if p.kind is p.POSITIONAL_OR_KEYWORD][2:]  # fmt: skip
    known = known or list(inspect.signature(denoiser.backbone.forward).parameters)[2:]
    return list(zip(known, example[2:], strict=False))


def mean_of(denoiser: Any, example: Mapping[str, Any] | Sequence[Any]) -> Callable[..., Tensor]:
    """Returns a function that gives a whole denoiser's E[X | x_t] in double: of x, t, and the other
    inputs by their names, the class by that of the example's."""
    given = list(example.items())[2:] if isinstance(example, Mapping) else _named(denoiser, example)
    fixed = {name: v for name, v in given if not isinstance(v, Tensor)}

    def mean(x: Tensor, t: float, rest: Mapping[str, Any]) -> Tensor:
        label = {name: v for name, v in rest.items() if name != "class" and v is not None}
        if rest.get("class") is not None:
            name = next(n for n, v in given if isinstance(v, Tensor) and n not in rest)
            label[name] = rest["class"]
        time = torch.full((len(x),), t)
        with torch.no_grad(), evaluating(denoiser):
            made: Tensor = in_double(denoiser, (x, time), {**fixed, **label}).mean
        return made

    return mean


def _first_two(network: nn.Module) -> list[str]:
    return list(inspect.signature(network.forward).parameters)[:2]


def _by_name(module: Any, example: Any) -> dict[str, Any]:
    """Returns an example of a denoiser's call by the names of its arguments."""
    if isinstance(example, Mapping):
        made = dict(example)
    elif isinstance(example, (tuple, list)):
        names = [n for n, p in inspect.signature(module.forward).parameters.items()
                 if p.kind is p.POSITIONAL_OR_KEYWORD]  # fmt: skip
        names += [f"argument {k}" for k in range(len(names), len(example))]
        made = dict(zip(names, example, strict=False))
    else:
        raise TypeError(f"quell.export: example: {said(example)}, must be a tuple, as (x_t, t)")
    if len(made) < 2:
        raise ValueError("quell.export: example: a denoiser's has x_t and t")
    return made
