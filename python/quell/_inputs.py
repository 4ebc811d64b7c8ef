# SPDX-License-Identifier: MIT
"""What samplers are given: arrays to write to, and moments of X."""

from __future__ import annotations

from typing import Any

import numpy as np

from quell._arrays import Array, Floats, as_doubles, memory_of, to_numpy

Moment = tuple[float, ...]


def fitting(out: Array, shape: tuple[int, ...]) -> Floats:
    memory = memory_of(out)
    if memory.shape != shape:
        raise ValueError(f"out: shape {memory.shape}, must be {shape}")
    return memory


def into(out: Array, x: Array) -> Floats:
    """The memory of `out`, with x in it."""
    values = to_numpy(x)
    memory = fitting(out, values.shape)
    if out is not x:
        memory[...] = values
    return memory


def moments(mean: Any, var: Any, shape: tuple[int, ...]) -> tuple[Moment, Moment]:
    """E[X] and V[X] as the library takes them: of one value, or one for each element."""
    return _moment(mean, 0.0, shape), _moment(var, 1.0, shape)


def _moment(value: Any, default: float, shape: tuple[int, ...]) -> Moment:
    if isinstance(value, (float, int)):
        return () if value == default else (float(value),)
    given = to_numpy(value)
    if given.ndim == 0:
        return (float(given),)
    try:
        each = np.broadcast_to(given, shape)
    except ValueError:
        raise ValueError(f"init: shape {given.shape} must be () or {shape}, a sample's") from None
    return tuple(as_doubles(each).ravel().tolist())
