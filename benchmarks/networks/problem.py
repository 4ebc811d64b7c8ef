# SPDX-License-Identifier: MIT
"""What the peers evaluate, and what each makes of it."""

import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from nets import Network
from torch import Tensor

TIME = 0.5  # of the schedule; networks are told it as it is


@dataclass
class Call:
    """run() evaluates `each` times; array(once()) is what an evaluation gives."""

    run: Callable[[], Any]
    array: Callable[[Any], np.ndarray] = np.asarray
    once: Callable[[], Any] | None = None
    each: int = 1


@dataclass
class Problem:
    """A network at x[samples], t[samples], by so many threads; a turn takes about `seconds`."""

    network: Network
    module: torch.nn.Module
    x: Tensor
    t: Tensor
    threads: int
    seconds: float
    work: float  # multiply-adds of an evaluation
    folder: pathlib.Path

    def path(self, peer: str, end: str) -> pathlib.Path:
        """A file for this network, and this number of samples if the peer's file knows it."""
        name = "".join(c if c.isalnum() else "_" for c in self.network.name)
        return self.folder / f"{name}_{peer}{end}"

    def given(self) -> tuple[Tensor, Tensor]:
        return self.x, self.t

    def typical(self, count: int) -> list[tuple[Tensor, Tensor]]:
        """Inputs by which ranges of values can be found."""
        torch.manual_seed(2)
        return [(torch.randn_like(self.x), self.t) for _ in range(count)]
