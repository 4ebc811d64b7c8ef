# SPDX-License-Identifier: MIT
r"""Noise schedules, from a time t in [0, 1] to the scales of the perturbation kernel

    p(X_t | X) = N(alpha_t X, sigma_t^2 I),

and the noise itself. The classes have the names and the arguments of azula.noise; `Schedule` takes
every other schedule of quell by its name.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from quell import _quell
from quell.arrays import Array, Floats, is_tensor, like, to_numpy

__all__ = [
    "CosineSchedule",
    "DecaySchedule",
    "RectifiedSchedule",
    "Schedule",
    "VESchedule",
    "VPSchedule",
    "brownian",
    "normal",
]


class Schedule:
    """A noise schedule by name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]".

    quell.schedules() has the names. Thread-safe.

    Arguments:
        spec: As "vp", "edm:rho=5", or "beta_linear:train=1000".

    Raises:
        NotFound: No schedule has this name.
        BadArgument: An option is unknown or out of range.
    """

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self.native = _quell.Schedule(spec)

    @classmethod
    def from_betas(cls, betas: Array) -> "Schedule":
        """A discrete schedule from DDPM's table of betas in (0, 1), with shape (train)."""
        return cls._from_native(_quell.Schedule.from_betas(to_numpy(betas)), "betas")

    @classmethod
    def from_function(cls, function: Callable[[float], tuple[float, float]]) -> "Schedule":
        """A schedule of your own: function(t) returns alpha_t and sigma_t."""
        return cls._from_native(_quell.Schedule.from_function(function), "function")

    @classmethod
    def _from_native(cls, native: _quell.Schedule, spec: str) -> "Schedule":
        self = cls.__new__(cls)
        self.spec, self.native = spec, native
        return self

    def __call__(self, t: float | Array) -> tuple[Any, Any]:
        """
        Arguments:
            t: The time, with shape (*): a number, an array or a tensor.

        Returns:
            alpha_t and sigma_t, with shape (*), of the kind of t. They are computed in float64.
        """
        alpha, sigma = self.native.at(to_numpy(t))
        if isinstance(t, int | float):
            return float(alpha), float(sigma)
        if is_tensor(t):
            torch = __import__("torch")
            return tuple(
                torch.from_numpy(np.asarray(v)).to(dtype=t.dtype, device=t.device)
                for v in (alpha, sigma)
            )
        return like(alpha, t), like(sigma, t)

    def alpha(self, t: float | Array) -> Any:
        """alpha_t, with the shape of t."""
        return self(t)[0]

    def sigma(self, t: float | Array) -> Any:
        """sigma_t, with the shape of t."""
        return self(t)[1]

    def __repr__(self) -> str:
        return f"quell.noise.Schedule({self.spec!r})"


class _Azula(Schedule):
    """What azula's schedules have in common: options that are attributes."""

    name: str

    def __init__(self, **options: float) -> None:
        self.__dict__ |= options
        fields = ",".join(f"{key}={float(value)!r}" for key, value in options.items())
        super().__init__(f"{self.name}:{fields}")


class VESchedule(_Azula):
    """alpha_t = 1, sigma_t = exp((1 - t) log sigma_min + t log sigma_max) (Song et al., 2021)."""

    name = "ve"

    def __init__(self, sigma_min: float = 1e-3, sigma_max: float = 1e3) -> None:
        super().__init__(sigma_min=sigma_min, sigma_max=sigma_max)


class VPSchedule(_Azula):
    """alpha_t = exp(t^2 log alpha_min), sigma_t^2 = 1 - alpha_t^2 + sigma_min^2 (Ho et al., 2020)."""

    name = "vp"

    def __init__(self, alpha_min: float = 1e-3, sigma_min: float = 1e-3) -> None:
        super().__init__(alpha_min=alpha_min, sigma_min=sigma_min)


class CosineSchedule(_Azula):
    """alpha_t = cos(t arccos alpha_min), sigma_t^2 = 1 - alpha_t^2 + sigma_min^2."""

    name = "cosine"

    def __init__(self, alpha_min: float = 1e-3, sigma_min: float = 1e-3) -> None:
        super().__init__(alpha_min=alpha_min, sigma_min=sigma_min)


class RectifiedSchedule(_Azula):
    """alpha_t = t alpha_min + (1 - t), sigma_t = t + (1 - t) sigma_min (Lipman et al., 2023)."""

    name = "rectified"

    def __init__(self, alpha_min: float = 1e-3, sigma_min: float = 1e-3) -> None:
        super().__init__(alpha_min=alpha_min, sigma_min=sigma_min)


class DecaySchedule(_Azula):
    """The rectified schedule at tau = (1 - gamma^t) / (1 - gamma)."""

    name = "decay"

    def __init__(
        self, alpha_min: float = 1e-3, sigma_min: float = 1e-3, gamma: float = 0.1
    ) -> None:
        super().__init__(alpha_min=alpha_min, sigma_min=sigma_min, gamma=gamma)


_AZULA: dict[str, type[_Azula]] = {
    "VESchedule": VESchedule,
    "VPSchedule": VPSchedule,
    "CosineSchedule": CosineSchedule,
    "RectifiedSchedule": RectifiedSchedule,
    "DecaySchedule": DecaySchedule,
}


def as_schedule(schedule: Any) -> Schedule:
    """quell's schedule for a spec, a schedule of azula's, or a function of t."""
    if isinstance(schedule, Schedule):
        return schedule
    if isinstance(schedule, str):
        return Schedule(schedule)
    kind = type(schedule)
    if kind.__module__ == "azula.noise" and kind.__name__ in _AZULA:
        return _AZULA[kind.__name__](**vars(schedule))
    if not callable(schedule):
        raise TypeError(f"{schedule!r} is not a schedule")
    if kind.__module__.startswith("azula."):
        import torch

        def evaluate(t: float) -> tuple[float, float]:
            alpha, sigma = schedule(torch.tensor(t, dtype=torch.float64))
            return float(alpha), float(sigma)

        return Schedule.from_function(evaluate)
    return Schedule.from_function(lambda t: tuple(float(v) for v in schedule(t)))


def normal(
    seed: int, count: int, dim: int, *, first: int = 0, transition: int | None = None, slot: int = 0
) -> Floats:
    """The normal numbers that runs use, by their addresses (Philox4x32-10 and Box-Muller).

    Arguments:
        seed: 0 to 2^64 - 1.
        count, first: The samples first, ..., first + count - 1.
        dim: The elements of a sample.
        transition: The transition that draws them, from 0 on; None for x_1.
        slot: Which of the transition's noises, 0 to 7.

    Returns:
        float32 of shape (count, dim). Element (i, j) depends on seed, first + i, j, transition and
        slot alone.
    """
    stream = 0 if transition is None else 1 + 8 * transition + slot
    return _quell.noise(seed, stream, first, count, dim)


def brownian(
    seed: int,
    count: int,
    dim: int,
    t: tuple[float, float],
    s: tuple[float, float],
    *,
    first: int = 0,
    slot: int = 0,
) -> Floats:
    """The noise of a step from t to s in Brownian mode, of shape (count, dim).

    Arguments:
        t, s: alpha and sigma at both ends of the step.
        seed, count, dim, first, slot: As in `normal`.
    """
    places = [_quell.place(math.log(alpha / sigma)) for alpha, sigma in (t, s)]
    return _quell.brownian(seed, slot, *places, first, count, dim)
