# SPDX-License-Identifier: MIT
"""The extension module: the library as the modules around it use it. Shapes and kinds of arrays are
theirs to check; here x is float32[count][dim], contiguous and writable."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float32]
_Doubles = NDArray[np.float64]

class Schedule:
    def __init__(self, spec: str) -> None: ...
    @staticmethod
    def from_betas(betas: _Doubles) -> Schedule: ...
    @staticmethod
    def from_function(function: Callable[[float], tuple[float, float]]) -> Schedule: ...
    def at(self, t: float) -> tuple[float, float]: ...
    def at_all(self, times: _Doubles) -> tuple[_Doubles, _Doubles]: ...

class Denoiser:
    @staticmethod
    def isotropic(dim: int, variance: float, mean: _Doubles) -> Denoiser: ...
    @staticmethod
    def diagonal(variances: _Doubles, mean: _Doubles) -> Denoiser: ...
    @staticmethod
    def full(dim: int, covariance: _Doubles, mean: _Doubles) -> Denoiser: ...
    @staticmethod
    def mixture(dim: int, weights: _Doubles, means: _Doubles, variances: _Doubles) -> Denoiser: ...
    @staticmethod
    def empirical(dim: int, points: _Floats) -> Denoiser: ...
    @staticmethod
    def eigen(mean: _Doubles, eigenvalues: _Doubles, vectors: _Doubles) -> Denoiser: ...
    @staticmethod
    def function(
        dim: int, output: str, precondition: str, variance: str, digest: int
    ) -> Denoiser: ...
    @staticmethod
    def guided(
        base: Denoiser,
        guide: Denoiser | None,
        weight: float,
        low: float,
        high: float,
        times: Sequence[float],
        weights: Sequence[float],
        rescale: float = ...,
    ) -> Denoiser: ...
    @property
    def dim(self) -> int: ...
    @property
    def digest(self) -> int: ...
    @property
    def reproducible(self) -> bool: ...
    @property
    def kind(self) -> str: ...
    @property
    def classes(self) -> int: ...
    @property
    def conditions(self) -> list[tuple[str, tuple[int, ...]]]: ...
    def eigenbasis(self) -> tuple[_Doubles, _Doubles]: ...

class Model:
    def __init__(self, name: bytes, precision: str = ...) -> None: ...
    @property
    def decodes(self) -> bool: ...
    @property
    def decoded_shape(self) -> tuple[int, ...]: ...
    def decode(
        self,
        x: _Floats,
        out: _Floats,
        first: int = ...,
        threads: int = ...,
        classes: NDArray[np.int32] | None = ...,
        conditions: Sequence[tuple[str, _Floats | None]] = ...,
    ) -> None: ...
    @property
    def denoiser(self) -> Denoiser: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def image(self) -> bool: ...
    @property
    def schedule(self) -> str: ...
    def save(self, path: bytes) -> None: ...

class Program:
    def __init__(self, path: bytes, name: str) -> None: ...
    @property
    def inputs(self) -> dict[str, tuple[int, ...]]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    def run(self, inputs: list[NDArray[np.float32]]) -> NDArray[np.float32]: ...

class Options:
    def __init__(
        self,
        steps: int = ...,
        start: float = ...,
        stop: float = ...,
        times: Sequence[float] = ...,
        sigmas: Sequence[float] = ...,
        grid: str = ...,
        clamp: tuple[float, float] = ...,
        threshold: float = ...,
        threshold_max: float = ...,
        brownian: bool = ...,
        mean: Sequence[float] = ...,
        variance: Sequence[float] = ...,
    ) -> None: ...

class Sampler:
    def __init__(
        self, spec: str, denoiser: Denoiser, schedule: Schedule, options: Options
    ) -> None: ...
    def init(
        self,
        x: _Floats,
        seed: int = ...,
        first: int = ...,
        threads: int = ...,
        tile: int = ...,
        isa: str = ...,
        classes: NDArray[np.int32] | None = ...,
        progress: Callable[[int, int], object] | None = ...,
        arguments: Any = ...,
        conditions: Sequence[tuple[str, _Floats | None]] = ...,
        negative_classes: NDArray[np.int32] | None = ...,
        negative_conditions: Sequence[tuple[str, _Floats | None]] = ...,
        seeds: NDArray[np.uint64] | None = ...,
        indices: NDArray[np.uint64] | None = ...,
        part: bool = ...,
    ) -> None: ...
    def forward(
        self,
        x: _Floats,
        seed: int = ...,
        first: int = ...,
        threads: int = ...,
        tile: int = ...,
        isa: str = ...,
        classes: NDArray[np.int32] | None = ...,
        progress: Callable[[int, int], object] | None = ...,
        arguments: Any = ...,
        conditions: Sequence[tuple[str, _Floats | None]] = ...,
        negative_classes: NDArray[np.int32] | None = ...,
        negative_conditions: Sequence[tuple[str, _Floats | None]] = ...,
        seeds: NDArray[np.uint64] | None = ...,
        indices: NDArray[np.uint64] | None = ...,
        part: bool = ...,
    ) -> None: ...
    def step(
        self,
        x: _Floats,
        t: float,
        s: float,
        seed: int = ...,
        first: int = ...,
        threads: int = ...,
        tile: int = ...,
        isa: str = ...,
        classes: NDArray[np.int32] | None = ...,
        progress: Callable[[int, int], object] | None = ...,
        arguments: Any = ...,
        conditions: Sequence[tuple[str, _Floats | None]] = ...,
        negative_classes: NDArray[np.int32] | None = ...,
        negative_conditions: Sequence[tuple[str, _Floats | None]] = ...,
        seeds: NDArray[np.uint64] | None = ...,
        indices: NDArray[np.uint64] | None = ...,
        part: bool = ...,
    ) -> None: ...
    def denoise(
        self,
        x: _Floats,
        out: _Floats,
        t: float,
        seed: int = ...,
        first: int = ...,
        threads: int = ...,
        tile: int = ...,
        isa: str = ...,
        classes: NDArray[np.int32] | None = ...,
        progress: Callable[[int, int], object] | None = ...,
        arguments: Any = ...,
        conditions: Sequence[tuple[str, _Floats | None]] = ...,
        negative_classes: NDArray[np.int32] | None = ...,
        negative_conditions: Sequence[tuple[str, _Floats | None]] = ...,
        seeds: NDArray[np.uint64] | None = ...,
        indices: NDArray[np.uint64] | None = ...,
        part: bool = ...,
    ) -> None: ...
    @property
    def dim(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def digest(self) -> int: ...
    @property
    def evaluations(self) -> int: ...
    def operations(self) -> list[dict[str, Any]]: ...
    def print(self) -> str: ...

def quantize(
    name: bytes,
    out: bytes,
    bound: float,
    sampler: str,
    schedule: str,
    sampling: Options | None,
    guidance: tuple[Any, ...] | None,
    guide: Denoiser | None,
    count: int,
    seed: int,
    threads: int,
    isa: str,
    progress: Callable[[int, int], object] | None,
    classes: NDArray[np.int32] | None = ...,
    conditions: Sequence[tuple[str, _Floats | None]] = ...,
    negative_classes: NDArray[np.int32] | None = ...,
    negative_conditions: Sequence[tuple[str, _Floats | None]] = ...,
    part: bool = ...,
) -> tuple[dict[str, Any], list[dict[str, Any]]]: ...
class Ticket:
    def wait(self, seconds: float) -> bool: ...
    def cancel(self) -> None: ...
    @property
    def drawn(self) -> int: ...
    @property
    def x(self) -> _Floats: ...

class Queue:
    def __init__(
        self, threads: int = ..., isa: str = ..., rows: int = ..., capacity: int = ...
    ) -> None: ...
    def submit(
        self,
        sampler: Sampler,
        x: _Floats,
        start: bool = ...,
        client: int = ...,
        priority: int = ...,
        seconds: float = ...,
        seed: int = ...,
        first: int = ...,
        classes: NDArray[np.int32] | None = ...,
        conditions: Sequence[tuple[str, _Floats | None]] = ...,
        negative_classes: NDArray[np.int32] | None = ...,
        negative_conditions: Sequence[tuple[str, _Floats | None]] = ...,
        seeds: NDArray[np.uint64] | None = ...,
        indices: NDArray[np.uint64] | None = ...,
        part: bool = ...,
    ) -> Ticket: ...
    def close(self, seconds: float) -> bool: ...
    def end(self) -> None: ...
    def look(self) -> tuple[int, int, int, int, bool]: ...

def grid(schedule: Schedule, options: Options) -> _Doubles: ...
def normal(seed: int, stream: int, first: int, count: int, dim: int) -> _Floats: ...
def brownian(
    seed: int, k: int, t: float, s: float, first: int, count: int, dim: int
) -> _Floats: ...
def noise_key(seed: int, t: float, s: float) -> int: ...
def noise_place(log_ratio: float) -> float: ...

class EntryOption:
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def default(self) -> float | int | str: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def choices(self) -> list[str]: ...

class Entry:
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def source(self) -> str | None: ...
    @property
    def aliases(self) -> dict[str, str]: ...
    @property
    def options(self) -> list[EntryOption]: ...
    @property
    def order(self) -> int: ...
    @property
    def evaluations(self) -> int: ...
    @property
    def stochastic(self) -> str: ...

def samplers() -> list[Entry]: ...
def schedules() -> list[Entry]: ...
def grids() -> list[Entry]: ...
def models() -> list[Entry]: ...
def isas() -> list[str]: ...
def isa_default() -> str: ...
def end() -> None: ...
def be_patient(seconds: float) -> None: ...
def forked() -> None: ...
def status_name(status: int) -> str: ...
def version() -> str: ...
