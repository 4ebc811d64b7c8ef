# SPDX-License-Identifier: MIT
"""Denoisers in Python, as the library calls them."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from quell._arrays import as_floats, is_tensor, of_type, torch_if_imported
from quell._conditions import of_call_alone
from quell._keywords import meant, names_of, takes_any
from quell._settings import of_sampler
from quell._function import check_mean
from quell.denoise import FunctionDenoiser, PerSample
from quell.errors import refused


_PLAIN = (dict, MappingProxyType)  # these become a new dict; the second cannot be copied


def is_torch(denoiser: Any) -> bool:
    """Whether a denoiser is a PyTorch module, or a function that is one."""
    torch = torch_if_imported()
    inner = denoiser.function if isinstance(denoiser, FunctionDenoiser) else denoiser
    return torch is not None and isinstance(inner, torch.nn.Module)


def _chosen(value: Any, begin: int, end: int) -> Any:
    """An argument for some of the samples: the rows of what is PerSample. A dict, list or tuple of
    another class is copied and filled, as its constructor may take anything."""
    if not _has_rows(value):
        return value
    if isinstance(value, PerSample):
        return value.rows[begin:end]
    if isinstance(value, Mapping):
        chosen = {k: _chosen(v, begin, end) for k, v in value.items()}
        return chosen if type(value) in _PLAIN else _filled(copy.copy(value), chosen)
    each = [_chosen(one, begin, end) for one in value]
    if isinstance(value, tuple):
        return tuple.__new__(type(value), each)
    made = copy.copy(value)
    made[:] = each
    return made


def _filled(made: Any, values: dict[Any, Any]) -> Any:
    for name, one in values.items():
        made[name] = one
    return made


def _parts_of(value: Any) -> Any:
    """Yields the parts of an argument, one by one."""
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def _has_rows(value: Any) -> bool:
    """Whether an argument contains a PerSample."""
    return isinstance(value, PerSample) or any(map(_has_rows, _parts_of(value)))


def _check_rows(value: Any, name: str, count: int) -> None:
    """Refuses a PerSample with another number of rows than there are samples."""
    for one in _parts_of(value):
        _check_rows(one, name, count)
    if isinstance(value, PerSample):
        shape = getattr(value.rows, "shape", None)
        sized = shape is None and hasattr(value.rows, "__len__")
        rows = shape[0] if shape else len(value.rows) if sized else None
        if rows != count:
            said = "no rows" if rows is None else f"{rows} rows"
            raise refused(f"{name}: {said} in a PerSample, must be {count}, one a sample")


def arguments_of(label: Any, kwargs: dict[str, Any], count: int) -> dict[str, Any]:
    """The keywords of a call for a denoiser of Python's. A label is PerSample by itself, unless it
    is one for all."""
    kwargs = dict(kwargs)
    if label is not None:
        alone = isinstance(label, PerSample) or not (
            getattr(label, "ndim", 0) or isinstance(label, (list, tuple))
        )
        kwargs["label"] = label if alone else PerSample(label)
    for name, value in kwargs.items():
        _check_rows(value, name, count)
    return kwargs


def check_keywords(denoiser: Any, given: dict[str, Any], of_call: list[str]) -> None:
    """Refuses keywords that a function does not take as a denoiser: perhaps, misspelt, one of the
    call. A module of PyTorch's may take any."""
    own = denoiser.function if isinstance(denoiser, FunctionDenoiser) else denoiser
    if is_torch(denoiser) or takes_any(own):
        return
    takes = names_of(own, wrapped=False)
    for name in given:
        if name not in takes:
            mine = meant(name, [*takes[2:], *of_call])
            hint = of_call_alone(name) or ("" if name in of_call else of_sampler(name) or mine)
            raise TypeError(f"the denoiser takes no argument {name!r}{hint}")


def unwrapped(kwargs: dict[str, Any], count: int) -> dict[str, Any]:
    """Returns the keywords of a call for all samples at once."""
    return {k: _chosen(v, 0, count) for k, v in kwargs.items()}


def mean_of(result: Any) -> Any:
    """Returns the mean that a denoiser returned, by itself or in a posterior."""
    return result.mean if _is_posterior(result) else result


