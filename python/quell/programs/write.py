# SPDX-License-Identifier: MIT
"""Writes a program in the form of docs/programs.md: JSON, and the tensors that it names."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from quell.programs.build import MOVES
from quell.programs.lower import Lowered
from quell.programs.trace import Refused
from quell.programs.values import Constant, Input, Operand, Result, Value

DEFAULTS: dict[str, dict[str, Any]] = {  # attributes that are left out where they have these
    "slice": {"step": 1},
    "put": {"step": 1},
    "conv": {"groups": 1, "winograd": 0},
    "conv_transpose": {"groups": 1},
    "attention": {"causal": False},
    "norm": {"centred": True},
    "reduce": {"keep": False, "correction": 0},
    "interpolate": {"corners": False},
    "pad": {"mode": "constant", "value": 0},
}
LISTS = {"stride": 1, "before": 0, "after": 0, "dilation": 1}  # of convolutions
SMALL = 65536  # elements up to which constants are compared by their values


class Writer:
    """Writes programs that share tensors."""

    def __init__(self, taken: set[str]) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._taken = taken  # names of inputs, which no tensor may have
        self._names: dict[Any, str] = {}
        self._places: set[int] = set()  # no two tensors of a file may share memory
        self._kept: list[Tensor] = []

    def program(self, lowered: Lowered) -> dict[str, Any]:
        """Returns the JSON object of a program."""
        places = {result: k for k, result in enumerate(lowered.results)}
        if not isinstance(lowered.output, Result):
            raise Refused("quell.export: the network's result is no function of its inputs")
        return {
            "inputs": {value.name: list(value.shape) for value in lowered.inputs},
            "instructions": [self._instruction(result, places) for result in lowered.results],
            "output": places[lowered.output],
        }

    def _instruction(self, result: Result, places: dict[Result, int]) -> dict[str, Any]:
        operands = [self._operand(operand, places) for operand in result.operands]
        while operands and operands[-1] is None:
            operands.pop()
        kind, said = result.kind, dict(result.attributes)
        for name, value in DEFAULTS.get(kind, {}).items():
            if said.get(name) == value:
                del said[name]
        if kind.startswith("conv"):
            said = {n: v for n, v in said.items() if n not in LISTS or set(v) != {LISTS[n]}}
        form = {"form": kind} if kind in MOVES else {}
        return {"move" if form else kind: operands, **form, **said}

    def _operand(self, operand: Operand, places: dict[Result, int]) -> Any:
        if operand is None:
            return None
        if isinstance(operand, Result):
            return places[operand]
        if isinstance(operand, Input):
            return operand.name
        if isinstance(operand, Constant):
            return self._tensor(operand)
        assert not isinstance(operand, Value)
        return [_finite_number(float(operand))]

    def _tensor(self, value: Constant) -> str:
        """The name of a constant in the file, where it is once."""
        made = _stored(value.tensor)
        keys: list[Any] = [_address(value.tensor)]
        if made.numel() <= SMALL:
            keys.append((tuple(made.shape), made.numpy().tobytes()))
        for key in keys if not value.name else ():
            if key in self._names:
                return self._names[key]
        name = self._name(value, made)
        for key in keys:
            self._names.setdefault(key, name)
        self._kept.append(value.tensor)  # so that no address is used twice
        if name not in self.tensors:
            place = made.untyped_storage().data_ptr()
            self.tensors[name] = made.clone() if place in self._places else made
            self._places.add(place)
        return name

    def _name(self, value: Constant, made: Tensor) -> str:
        """Returns the name of the weight if it is free, or the next free name."""
        base = value.name or "constant"
        free = [base] if value.name else []
        k = 0
        while True:
            name = free.pop() if free else f"{base}.{k}"
            if name not in self.tensors and name not in self._taken:
                return name
            if name in self.tensors and torch.equal(self.tensors[name], made):
                return name
            k += 1


def _address(tensor: Tensor) -> tuple[Any, ...]:
    return (tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)


def _finite_number(value: float) -> float:
    """Returns a number for the file."""
    if math.isnan(value):
        raise Refused("quell.export: the network has a constant that is not a number")
    return value


def _stored(tensor: Tensor) -> Tensor:
    """Returns a constant as it is stored in the file, in float32."""
    made = tensor.detach().cpu()
    whole = made.dtype != torch.bool and not made.is_floating_point()
    if whole and made.numel() and int(made.abs().max()) > 2**24:
        raise Refused("quell.export: the network has whole numbers above 2^24")
    made = made.to(torch.float32).contiguous()
    if torch.isnan(made).any():
        raise Refused("quell.export: the network has a constant that is not a number")
    return made
