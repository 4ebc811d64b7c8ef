# SPDX-License-Identifier: MIT
"""The options of a sampler, as attributes that may be set."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from quell import _quell
from quell._arrays import Array, as_doubles
from quell._inputs import moments
from quell._keywords import is_own, meant, names_of, of_others
from quell._numbers import flag, float_type, on_cpu, real, refuse_class, text, whole
from quell._said import row_of, said
from quell._times import Times
from quell.errors import Error, NotFound, refused


@functools.lru_cache(maxsize=64)
def _named(sampler: str, grid: str) -> None:
    """Refuses a name that does not exist, as the library does: with the name that was meant."""
    one = _quell.Denoiser.isotropic(1, 1.0, np.empty(0))
    try:
        _quell.Sampler(sampler, one, _quell.Schedule("vp"), _quell.Options(steps=4, grid=grid))
    except NotFound:
        raise
    except Error:  # the sampler and the grid may need another schedule, or other steps
        pass


@functools.lru_cache(maxsize=64)
def _optioned(spec: str) -> None:
    """Refuses an option of a sampler that is wrong whatever the others are."""
    one = _quell.Denoiser.isotropic(1, 1.0, np.empty(0))
    try:
        _quell.Sampler(spec, one, _quell.Schedule("vp"), _quell.Options(steps=4))
    except Error as error:
        if str(error).startswith("sampler '"):  # and not "sampler: ", of what is around it
            raise


def _options_of(name: str) -> set[str]:
    """The names of the options of a sampler, or of the one that an alias stands for."""
    for made in _quell.samplers():
        if name == made.name or name in made.aliases:
            return {option.name for option in made.options}
    return set()


def of_sampler(name: str) -> str:
    """Says of an argument that a call does not take where it stands, if that is the sampler: "
    (...)", or "" if it does not. Its name may be that of other programs."""
    own = of_others(name)
    if own in names_of(Settings.__init__) and own not in ("denoiser", "spec"):
        return f" (it is the sampler's: sampler.{own} = ...)"
    for made in _quell.samplers():
        if any(name == option.name for option in made.options):
            example = f"{made.name}:{name}=..."
            return f" (an option stands in the spec of a sampler that has it: {example!r})"
    return ""


_OF_INIT = ("prior_mean", "prior_variance", "mean", "var")
_OF_CALL = ("seed", "first", "index", "out", "label", "progress")


def _of_run(name: str) -> str:
    """Says of an argument where it is given, if that is a call or init; "" if it is neither."""
    if name in _OF_INIT:
        return "the mean and the variance of the data go to init(shape, mean, var)"
    own = of_others(name)
    return f"it is told in a call: sampler(x, {own}=...)" if own in _OF_CALL else ""


def _steps(value: Any, what: str) -> int:
    return whole(value, what, 1, 10**6)


def _time(value: Any, what: str) -> float:
    time = real(value, what)
    if not 0 <= time <= 1:
        raise refused(f"{what}: {said(value)}, must be from 0 to 1")
    return time


def _schedule(value: Any, what: str) -> Any:
    """A schedule by its name is made for a try; others are seen when they are used."""
    if isinstance(value, str):
        return _quell.Schedule(text(value, what))
    refuse_class(value, what, "a schedule", "")
    return value


# What is wrong in itself is refused where it is set: attributes, and their checks. Of these, the
# first may be None.
_OR_NONE: dict[str, Callable[[Any, str], Any]] = {
    "steps": _steps,
    "start": _time,
    "stop": _time,
    "isa": text,
    "schedule": _schedule,
}
_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "threshold": real,
    "threshold_max": real,
    "brownian": flag,
    "silent": flag,
    "threads": lambda value, what: whole(value, what, 0, 65536),
    "tile": whole,
}


def _then_checked(init: Any) -> Any:
    """An __init__ that checks the sampler when it is made, as the last of those that are called
    one by another."""

    @functools.wraps(init)
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        kind = type(self)
        if "spec" in kwargs and is_own(kind) and "spec" not in names_of(kind.__init__):
            raise TypeError(
                f"{kind.__name__}: spec={said(kwargs['spec'])}: it has its own; "
                "quell.Sampler(denoiser, spec) takes any"
            )
        init(self, *args, **kwargs)
        if type(self).__init__ is made:
            given = bool(args) or "denoiser" in kwargs
            if self.denoiser is None and given and is_own(type(self)):
                raise TypeError("denoiser: None, must be a denoiser")
            self._check_made()

    return made


