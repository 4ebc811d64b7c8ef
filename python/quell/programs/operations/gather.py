# SPDX-License-Identifier: MIT
"""Rows of tables, and elements by fixed lists of indices."""

import math
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.by_matrix import added
from quell.programs.operations.functions import real_of
from quell.programs.operations.move import put
from quell.programs.operations.places import picked
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Constant, Value, constant

BEYOND = -(2.0**40)
OF_A_MASK = "choosing by a mask that is always the same"
FIXED = "the indices must not depend on an input, but for rows of a table"


def by_list(b: Builder, x: Value, dim: int, index: list[int]) -> Value:
    """The elements along a dimension at fixed places: a slice, where they follow on each other."""
    if not index:
        raise NotKnown("a list of no index")
    step = index[1] - index[0] if len(index) > 1 else 1
    if step > 0 and index == list(range(index[0], index[-1] + 1, step)):
        return b.slice(x, dim, index[0], index[-1] + 1, step)
    return b.emit("gather", [x, constant(torch.tensor(index))], x.dtype, dim=dim)


def take(b: Builder, x: Value, dim: int, index: Value) -> Value:
    """The elements along a dimension at places of an array of any shape."""
    if isinstance(index, Constant):
        places = [int(k) % x.shape[dim] for k in index.tensor.reshape(-1).tolist()]
        made = by_list(b, x, dim, places)
        return b.reshape(made, x.shape[:dim] + index.shape + x.shape[dim + 1 :])
    return b.emit("gather", [x, index], x.dtype, dim=dim)


def from_the_end(b: Builder, index: Value, count: int) -> Value:
    """Returns an index that counts from the beginning: below 0 it counts from the end."""
    if isinstance(index, Constant):
        return index
    below = b.map("lt", [index, 0.0], index.dtype)
    return b.map("where", [below, b.map("add", [index, float(count)], index.dtype), index],
                 index.dtype)  # fmt: skip


@lowers("embedding")
def embedding(b: Builder, call: Call) -> Value:
    return take(b, call["weight"], 0, call["indices"])


@lowers("index_select")
def index_select(b: Builder, call: Call) -> Value:
    x = real_of(call.first())
    return take(b, x, call["dim"] % x.rank, call["index"])


@lowers("index", "_unsafe_index")
def index(b: Builder, call: Call) -> Value:
    x, given = real_of(call.first()), list(call["indices"])
    given += [None] * (x.rank - len(given))
    used = [k for k, part in enumerate(given) if part is not None]
    if any(given[k].truth for k in used):
        if all(isinstance(given[k], Constant) for k in used):
            raise NotKnown(
                OF_A_MASK, "choose by places, mask.nonzero()[:, 0], made in __init__"
            )
        raise NotKnown("choosing by a mask", "shapes may not depend on values: where() keeps all")
    if len(used) == 1:
        k = used[0]
        return take(b, x, k, from_the_end(b, given[k], x.shape[k]))
    return _several(b, x, given, used)


def _within(b: Builder, index: Value, size: int) -> Value:
    """Returns an index that is beyond the array if it is beyond its dimension, not in the next."""
    if isinstance(index, Constant):
        return index
    below, above = (b.map(f, [index, k], torch.bool) for f, k in (("lt", 0.0), ("ge", float(size))))
    return b.map("where", [b.map("or", [below, above], torch.bool), BEYOND, index], index.dtype)


def _flat(b: Builder, indices: list[Value], sizes: list[int]) -> Value:
    """Indices along several dimensions as one along all of them."""
    whole = torch.broadcast_shapes(*[index.shape for index in indices])
    flat: Value = constant(torch.zeros((), dtype=torch.int64))
    for index, size in zip(indices, sizes, strict=True):
        if isinstance(index, Constant) and isinstance(flat, Constant):
            flat = constant(flat.tensor * size + index.tensor % size)
            continue
        index = constant(index.tensor % size) if isinstance(index, Constant) else index
        flat = b.add(b.mul(flat, size), _within(b, from_the_end(b, index, size), size))
    return b.expand(flat, whole)


def _order(x: Value, used: list[int]) -> tuple[list[int], int]:
    """Returns an order in which the dimensions of indices follow on each other where PyTorch has
    those of the result, and where that is."""
    rest = [k for k in range(x.rank) if k not in used]
    together = used == list(range(used[0], used[-1] + 1))
    place = used[0] if together else 0
    return [*rest[:place], *used, *rest[place:]], place


