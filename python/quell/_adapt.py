# SPDX-License-Identifier: MIT
"""Turns everything that counts as a denoiser or a schedule into an object of the library."""

from __future__ import annotations

import functools
import os
from typing import Any

from quell import _quell
from quell._numbers import refuse_class, text, whole
from quell._said import said
from quell.denoise import FunctionDenoiser, NativeDenoiser
from quell.errors import refused
from quell.noise import Schedule, ask, check_schedule

# azula's own schedules: their names in the library, and their options.
_AZULA = {
    "VESchedule": ("ve", ("sigma_min", "sigma_max")),
    "VPSchedule": ("vp", ("alpha_min", "sigma_min")),
    "CosineSchedule": ("cosine", ("alpha_min", "sigma_min")),
    "RectifiedSchedule": ("rectified", ("alpha_min", "sigma_min")),
    "DecaySchedule": ("decay", ("alpha_min", "sigma_min", "gamma")),
}
# The methods that a subclass of a schedule, or an object, may not replace unless it has a __call__.
_PARTS = ("alpha", "sigma", "tau")


@functools.lru_cache(maxsize=64)
def _named(spec: str) -> _quell.Schedule:
    return _quell.Schedule(spec)


def _azula_spec(schedule: Any) -> str | None:
    """Returns the spec of azula's schedule; None if it is not azula's own, or was changed."""
    kind = type(schedule)
    if kind.__module__ != "azula.noise" or kind.__name__ not in _AZULA:
        return None
    name, options = _AZULA[kind.__name__]
    spec = name + ":" + ",".join(f"{o}={float(getattr(schedule, o))!r}" for o in options)
    return spec if _agree(schedule, _named(spec)) else None


def _agree(schedule: Any, native: _quell.Schedule) -> bool:
    """Whether a schedule does what the library's does: its methods may have been replaced."""
    for t in (0.13, 0.77):
        for own, right in zip(ask(schedule, t, tensors=True), native.at(t), strict=True):
            if not abs(own - right) <= 1e-6 * abs(right):
                return False
    return True


def _check_parts(schedule: Schedule) -> None:
    """Refuses a subclass that replaces alpha or similar methods, which the library does not
    call."""
    for name in _PARTS:
        for base in type(schedule).__mro__:
            if name in vars(schedule) or (
                name in vars(base) and not base.__module__.startswith("quell.")
            ):
                raise TypeError(
                    f"schedule: {type(schedule).__name__} has a {name} of its own, which nothing "
                    "asks: give it a __call__, or use Schedule.from_function"
                )
            if base is Schedule:
                break


def native_schedule(schedule: Any, tensors: bool = False) -> _quell.Schedule:
    """Returns the library's object for a schedule. An unchanged schedule of quell or azula gets the
    same object each time; any other gets a new one, because it may have changed.

    Arguments:
        schedule: A Schedule, a spec, azula's, or schedule(t) -> (alpha, sigma).
        tensors: Whether any other schedule is called with tensors.

    Raises:
        TypeError: It is none.
    """
    if isinstance(schedule, Schedule) and type(schedule).__call__ is Schedule.__call__:
        _check_parts(schedule)
        return schedule.native
    if isinstance(schedule, str):
        return _named(text(schedule, "schedule"))
    spec = _azula_spec(schedule)
    if spec is not None:
        return _named(spec)
    check_schedule(schedule)
    return _quell.Schedule.from_function(lambda t: ask(schedule, t, tensors))


def native_denoiser(denoiser: Any, dim: int) -> _quell.Denoiser:
    """Returns the library's object for a denoiser, of samples with `dim` elements. The object for a
    denoiser in Python only has the form of its calls: each run says which denoiser it is.

    Raises:
        TypeError: It is none.
        ValueError: It has another number of elements.
    """
    if is_native(denoiser):
        check_forward(denoiser, "a __call__")
        native: _quell.Denoiser = denoiser.native
        if native.dim != dim:
            raise refused(f"x: samples of {dim} elements, the denoiser's have {native.dim}")
        return native
    if isinstance(denoiser, FunctionDenoiser):
        return _quell.Denoiser.function(dim, *ways_of(denoiser))
    refuse_no_denoiser(denoiser)
    return _quell.Denoiser.function(dim, *ways_of(denoiser))


def refuse_no_denoiser(denoiser: Any) -> None:
    """Refuses what cannot be called, among it the name of a model, or its path, where the model
    itself is wanted; and the class of a denoiser.

    Raises:
        TypeError: It is such.
    """
    refuse_class(denoiser, "denoiser", "a denoiser")
    if isinstance(denoiser, type) and issubclass(denoiser, FunctionDenoiser):
        name = denoiser.__name__
        raise TypeError(f"denoiser: {name} is a class, must be a denoiser, as {name}(...)")
    if callable(denoiser):
        return
    if isinstance(denoiser, (str, os.PathLike)):
        name = said(denoiser) if isinstance(denoiser, str) else "PATH"
        raise TypeError(f"denoiser: {said(denoiser)}, a name; load it: quell.load({name})")
    raise TypeError(f"denoiser: {said(denoiser)} is neither a denoiser nor callable")


def check_forward(own: Any, remedy: str) -> None:
    """Refuses a `forward` of a subclass's own, or of one object: azula's modules are extended by
    it, and nothing here would call it.

    Raises:
        TypeError: There is one.
    """
    if hasattr(own, "forward"):
        raise TypeError(
            f"{type(own).__name__} has a forward of its own, which nothing calls; write {remedy}"
        )


def is_native(denoiser: Any) -> bool:
    """Whether the library evaluates a denoiser itself: it is one of the library's, and its __call__
    was not replaced."""
    return (
        isinstance(denoiser, NativeDenoiser)
        and type(denoiser).__call__ is NativeDenoiser.__call__
    )


def ways_of(denoiser: Any) -> tuple[str, str, str, int]:
    """What a denoiser of Python's returns, what is done around it, what it learned of variances,
    and what its caller says of it."""
    if not isinstance(denoiser, FunctionDenoiser):
        return "x0", "none", "none", 0
    if callable(denoiser):
        raise TypeError(
            f"denoiser: {type(denoiser).__name__} is a FunctionDenoiser with a __call__ of its "
            "own, which nothing calls; give that as its function"
        )
    return (
        text(denoiser.output, "output"),
        text(denoiser.precondition, "precondition"),
        text(denoiser.variance, "variance"),
        whole(denoiser.digest, "digest"),
    )
