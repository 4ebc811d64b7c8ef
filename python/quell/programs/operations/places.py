# SPDX-License-Identifier: MIT
"""Elements at places that are computed, along one dimension of any array: each place is compared
with all that there are, and what it is not contributes nothing. And samples of an image between its
points, as sums over all of these, whose weights are 0 beyond the nearest."""

from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Constant, Operand, Value, constant

MOST = 2**24  # elements of a comparison
COUNT = 64  # places along a dimension that are written one after another


def _along(size: int, rank: int, dim: int) -> Value:
    """The places 0, 1, ... along a dimension."""
    shape = [1] * rank
    shape[dim] = size
    return constant(torch.arange(size).float().reshape(shape))


def few(count: int, what: str) -> None:
    if count > MOST:
        raise NotKnown(f"{what}, which compares {count} times", f"at most {MOST} are made")


def elements(shape: Any) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def picked(b: Builder, x: Value, dim: int, index: Value) -> Value:
    """gather: the element of x along a dimension that each element of an index names."""
    for k in range(x.rank):
        x = x if k == dim else b.slice(x, k, 0, index.shape[k])
    size, before, after = x.shape[dim], x.shape[:dim], x.shape[dim + 1 :]
    few(elements(index.shape) * size, "gather at computed places")
    wide = b.reshape(x, [*before, 1, size, *after])
    asked = b.reshape(index, [*before, index.shape[dim], 1, *after])
    same = b.map("eq", [asked, _along(size, x.rank + 1, dim + 1)], torch.bool)
    return the_one(b, same, wide, dim + 1, x.dtype)


def the_one(b: Builder, here: Value, values: Value, dim: int, dtype: torch.dtype) -> Value:
    """The value where `here` is true along a dimension; if it is nowhere, 0 / 0, so that a place
    that does not exist is not read as 0."""
    made = b.reduce("sum", b.map("where", [here, values, 0.0], dtype), [dim], False, dtype)
    once = b.map("eq", [b.reduce("sum", here, [dim], False, dtype), 1.0], dtype)
    return b.map("div", [made, once], dtype)


def _anywhere(b: Builder, here: Value, dim: int, dtype: torch.dtype) -> Value:
    """0, or NaN where `here` is true nowhere along a dimension."""
    count = b.reduce("sum", here, [dim], True, dtype)
    return b.map("div", [b.mul(count, 0.0), count], dtype)


def added_at(b: Builder, x: Value, dim: int, index: Value, source: Value) -> Value:
    """scatter_add: x, and what of a source goes to each of its places along a dimension."""
    size, count = x.shape[dim], source.shape[dim]
    few(elements(source.shape) * size, "sums at computed places")

    def wide(value: Value) -> Value:
        return b.reshape(value, [*value.shape[:dim], 1, *value.shape[dim:]])

    same = _same(b, wide(index), _along(size, x.rank + 1, dim))
    chosen = b.map("where", [same, wide(source), 0.0], x.dtype)
    if not isinstance(same, Constant):
        chosen = b.add(chosen, _anywhere(b, same, dim, x.dtype))
    return b.add(x, b.reduce("sum", chosen, [dim + 1], False, x.dtype)) if count else x


@lowers("scatter")
def scatter(b: Builder, call: Call) -> Value:
    """One place along the dimension after another, as PyTorch writes them."""
    x: Value = call.first()
    dim, index = call["dim"] % x.rank, call["index"]
    if call.arguments.get("reduce") is not None:
        raise NotKnown("scatter that reduces", "index_add does sums at fixed places")
    source: Operand = call.arguments.get("src", call.arguments.get("value"))
    if any(index.shape[k] != x.shape[k] for k in range(x.rank) if k != dim):
        raise NotKnown("scatter to a part of an array", "slice that part before")
    count = index.shape[dim]
    if count > COUNT:
        raise NotKnown(
            f"scatter to {count} places", "a comparison with arange() and where() does it"
        )
    places = _along(x.shape[dim], x.rank, dim)
    for k in range(count):
        one = source
        if isinstance(source, Value) and source.rank:
            one = b.slice(source, dim, k, k + 1)
            for other in range(x.rank):
                assert isinstance(one, Value)
                one = one if other == dim else b.slice(one, other, 0, x.shape[other])
        here = _same(b, b.slice(index, dim, k, k + 1), places)
        x = b.map("where", [here, one, x], call.dtype)
        if not isinstance(here, Constant):
            x = b.add(x, _anywhere(b, here, dim, call.dtype))
    return x