def _several(b: Builder, x: Value, given: list[Any], used: list[int]) -> Value:
    """Indices along several dimensions: those are merged to one, and so are the indices."""
    sizes = [x.shape[k] for k in used]
    flat = _flat(b, [given[k] for k in used], sizes)
    order, place = _order(x, used)
    turned = b.permute(x, order)
    before, after = turned.shape[:place], turned.shape[place + len(used) :]
    merged = b.reshape(turned, [*before, math.prod(sizes), *after])
    return take(b, merged, place, flat)


def _put_several(b: Builder, x: Value, given: list[Any], used: list[int], part: Value) -> Value:
    """x with a part at fixed places along several dimensions, which are merged to one: each place
    takes the last element that is put there, or its own."""
    count = math.prod(x.shape[k] for k in used)
    flat = _flat(b, [given[k] for k in used], [x.shape[k] for k in used])
    assert isinstance(flat, Constant)
    order, place = _order(x, used)
    turned = b.permute(x, order)
    before, after = turned.shape[:place], turned.shape[place + len(used) :]
    wide = b.expand(part, [*before, *flat.shape, *after])
    wide = b.reshape(wide, [*before, flat.tensor.numel(), *after])
    last = {int(at): k for k, at in enumerate(flat.tensor.reshape(-1).tolist())}
    chosen = by_list(b, wide, place, [last.get(at, 0) for at in range(count)])
    here = torch.tensor([at in last for at in range(count)]).reshape(-1, *(1,) * len(after))
    merged = b.reshape(turned, [*before, count, *after])
    made = b.map("where", [constant(here), chosen, merged], x.dtype)
    return b.permute(b.reshape(made, turned.shape), [order.index(k) for k in range(x.rank)])


@lowers("gather")
def gather(b: Builder, call: Call) -> Value:
    x, dim, place = call["self"], call["dim"] % call["self"].rank, call["index"]
    if not isinstance(place, Constant):
        others = [k for k in range(x.rank) if k != dim]
        if any(x.shape[k] != 1 or place.shape[k] != 1 for k in others):
            return picked(b, x, dim, place)
        return take(b, b.reshape(x, (x.shape[dim],)), 0, place)  # as codes read a schedule's table
    grid = torch.meshgrid(*[torch.arange(s) for s in place.shape], indexing="ij")
    given: list[Any] = [constant(g.contiguous()) for g in grid]
    given[dim] = place
    return _several(b, x, given, list(range(x.rank)))


@lowers("index_put", "_unsafe_index_put")
def index_put(b: Builder, call: Call) -> Value:
    x: Value = call.first()
    given = list(call["indices"])
    used = [k for k, part in enumerate(given) if part is not None]
    if len(used) == 1 and given[used[0]].truth and call["values"].rank == 0:
        return _where_true(b, x, given[used[0]], used[0], call)
    if any(isinstance(given[k], Constant) and given[k].truth for k in used):
        raise NotKnown(f"index_put, {OF_A_MASK}", "where() does it")
    if not all(isinstance(given[k], Constant) for k in used):
        raise NotKnown("index_put", "build the array by cat")
    dim, tensor = used[0], given[used[0]].tensor
    if len(used) > 1 or tensor.ndim != 1:
        if call["accumulate"]:
            raise NotKnown("index_put that adds along several dimensions", "index_add does it")
        return _put_several(b, x, given + [None] * (x.rank - len(given)), used, call["values"])
    if call["accumulate"]:
        return added(b, x, dim, tensor, call["values"], 1)
    value, places = call["values"], [int(k) % x.shape[dim] for k in tensor.tolist()]
    for k, place in enumerate(places):
        wide = b.expand(value, x.shape[:dim] + (len(places),) + x.shape[dim + 1 :])
        x = put(b, x, b.slice(wide, dim, k, k + 1), dim, range(place, place + 1))
    return x


def _where_true(b: Builder, x: Value, mask: Value, dim: int, call: Call) -> Value:
    """One number in all places of a mask, whose dimensions begin with `dim`."""
    if call["accumulate"]:
        raise NotKnown("index_put that adds", "where() does it")
    after = x.rank - dim - mask.rank
    wide = b.reshape(mask, [*(1,) * dim, *mask.shape, *(1,) * after])
    return b.map("where", [wide, call["values"], x], x.dtype)
