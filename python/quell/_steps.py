# SPDX-License-Identifier: MIT
"""Samplers with a step of their own, which is called for each pair of times."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from quell._arrays import Array, as_floats, copy_of, to_numpy, written
from quell._call import unwrapped
from quell._inputs import fitting
from quell._keywords import meant, names_of
from quell._seeds import streams_of
from quell.errors import refused


def _given_to_step(
    sampler: Any, streams: dict[str, Any], given: dict[str, Any], count: int
) -> dict[str, Any]:
    """The keywords of each step, which must be arguments of it. A step that takes a seed gets the
    same one each time."""
    takes = inspect.signature(sampler.step).parameters
    every = any(one.kind is one.VAR_KEYWORD for one in takes.values())
    given = unwrapped(given, count)
    native = streams_of(**streams, count=count)
    if streams["seed"] is not None or "seed" in takes:
        given["seed"] = native.get("seeds", native.get("seed"))
    if native["first"] != 0 or "first" in takes:
        given["first"] = native["first"]
    if streams["index"] is not None:
        given["index"] = native["indices"]
    for name in given:
        if name not in takes and not every:
            names = [*list(takes)[3:], *names_of(type(sampler).__call__)]
            hint = "" if name in names else meant(name, names)
            raise TypeError(
                f"the step of {type(sampler).__name__} takes no argument {name!r}{hint}"
            )
    return given


def by_steps(
    sampler: Any,
    x: Array,
    streams: dict[str, Any],
    out: Array | None,
    given: dict[str, Any],
    progress: Callable[[int, int], object] | None,
) -> Array:
    """Makes a subclass's own steps, one after the other.

    Arguments:
        given: The keywords of the call, for the step.
    """
    count = len(copy_of(x))
    given = _given_to_step(sampler, streams, given, count)
    if out is not None:
        memory = fitting(out, to_numpy(x).shape)
    times = sampler.timesteps
    pairs = list(zip(times[:-1], times[1:], strict=True))
    for i, (t, s) in enumerate(sampler.progress_bar(pairs)):
        x = sampler.step(x, t, s, **given)
        if progress is not None:
            progress((i + 1) * count, len(pairs) * count)
    if out is None:
        return x
    result = as_floats(x)
    if result.shape != memory.shape:
        raise refused(f"step: it returned shape {result.shape}, must be {memory.shape}")
    memory[...] = result
    return written(out)
