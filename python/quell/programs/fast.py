# SPDX-License-Identifier: MIT
"""Chooses which convolutions are computed by Winograd's algorithm, and in what tiles
(docs/programs.md, conv): where that takes less time, within a bound on the network's error.

Times are estimated, in multiply-adds, for one sample: a convolution takes 9 for each position and
pair of channels, and tiles of T x T take (T + 2)^2 in all. Beside that, each channel of a position
is transformed, and each weight must come from memory, where there are more of them than the caches
hold, whatever the number of positions is. The figures were measured with AVX-512 (Zen 4)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from quell.programs.check import Expected
from quell.programs.lower import Lowered
from quell.programs.values import Constant, Result, Value

TILES = (2, 4, 6)
PANEL = 32  # output channels
TRANSFORM = 35.0  # of a channel of a position, as long as so many multiply-adds
WEIGHT = 12.0  # from memory
CACHED = 2**18  # weights that stay in a cache
GROWTH = 2**26  # weights more than the network has, in all
ERROR = {0: 0.0, 2: 1.0, 4: 5.0, 6: 80.0}  # squares of the errors, in those of tiles of two
GROUPS = 24  # parts of a network whose errors are measured one by one
TRIALS = 4

Outputs = Callable[[str], NDArray[np.float64]]  # of a program, as its layers then are


@dataclasses.dataclass(eq=False)
class Layer:
    """A convolution that can be computed in tiles. share: its part of the network's squared error
    with tiles of two."""

    result: Result
    share: float = 0.0

    def weights(self, tile: int) -> int:
        """How many weights are read. Tiles fill the last panel of output channels with zeros."""
        weight = self.result.operands[1]
        assert isinstance(weight, Value)
        out, channels = weight.shape[:2]
        panels = -(-out // PANEL)
        return (tile + 2) ** 2 * panels * PANEL * channels if tile else 9 * out * channels

    def time(self, tile: int) -> float:
        """The time of a sample, about."""
        x, (out, *sizes) = self.result.operands[0], self.result.shape
        assert isinstance(x, Value)
        positions, weights = math.prod(sizes), self.weights(tile)
        memory = WEIGHT * weights if weights > CACHED else 0.0
        if not tile:
            return 1.05 * max(weights * positions, memory)
        tiles = math.prod(-(-size // tile) for size in sizes)
        return max(1.1 * weights * tiles, memory) + TRANSFORM * (out + x.shape[0]) * positions

    @property
    def fastest(self) -> int:
        return min((0, *TILES), key=self.time)

    @property
    def tile(self) -> int:
        return int(self.result.attributes.get("winograd", 0))

    @tile.setter
    def tile(self, tile: int) -> None:
        self.result.attributes["winograd"] = tile


def suits(result: Result) -> bool:
    """Returns whether a convolution can be computed in tiles."""
    if result.kind != "conv":
        return False
    weight, said = result.operands[1], result.attributes
    return (
        isinstance(weight, Constant)
        and weight.shape[2:] == (3, 3)
        and said["stride"] == said["dilation"] == [1, 1]
        and said["groups"] == 1
    )


def layers_of(lowered: Lowered) -> list[Layer]:
    """Returns the convolutions that are faster in some tiles."""
    found = [Layer(result) for result in lowered.results if suits(result)]
    return [layer for layer in found if layer.fastest]


@dataclasses.dataclass(frozen=True)
class Move:
    """Other tiles for a layer."""

    layer: Layer
    tile: int

    @property
    def gain(self) -> float:
        return self.layer.time(self.layer.tile) - self.layer.time(self.tile)

    @property
    def error(self) -> float:
        return self.layer.share * (ERROR[self.tile] - ERROR[self.layer.tile])

    @property
    def weights(self) -> int:
        return self.layer.weights(self.tile) - self.layer.weights(self.layer.tile)


def moves(layers: Iterable[Layer]) -> list[Move]:
    every = [Move(layer, tile) for layer in layers for tile in TILES if tile > layer.tile]
    return [move for move in every if move.gain > 0]


def clear(layers: Iterable[Layer]) -> None:
    for layer in layers:
        layer.tile = 0


def fill(layers: Sequence[Layer], error: float) -> None:
    """Sets the tiles that gain most for their error, while the sum of the squared errors is at most
    `error`, and while they do not make the network too large."""
    clear(layers)
    left, room = error, GROWTH + sum(layer.weights(0) for layer in layers)
    while True:
        fit = [m for m in moves(layers) if m.error <= left and m.weights <= room]
        if not fit:
            return
        best = max(fit, key=lambda m: m.gain / (m.error / error + m.weights / room + 1e-9))
        left, room = left - best.error, room - best.weights
        best.layer.tile = best.tile


class Choice:
    """The tiles of one program. outputs: computes its results for the inputs of `right`."""

    def __init__(self, name: str, lowered: Lowered, right: Expected, outputs: Outputs) -> None:
        self.layers = layers_of(lowered)
        self._name, self._outputs = name, outputs
        self._exact = right.double.numpy()
        self._size = float(np.abs(self._exact).max()) or 1.0

    def _off(self, right: NDArray[np.float64]) -> float:
        """Returns how far the program, as its layers are now, is from other results."""
        return float(np.abs(self._outputs(self._name) - right).max()) / self._size

    def _measure_shares(self, plain: NDArray[np.float64]) -> None:
        """Measures the errors of some layers at a time, with the others as they are."""
        each = -(-len(self.layers) // GROUPS)
        for first in range(0, len(self.layers), each):
            group = self.layers[first : first + each]
            for layer in self.layers:
                layer.tile = layer.fastest if layer in group else 0
            square = self._off(plain) ** 2 / sum(ERROR[layer.tile] for layer in group)
            for layer in group:
                layer.share = square

    def run(self, most: float) -> None:
        """Sets the tiles so that the program is at most so far from float64."""
        fill(self.layers, math.inf)
        if not self.layers or self._off(self._exact) <= most:
            return
        clear(self.layers)
        plain = self._outputs(self._name)
        square = most**2 - self._off(self._exact) ** 2
        self._measure_shares(plain)
        for _ in range(TRIALS if square > 0 else 0):
            fill(self.layers, square)
            found = self._off(self._exact)
            if found <= most:
                return
            square *= 0.7 * min(1.0, most / found)
        clear(self.layers)


def forget(programs: Mapping[str, Lowered]) -> None:
    """Sets no tiles."""
    for lowered in programs.values():
        clear(layers_of(lowered))


def choose(
    programs: Mapping[str, Lowered],
    right: Mapping[str, Expected],
    most: Mapping[str, float],
    outputs: Outputs,
) -> None:
    """Sets the tiles of all convolutions, so that each program is at most most[name] off float64,
    relative to its largest output."""
    for name, lowered in programs.items():
        Choice(name, lowered, right[name], outputs).run(most[name])
