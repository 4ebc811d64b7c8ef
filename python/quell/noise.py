# SPDX-License-Identifier: MIT
"""Noise schedules: t in [0, 1] -> (alpha_t, sigma_t), for p(X_t | X) = N(alpha_t X, sigma_t^2 I).

VESchedule, VPSchedule, CosineSchedule, RectifiedSchedule and DecaySchedule have the names and the
arguments of azula.noise. All other schedules of the library are made by name, as in
Schedule("beta_linear:train=500"); quell.schedules() lists them. The library itself computes a
schedule, in double precision, so that Python sees the values that samplers use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from quell import _quell
from quell._arrays import Array, as_doubles, is_tensor, of_type, real_numbers, torch_if_imported
from quell._keywords import hinted, is_own, meant
from quell._numbers import function_of, real, refuse_class, text
from quell._said import said
from quell.errors import refused

__all__ = [
    "CosineSchedule",
    "DecaySchedule",
    "RectifiedSchedule",
    "Schedule",
    "VESchedule",
    "VPSchedule",
]


_OF_OTHERS = ("beta_min", "beta_max", "beta_start", "beta_end", "num_train_timesteps")


class Schedule:
    """A schedule by name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]".

    Samplers also take a subclass with a __call__ of its own, or a function, and call it with t as a
    NumPy scalar; or as a tensor, if the denoiser is a module, if their `dtype` is PyTorch's, or if
    it returns tensors or takes nothing else.

    Arguments:
        spec: Its name and options, such as "edm:sigma_max=40".

    Raises:
        NotFound: There is no schedule of this name.
        BadArgument: An option is unknown or out of range.
    """

    _made: _quell.Schedule | None = None
    _spec: str | None = None
    _betas: Any = None
    _function: Callable[[float], tuple[float, float]] | None = None

    @hinted
    def __init__(self, spec: str) -> None:
        self._spec = text(spec, "spec")
        self._made = _quell.Schedule(spec)

    @classmethod
    @hinted
    def from_betas(cls, betas: Array) -> Schedule:
        """Makes a discrete schedule from a table of betas as DDPM has it, with shape (count), count
        >= 2, each in (0, 1). The last may be 1."""
        table = as_doubles(betas, "betas").copy()
        if table.ndim != 1:
            raise refused(f"betas: shape {table.shape}, must be (count)")
        return _of(_quell.Schedule.from_betas(table), _betas=table)

    @classmethod
    @hinted
    def from_function(cls, function: Callable[[float], tuple[float, float]]) -> Schedule:
        """Makes a schedule from a function(t) -> (alpha, sigma) of the caller's, which returns
        floats >= 0, not both 0. alpha / sigma must fall as t rises."""
        refuse_class(function, "function", "a function", "")
        function_of(function, "function")
        return _of(_quell.Schedule.from_function(_checked(function)), _function=function)

    @property
    def spec(self) -> str | None:
        """The name and options; None for a schedule without a name, such as a function."""
        return self._spec

    @property
    def native(self) -> _quell.Schedule:
        """The library's own object, for samplers. It is made again after an attribute was set."""
        if self._made is not None:
            return self._made
        made = self._make()
        if self._betas is not None or self._function is not None or self.spec is not None:
            self._made = made  # else it holds this schedule, and each the other for ever
        return made

    def _make(self) -> _quell.Schedule:
        if self._betas is not None:
            return _quell.Schedule.from_betas(self._betas)
        spec = self.spec
        if spec is not None:
            return _quell.Schedule(spec)
        return _quell.Schedule.from_function(_checked(self._function) or self._ask)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: everything except the library's object, which is made again."""
        return {name: value for name, value in vars(self).items() if name != "_made"}

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            self._refuse_option(name)
            self._check_option(name, value)
        object.__setattr__(self, name, value)
        if not name.startswith("_"):
            object.__setattr__(self, "_made", None)

    def _check_option(self, name: str, value: Any) -> None:
        """Refuses what an option may not be, whatever the others are."""

    def _refuse_option(self, name: str) -> None:
        """Refuses to set an option that this object does not read. Other names are the caller's."""
        kind, own = type(self), getattr(type(self), "_options", ())
        if not is_own(kind) or name in own:
            return
        hint = meant(name, own) if name not in _OF_OTHERS else ""
        every = {option.name for made in _quell.schedules() for option in made.options}
        if name in every or name in _OF_OTHERS or hint:
            raise AttributeError(
                f"{kind.__name__} has no option {name!r} to set{hint}: it stands in the spec of a "
                f"new one, quell.Schedule('NAME:{name}=...')"
            )

    def __call__(self, t: Array) -> tuple[Array, Array]:
        """Returns alpha_t and sigma_t, of the same kind as t: two floats, two arrays with the type
        and the shape of t, or two tensors on its device.

        Arguments:
            t: The time in [0, 1], with shape (*).

        Raises:
            BadArgument: t is outside [0, 1].
        """
        if isinstance(t, (float, int)):
            return self.native.at(real(t, "t"))
        if is_tensor(t):
            return self._at_tensor(t)
        times = real_numbers(t, "t")
        dtype = times.dtype if times.dtype.kind == "f" else np.dtype(np.float64)
        alpha, sigma = self.native.at_all(as_doubles(times, "t"))
        return of_type(alpha, dtype, "alpha:"), of_type(sigma, dtype, "sigma:")

    def _at_tensor(self, t: Any) -> tuple[Any, Any]:
        torch = torch_if_imported()
        if t.requires_grad and torch.is_grad_enabled():
            raise refused("t: requires a gradient, which a schedule has none of; t.detach()")
        dtype = t.dtype if t.dtype.is_floating_point else torch.get_default_dtype()
        both = self.native.at_all(as_doubles(t.detach().cpu(), "t"))
        alpha, sigma = map(of_type, both, (dtype, dtype), ("alpha:", "sigma:"))
        return alpha.to(t.device), sigma.to(t.device)

    def alpha(self, t: Array) -> Array:
        """The scale of the signal, alpha_t."""
        return self(t)[0]

    def sigma(self, t: Array) -> Array:
        """The scale of the noise, sigma_t."""
        return self(t)[1]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec!r})"

    def _ask(self, t: float) -> tuple[float, float]:
        return ask(self, t)


