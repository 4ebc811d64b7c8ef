# SPDX-License-Identifier: MIT
"""The forms of the time that networks expect. The `time` of a program is the schedule's t or, with
preconditioning, log(sigma / alpha) (docs/networks.md). If a network expects another form, the first
instructions of its program compute it."""

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
    """The program's time, unchanged."""

    def begin(self, b: Builder, given: Mapping[str, Value]) -> dict[str, Value]:
        """Makes the inputs of the network from those of the program."""
        return dict(given)

    def back(self, inputs: Arrays) -> Arrays:
        """Returns the inputs of the program for inputs of the network."""
        return inputs


@dataclasses.dataclass
class Times(Told):
    """t times a number, rounded to a whole number if the network takes those."""

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
    """sigma / alpha, with x / alpha in place of x: the data plus noise of that standard deviation.
    The program gets log(sigma / alpha) and x / sqrt(alpha^2 + sigma^2), the precondition
    "simple"."""

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
    """Returns the form of the time for the argument `time`, and the precondition that it needs."""
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
