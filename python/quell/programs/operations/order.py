# SPDX-License-Identifier: MIT
"""Elements in order. A program has no sorting: an element's place is how many others come before
it, of which all are asked."""

from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.places import elements, few, the_one
from quell.programs.table import Call, lowers
from quell.programs.values import Value, constant


def _places(b: Builder, x: Value, falling: bool) -> Value:
    """The place of each element of a row, the last dimension, among its others: of two that are
    equal, the first comes before."""
    size = x.shape[-1]
    asked, others = b.reshape(x, [*x.shape, 1]), b.reshape(x, [*x.shape[:-1], 1, size])
    before = b.map("gt" if falling else "lt", [others, asked], torch.bool)
    first = constant(torch.ones(size, size).tril(-1).bool())
    equal = b.map("and", [b.map("eq", [others, asked], torch.bool), first], torch.bool)
    return b.reduce("sum", b.map("or", [before, equal], torch.bool), [-1], False, torch.int64)


def ordered(b: Builder, x: Value, dim: int, falling: bool, first: int, count: int) -> list[Value]:
    """The elements along a dimension at places from `first` on, and where they were."""
    if not x.rank:
        return [x, constant(torch.zeros((), dtype=torch.int64))]
    row = b.transpose(x, dim, -1)
    *lead, size = row.shape
    few(size * size * max(1, elements(lead)), "sorting")
    places = b.reshape(_places(b, row, falling), [*lead, 1, size])
    wanted = constant(torch.arange(first, first + count).float().reshape(count, 1))
    here = b.map("eq", [places, wanted], torch.bool)
    made = []
    for each, dtype in (
        (b.reshape(row, [*lead, 1, size]), x.dtype),
        (constant(torch.arange(size).float()), torch.int64),
    ):
        made.append(b.transpose(the_one(b, here, each, -1, dtype), dim, -1))
    return made


def _size(x: Value, dim: int) -> int:
    return x.shape[dim] if x.rank else 1


@lowers("sort", "topk")
def sort(b: Builder, call: Call) -> Any:
    x: Value = call.first()
    dim = call["dim"]
    falling = bool(call.arguments.get("descending", call.arguments.get("largest", False)))
    return ordered(b, x, dim, falling, 0, call.arguments.get("k", _size(x, dim)))


@lowers("kthvalue", "median")
def one_of_many(b: Builder, call: Call) -> Any:
    """median: the lower of the two in the middle."""
    x: Value = call.first()
    if "dim" not in call.arguments:
        return b.reshape(ordered(b, b.reshape(x, [elements(x.shape)]), 0, False,
                                 (elements(x.shape) - 1) // 2, 1)[0], call.shape)  # fmt: skip
    dim = call["dim"]
    first = call["k"] - 1 if call.name == "kthvalue" else (_size(x, dim) - 1) // 2
    made = ordered(b, x, dim, False, first, 1)
    return [b.reshape(part, shape) for part, shape in zip(made, call.shapes, strict=True)]
