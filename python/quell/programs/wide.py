# SPDX-License-Identifier: MIT
"""Instructions of more dimensions than a program has, as one rearrangement of windows with heads
makes them. Dimensions beside each other, of which an instruction does the same with both, become
one; what is left of a permutation that is still too long is done in two."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from quell.programs.build import Builder
from quell.programs.lower import Lowered
from quell.programs.rewrite import New, again, as_it_is, rewritten
from quell.programs.trace import Refused
from quell.programs.values import Operand, Result, Value

MOST = 8  # dimensions
ANY = None  # the key of a dimension that goes with each neighbour

# Permutations.


def _runs(order: Sequence[int]) -> list[int]:
    """Returns where parts begin that stay beside each other, in the new order."""
    return [k for k, d in enumerate(order) if k == 0 or d != order[k - 1] + 1]


def _then(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Returns the order that two permutations make."""
    return [first[k] for k in second]


def _swaps(count: int) -> list[list[int]]:
    """Returns all orders that swap two parts beside each other."""
    made = []
    for i, j, k in itertools.combinations(range(count + 1), 3):
        made.append([*range(i), *range(j, k), *range(i, j), *range(k, count)])
    return made


def steps_of(order: Sequence[int]) -> list[list[int]] | None:
    """Returns one or two orders that make an order, each of few parts; None if there are none. The
    first swaps parts, twice at most, so that as much as possible stays together in the second."""
    first, rest = list(range(len(order))), list(order)
    for _ in range(3):
        if len(_runs(rest)) <= MOST:
            return [step for step in (first, rest) if len(_runs(step)) > 1]
        left = [(swap, [swap.index(k) for k in rest]) for swap in _swaps(len(order))]
        swap, rest = min(left, key=lambda one: len(_runs(one[1])))
        first = _then(first, swap)
    return None


def _ordered(b: Builder, x: Value, order: Sequence[int]) -> Value:
    """A permutation of parts that stay together, as one of a dimension for each."""
    starts = _runs(order)
    parts = [list(order[i:j]) for i, j in zip(starts, [*starts[1:], len(order)], strict=True)]
    ordered = sorted(parts)
    merged = b.reshape(x, [math.prod(x.shape[k] for k in part) for part in ordered])
    made = b.permute(merged, [ordered.index(part) for part in parts])
    return b.reshape(made, [x.shape[k] for k in order])


def _permuted(b: Builder, x: Value, order: Sequence[int]) -> Value | None:
    long = [k for k in range(x.rank) if x.shape[k] != 1]
    steps = steps_of([long.index(k) for k in order if k in long])
    if steps is None:
        return None
    made = b.reshape(x, [x.shape[k] for k in long])
    for step in steps:
        made = _ordered(b, made, step)
    return b.reshape(made, [x.shape[k] for k in order])


# What an instruction does with a dimension: two beside each other with one key become one.


def _one(result: Result, rank: int) -> list[Any]:
    return [k if k == result.attributes["dim"] else "whole" for k in range(rank)]


def _some(result: Result, rank: int) -> list[Any]:
    return [k if k in result.attributes["dims"] else "whole" for k in range(rank)]


def _reduced(result: Result, rank: int) -> list[Any]:
    return [k in result.attributes["dims"] for k in range(rank)]


def _expanded(result: Result, rank: int) -> list[Any]:
    x = result.operands[0]
    assert isinstance(x, Value)
    pairs = zip(x.shape, result.shape, strict=True)
    return [ANY if new == 1 else size == new for size, new in pairs]


def _repeated(result: Result, rank: int) -> list[Any]:
    return ["whole" if n == 1 else k for k, n in enumerate(result.attributes["counts"])]


def _broadcast(result: Result, rank: int) -> list[Any]:
    shapes = [(1,) * (rank - o.rank) + o.shape for o in result.operands if isinstance(o, Value)]
    keys: list[Any] = [tuple(shape[k] == 1 for shape in shapes) for k in range(rank)]
    return [ANY if all(key) else key for key in keys]


