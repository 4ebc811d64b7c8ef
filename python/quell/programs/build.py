# SPDX-License-Identifier: MIT
"""Makes instructions. An instruction that changes nothing is left out, one that exists already is
used again, and constants are moved at once."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from quell.programs.infer import RULES
from quell.programs.values import (
    Constant,
    Input,
    Operand,
    Result,
    Unknown,
    Value,
    constant,
    known,
    number,
)

MOVES = ("reshape", "permute", "slice", "flip", "expand", "repeat", "put")
NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "div": 1}


def _moved(kind: str, tensor: Tensor, said: dict[str, Any]) -> Tensor:
    """Returns a constant, moved as the instruction would move it."""
    if kind == "reshape":
        return tensor.reshape(said["shape"])
    if kind == "permute":
        return tensor.permute(said["order"])
    if kind == "expand":
        return tensor.expand(said["shape"])
    if kind == "repeat":
        return tensor.repeat(said["counts"])
    if kind == "flip":
        return tensor.flip(said["dims"])
    assert kind == "slice", kind
    part = slice(said["start"], said["stop"], said["step"])
    return tensor[(slice(None),) * said["dim"] + (part,)]


class Builder:
    """Makes the instructions of a program, in order."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.inputs: list[Input] = []
        self.source = ""  # the user's line that instructions now come from
        self._made: dict[str, Result] = {}
        self._kept: list[Operand] = []  # so that no id in a key is used twice

    def _key(self, kind: str, operands: Sequence[Operand], said: dict[str, Any]) -> str:
        self._kept += operands
        names = [id(o) if isinstance(o, Value) else repr(o) for o in operands]
        return json.dumps([kind, names, sorted(said.items())])

    def emit(
        self, kind: str, operands: Sequence[Operand], dtype: torch.dtype, **said: Any
    ) -> Result | Unknown:
        """Returns the instruction, or an equal one that was made before."""
        shape = RULES[kind](operands, said)
        if any(isinstance(operand, Unknown) for operand in operands):
            return Unknown(shape, dtype)
        key = self._key(kind, operands, said)
        if key not in self._made:
            self._made[key] = Result(shape, dtype, kind, tuple(operands), said, self.source)
            self.results.append(self._made[key])
        return self._made[key]

    # Moves.

    def _move(self, kind: str, value: Value, **said: Any) -> Value:
        if isinstance(value, Constant):
            name = value.name if kind == "reshape" else ""
            return constant(_moved(kind, value.tensor, said), name)
        return self.emit(kind, [value], value.dtype, **said)

    def reshape(self, value: Value, shape: Sequence[int]) -> Value:
        if tuple(shape) == value.shape:
            return value
        if isinstance(value, Result) and value.kind == "reshape":
            first = value.operands[0]
            assert isinstance(first, Value)
            return self.reshape(first, shape)
        return self._move("reshape", value, shape=list(shape))

    def permute(self, value: Value, order: Sequence[int]) -> Value:
        if list(order) == list(range(value.rank)):
            return value
        if isinstance(value, Result) and value.kind == "permute":
            first = value.operands[0]
            assert isinstance(first, Value)
            return self.permute(first, [value.attributes["order"][k] for k in order])
        long = [k for k in order if value.shape[k] != 1]
        if long == sorted(long):  # only sizes of one change places
            return self.reshape(value, [value.shape[k] for k in order])
        return self._move("permute", value, order=list(order))

    def transpose(self, value: Value, i: int = -2, j: int = -1) -> Value:
        order = list(range(value.rank))
        order[i], order[j] = order[j], order[i]
        return self.permute(value, order)

    def expand(self, value: Value, shape: Sequence[int]) -> Value:
        value = self.reshape(value, (1,) * (len(shape) - value.rank) + value.shape)
        if tuple(shape) == value.shape:
            return value
        return self._move("expand", value, shape=list(shape))

    def repeat(self, value: Value, counts: Sequence[int]) -> Value:
        value = self.reshape(value, (1,) * (len(counts) - value.rank) + value.shape)
        if all(n == 1 for n in counts):
            return value
        return self._move("repeat", value, counts=list(counts))

    def slice(self, value: Value, dim: int, start: int, stop: int, step: int = 1) -> Value:
        dim %= value.rank
        start, stop, _ = slice(start, stop).indices(value.shape[dim])
        if (start, stop, step) == (0, value.shape[dim], 1):
            return value
        return self._move("slice", value, dim=dim, start=start, stop=stop, step=step)

    def select(self, value: Value, dim: int, index: int) -> Value:
        dim %= value.rank
        index %= value.shape[dim]
        one = self.slice(value, dim, index, index + 1)
        return self.reshape(one, value.shape[:dim] + value.shape[dim + 1 :])

    def flip(self, value: Value, dims: Sequence[int]) -> Value:
        turned = sorted({d % value.rank for d in dims if value.shape[d] != 1})
        return self._move("flip", value, dims=turned) if turned else value

    def concat(self, values: Sequence[Value], dim: int) -> Value:
        dim %= values[0].rank
        values = [v for v in values if v.shape[dim]]
        if len(values) == 1:
            return values[0]
        if known(tuple(values)):
            return constant(torch.cat([v.tensor for v in values if isinstance(v, Constant)], dim))
        dtype = values[0].dtype
        for value in values:
            dtype = torch.promote_types(dtype, value.dtype)
        return self.emit("concat", values, dtype, dim=dim)

    # Arithmetic.

    @staticmethod
    def _short(operands: Sequence[Operand]) -> list[Operand]:
        """Replaces a constant of one element by a number, where the shape does not depend on it."""
        arrays = [o for o in operands if isinstance(o, Value) and number(o) is None]
        rank = max((a.rank for a in arrays), default=-1)
        short: list[Operand] = []
        for operand in operands:
            value = number(operand)
            plain = value is not None and math.isfinite(value)
            fits = not isinstance(operand, Value) or operand.rank <= rank
            short.append(value if plain and fits else operand)
        return short

    def map(
        self, function: str, operands: Sequence[Operand], dtype: torch.dtype, **said: Any
    ) -> Value:
        short = self._short(operands)
        if not any(isinstance(o, Value) for o in short):
            short[0] = operands[0]
        if len(short) == 2:
            a, b = short
            if self._neutral(function, a, b):
                assert isinstance(a, Value)
                return a
            if function in ("add", "mul") and self._neutral(function, b, a):
                assert isinstance(b, Value)
                return b
        return self.emit("map", short, dtype, function=function, **said)

    @staticmethod
    def _neutral(function: str, value: Operand, neutral: Operand) -> bool:
        """Returns whether this is x + 0, x - 0, x * 1 or x / 1."""
        if isinstance(neutral, Value) or not isinstance(value, Value) or not value.real:
            return False
        return neutral is not None and NEUTRAL.get(function) == neutral

    def add(self, a: Operand, b: Operand) -> Value:
        return self._real("add", a, b)

    def sub(self, a: Operand, b: Operand) -> Value:
        return self._real("sub", a, b)

    def mul(self, a: Operand, b: Operand) -> Value:
        return self._real("mul", a, b)

    def _real(self, function: str, a: Operand, b: Operand) -> Value:
        dtype = torch.float32
        for value in (a, b):
            if isinstance(value, Value) and value.real:
                dtype = torch.promote_types(dtype, value.dtype)
        if known((a, b)):
            x, y = (
                torch.as_tensor(v.tensor if isinstance(v, Constant) else v, dtype=dtype)
                for v in (a, b)
            )
            return constant({"add": x + y, "sub": x - y, "mul": x * y}[function])
        return self.map(function, [a, b], dtype)

    def reduce(
        self,
        function: str,
        value: Value,
        dims: Sequence[int],
        keep: bool,
        dtype: torch.dtype,
        **said: Any,
    ) -> Value:
        turned = sorted(d % value.rank for d in dims)
        return self.emit(
            "reduce", [value], dtype, function=function, dims=turned, keep=keep, **said
        )
