# SPDX-License-Identifier: MIT
"""What a network is told of the time. A program's `time` is what docs/networks.md says: the
schedule's t or, with preconditioning, log(sigma / alpha). What a network wants instead is worked
out by the program's first instructions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from quell._numbers import real
from quell._said import said
from quell.programs.build import Builder
from quell.programs.values import Value

Arrays = dict[str, NDArray[np.float64]]


@dataclasses.dataclass
class Told:
    """The schedule's t, as it is."""

    def begin(self, b: Builder, given: Mapping[str, Value]) -> dict[str, Value]:
        """The network's inputs, from the program's."""
        return dict(given)

    def back(self, inputs: Arrays) -> Arrays:
        """The program's inputs, from the network's."""
        return inputs


@dataclasses.dataclass
class Times(Told):
    """t times a number, to the nearest whole number where the network takes those."""

    factor: float

    def begin(self, b: Builder, given: Mapping[str, Value]) -> dict[str, Value]:
        time = given["time"]
        made = b.map("mul", [time, self.factor], torch.float32)
        if not time.real:
            made = b.map("round", [made], time.dtype)
        return {**given, "time": made}

    def back(self, inputs: Arrays) -> Arrays:
        return {**inputs, "time": inputs["time"] / self.factor}


@dataclasses.dataclass
class Sigma(Told):
    """sigma / alpha, and x / alpha: what has this standard deviation more than the data. The
    program has log(sigma / alpha) and x / sqrt(alpha^2 + sigma^2), the precondition "simple"."""

    def begin(self, b: Builder, given: Mapping[str, Value]) -> dict[str, Value]:
        x, time = given["x"], given["time"]
        sigma = b.map("exp", [time], time.dtype)
        size = b.map("sqrt", [b.add(b.map("square", [sigma], time.dtype), 1)], time.dtype)
        lone = b.reshape(size, size.shape[:1] + (1,) * (x.rank - 1)) if size.rank else size
        return {**given, "x": b.mul(x, lone), "time": sigma}

    def back(self, inputs: Arrays) -> Arrays:
        sigma = inputs["time"]
        return {**inputs, "x": inputs["x"] / np.sqrt(1 + sigma**2), "time": np.log(sigma)}


def told(time: Any, schedule: str, precondition: str) -> tuple[Told, str]:
    """What a network is told, and the precondition that goes with it."""
    if isinstance(time, bool) or time == "t":
        return Told(), precondition
    if time == "index":
        _, _, options = schedule.partition(":")
        given = dict(option.partition("=")[::2] for option in options.split(",") if option)
        return Times(int(given.get("train", 1000)) - 1), precondition
    if time == "sigma":
        if precondition != "none":
            raise ValueError(
                f'quell.export: precondition: {said(precondition)}, must be "none" with '
                'time="sigma": it is inside the network'
            )
        return Sigma(), "simple"
    if isinstance(time, str):
        raise ValueError(
            f'quell.export: time: {said(time)}, must be "t", "index", "sigma", a number that t is '
            "multiplied by, or False"
        )
    return Times(real(time, "time")), precondition
