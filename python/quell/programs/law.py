# SPDX-License-Identifier: MIT
"""E[X | x_t] of an exported network by the formulas of docs/programs.md and docs/mathematics.md, in
double and without the library: what the file's denoiser must give at any time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from quell import _quell
from quell.noise import Schedule
from quell.programs.check import Expected, evaluated
from quell.programs.inputs import Inputs
from quell.programs.trace import Refused

TIMES = (0.125, 0.5, 0.875)
LEAST = 2e-5  # of the largest term: what rounding x, the time and a few factors may cost


def _time(field: Any, precondition: str, t: float, alpha: float, sigma: float) -> float:
    """Returns the network's time."""
    own = {"none": "t", "unscaled": "sigma", "straight": "fraction"}.get(precondition, "log_sigma")
    said = field if isinstance(field, Mapping) else {"of": field or own}
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


def check_law(path: str, module: nn.Module, inputs: Inputs, right: Expected, said: Any) -> None:
    """Compares a file's denoiser with the law of the network that it was made from, at several
    times.

    Raises:
        Refused: They differ.
    """
    model = _quell.Model(path.encode())
    schedule = Schedule(said["schedule"])
    tensors = dict(right.inputs)
    if any(name not in ("x", "time", "class") for name in tensors):
        return  # a run's conditions are not given by Python yet
    for t in TIMES:
        alpha, sigma = (float(each) for each in schedule(np.float64(t)))
        if not alpha > 1e-3 * sigma:
            continue
        x = tensors["x"].double()
        scale = _scale(said["precondition"], float(said.get("sigma_data", 1)), alpha, sigma)
        told = {**tensors, "x": (x * scale).float()}
        if "time" in tensors:
            time = _time(said.get("time"), said["precondition"], t, alpha, sigma)
            told["time"] = torch.full_like(tensors["time"], time)
        made = evaluated(module, inputs.with_tensors(told))
        made = made[:, : x.shape[1]] if x.ndim > 1 else made
        mean = _mean(said, x, made, alpha, sigma).numpy()
        own = np.empty(x.shape, np.float32)
        sampler = _quell.Sampler("ddim", model.denoiser, schedule.native, _quell.Options(steps=1))
        labels = _labels(tensors.get("class"), said.get("no_class"))
        rows = x.reshape(len(x), -1).float().numpy()
        sampler.denoise(rows, own.reshape(len(x), -1), t, classes=labels)
        term = max(float(x.abs().max()), float(made.abs().max()) * sigma) / min(1.0, alpha)
        worst = float(np.abs(own - mean).max()) / max(term, float(np.abs(mean).max()), 1e-30)
        if not worst <= LEAST + 4 * right.own:
            raise Refused(
                f"quell.export: at t = {t:g} the file's E[X | x_t] differs by {worst:.1e} from "
                "that of the network by its formulas; nothing is written"
            )


def _labels(label: Tensor | None, no_class: Any) -> Any:
    """Returns the classes, -1 for none."""
    if label is None:
        return None
    if label.ndim > 1:
        index = torch.where(label.any(1), label.argmax(1), -1)
    else:
        index = torch.where(label == no_class, -1, label) if no_class != "none" else label
    return index.numpy().astype(np.int32)