def _checked(function: Any) -> Any:
    """Returns the function with a check of its results; None for None."""
    return None if function is None else lambda t: _pair(function(t))


def _of(made: _quell.Schedule, **recipe: Any) -> Schedule:
    schedule = Schedule.__new__(Schedule)
    vars(schedule).update(recipe)
    schedule._made = made
    return schedule


def ask(schedule: Any, t: float, tensors: bool = False) -> tuple[float, float]:
    """Returns alpha_t and sigma_t of a schedule that is not the library's own.

    Arguments:
        tensors: Whether t is a tensor even for one that takes a NumPy scalar. One that makes
            tensors of it gets a tensor, so that it computes in double, and so does one that takes
            no scalar.
    """
    torch = torch_if_imported()
    failed = None
    if torch is None or not tensors:
        try:
            made = schedule(np.float64(t))
        except (AttributeError, TypeError) as error:
            if torch is None:
                raise
            failed = error
        else:
            if not is_tensor(made) and not any(map(is_tensor, _parts_of(made))):
                return _pair(made)
    try:
        made = schedule(torch.tensor(t, dtype=torch.float64))
    except Exception:
        if failed is not None:
            raise failed from None
        raise
    return _pair(made)


def _parts_of(returned: Any) -> Any:
    return returned if isinstance(returned, (list, tuple)) else ()


def _pair(returned: Any) -> tuple[float, float]:
    """Checks what a schedule that is not the library's own has returned."""
    try:
        alpha, sigma = returned
    except (TypeError, ValueError):
        what = f"schedule: it returned {said(returned)}"
        raise TypeError(f"{what}, must be a pair (alpha, sigma)") from None
    return real(alpha, "schedule: alpha"), real(sigma, "schedule: sigma")


def schedule_of_denoiser(schedule: Any) -> Any:
    """Returns the schedule that a denoiser gets, the default for None. A spec that names none is
    refused here, and not where the first sampler asks for it."""
    if schedule is None:
        return Schedule("vp")
    if isinstance(schedule, str):
        return Schedule(text(schedule, "schedule"))
    check_schedule(schedule)
    return schedule


def check_schedule(schedule: Any) -> None:
    """Refuses what is neither a schedule nor a function, and the class of a schedule.

    Raises:
        TypeError: It is such.
    """
    refuse_class(schedule, "schedule", "a schedule", "")
    if not callable(schedule):
        raise TypeError(f"schedule: {said(schedule)} is neither a schedule nor callable")


