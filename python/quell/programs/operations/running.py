# SPDX-License-Identifier: MIT
"""What runs along a dimension but is no sum: products, extremes, sums of exponentials. Each pass
joins every element with the one as far before it as all that it has joined yet, so that a row of n
takes log2(n) passes."""

import math
from collections.abc import Callable
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.functions import real_of
from quell.programs.table import Call, lowers
from quell.programs.values import Value, constant


def running(b: Builder, x: Value, dim: int, join: Callable[[Value, Value], Value]) -> Value:
    size, step = x.shape[dim], 1
    while step < size:
        joined = join(b.slice(x, dim, step, size), b.slice(x, dim, 0, size - step))
        x = b.concat([b.slice(x, dim, 0, step), joined], dim)
        step *= 2
    return x


@lowers("cumprod")
def running_product(b: Builder, call: Call) -> Value:
    x: Value = real_of(call.first())
    if not x.rank:
        return x
    return running(b, x, call["dim"] % x.rank, lambda y, z: b.map("mul", [y, z], call.dtype))


@lowers("cummax", "cummin")
def running_extreme(b: Builder, call: Call) -> Any:
    """The extremes, and the last place where each of them was."""
    x: Value = call.first()
    if not x.rank:
        return [x, constant(torch.zeros((), dtype=torch.int64))]
    dim, function = call["dim"] % x.rank, call.name[3:]
    most = running(b, x, dim, lambda y, z: b.map(function, [y, z], call.dtype))
    shape = [1] * x.rank
    shape[dim] = x.shape[dim]
    at = constant(torch.arange(x.shape[dim]).float().reshape(shape))
    new = b.map("where", [b.map("eq", [x, most], torch.bool), at, 0.0], torch.int64)
    return [most, running(b, new, dim, lambda y, z: b.map("max", [y, z], torch.int64))]


@lowers("logcumsumexp")
def running_logsumexp(b: Builder, call: Call) -> Value:
    x: Value = call.first()
    if not x.rank:
        return x

    def join(y: Value, z: Value) -> Value:
        """log(exp(y) + exp(z)): of two that are equal, -infinity perhaps, without a difference."""
        dtype = call.dtype
        off = b.map("neg", [b.map("abs", [b.map("sub", [y, z], dtype)], dtype)], dtype)
        rest = b.map("log1p", [b.map("exp", [off], dtype)], dtype)
        equal = b.map("eq", [y, z], torch.bool)
        rest = b.map("where", [equal, math.log(2), rest], dtype)
        return b.add(b.map("max", [y, z], dtype), rest)

    return running(b, x, call["dim"] % x.rank, join)
