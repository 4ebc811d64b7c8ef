# SPDX-License-Identifier: MIT
"""E[X | x_t] of an exported network by the formulas of docs/programs.md and docs/mathematics.md, in
double and without the library: what the file's denoiser must give at any time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from quell._function import PerSample
from quell.networks import Model
from quell.noise import Schedule
from quell.programs.check import Expected, evaluated
from quell.programs.inputs import Inputs, one_hot
from quell.programs.trace import Refused

TIMES = (0.125, 0.5, 0.875)
MOST_WHOLE = 1e-4  # of azula's, which works its factors out in float32
LEAST = 2e-5  # of the largest term: what rounding x, the time and a few factors may cost


def _time(field: Any, precondition: str, t: float, alpha: float, sigma: float) -> float:
    """Returns the network's time."""
    own = {"none": "t", "unscaled": "sigma", "straight": "fraction"}.get(precondition, "log_sigma")
    said: Mapping[str, Any] = field if isinstance(field, Mapping) else {"of": field or own}
    quantity = {
        "t": lambda: t,
        "sigma": lambda: sigma / alpha,
        "log_sigma": lambda: math.log(sigma / alpha),
        "log_snr": lambda: 2 * math.log(alpha / sigma),
        "fraction": lambda: sigma / (alpha + sigma),
        "angle": lambda: math.atan2(sigma, alpha) * 2 / math.pi,
    }
    made: float = quantity[said["of"]]()
    if "at" in said:
        made = float(np.interp(made, said["at"], said["values"]))
    made = made * said.get("scale", 1) + said.get("offset", 0)
    slack = 2.0**-40 * (1 + abs(made))
    if said.get("rounding", "none") == "nearest":
        return float(round(made))
    up, down = math.ceil(made - slack), math.floor(made + slack)
    return {"up": float(up), "down": float(down)}.get(said.get("rounding", "none"), made)


def _scale(precondition: str, data: float, alpha: float, sigma: float) -> float:
    """Returns what x_t is multiplied by for the network."""
    return {
        "none": lambda: 1.0,
        "unscaled": lambda: 1 / alpha,
        "straight": lambda: 1 / (alpha + sigma),
    }.get(precondition, lambda: 1 / math.hypot(alpha * data, sigma))()


def _mean(said: Mapping[str, Any], x: Tensor, made: Tensor, alpha: float, sigma: float) -> Tensor:
    """Returns E[X | x_t] for the network's output."""
    data = float(said.get("sigma_data", 1))
    if said["precondition"] == "karras":
        power = (alpha * data) ** 2 + sigma**2
        return alpha * data**2 / power * x + sigma * data / math.sqrt(power) * made
    output = said["output"]
    if output == "x0":
        return made
    if output == "eps":
        return (x - sigma * made) / alpha
    if output == "score":
        return (x + sigma**2 * made) / alpha
    if output == "v":
        return (alpha * x - sigma * made) / (alpha**2 + sigma**2)
    return (x - sigma * made) / (alpha + sigma)


def _by_formulas(
    module: nn.Module, inputs: Inputs, tensors: Mapping[str, Tensor], said: Any, t: float
) -> tuple[Tensor, float]:
    """Returns E[X | x_t], and the largest of the terms that it is the sum of."""
    alpha, sigma = (float(each) for each in Schedule(said["schedule"])(np.float64(t)))
    x = tensors["x"].double()
    scale = _scale(said["precondition"], float(said.get("sigma_data", 1)), alpha, sigma)
    told = {**tensors, "x": (x * scale).float()}
    if "time" in tensors:
        time = _time(said.get("time"), said["precondition"], t, alpha, sigma)
        told["time"] = torch.full_like(tensors["time"], time)
    made = evaluated(module, inputs.with_tensors(told))
    made = made[:, : x.shape[1]] if x.ndim > 1 else made
    term = max(float(x.abs().max()), float(made.abs().max()) * sigma) / min(1.0, alpha)
    return _mean(said, x, made, alpha, sigma), term


def check_law(
    path: str,
    module: nn.Module,
    inputs: Inputs,
    right: Expected,
    said: Any,
    whole: Callable[..., Any] | None = None,
) -> None:
    """Compares a file's denoiser with the law of the network that it was made from, at several
    times; and with the whole denoiser that the network was in, if there is one: whole(x, t, rest)
    is its E[X | x_t] in double.

    Raises:
        Refused: They differ.
    """
    model = Model(path)
    tensors = dict(right.inputs)
    rest = {name: each for name, each in tensors.items() if name not in ("x", "time", "class")}
    told = {name: PerSample(each.float().numpy()) for name, each in rest.items() if each.ndim}
    given: dict[str, Any] = told if "conditions" in told else {"conditions": told}
    label = _labels(tensors.get("class"), said.get("no_class"))
    for t in TIMES:
        alpha, sigma = (float(each) for each in Schedule(said["schedule"])(np.float64(t)))
        if not alpha > 1e-3 * sigma or len(told) < len(rest):
            continue
        mean, term = _by_formulas(module, inputs, tensors, said, t)
        own = torch.from_numpy(model(tensors["x"].numpy(), t, label=label, **given).mean)
        size = max(term, float(mean.abs().max()), 1e-30)
        _differ(own, mean, size, LEAST + 4 * right.own, t, "of the network by its formulas")
        if whole is not None:
            theirs = whole(tensors["x"], t, rest | {"class": tensors.get("class")})
            most = MOST_WHOLE + 4 * right.own + _taken_for_one(said["output"], alpha, sigma)
            _differ(own, theirs, size, most, t, "which the denoiser gives")


def _taken_for_one(output: str, alpha: float, sigma: float) -> float:
    """azula's denoisers of v take alpha^2 + sigma^2 for 1, where it is 1 + sigma_min^2."""
    return abs(alpha**2 + sigma**2 - 1) if output == "v" else 0.0


def _differ(own: Tensor, right: Tensor, size: float, most: float, t: float, whose: str) -> None:
    worst = float((own.double() - right.double()).abs().max()) / size
    if not worst <= most:
        raise Refused(
            f"quell.export: at t = {t:g} the file's E[X | x_t] differs by {worst:.1e} from that "
            f"{whose}; nothing is written"
        )


def _labels(label: Tensor | None, no_class: Any) -> Any:
    """Returns the classes, -1 for none."""
    if label is None:
        return None
    if one_hot(label):
        index = torch.where(label.any(1), label.argmax(1), -1)
    else:
        label = label.flatten()
        index = torch.where(label == no_class, -1, label) if no_class != "none" else label
    return index.numpy().astype(np.int32)