def _is_posterior(result: Any) -> bool:
    """Whether a denoiser returned something with `.mean`, which is a method of an array's."""
    return hasattr(result, "mean") and not callable(result.mean)


def output_of(result: Any, denoiser: FunctionDenoiser) -> Any:
    """Returns the output of a function, which may be a posterior if it is E[X | x_t].

    Raises:
        BadArgument: It is a posterior, and to be something else.
    """
    if _is_posterior(result):
        check_mean(denoiser, "the function returned a posterior, whose .mean is E[X | x_t]")
    return mean_of(result)


@dataclasses.dataclass
class Call:
    """A denoiser of Python's in one run: what the library calls, with rows of samples.

    Attributes:
        denoiser: The caller's.
        shape: The shape of all samples, (B, *).
        first: The index of the first.
        tensors: Whether the caller has tensors.
        dtype: The type of the caller's tensors; None for other arrays.
        time_dtype: The type of times, or None.
        arguments: The caller's keywords.
    """

    denoiser: Any
    shape: tuple[int, ...]
    first: int
    tensors: bool
    dtype: Any
    time_dtype: Any
    arguments: dict[str, Any]

    def __call__(self, x: Any, t: float, time: float, first: int) -> Any:
        """Returns the mean of rows of samples, or a pair of it and the learned variance."""
        x = x.reshape(len(x), *self.shape[1:])
        begin = first - self.first
        kwargs = {k: _chosen(v, begin, begin + len(x)) for k, v in self.arguments.items()}
        own = self.denoiser
        raw = isinstance(own, FunctionDenoiser)
        function, told = (own.function, time) if raw else (own, t)
        if is_torch(own) or self.tensors:
            result = self._by_torch(function, x, told, kwargs)
        else:
            result = function(x, np.float64(told), **kwargs)
        if raw and own.variance != "none":
            return self._pair(result, x.shape)
        made = output_of(result, own) if raw else mean_of(result)
        return _values(made, x.shape, self._said("denoiser: it returned", len(x)))

    def _said(self, what: str, rows: int) -> str:
        """Returns `what`, with a hint if the denoiser was called with only some of the samples."""
        if rows == self.shape[0]:
            return what
        return (
            f"denoiser: called with {rows} of {self.shape[0]} samples (arguments with a row for "
            f"each are to be quell.PerSample), it returned"
        )

    def _pair(self, result: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(
                f"denoiser: it returned a {type(result).__name__}, must be a pair, the output and "
                "the learned variance"
            )
        output, variance = result
        return (
            _values(output_of(output, self.denoiser), shape, "denoiser: it returned an output of"),
            _values(variance, shape, "denoiser: it returned a variance of"),
        )

    def _by_torch(self, function: Any, x: Any, t: float, kwargs: dict[str, Any]) -> Any:
        torch = torch_if_imported()
        dtype, device = self._place(function)
        x_t = of_type(x, dtype, "denoiser: in its input").to(device=device)
        time = torch.tensor(t, dtype=self.time_dtype or torch.float32, device=device)
        with torch.no_grad():
            return function(x_t, time, **kwargs)

    def _place(self, function: Any) -> tuple[Any, Any]:
        """Type and device of what the denoiser gets. One with a schedule, azula's or ours, converts
        to its network's type itself, and works in the caller's around it; a bare network gets its
        own."""
        torch = torch_if_imported()
        own = next(function.parameters(), None) if isinstance(function, torch.nn.Module) else None
        dtype = self.dtype or torch.float32
        if own is None:
            return dtype, None
        bare = not hasattr(function, "schedule") and own.dtype.is_floating_point
        return (own.dtype if bare else dtype), own.device


def _values(result: Any, shape: tuple[int, ...], what: str) -> Any:
    """Returns the output of a denoiser as rows of float32."""
    inner = getattr(result, "sample", None)  # of diffusers' networks
    if not hasattr(result, "__array__") and hasattr(inner, "shape"):
        raise TypeError(f"{what} a {type(result).__name__}, must be an array: return its .sample")
    made = as_floats(result.cpu() if is_tensor(result) else result, what)
    if made.shape != shape:
        raise refused(f"{what} shape {made.shape}, must be {shape}")
    return made.reshape(shape[0], -1)
