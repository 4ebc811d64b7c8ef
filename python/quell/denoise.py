# SPDX-License-Identifier: MIT
"""Denoisers: x_t -> E[X | X_t = x_t].

The library's own denoisers are evaluated in C on all cores: GaussianDenoiser, MixtureDenoiser,
EmpiricalDenoiser, the models of quell.load and quell.from_torch, and guided ones. FunctionDenoiser
is for a Python function that returns something other than the mean.

SimpleDenoiser and KarrasDenoiser are PyTorch modules around a network, with the names and arguments
of azula.denoise. They are imported when they are first used, and torch with them. Samplers also
take azula's own denoisers, and any function f(x_t, t, **kwargs) that returns the mean or something
with `.mean`, as they are."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from quell import _quell
from quell._arrays import Array, as_doubles, as_floats, like, rows_of
from quell._conditions import check_away, of_rows, told_of
from quell._function import FunctionDenoiser, PerSample
from quell._inputs import fits, times_of
from quell._keywords import hinted, names_of, refuse_part
from quell._said import needs
from quell.errors import refused
from quell.noise import schedule_of_denoiser

if TYPE_CHECKING:
    from quell._torch import Denoiser, KarrasDenoiser, SimpleDenoiser

__all__ = [
    "Denoiser",
    "EmpiricalDenoiser",
    "FunctionDenoiser",
    "GaussianDenoiser",
    "KarrasDenoiser",
    "MixtureDenoiser",
    "NativeDenoiser",
    "PerSample",
    "Posterior",
    "SimpleDenoiser",
    "guided",
]


def __getattr__(name: str) -> Any:
    if name in ("Denoiser", "KarrasDenoiser", "SimpleDenoiser"):
        try:
            from quell import _torch
        except ModuleNotFoundError as missing:
            raise needs("quell.denoise's modules of PyTorch", missing) from missing

        return getattr(_torch, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclasses.dataclass
class Posterior:
    """What a denoiser returns: q(X | x_t), of which only the mean is known.

    Attributes:
        mean: E[X | x_t], with the shape of x_t.
    """

    mean: Array


# The function that makes each kind of the library's denoisers again from what pickle keeps.
_MAKERS: dict[str, Callable[..., _quell.Denoiser]] = {
    "isotropic": _quell.Denoiser.isotropic,
    "diagonal": _quell.Denoiser.diagonal,
    "mixture": _quell.Denoiser.mixture,
    "empirical": _quell.Denoiser.empirical,
    "eigen": _quell.Denoiser.eigen,
}


class NativeDenoiser:
    """A denoiser of the library's own. It never changes, and any number of threads may use it.

    Attributes:
        native: The library's object.
        schedule: The schedule that samplers use with it. It may be replaced.
        shape: The shape of one sample.
    """

    native: _quell.Denoiser
    schedule: Any
    shape: tuple[int, ...]
    _SHARED: ClassVar[tuple[str, ...]] = ("native", "_recipe")

    def __init__(
        self,
        native: _quell.Denoiser,
        shape: Sequence[int],
        schedule: Any = None,
        recipe: tuple[Any, ...] | None = None,
    ) -> None:
        self.native = native
        self._recipe = recipe
        self.shape = tuple(int(extent) for extent in shape)
        self.schedule = schedule_of_denoiser(schedule)

    def _parts_of(self) -> list[str]:
        """The names of what it was made of, which the library has taken."""
        return names_of(type(self).__init__)

    def __setattr__(self, name: str, value: Any) -> None:
        first = name in ("native", "shape") and name not in vars(self)
        if name != "schedule" and not first:
            refuse_part(type(self), name, lambda: [*self._parts_of(), "native", "shape"])
        own = name == "schedule" and value is not None
        object.__setattr__(self, name, schedule_of_denoiser(value) if own else value)

    @property
    def dim(self) -> int:
        """The number of elements of a sample."""
        return self.native.dim

    @property
    def classes(self) -> int:
        """The number of classes; 0: it has none."""
        return self.native.classes

    @property
    def conditions(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the conditions that it takes, by their names."""
        return dict(self.native.conditions)

    @property
    def reproducible(self) -> bool:
        """Whether a sample has the same bits whatever the machine, the threads and the batch."""
        return self.native.reproducible

    @property
    def digest(self) -> int:
        """A digest of all that its output depends on, to the last bit of a weight. It is the same
        on any machine, in one version of quell."""
        return self.native.digest

    def eval(self) -> NativeDenoiser:
        """Returns itself, because there is nothing to train. Scripts for PyTorch modules call
        it."""
        return self

    def __call__(
        self, x_t: Array, t: Array, label: Array | int | None = None, **kwargs: Any
    ) -> Posterior:
        """Evaluates the denoiser.

        Arguments:
            x_t: Noisy samples, with shape (B, *).
            t: Their time in [0, 1], with shape () or (B).
            label: The class of each sample, with shape (B) or (). None: no sample has one.
            kwargs: The conditions, and what guidance leads away from, as in a call of a sampler.

        Returns:
            q(X | x_t), as a Posterior.

        Raises:
            ValueError: The shapes do not fit.
        """
        from quell._adapt import check_forward, native_schedule

        check_forward(self, "a __call__")
        x = as_floats(x_t, "x_t")
        if not x.ndim or not fits(x.shape, self.shape):
            raise refused(f"x_t: shape {x.shape}, must be (B, {', '.join(map(str, self.shape))})")
        times = times_of(t, len(x))
        told = told_of(self, label, kwargs, len(x))
        check_away(self, told)
        spec, options = self._evaluator()
        sampler = _quell.Sampler(spec, self.native, native_schedule(self.schedule), options)
        mean = np.empty(x.shape, np.float32)
        for time in np.unique(times):
            rows = times == time
            part = np.empty((int(rows.sum()), self.dim), np.float32)
            sampler.denoise(rows_of(x)[rows], part, float(time), **of_rows(told, rows, len(x)))
            mean[rows] = part.reshape(-1, *x.shape[1:])
        return Posterior(like(mean, x_t))

    def _evaluator(self) -> tuple[str, _quell.Options]:
        """A sampler, and its options, by which a single evaluation goes."""
        return "ddim", _quell.Options(steps=1)

    def _guides(self) -> bool:
        """Whether it guides away from the output for no class, so that samples need a class."""
        return False

    def _kept(self) -> tuple[Any, ...] | None:
        """What pickle keeps to make the library's object again: its kind and its parts."""
        return self._recipe

    def _remade(self) -> _quell.Denoiser:
        if self._recipe is None:
            raise TypeError("this denoiser holds nothing that it could be made of again")
        kind, *parts = self._recipe
        return _MAKERS[kind](*parts)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle: the parts that it is made of, in place of the library's object."""
        recipe = self._kept()
        if recipe is None:
            raise TypeError(
                f"{type(self).__name__}: cannot be pickled, as it was made of a native object alone"
            )
        state = {name: value for name, value in vars(self).items() if name != "native"}
        return {**state, "_recipe": recipe}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.native = self._remade()

    def __copy__(self) -> NativeDenoiser:
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> NativeDenoiser:
        """Copies share the library's object, because it never changes."""
        made = self.__copy__()
        memo[id(self)] = made
        for name, value in vars(self).items():
            if name not in self._SHARED:
                vars(made)[name] = copy.deepcopy(value, memo)
        return made

    def __repr__(self) -> str:
        return f"<{self.native.kind} denoiser of shape {self.shape}, {self.schedule!r}>"