class Settings:
    """The options of a sampler. Sampler says what they mean."""

    denoiser: Any = None
    _usual_var: float | None = None  # the var of init where neither mean nor var is given
    _made: dict[Any, tuple[Any, _quell.Schedule, _quell.Sampler]]
    _known: tuple[_quell.Schedule, Times] | None = None

    def __init__(
        self,
        denoiser: Any = None,
        spec: str = "ddim",
        *,
        start: float | None = None,
        stop: float | None = None,
        steps: int | None = None,
        silent: bool = False,
        dtype: Any = None,
        device: Any = None,
        schedule: Any = None,
        grid: str | None = None,
        times: Array | None = None,
        sigmas: Array | None = None,
        clamp: tuple[float, float] | None = None,
        threshold: float = 0.0,
        threshold_max: float = math.inf,
        brownian: bool = False,
        threads: int = 0,
        tile: int = 0,
        isa: str | None = None,
        **others: NoReturn,
    ) -> None:
        self._refuse_others(spec, others)
        if denoiser is not None:
            self.denoiser = denoiser
        self._spec = text(spec, "spec")
        _named(spec.partition(":")[0], "")
        self.times, self.sigmas, self.grid = times, sigmas, grid
        self.start, self.stop, self.steps = start, stop, steps
        self.silent, self.dtype, self.device, self.schedule = silent, dtype, device, schedule
        self.clamp, self.threshold, self.threshold_max = clamp, threshold, threshold_max
        self.brownian, self.threads, self.tile, self.isa = brownian, threads, tile, isa

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            if cls.__name__.startswith("_"):  # a class that callers do not know, in messages
                cls.__init__.__qualname__ = "Sampler.__init__"
            cls.__init__ = _then_checked(cls.__init__)  # type: ignore[method-assign]

    def _check_made(self) -> None:
        """Refuses what can be known to be wrong before the first call."""

    def _refuse_others(self, spec: str, others: dict[str, Any]) -> None:
        """An argument that there is not: perhaps an option, which stands in the sampler's spec."""
        for name, value in others.items():
            if name in _options_of(text(spec, "spec").partition(":")[0]):
                joined = f"{spec},{name}" if ":" in spec else f"{spec}:{name}"
                how = f"an option of a sampler stands in its spec, '{joined}={value}'"
            elif _of_run(name):
                how = _of_run(name)
            else:
                names = [*names_of(type(self).__init__), *names_of(Settings.__init__)]
                hint = meant(name, names)
                how = f"there is no such argument{hint}; help(quell.Sampler) lists them"
            raise TypeError(f"{type(self).__name__}: {name}={said(value)}: {how}")

    def _refuse_method(self, name: str, value: Any) -> None:
        """Refuses to set a method to what cannot be called: a step of one's own can be."""
        if callable(getattr(type(self), name, None)) and not callable(value):
            hint = " (did you mean 'steps'?)" if name == "step" else ""
            kind = type(self).__name__
            raise AttributeError(
                f"{kind}: {name} is a method, and {said(value)} is not callable{hint}"
            )

    def _refuse_misspelt(self, name: str) -> None:
        """Refuses an attribute whose name is a misspelt option, or an option that belongs into the
        sampler's spec. Other names are the caller's own."""
        kind = type(self)
        names = [*names_of(kind.__init__), *names_of(Settings.__init__)]
        if name in names or name in vars(self) or hasattr(kind, name):
            return
        if name in _options_of(self.spec.partition(":")[0]):
            raise AttributeError(
                f"{kind.__name__} has no option {name!r}: it stands in the spec of a new one, "
                f"quell.Sampler(denoiser, '{self.spec.partition(':')[0]}:{name}=...')"
            )
        own = of_sampler(name).strip(" ()")
        how = _of_run(name) or (own if "spec" in own else "")
        if how:
            raise AttributeError(f"{kind.__name__} has no option {name!r}: {how}")
        hint = meant(name.lower(), names)
        if hint:
            raise AttributeError(f"{kind.__name__} has no option {name!r}{hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name[0] != "_" and is_own(type(self)):
            self._refuse_misspelt(name)
            self._refuse_method(name, value)
        if name in ("times", "sigmas") and value is not None:
            value = as_doubles(value, name).copy()
            value.setflags(write=False)
            if value.ndim != 1:
                raise refused(f"{name}: shape {value.shape}, must be (steps + 1)")
        if name == "clamp" and value is not None:
            if not isinstance(value, (list, tuple)) or len(value) != 2:
                raise TypeError(f"clamp: {said(value)}, must be a pair (low, high)")
            value = real(value[0], "clamp"), real(value[1], "clamp")
        if name in _CHECKS or (name in _OR_NONE and value is not None):
            (_CHECKS.get(name) or _OR_NONE[name])(value, name)
        if name == "grid" and isinstance(value, str):
            _named("ddim", text(value, "grid").partition(":")[0])
        if name == "dtype":
            value = float_type(value, "dtype")
        if name == "device":
            on_cpu(value)
        if name[0] == "_":
            object.__setattr__(self, name, value)
        else:
            self._set(name, value)
            object.__setattr__(self, "_made", {})
            object.__setattr__(self, "_known", None)

    def _set(self, name: str, value: Any) -> None:
        """Sets an attribute, and sees that it has not made the sampler's spec wrong."""
        before = vars(self).get(name)
        object.__setattr__(self, name, value)
        if before is None or not is_own(type(self)) or name in names_of(Settings.__init__):
            return
        try:
            _optioned(self.spec)
        except (TypeError, ValueError):
            object.__setattr__(self, name, before)
            raise

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: everything except the library's objects, which are made again."""
        made = ("_made", "_known")
        return {name: value for name, value in vars(self).items() if name not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _made={})
        for name in ("times", "sigmas"):
            if state.get(name) is not None:
                state[name].setflags(write=False)

    @property
    def spec(self) -> str:
        """The sampler's name and options."""
        return self._spec

    @property
    def start(self) -> float:
        """The first time."""
        if self._start is not None:
            return self._start
        return 1.0 if self.times is None or not len(self.times) else float(self.times[0])

    @start.setter
    def start(self, value: float | None) -> None:
        self._start = value

    @property
    def stop(self) -> float:
        """The last time."""
        if self._stop is not None:
            return self._stop
        return 0.0 if self.times is None or not len(self.times) else float(self.times[-1])

    @stop.setter
    def stop(self, value: float | None) -> None:
        self._stop = value

    @property
    def steps(self) -> int:
        """The number of transitions."""
        if self._steps is not None:
            return self._steps
        own = self.sigmas if self.times is None else self.times
        return 64 if own is None else max(len(own) - 1, 0)

    @steps.setter
    def steps(self, value: int | None) -> None:
        self._steps = value

    def _check_ends(self) -> None:
        """Refuses a start or a stop that is given beside other times. The library cannot: it takes
        1 and 0 for "not given". It refuses all other options that contradict each other itself."""
        own, name = (self.sigmas, "sigmas") if self.times is None else (self.times, "times")
        if own is None or not len(own):
            return
        ends = (1.0, 0.0) if self.times is None else (self.times[0], self.times[-1])
        for what, given, end in (("start", self._start, ends[0]), ("stop", self._stop, ends[1])):
            if given is not None and real(given, what) != end:
                raise refused(f"{what}: {said(given)}, but {name} are given; must be left out")

    def _options(
        self, mean: Any = (), variance: Any = (), of_steps: bool = False
    ) -> _quell.Options:
        """Returns the library's options. of_steps: only those that the grid depends on."""
        self._check_ends()
        if of_steps:
            return _quell.Options(**self._of_steps())
        return _quell.Options(
            **self._of_steps(),
            clamp=(-math.inf, math.inf) if self.clamp is None else self.clamp,
            threshold=real(self.threshold, "threshold"),
            threshold_max=real(self.threshold_max, "threshold_max"),
            brownian=flag(self.brownian, "brownian"),
            mean=list(mean),
            variance=list(variance),
        )

    def _of_steps(self) -> dict[str, Any]:
        for name in ("times", "sigmas"):
            if getattr(self, name) is not None and not len(getattr(self, name)):
                raise refused(f"{name}: none, must be two or more")
        return {
            "steps": 0 if self._steps is None else whole(self._steps, "steps", 1, 10**6),
            "start": 1.0 if self._start is None else real(self._start, "start"),
            "stop": 0.0 if self._stop is None else real(self._stop, "stop"),
            "times": [] if self.times is None else self.times.tolist(),
            "sigmas": [] if self.sigmas is None else self.sigmas.tolist(),
            "grid": "" if self.grid is None else self._named_grid(),
        }

    def _moments(self, mean: Any, var: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """E[X] and V[X] of init, as the library takes them."""
        return moments(mean, self._usual_var if mean is None and var is None else var, shape)

    def _named_grid(self) -> str:
        """The grid that is given; the library takes an empty one for none."""
        named = text(self.grid, "grid")
        if not named:
            raise refused("grid: it is empty, must be a grid's name, or left out")
        return named

    def _chooses_steps(self) -> bool:
        """Whether the sampler takes other steps than those of a grid."""
        return self.spec.partition(":")[0] == "dpm_adaptive"

    def _written_out(self) -> list[str]:
        """The sampler's spec and its grid, as they would be given."""
        parts, own = [repr(self.spec)], self._chooses_steps()
        if not own or self._steps is not None:
            parts.append(f"steps={self.steps}")
        if self.times is None and self.sigmas is None and not own:
            parts.append(f"grid={self.grid or 'linear'!r}")
        for name in ("times", "sigmas"):
            if getattr(self, name) is not None:
                parts.append(f"{name}={row_of(getattr(self, name))}")
        for name in ("start", "stop"):
            if getattr(self, "_" + name) is not None:
                parts.append(f"{name}={getattr(self, name)!r}")
        return parts


# What Python calls it when an argument is wrong: the class that callers know.
Settings.__init__.__qualname__ = "Sampler.__init__"
Settings.__init__ = _then_checked(Settings.__init__)  # type: ignore[method-assign]
