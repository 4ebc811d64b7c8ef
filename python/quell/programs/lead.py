# SPDX-License-Identifier: MIT
"""Removes the dimension of the batch: PyTorch's shapes begin with the batch, which is 1 in a
program. Instructions that do not change a leading dimension of 1 are made without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quell.programs.build import Builder
from quell.programs.lower import Lowered
from quell.programs.rewrite import New, again, as_it_is, rewritten
from quell.programs.values import Operand, Result, Value

Said = dict[str, Any]


def _lower_dim(said: Said, name: str) -> Said | None:
    return said | {name: said[name] - 1} if said[name] else None


def _lower_dims(said: Said, name: str) -> Said | None:
    return said | {name: [d - 1 for d in said[name]]} if 0 not in said[name] else None


def _permuted(said: Said) -> Said | None:
    order = said["order"]
    return {"order": [k - 1 for k in order[1:]]} if order[0] == 0 else None


def _padded(said: Said) -> Said | None:
    if said["before"][0] or said["after"][0]:
        return None
    return said | {"before": said["before"][1:], "after": said["after"][1:]}


def _normed(said: Said) -> Said | None:
    return None if "groups" in said else _lower_dims(said, "dims")


def _first_one(name: str) -> Callable[[Said], Said | None]:
    return lambda said: said | {name: said[name][1:]} if said[name][0] == 1 else None


# What the attributes are without the leading dimension; None where it is not left alone.
RULES: dict[str, Callable[[Said], Said | None]] = {
    "concat": lambda said: _lower_dim(said, "dim"),
    "expand": _first_one("shape"),
    "flip": lambda said: _lower_dims(said, "dims"),
    "gather": lambda said: _lower_dim(said, "dim"),
    "interpolate": lambda said: said,
    "linear": lambda said: said,
    "map": lambda said: said,
    "matmul": lambda said: said,
    "attention": lambda said: said,
    "nearest": _first_one("factors"),
    "norm": _normed,
    "pad": _padded,
    "permute": _permuted,
    "put": lambda said: _lower_dim(said, "dim"),
    "reduce": lambda said: _lower_dims(said, "dims"),
    "repeat": _first_one("counts"),
    "slice": lambda said: _lower_dim(said, "dim"),
    "softmax": lambda said: _lower_dim(said, "dim"),
}
LEAST = {
    "matmul": 3,
    "attention": 3,
    "linear": 2,
    "interpolate": 2,
}  # ranks below which there is no lead
WHOLE = {"linear": 1, "gather": 1}  # how many operands have the lead; left out: all of that rank


def _without_lead(b: Builder, result: Result, operands: list[Operand]) -> Value | None:
    """Returns the instruction without its leading dimension, if it does not change that."""
    kind, rank = result.kind, result.rank
    first = result.operands[0]
    if isinstance(first, Value) and kind not in ("map", "gather"):
        rank = first.rank
        if first.shape[:1] != (1,):
            return None
    if result.shape[:1] != (1,) or rank < LEAST.get(kind, 1):
        return None
    if kind == "interpolate" and rank <= len(result.attributes["sizes"]):
        return None
    said = RULES[kind](result.attributes) if kind in RULES else None
    if said is None:
        return _row(b, result, operands)
    count = WHOLE.get(kind, len(operands))
    short: list[Operand] = []
    for k, operand in enumerate(operands):
        leads = isinstance(operand, Value) and operand.rank == rank
        if k >= count or not leads:
            short.append(operand)
            continue
        assert isinstance(operand, Value)
        if operand.shape[0] != 1:
            return None
        short.append(b.reshape(operand, operand.shape[1:]))
    return again(b, kind, short, result, **said)


def _row(b: Builder, result: Result, operands: list[Operand]) -> Value | None:
    """Takes a row of a table by an index that has a leading dimension."""
    if result.kind != "gather" or result.attributes["dim"] != 0:
        return None
    x, index = operands
    if not isinstance(index, Value) or index.shape[:1] != (1,):
        return None
    index = b.reshape(index, index.shape[1:])
    return again(b, "gather", [x, index], result, **result.attributes)


def _rule(b: Builder, result: Result, new: New) -> Value:
    operands = [new(operand) for operand in result.operands]
    short = _without_lead(b, result, operands)
    if short is None:
        return as_it_is(b, result, new)
    return b.reshape(short, result.shape)


def without_lead(program: Lowered) -> Lowered:
    """Returns the program without the dimension of the batch, wherever that is possible."""
    return rewritten(program, _rule)