class GaussianDenoiser(NativeDenoiser):
    """The exact denoiser of X ~ N(mean, cov).

    Arguments:
        mean: The mean, with shape (*).
        cov: The covariance: one variance, with shape (); or a variance >= 0 for each element, with
            shape (*); or a matrix with shape (N, N) for N elements, symmetric and positive
            semi-definite. Of a matrix LAPACK computes the eigenbasis, whose last bits depend on the
            machine.
        schedule: The schedule (default "vp").

    Raises:
        ValueError: The shapes do not fit, or cov is not a covariance.
    """

    @hinted
    def __init__(self, mean: Array, cov: Array | float = 1.0, schedule: Any = None) -> None:
        centre, spread = as_doubles(mean, "mean"), as_doubles(cov, "cov")
        recipe = self._parts(centre.copy(), spread.copy(), centre.shape)
        if not spread.ndim or spread.shape == centre.shape:
            wrong = spread[~((spread >= 0) & np.isfinite(spread))]
            if wrong.size:
                raise refused(f"cov: {wrong.flat[0]:g}, must be finite and not negative")
        kind, *parts = recipe
        made = _quell.Denoiser.full(*parts) if kind == "full" else _MAKERS[kind](*parts)
        kept = ("eigen", centre.ravel()) if kind == "full" else recipe
        super().__init__(made, centre.shape or (1,), schedule, kept)

    @staticmethod
    def _parts(mean: Any, cov: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
        size, centre = mean.size, mean.ravel()
        if cov.ndim == 0:
            return "isotropic", size, float(cov), centre
        if cov.shape == shape:
            return "diagonal", cov.ravel(), centre
        if cov.size == size * size and cov.shape in ((size, size), shape + shape):
            return "full", size, cov, centre
        raise refused(
            f"cov: shape {cov.shape}, must be (), {shape} or {(size, size)} for a mean of {shape}"
        )

    def _kept(self) -> tuple[Any, ...] | None:
        """Of a full covariance, keeps the eigenbasis with the bits of the machine that computed
        it."""
        if self._recipe is None or self._recipe[0] != "eigen":
            return self._recipe
        return (*self._recipe[:2], *self.native.eigenbasis())


class MixtureDenoiser(NativeDenoiser):
    """The exact denoiser of a mixture, X ~ sum_k weights[k] N(means[k], variances[k]).

    Arguments:
        weights: The weights, > 0, with shape (K); they are normalised.
        means: The means, with shape (K, *).
        variances: The variances, >= 0, one for each component, with shape (K), or for each element,
            with shape (K, *).
        schedule: The schedule (default "vp").

    Raises:
        ValueError: The shapes do not fit, or a value is out of its range.
    """

    @hinted
    def __init__(
        self, weights: Array, means: Array, variances: Array, schedule: Any = None
    ) -> None:
        w, m = as_doubles(weights, "weights").copy(), as_doubles(means, "means").copy()
        v = as_doubles(variances, "variances").copy()
        if w.ndim != 1 or m.shape[:1] != w.shape or v.shape not in (w.shape, m.shape):
            raise refused(
                f"mixture: weights {w.shape}, means {m.shape}, variances {v.shape}; "
                "must be (K), (K, ...), and (K) or (K, ...)"
            )
        shape = m.shape[1:] or (1,)
        recipe = ("mixture", math.prod(shape), w, m, v)
        super().__init__(_quell.Denoiser.mixture(*recipe[1:]), shape, schedule, recipe)


class EmpiricalDenoiser(NativeDenoiser):
    """The exact denoiser of a data set, X uniform over its points.

    Arguments:
        points: The points, with shape (N, *); they must be finite. There will be two copies, one
            for the library and one for pickle.
        schedule: The schedule (default "vp").

    Raises:
        ValueError: There is no point, or one is not finite.
    """

    @hinted
    def __init__(self, points: Array, schedule: Any = None) -> None:
        x = as_floats(points, "points").copy()
        if not x.ndim:
            raise refused("points: one number, must have shape (N, *)")
        shape = x.shape[1:] or (1,)
        recipe = ("empirical", math.prod(shape), x)
        super().__init__(_quell.Denoiser.empirical(*recipe[1:]), shape, schedule, recipe)


from quell._guided import guided  # noqa: E402, which needs NativeDenoiser
