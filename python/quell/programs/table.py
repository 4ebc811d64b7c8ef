# SPDX-License-Identifier: MIT
"""The table of PyTorch's operations that a program has instructions for. Each module of
quell.programs.operations adds functions to it: from the operation's arguments, by PyTorch's names,
to the value that it makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import torch

from quell.programs.build import Builder
from quell.programs.values import Complex, Shape, Value


class NotKnown(Exception):
    """An operation, or a use of one, that a program has no instructions for: what, and what to do
    instead."""

    def __init__(self, what: str, instead: str = "") -> None:
        super().__init__(what)
        self.what, self.instead = what, instead


@dataclasses.dataclass
class Call:
    """One operation in a graph: its arguments, by name, with defaults filled in; and what PyTorch
    says that it makes (a list where it makes several)."""

    name: str
    arguments: dict[str, Any]
    shape: Shape
    dtype: torch.dtype
    shapes: list[Shape]

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def first(self) -> Any:
        """The argument that PyTorch's schema has first."""
        return next(iter(self.arguments.values()))


Made: TypeAlias = Value | Complex | list[Any]
Lowering: TypeAlias = Callable[[Builder, Call], Made]
TABLE: dict[str, Lowering] = {}
One = TypeVar("One", bound=Lowering)


def lowers(*names: str) -> Callable[[One], One]:
    """Adds a function to the table."""

    def add(function: One) -> One:
        for name in names:
            assert name not in TABLE, name
            TABLE[name] = function
        return function

    return add
