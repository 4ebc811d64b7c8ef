# SPDX-License-Identifier: MIT
"""Checks of the arguments of samplers: arrays to write to, moments of X, times, classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quell._arrays import (
    Array,
    Floats,
    as_doubles,
    as_floats,
    length,
    memory_of,
    named_array,
    real_numbers,
)
from quell._function import PerSample
from quell._numbers import real, whole
from quell._said import said
from quell.errors import refused

Moment = tuple[float, ...]


def fitting(out: Array, shape: tuple[int, ...]) -> Floats:
    """Returns the memory of `out`, which must have this shape."""
    memory = memory_of(out)
    if memory.shape != shape:
        raise refused(f"out: shape {memory.shape}, must be {shape}")
    return memory


def _apart(memory: Floats, values: NDArray[Any]) -> bool:
    """Whether writing to one array does not change the other."""
    if not np.may_share_memory(memory, values):
        return True
    try:
        most: Any = 10**4
        return not np.shares_memory(memory, values, max_work=most)
    except Exception:  # TooHardError, whose place in NumPy has changed
        return False


def into(out: Array, x: Array, what: str = "x") -> Floats:
    """Copies the samples x to `out` and returns its memory. `out` may be x, but not overlap it."""
    values = real_numbers(x, what)
    memory = fitting(out, values.shape)
    place = memory.__array_interface__["data"][0]
    same = values.__array_interface__["data"][0] == place and values.dtype == memory.dtype
    if same and values.flags.c_contiguous:
        return memory
    if not _apart(memory, values):
        raise refused(f"out: overlaps {what} in part; must be {what} itself, or apart from it")
    memory[...] = as_floats(values, what)
    return memory


def fits(shape: tuple[int, ...], own: tuple[int, ...]) -> bool:
    """Whether samples of a shape (B, *) are those of a denoiser: by its shape, but for extents of
    1, or as plain vectors on either side."""
    theirs = tuple(extent for extent in shape[1:] if extent != 1)
    ours = tuple(extent for extent in own if extent != 1)
    flat = len(theirs) < 2 or len(ours) < 2
    return theirs == ours or (flat and length(shape) == length((1, *own)))


def extents_of(shape: Any, like: str) -> tuple[int, ...]:
    """A shape, of integers. like: what it must be."""
    try:
        extents = None if isinstance(shape, (str, bytes, dict, set)) else tuple(shape)
    except TypeError:
        extents = None
    if extents is None:
        raise TypeError(f"shape: {said(shape)}, must be {like}")
    return tuple(whole(extent, "shape", 0, 2**63 - 1) for extent in extents)


def shape_of(shape: Any) -> tuple[int, ...]:
    """Returns a shape (B, *) as integers."""
    extents = extents_of(shape, "(B, *)")
    if not extents:
        raise refused("shape: (), must be (B, *)")
    return extents


def moments(mean: Any, var: Any, shape: tuple[int, ...]) -> tuple[Moment, Moment]:
    """E[X] and V[X] as the library takes them: of one value, one for each element, or none."""
    return _moment(mean, "mean", shape), _moment(var, "var", shape)


def _moment(value: Any, what: str, shape: tuple[int, ...]) -> Moment:
    if value is None:
        return ()
    rows = isinstance(value, (list, tuple)) or getattr(value, "ndim", False)
    if not rows:
        return (real(value, what),)
    given = as_doubles(value, what)
    try:
        each = np.broadcast_to(given, shape)
    except ValueError:
        raise refused(f"{what}: shape {given.shape} must be () or {shape}, a sample's") from None
    return tuple(each.ravel().tolist())


def times_of(t: Any, count: int) -> NDArray[np.float64]:
    """Returns the time of each of `count` samples; t is in [0, 1], with shape () or (count)."""
    times = as_doubles(t, "t")
    if times.shape not in ((), (1,), (count,)):
        raise refused(f"t: shape {times.shape}, must be () or (1,) for all samples, or ({count},)")
    if not ((times >= 0) & (times <= 1)).all():
        wrong = times[~((times >= 0) & (times <= 1))].flat[0]
        raise refused(f"t: {wrong:g}, must be in [0, 1]")
    return np.broadcast_to(times, (count,))


def classes_of(label: Any, count: int, classes: int, what: str = "label") -> Any:
    """The classes of `count` samples as the library takes them, -1 for none.

    Arguments:
        label: None, one class for all, or an array of integers with shape (count) or (1); -1 and
            `classes`, the label after the last one, stand for no class, as in training.
    """
    if label is None:
        return None
    if not classes:
        raise TypeError(f"{what}: this denoiser has no classes")
    if isinstance(label, PerSample):
        label = label.rows
        if np.shape(label) != (count,):
            raise refused(f"{what}: shape {np.shape(label)} in a PerSample, must be ({count},)")
    labels = named_array(label, what)
    if isinstance(label, int) and not isinstance(label, bool):
        labels = np.asarray(label, object)  # an integer of any size
    elif labels.dtype.kind not in "iu" and not (labels.size == 0 and labels.dtype.kind == "f"):
        raise TypeError(f"{what}: {labels.dtype}, must be integers")
    if labels.shape not in ((), (1,), (count,)):
        raise refused(
            f"{what}: shape {labels.shape}, must be () or (1,) for all samples, or ({count},)"
        )
    wrong = (labels < -1) | (labels > classes)
    if np.any(wrong):
        first = labels[wrong].flat[0] if labels.ndim else label
        must = f"must be a class from 0 to {classes - 1}, or -1 or {classes} for none"
        raise refused(f"{what}: {said(int(first))}, {must}")
    made = np.broadcast_to(labels, (count,)).astype(np.int32)
    return np.where(made == classes, np.int32(-1), made)