def _rows(result: Result, rank: int) -> list[Any]:
    return [k == rank - 1 for k in range(rank)]


KEYS: dict[str, Callable[[Result, int], list[Any]]] = {
    "concat": _one, "expand": _expanded, "flip": _some, "gather": _one, "linear": _rows,
    "map": _broadcast, "put": _one, "reduce": _reduced, "repeat": _repeated, "slice": _one,
    "softmax": _one,
}  # fmt: skip
FIRST = ("gather", "linear")  # of which the first operand alone has these dimensions


def _groups(keys: Sequence[Any]) -> list[list[int]]:
    groups: list[list[int]] = []
    last: Any = ANY
    for k, key in enumerate(keys):
        if groups and (key is ANY or last is ANY or key == last):
            groups[-1].append(k)
            last = last if key is ANY else key
        else:
            groups.append([k])
            last = key
    return groups


def _short(b: Builder, operand: Operand, rank: int, groups: Sequence[Sequence[int]]) -> Operand:
    """Returns an operand with its dimensions merged."""
    if not isinstance(operand, Value) or not operand.rank:
        return operand
    sizes = (1,) * (rank - operand.rank) + operand.shape
    return b.reshape(operand, [math.prod(sizes[k] for k in group) for group in groups])


def _said(result: Result, groups: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Returns an instruction's attributes for merged dimensions."""
    said = dict(result.attributes)
    place = {k: place for place, group in enumerate(groups) for k in group}
    if "dim" in said:
        said["dim"] = place[said["dim"]]
    if "dims" in said:
        said["dims"] = sorted({place[k] for k in said["dims"]})
    for name, sizes in (("counts", said.get("counts")), ("shape", said.get("shape"))):
        if sizes is not None:
            said[name] = [math.prod(sizes[k] for k in group) for group in groups]
    return said


def _merged(b: Builder, result: Result, operands: Sequence[Operand]) -> Value | None:
    """Returns an instruction with fewer dimensions; None if there are none that can be merged."""
    if result.kind not in KEYS:
        return None
    first = operands[0]
    whole = isinstance(first, Value) and result.kind != "map"
    rank = first.rank if whole and isinstance(first, Value) else result.rank
    groups = _groups(KEYS[result.kind](result, rank))
    if len(groups) > MOST:
        return None
    count = 1 if result.kind in FIRST else len(operands)
    short = [_short(b, o, rank, groups) for o in operands[:count]] + list(operands[count:])
    made = again(b, result.kind, short, result, **_said(result, groups))
    return b.reshape(made, result.shape)


def _is_wide(result: Result) -> bool:
    return any(isinstance(v, Value) and v.rank > MOST for v in (result, *result.operands))


def _rule(b: Builder, result: Result, new: New) -> Value:
    if not _is_wide(result) or result.kind == "reshape":
        return as_it_is(b, result, new)
    operands = [new(operand) for operand in result.operands]
    first = operands[0]
    if result.kind == "permute" and isinstance(first, Value):
        made = _permuted(b, first, result.attributes["order"])
    else:
        made = _merged(b, result, operands)
    return as_it_is(b, result, new) if made is None else made


def without_wide(program: Lowered) -> Lowered:
    """Returns the program with no more dimensions than a program may have."""
    if not any(_is_wide(result) for result in program.results):
        return program
    made = rewritten(program, _rule)
    left = [result for result in made.results if _is_wide(result)]
    if not left:
        return made
    result = next((each for each in left if each.kind != "reshape"), left[0])
    count = max(v.rank for v in (result, *result.operands) if isinstance(v, Value))
    raise Refused(
        f"quell.export: {result.kind} of an array of {count} dimensions; a program has at most "
        f"{MOST}: do it in two steps" + (f"\n      {result.source}" if result.source else "")
    )
