# SPDX-License-Identifier: MIT
"""Linear maps along a dimension, as products with a constant matrix: running sums, sums into places
that are fixed, Fourier transforms."""

import math
from typing import Any

import torch
from torch import Tensor

from quell.programs.build import Builder
from quell.programs.operations.complex import parts
from quell.programs.operations.functions import real_of
from quell.programs.operations.places import added_at
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Complex, Constant, Value, constant

LONGEST = 4096  # the largest size of a matrix


def along(b: Builder, x: Value, dim: int, matrix: Tensor, dtype: torch.dtype) -> Value:
    """The matrix times x, along a dimension."""
    if max(matrix.shape) > LONGEST:
        raise NotKnown(f"a dimension of {max(matrix.shape)} that is summed over by a matrix")
    last = b.transpose(x, dim, -1)
    return b.transpose(b.emit("linear", [last, constant(matrix), None], dtype), dim, -1)


@lowers("cumsum")
def running_sum(b: Builder, call: Call) -> Value:
    x: Value = real_of(call.first())
    if not x.rank:
        return x
    size = x.shape[call["dim"]]
    return along(b, x, call["dim"], torch.ones(size, size).tril(), call.dtype)


def added(b: Builder, x: Value, dim: int, index: Tensor, source: Value, scale: Any) -> Value:
    """x with rows of a source added at fixed places: 0 and 1 say which row goes where."""
    places = index % x.shape[dim]
    matrix = torch.zeros(x.shape[dim], len(places))
    matrix[places, torch.arange(len(places))] = 1
    return b.add(x, b.mul(along(b, source, dim, matrix, x.dtype), scale))


@lowers("index_add")
def index_add(b: Builder, call: Call) -> Value:
    x, dim, index, source = call.first(), call["dim"], call["index"], call["source"]
    dim %= x.rank
    if isinstance(index, Constant):
        return added(b, x, dim, index.tensor.reshape(-1), source, call["alpha"])
    wide = b.reshape(index, [*(1,) * dim, source.shape[dim], *(1,) * (x.rank - dim - 1)])
    return added_at(b, x, dim, wide, b.mul(source, call["alpha"]))


@lowers("scatter_add")
def scatter_add(b: Builder, call: Call) -> Value:
    """By a matrix where all that lies beside each other goes to the same place."""
    x, dim, index, source = call.first(), call["dim"], call["index"], call["src"]
    dim %= x.rank
    others = [k for k in range(x.rank) if k != dim]
    if any(index.shape[k] != x.shape[k] for k in others):
        raise NotKnown("scatter_add to a part of an array", "slice that part before")
    for k in range(x.rank):
        source = b.slice(source, k, 0, index.shape[k])
    if isinstance(index, Constant):
        wide = index.tensor.movedim(dim, 0).reshape(index.shape[dim], -1)
        if bool((wide == wide[:, :1]).all()):
            return added(b, x, dim, wide[:, 0], source, 1)
    return added_at(b, x, dim, index, source)


# Fourier transforms: exp(-+ 2 pi i k n / N), k and n from 0.


def _angles(rows: int, columns: int, size: int) -> Tensor:
    turns = torch.arange(rows)[:, None] * torch.arange(columns) % size
    return turns.double() * (2 * math.pi / size)


def _factor(call: Call, sizes: list[int]) -> float:
    """Of PyTorch's three: none, 1 / sqrt(N) and 1 / N."""
    count = float(math.prod(sizes))
    factors: list[float] = [1.0, 1 / math.sqrt(count), 1 / count]
    return factors[int(call["normalization"])]


def _both(b: Builder, x: Any, dim: int, angles: Tensor, sign: int, call: Call) -> Complex:
    """exp(sign i angles) times a complex array."""
    dtype = torch.float32
    a, c = parts(b, x)
    cos, sin = angles.cos(), sign * angles.sin()
    real, imaginary = along(b, a, dim, cos, dtype), along(b, a, dim, sin, dtype)
    if isinstance(x, Complex):
        real = b.sub(real, along(b, c, dim, sin, dtype))
        imaginary = b.add(imaginary, along(b, c, dim, cos, dtype))
    return Complex(real, imaginary)


def _times(b: Builder, x: Complex, factor: float) -> Complex:
    return Complex(b.mul(x.real, factor), b.mul(x.imaginary, factor))


def _shape(x: Value | Complex) -> tuple[int, ...]:
    return x.real.shape if isinstance(x, Complex) else x.shape


@lowers("_fft_c2c", "_fft_r2c")
def transform(b: Builder, call: Call) -> Complex:
    x, dims = call.first(), list(call["dim"])
    sizes = [_shape(x)[dim] for dim in dims]
    sign = -1 if call.arguments.get("forward", True) else 1
    for dim, size in reversed(list(zip(dims, sizes, strict=True))):
        half = call.arguments.get("onesided") and dim == dims[-1]
        x = _both(b, x, dim, _angles(size // 2 + 1 if half else size, size, size), sign, call)
    return _times(b, x, _factor(call, sizes))


@lowers("_fft_c2r")
def back_to_real(b: Builder, call: Call) -> Value:
    """Of half a spectrum, whose other half is conjugate."""
    x, dims, size = call.first(), list(call["dim"]), int(call["last_dim_size"])
    sizes = [_shape(x)[dim] for dim in dims[:-1]]
    for dim, count in zip(dims[:-1], sizes, strict=True):
        x = _both(b, x, dim, _angles(count, count, count), 1, call)
    a, c = parts(b, x)
    half = a.shape[dims[-1]]
    twice = torch.full((half,), 2.0).double()
    twice[0] = 1
    if size % 2 == 0:
        twice[-1] = 1
    angles = _angles(size, half, size)
    made = along(b, a, dims[-1], angles.cos() * twice, call.dtype)
    made = b.sub(made, along(b, c, dims[-1], angles.sin() * twice, call.dtype))
    return b.mul(made, _factor(call, [*sizes, size]))