class _Named(Schedule):
    """A schedule whose options are attributes that may be set."""

    _name: ClassVar[str]
    _options: ClassVar[tuple[str, ...]]

    def _check(self) -> None:
        self._made = _quell.Schedule(self.spec)

    def _check_option(self, name: str, value: Any) -> None:
        if name not in self._options or not all(own in vars(self) for own in self._options):
            return  # together they are checked when all are there
        known = next(made for made in _quell.schedules() if made.name == self._name)
        option = next(one for one in known.options if one.name == name)
        if not option.low <= real(value, name) <= option.high:
            raise refused(
                f"{name}: {said(value)}, must be from {option.low:g} to {option.high:g}"
            )

    @property
    def spec(self) -> str:
        options = ",".join(f"{o}={real(getattr(self, o), o)!r}" for o in self._options)
        return f"{self._name}:{options}"

    def __repr__(self) -> str:
        options = ", ".join(f"{o}={getattr(self, o)}" for o in self._options)
        return f"{type(self).__name__}({options})"


class VESchedule(_Named):
    """Variance exploding: alpha = 1, log sigma linear in t (Song et al., 2011.13456).

    Arguments:
        sigma_min: sigma at t = 0, > 0.
        sigma_max: sigma at t = 1.
    """

    _name, _options = "ve", ("sigma_min", "sigma_max")

    @hinted
    def __init__(self, sigma_min: float = 1e-3, sigma_max: float = 1e3) -> None:
        self.sigma_min, self.sigma_max = sigma_min, sigma_max
        self._check()


class VPSchedule(_Named):
    """Variance preserving: alpha = exp(t^2 log alpha_min), sigma^2 = 1 - alpha^2 + sigma_min^2
    (Ho et al., 2006.11239; Song et al., 2011.13456).

    Arguments:
        alpha_min: alpha at t = 1, in (0, 1).
        sigma_min: sigma at t = 0, in (0, 1).
    """

    _name, _options = "vp", ("alpha_min", "sigma_min")

    @hinted
    def __init__(self, alpha_min: float = 1e-3, sigma_min: float = 1e-3) -> None:
        self.alpha_min, self.sigma_min = alpha_min, sigma_min
        self._check()


class CosineSchedule(_Named):
    """alpha = cos(t arccos alpha_min), sigma^2 = 1 - alpha^2 + sigma_min^2.

    Arguments:
        alpha_min: alpha at t = 1, in (0, 1).
        sigma_min: sigma at t = 0, in (0, 1).
    """

    _name, _options = "cosine", ("alpha_min", "sigma_min")

    @hinted
    def __init__(self, alpha_min: float = 1e-3, sigma_min: float = 1e-3) -> None:
        self.alpha_min, self.sigma_min = alpha_min, sigma_min
        self._check()


class RectifiedSchedule(_Named):
    """alpha = 1 - t + t alpha_min, sigma = t + (1 - t) sigma_min (Liu et al., 2209.03003; Lipman et
    al., 2210.02747).

    Arguments:
        alpha_min: alpha at t = 1, in (0, 1).
        sigma_min: sigma at t = 0, in (0, 1).
    """

    _name, _options = "rectified", ("alpha_min", "sigma_min")

    @hinted
    def __init__(self, alpha_min: float = 1e-3, sigma_min: float = 1e-3) -> None:
        self.alpha_min, self.sigma_min = alpha_min, sigma_min
        self._check()


class DecaySchedule(_Named):
    """RectifiedSchedule at tau = (1 - gamma^t) / (1 - gamma): the smaller gamma is, the more of the
    time has little noise.

    Arguments:
        alpha_min: alpha at t = 1, in (0, 1).
        sigma_min: sigma at t = 0, in (0, 1).
        gamma: The decay, in (0, 1).
    """

    _name, _options = "decay", ("alpha_min", "sigma_min", "gamma")

    @hinted
    def __init__(
        self, alpha_min: float = 1e-3, sigma_min: float = 1e-3, gamma: float = 0.1
    ) -> None:
        self.alpha_min, self.sigma_min, self.gamma = alpha_min, sigma_min, gamma
        self._check()

    def tau(self, t: Array) -> Array:
        """(1 - gamma^t) / (1 - gamma), with the shape of t."""
        if isinstance(t, (float, int)):
            t = real(t, "t")
        elif not is_tensor(t):
            t = as_doubles(t, "t")
        return (1 - self.gamma**t) / (1 - self.gamma)