def _same(b: Builder, index: Value, places: Value) -> Value:
    if isinstance(index, Constant) and isinstance(places, Constant):
        return constant(torch.eq(index.tensor, places.tensor))
    return b.map("eq", [index, places], torch.bool)


# grid_sample.


def _position(b: Builder, at: Value, size: int, corners: bool) -> Value:
    """The place of -1 to 1 among the points of a dimension."""
    if corners:
        return b.mul(b.add(at, 1.0), (size - 1) / 2)
    return b.map("fma", [b.add(at, 1.0), size / 2, -0.5], at.dtype)


def _reflected(b: Builder, at: Value, size: int, corners: bool) -> Value:
    """Turned back at the outer points, or half a point beyond these, as often as it takes."""
    span, least = (size - 1, 0.0) if corners else (size, -0.5)
    if not span:
        return b.mul(at, 0.0)
    away = b.map("abs", [b.sub(at, least)], at.dtype)
    turns = b.map("floor", [b.mul(away, 1 / span)], at.dtype)
    rest = b.map("sub", [away, b.mul(turns, float(span))], at.dtype)
    half = b.mul(turns, 0.5)
    odd = b.map("ne", [b.map("floor", [half], at.dtype), half], torch.bool)
    back = b.map("where", [odd, b.map("sub", [float(span), rest], at.dtype), rest], at.dtype)
    return b.add(back, least)


def _weights(b: Builder, call: Call, at: Value, size: int) -> Value:
    """What each point of a dimension weighs in each sample: (points, samples)."""
    corners, padding = bool(call["align_corners"]), call["padding_mode"]
    at = _position(b, at, size, corners)
    if padding == 2:
        at = _reflected(b, at, size, corners)
    if padding:
        at = b.map("min", [b.map("max", [at, 0.0], at.dtype), size - 1.0], at.dtype)
    at = b.reshape(at, [at.shape[0], 1, at.shape[1]])
    if call["interpolation_mode"] == 1:
        at = b.map("round", [at], at.dtype)
    off = b.map("abs", [b.map("sub", [at, _along(size, 3, 1)], at.dtype)], at.dtype)
    return b.map("max", [b.map("sub", [1.0, off], at.dtype), 0.0], at.dtype)


@lowers("grid_sampler_2d", "grid_sampler_3d")
def grid_sample(b: Builder, call: Call) -> Value:
    x, grid = call["input"], call["grid"]
    if call["interpolation_mode"] == 2:
        raise NotKnown("grid_sample with bicubic", "bilinear and nearest are known")
    batch, channels, *sizes = x.shape
    count = elements(grid.shape[1:-1])
    few(elements(sizes) * count, call.name)
    places = b.reshape(grid, [grid.shape[0], count, len(sizes)])
    made: Value | None = None
    for k, size in enumerate(sizes):
        one = _weights(b, call, b.select(places, 2, len(sizes) - 1 - k), size)
        if made is not None:
            outer = [made.shape[0], made.shape[1], 1, count]
            both = b.mul(b.reshape(made, outer), b.reshape(one, [one.shape[0], 1, size, count]))
            one = b.reshape(both, [both.shape[0], both.shape[1] * size, count])
        made = one
    assert made is not None
    flat = b.reshape(x, [batch, channels, elements(sizes)])
    return b.reshape(b.emit("matmul", [flat, made], call.dtype), call.shape)
