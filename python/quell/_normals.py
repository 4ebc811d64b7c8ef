# SPDX-License-Identifier: MIT
"""The noise of all runs, by address: any normal number of any stream of any sample, without drawing
the others."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from quell import _quell
from quell._arrays import Array, Floats, length
from quell._inputs import extents_of
from quell._keywords import hinted
from quell._numbers import real, whole
from quell._seeds import streams_of
from quell.errors import refused

STREAM_INIT = 0


@hinted
def noise_key(seed: int, t: float, s: float) -> int:
    """Returns the seed of the noise on the way from t to s. A sampler has the noise
    normal(noise_key(seed, t, s), ..., stream=k) there in slot k, from 0 to 7.

    Arguments:
        seed: The seed of the sampler's run, in [0, 2^64).
        t, s: The times of the interval, 1 >= t >= s >= 0, correct to the last bit: those of
            Sampler.timesteps in float64.

    Raises:
        BadArgument: A time has a narrower type.
    """
    for what, time in (("t", t), ("s", s)):
        dtype = getattr(time, "dtype", None)
        if getattr(dtype, "itemsize", 8) < 8:
            name = str(dtype).removeprefix("torch.")
            raise refused(f"{what}: {name}, must be float64: the key has every bit of a time")
    begin, end = real(t, "t"), real(s, "s")
    if not 1 >= begin >= end >= 0:
        raise refused(f"t, s: {begin:g}, {end:g}, must be times with 1 >= t >= s >= 0")
    return _quell.noise_key(whole(seed, "seed"), begin, end)


@hinted
def normal(
    seed: int | Sequence[int] | Array,
    count: int,
    shape: Sequence[int],
    *,
    first: int = 0,
    index: Sequence[int] | Array | None = None,
    stream: int = STREAM_INIT,
) -> Floats:
    """Returns the standard normal numbers that samplers draw (Philox4x32-10, Salmon et al., 2011).

    Arguments:
        seed: The seed, in [0, 2^64), or one for each sample, with shape (count).
        count: How many samples.
        shape: The shape of one sample.
        first: The index of the first sample or, with several seeds, of each.
        index: The index of each sample, with shape (count), in place of `first`.
        stream: STREAM_INIT for the noise of x_1; with a seed by noise_key, the slot of a noise.

    Returns:
        Numbers with shape (count, *shape), the same bits on every machine.

    Raises:
        BadArgument: A sample has more than 2^32 elements.
    """
    which = whole(stream, "stream", 0, 2**32 - 1)
    streams, extents = _samples(seed, first, index, count, shape)
    parts = [_quell.normal(own, which, at, rows, length(extents)) for own, at, rows in streams]
    return np.concatenate(parts).reshape(extents)


@hinted
def brownian(
    seed: int | Sequence[int] | Array,
    count: int,
    shape: Sequence[int],
    t: float,
    s: float,
    *,
    first: int = 0,
    index: Sequence[int] | Array | None = None,
    slot: int = 0,
) -> Floats:
    """Returns the noise between two places on the Brownian paths, (W(t) - W(s)) / sqrt|t - s|.

    Arguments:
        seed, count, shape, first, index: As in normal().
        t, s: The places, in [0, 1], at least 2^-24 apart; place() gives that of a level of noise.
        slot: The number of the path, 0 to 7.

    Returns:
        Standard normal numbers, with shape (count, *shape).
    """
    places = real(t, "t"), real(s, "s")
    streams, extents = _samples(seed, first, index, count, shape)
    path, dim = whole(slot, "slot", 0, 7), length(extents)
    parts = [_quell.brownian(own, path, *places, at, rows, dim) for own, at, rows in streams]
    return np.concatenate(parts).reshape(extents)


def _samples(
    seed: Any, first: Any, index: Any, count: int, shape: Sequence[int]
) -> tuple[list[tuple[int, int, int]], tuple[int, ...]]:
    """Checks and returns the samples, as ranges of a seed, an index and a number of samples from
    there on, and the shape of all."""
    extents = (whole(count, "count", 0, 2**63 - 1), *extents_of(shape, "that of a sample"))
    if seed is None:
        raise TypeError("seed: None, must be an integer")
    told = streams_of(seed, first, index, extents[0])
    if not ("seeds" in told or "indices" in told):
        return [(told["seed"], told["first"], extents[0])], extents
    seeds = told.get("seeds", np.full(extents[0], told.get("seed", 0), np.uint64)).tolist()
    indices = told.get("indices", np.full(extents[0], told["first"], np.uint64)).tolist()
    each = [(own, at, 1) for own, at in zip(seeds, indices, strict=True)]
    return each or [(0, 0, 0)], extents


@hinted
def place(alpha: float, sigma: float) -> float:
    """Returns the place of a level of noise on the Brownian paths, from 0 (alpha = 0) to 1 (sigma =
    0)."""
    alpha, sigma = real(alpha, "alpha"), real(sigma, "sigma")
    if not (0 <= alpha < math.inf and 0 <= sigma < math.inf and alpha + sigma > 0):
        raise refused(f"place: alpha {alpha}, sigma {sigma}; must be finite, >= 0, not both 0")
    if alpha == 0 or sigma == 0:
        return float(sigma == 0)
    return _quell.noise_place(math.log(alpha / sigma))
