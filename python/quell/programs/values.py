# SPDX-License-Identifier: MIT
"""The values of a program that is being built: constants, inputs and results of instructions.
Shapes are those of one sample, without the batch."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

import torch
from torch import Tensor

Shape: TypeAlias = tuple[int, ...]


@dataclasses.dataclass(eq=False)
class Value:
    """An array. `dtype` is torch's: a program knows real numbers alone, but whole numbers and truth
    values differ in what torch does with them."""

    shape: Shape
    dtype: torch.dtype

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def truth(self) -> bool:
        return self.dtype == torch.bool

    @property
    def real(self) -> bool:
        return self.dtype.is_floating_point


@dataclasses.dataclass(eq=False)
class Constant(Value):
    """A tensor that depends on no input; `name` is that of a weight as it is, or empty."""

    tensor: Tensor
    name: str = ""


@dataclasses.dataclass(eq=False)
class Input(Value):
    name: str


@dataclasses.dataclass(eq=False)
class Result(Value):
    """The result of an instruction. An operand is a value, a number, or None if it is left out."""

    kind: str
    operands: tuple[Operand, ...]
    attributes: dict[str, Any]
    source: str


@dataclasses.dataclass(eq=False)
class Unknown(Value):
    """Stands for a result of an unknown operation, so that the rest of the graph is still read."""


@dataclasses.dataclass(eq=False)
class Complex:
    """A complex array. A program has only its two parts, as real arrays."""

    real: Value
    imaginary: Value


Number: TypeAlias = int | float
Operand: TypeAlias = Value | int | float | None


def constant(tensor: Tensor, name: str = "") -> Constant:
    return Constant(tuple(tensor.shape), tensor.dtype, tensor.detach(), name)


def known(operands: tuple[Operand, ...]) -> bool:
    """Returns whether no operand depends on an input."""
    return not any(isinstance(o, Value) and not isinstance(o, Constant) for o in operands)


def number(value: Operand) -> Number | None:
    """Returns the number in a constant of one element; None for anything else."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, Constant) and value.tensor.numel() == 1:
        found: Number = value.tensor.item()
        return found
    return None
