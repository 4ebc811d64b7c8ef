# SPDX-License-Identifier: MIT
"""The streams of the samples of a call: their seeds and their indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quell._arrays import Array, named_array, torch_if_imported
from quell._numbers import whole
from quell._said import said
from quell.errors import refused

_MOST = 2**64 - 1  # of a seed; an index is smaller by one


def is_list(value: Any) -> bool:
    """Whether this is one number for each sample."""
    return _is_sequence(value) or bool(getattr(value, "ndim", 0))


def _is_sequence(value: Any) -> bool:
    """Whether this is a list, a tuple, a range or another sequence, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def each_of(values: Array, count: int, what: str, high: int) -> NDArray[np.uint64]:
    """An integer from 0 to `high` for each of `count` samples.

    Raises:
        TypeError: They are no integers.
        ValueError: There are others than `count`, or one is out of that range.
    """
    if _is_sequence(values):
        made = np.array([whole(one, what, 0, high) for one in values], np.uint64)
    else:
        given = named_array(values, what)
        if given.dtype.kind not in "iu":
            raise TypeError(f"{what}: {given.dtype}, must be integers")
        wrong = (given < 0) if given.dtype.kind == "i" else (given > np.uint64(high))
        if np.any(wrong):
            most = "2^64 - 1" if high == _MOST else "2^64 - 2"
            raise refused(f"{what}: {said(int(given[wrong].flat[0]))}, must be from 0 to {most}")
        made = given.astype(np.uint64)
    if made.shape != (count,):
        raise refused(f"{what}: shape {made.shape}, must be () or ({count},), one for each sample")
    return np.ascontiguousarray(made)


def streams_of(seed: Any, first: Any, index: Any, count: int) -> dict[str, Any]:
    """The seeds and the indices of `count` samples in the form that the library takes.

    Arguments:
        seed: An integer, one for each sample, or None for a fresh one.
        first: The index of the first sample or, with several seeds, of each.
        index: None, or the index of each sample, in place of `first`.

    Raises:
        TypeError: Something is no integer.
        ValueError: One is out of its range, or there are not as many as samples.
    """
    least = whole(first, "first", 0, _MOST - count)
    streams: dict[str, Any] = {"first": least}
    if is_list(seed):
        streams["seeds"] = each_of(seed, count, "seed", _MOST)
    else:
        streams["seed"] = seed_of(seed)
    if index is None:
        return streams
    if least:
        raise refused(f"first: {least}, and index is given, too; must be left out")
    if not is_list(index):
        raise TypeError(f"index: {said(index)}, must be an integer for each sample; see first")
    return {**streams, "indices": each_of(index, count, "index", _MOST - 1)}


def seed_of(seed: int | None) -> int:
    """The seed itself; for None a fresh one, of PyTorch's global generator if the program has
    imported torch, so that torch.manual_seed makes a script repeatable as it is used to; else of
    NumPy's. Children of a fork have that generator in the same state, until they seed it.

    Raises:
        TypeError: It is no integer.
        ValueError: It is not in [0, 2^64).
    """
    if seed is None:
        torch = torch_if_imported()
        if torch is None:
            return int(np.random.randint(0, 2**63 - 1, dtype=np.int64))
        return int(torch.randint(0, 2**63 - 1, (), device="cpu"))
    return whole(seed, "seed")
