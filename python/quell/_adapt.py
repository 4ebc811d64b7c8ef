# SPDX-License-Identifier: MIT
"""Whatever is a denoiser or a schedule, as the library takes it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from quell import _quell
from quell._arrays import as_floats, is_tensor, to_numpy, torch_if_imported
from quell.denoise import FunctionDenoiser, NativeDenoiser
from quell.noise import Schedule, ask

# azula's own schedules: the library's names, and their options.
_AZULA = {
    "VESchedule": ("ve", ("sigma_min", "sigma_max")),
    "VPSchedule": ("vp", ("alpha_min", "sigma_min")),
    "CosineSchedule": ("cosine", ("alpha_min", "sigma_min")),
    "RectifiedSchedule": ("rectified", ("alpha_min", "sigma_min")),
    "DecaySchedule": ("decay", ("alpha_min", "sigma_min", "gamma")),
}
_by_spec: dict[str, _quell.Schedule] = {}


def _azula_spec(schedule: Any) -> str | None:
    """azula's schedule as the library spells it; None if it is not azula's own."""
    kind = type(schedule)
    if kind.__module__ != "azula.noise" or kind.__name__ not in _AZULA:
        return None
    name, options = _AZULA[kind.__name__]
    return name + ":" + ",".join(f"{o}={float(getattr(schedule, o))!r}" for o in options)


def native_schedule(schedule: Any) -> _quell.Schedule:
    """The library's object for a schedule: the same one for the same, as long as nothing of it was
    changed; of a stranger's a fresh one each time, as it may have been.

    Arguments:
        schedule: A Schedule, a spec, azula's, or schedule(t) -> (alpha, sigma) of tensors.

    Raises:
        TypeError: It is none.
    """
    if isinstance(schedule, Schedule) and type(schedule).__call__ is Schedule.__call__:
        return schedule.native
    spec = schedule if isinstance(schedule, str) else _azula_spec(schedule)
    if spec is not None:
        if spec not in _by_spec:
            _by_spec[spec] = _quell.Schedule(spec)
        return _by_spec[spec]
    if not callable(schedule):
        raise TypeError(f"schedule: a {type(schedule).__name__} is neither a schedule nor callable")
    return _quell.Schedule.from_function(lambda t: ask(schedule, t))


def is_torch(denoiser: Any) -> bool:
    """Whether a denoiser is a PyTorch module, or a function that is one."""
    torch = torch_if_imported()
    inner = denoiser.function if isinstance(denoiser, FunctionDenoiser) else denoiser
    return torch is not None and isinstance(inner, torch.nn.Module)


@dataclasses.dataclass
class Call:
    """What a denoiser of Python's is told of the call that it is part of.

    Attributes:
        shape: The shape of all samples, (B, *).
        first: The index of the first.
        tensors: Whether the caller has tensors.
        dtype: The type of the caller's tensors; None for other arrays.
        time_dtype: The type of times, or None.
        arguments: The caller's keywords.
    """

    shape: tuple[int, ...]
    first: int
    tensors: bool
    dtype: Any
    time_dtype: Any
    arguments: dict[str, Any]


def _rows(value: Any, count: int, begin: int, end: int) -> Any:
    """The rows of an argument that has one for each sample."""
    shape: Any = getattr(value, "shape", ())
    return value[begin:end] if len(shape) and shape[0] == count else value


def _arguments(call: Call, first: int, rows: int) -> dict[str, Any]:
    """The keywords for some of the samples (adaptive samplers take one at a time)."""
    if rows == call.shape[0]:
        return call.arguments
    begin = first - call.first
    return {k: _rows(v, call.shape[0], begin, begin + rows) for k, v in call.arguments.items()}


def mean_of(result: Any) -> Any:
    """The mean that a denoiser returned, or the mean of the posterior that it did."""
    mean = getattr(result, "mean", result)
    return result if callable(mean) else mean


class _Evaluation:
    """A Python denoiser as the library calls it."""

    def __init__(self, denoiser: Any) -> None:
        self.raw = isinstance(denoiser, FunctionDenoiser)
        self.function = denoiser.function if self.raw else denoiser
        self.module = is_torch(denoiser)

    def __call__(self, x: Any, t: float, time: float, first: int, call: Call) -> Any:
        x = x.reshape(len(x), *call.shape[1:])
        arguments = _arguments(call, first, len(x))
        told = time if self.raw else t
        if self.module or call.tensors:
            mean = self._by_torch(x, told, call, arguments)
        else:
            mean = mean_of(self.function(x, np.float64(told), **arguments))
        result = to_numpy(mean)
        if result.shape != x.shape:
            raise ValueError(f"denoiser: it returned shape {result.shape}, must be {x.shape}")
        return as_floats(result)

    def _by_torch(self, x: Any, t: float, call: Call, arguments: dict[str, Any]) -> Any:
        torch = torch_if_imported()
        dtype, device = self._place(call)
        x_t = torch.from_numpy(x).to(dtype=dtype, device=device)
        time = torch.tensor(t, dtype=call.time_dtype or torch.float32, device=device)
        with torch.no_grad():
            mean = mean_of(self.function(x_t, time, **arguments))
        return mean.cpu() if is_tensor(mean) else mean

    def _place(self, call: Call) -> tuple[Any, Any]:
        """Type and device of what the denoiser gets. One with a schedule, azula's or ours, converts
        to its network's type itself, and works in the caller's around it; a bare network gets its
        own."""
        torch = torch_if_imported()
        own = next(self.function.parameters(), None) if self.module else None
        dtype = call.dtype or torch.float32
        if own is None:
            return dtype, None
        bare = not hasattr(self.function, "schedule") and own.dtype.is_floating_point
        return (own.dtype if bare else dtype), own.device


def native_denoiser(denoiser: Any, dim: int) -> _quell.Denoiser:
    """The library's object for a denoiser, of samples with `dim` elements.

    Raises:
        TypeError: It is none.
        ValueError: It has another number of elements.
    """
    if isinstance(denoiser, NativeDenoiser):
        if denoiser.dim != dim:
            raise ValueError(f"x: samples of {dim} elements, the denoiser's have {denoiser.dim}")
        return denoiser.native
    if not callable(denoiser) and not isinstance(denoiser, FunctionDenoiser):
        raise TypeError(f"denoiser: a {type(denoiser).__name__} is neither a denoiser nor callable")
    output = getattr(denoiser, "output", "x0") if isinstance(denoiser, FunctionDenoiser) else "x0"
    around = denoiser.precondition if isinstance(denoiser, FunctionDenoiser) else "none"
    return _quell.Denoiser.function(dim, _Evaluation(denoiser), output, around)
