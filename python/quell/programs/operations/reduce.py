# SPDX-License-Identifier: MIT
"""Sums, means, extremes and norms over dimensions."""

import math
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.complex import parts
from quell.programs.operations.functions import real_of, truth
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Complex, Value

SAME = {"sum": "sum", "mean": "mean", "amax": "max", "amin": "min"}


def dims_of(call: Call, x: Value) -> list[int]:
    """Those that are reduced: all, where none is named."""
    given = call.arguments.get("dim")
    if given is None or given == []:
        return list(range(x.rank))
    return [given] if isinstance(given, int) else list(given)


def _reduce(
    b: Builder, function: str, x: Value, call: Call, dtype: torch.dtype, **said: Any
) -> Value:
    keep = bool(call.arguments.get("keepdim", False))
    if not x.rank:
        return x
    return b.reduce(function, x, dims_of(call, x), keep, dtype, **said)


@lowers(*SAME)
def plain(b: Builder, call: Call) -> Any:
    if isinstance(call.first(), Complex):
        both = parts(b, call.first())
        return Complex(*(_reduce(b, SAME[call.name], x, call, x.dtype) for x in both))
    return _reduce(b, SAME[call.name], real_of(call.first()), call, call.dtype)


@lowers("max", "min")
def extreme(b: Builder, call: Call) -> Any:
    if "other" in call.arguments:
        return b.map(call.name, [call.first(), call["other"]], call.dtype)
    made = _reduce(b, call.name, call.first(), call, call.dtype)
    if not call.shapes:
        return made
    return [made, _reduce(b, f"arg{call.name}", call.first(), call, torch.int64)]


@lowers("any", "all")
def some(b: Builder, call: Call) -> Value:
    function = "max" if call.name == "any" else "min"
    return _reduce(b, function, truth(b, call.first()), call, torch.bool)


@lowers("var", "std")
def variance(b: Builder, call: Call) -> Value:
    made = _variance(b, call, call.dtype)
    return b.map("sqrt", [made], call.dtype) if call.name == "std" else made


def _variance(b: Builder, call: Call, dtype: torch.dtype) -> Value:
    x, given = call.first(), call.arguments
    correction = given.get("correction", 1 if given.get("unbiased", True) else 0)
    correction = 1 if correction is None else correction
    if correction == int(correction):
        return _reduce(b, "var", x, call, dtype, correction=int(correction))
    plain = _reduce(b, "var", x, call, dtype, correction=0)
    count = math.prod(x.shape) // math.prod(plain.shape)
    return b.map("mul", [plain, count / (count - correction)], dtype)


@lowers("var_mean")
def variance_and_mean(b: Builder, call: Call) -> Any:
    return [_variance(b, call, call.dtype), _reduce(b, "mean", call.first(), call, call.dtype)]


@lowers("linalg_vector_norm", "norm")
def norm(b: Builder, call: Call) -> Value:
    x, order = call.first(), call.arguments.get("ord", call.arguments.get("p", 2))
    order = 2 if order is None else order
    if order == 2:
        return _reduce(b, "norm", x, call, call.dtype)
    sizes = b.map("abs", [x], x.dtype)
    if order == 1:
        return _reduce(b, "sum", sizes, call, call.dtype)
    if order == math.inf:
        return _reduce(b, "max", sizes, call, call.dtype)
    if order == -math.inf:
        return _reduce(b, "min", sizes, call, call.dtype)
    if not order:
        return _reduce(b, "sum", truth(b, x), call, call.dtype)
    powers = _reduce(b, "sum", b.map("pow", [sizes, float(order)], x.dtype), call, call.dtype)
    return b.map("pow", [powers, 1 / order], call.dtype)


@lowers("argmax", "argmin")
def place(b: Builder, call: Call) -> Value:
    return _reduce(b, call.name, call.first(), call, call.dtype)


@lowers("prod")
def prod(b: Builder, call: Call) -> Value:
    """A product of slices, one by one."""
    x, dim = call.first(), call.arguments.get("dim")
    if dim is None:
        raise NotKnown("prod over all dimensions", "flatten(1).prod(1) does the same")
    made = b.select(x, dim, 0)
    for k in range(1, x.shape[dim]):
        made = b.map("mul", [made, b.select(x, dim, k)], call.dtype)
    return b.reshape(made, call.shape)
