# SPDX-License-Identifier: MIT
"""What a work item is."""

import abc
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from quell_c import Library

# E[X | x_t = x] for x[count, ...], alpha, sigma: numbers or tensors of no dimensions.
Model = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Shape:
    """How many samples, of which dimensions, in how many steps."""

    count: int
    sample: tuple[int, ...]
    steps: int = 64

    @property
    def dim(self) -> int:
        return int(torch.Size(self.sample).numel())

    def __str__(self) -> str:
        return f"{self.count} x {' x '.join(map(str, self.sample))}"


class Work(abc.ABC):
    """A denoiser. One object serves all shapes; what it makes for one is made anew each time."""

    name: str
    shapes: tuple[Shape, ...]
    samplers: tuple[str, ...]
    passes: ClassVar[int] = 2  # of the state through an evaluation: it is read, a mean is written

    @abc.abstractmethod
    def model(self, shape: Shape) -> Model:
        """For PyTorch, in the obvious vectorised manner."""

    @abc.abstractmethod
    def quell(self, library: Library, shape: Shape) -> ctypes.c_void_p:
        """The same as a denoiser of quell's."""

    def net(self) -> nn.Module | None:
        """The network within, which azula preconditions as KarrasDenoiser does, or None."""
        return None

    def flops(self, shape: Shape) -> float:
        """Of one evaluation for all samples."""
        return 0.0

    def data(self, shape: Shape) -> float:
        """Bytes that an evaluation must read besides the state: points or weights."""
        return 0.0
