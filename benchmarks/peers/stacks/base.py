# SPDX-License-Identifier: MIT
"""What a stack is, and what it is given to do."""

import abc
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from grid import Frame, Grid
from quell_c import Library
from samplers import Sampler
from turns import Run
from works import Shape, Work


@dataclass(frozen=True)
class Problem:
    """One row of the table: draw `shape` by `sampler` from x_1 = x."""

    work: Work
    shape: Shape
    sampler: Sampler
    grid: Grid
    x: Tensor
    library: Library
    threads: int


@dataclass(frozen=True)
class Drawing:
    """A run, and what the last one of it drew."""

    run: Run
    result: Callable[[], np.ndarray]


def drawing(draw: Callable[[Tensor], Tensor], x: Tensor, frame: Frame | None = None) -> Drawing:
    """A run that keeps x as it is and returns x_0, both in a frame of the peer's own."""
    first, last = (frame.first, frame.last) if frame else (1.0, 1.0)
    x = x * first
    drawn: list[Tensor] = []

    def call() -> None:
        with torch.inference_mode():
            drawn[:] = [draw(x)]

    return Drawing(Run(call, drawn.clear), lambda: drawn[0].numpy() / last)


class Stack(abc.ABC):
    """A way to draw samples, of a package that may be missing."""

    name: str
    package: str | None = None

    def version(self) -> str:
        """Raises ImportError if it is missing."""
        return importlib.metadata.version(self.package) if self.package else ""

    @abc.abstractmethod
    def set_up(self, problem: Problem) -> Drawing | None:
        """Returns None if it does not have this sampler, or is not for this work."""
