# SPDX-License-Identifier: MIT
"""Denoisers: x_t -> E[X | X_t = x_t].

The library's own, which it evaluates in C on all cores: GaussianDenoiser, MixtureDenoiser,
EmpiricalDenoiser, the models of quell.load and quell.compile, and guided ones. FunctionDenoiser
says what a Python function returns, where that is not the mean.

SimpleDenoiser and KarrasDenoiser are PyTorch modules around a network, with the names and arguments
of azula.denoise; they are imported when they are asked for, and torch with them. azula's own
denoisers, and any function f(x_t, t, **kwargs) that returns the mean or something with `.mean`, are
denoisers, too, without a class from here."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from quell import _quell
from quell._arrays import Array, as_doubles, as_floats, length, like, to_numpy
from quell.noise import Schedule

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
    "Posterior",
    "SimpleDenoiser",
    "guided",
]


def __getattr__(name: str) -> Any:
    if name in ("Denoiser", "KarrasDenoiser", "SimpleDenoiser"):
        from quell import _torch

        return getattr(_torch, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclasses.dataclass
class Posterior:
    """What a denoiser returns: q(X | x_t), known by its mean.

    Attributes:
        mean: E[X | x_t], with the shape of x_t.
    """

    mean: Array


def classes_of(label: Any, count: int, classes: int) -> Any:
    """The classes of `count` samples as the library takes them, -1 for none.

    Arguments:
        label: None, one class for all, or an array with shape (count); `classes`, the label after
            the last one, stands for no class, as in training.
    """
    if label is None:
        return None
    if not classes:
        raise TypeError("label: this denoiser has no classes")
    labels = np.broadcast_to(to_numpy(label), (count,)).astype(np.int32)
    return np.where(labels == classes, np.int32(-1), labels)


class NativeDenoiser:
    """A denoiser of the library's own. It never changes, and any number of threads may use it.

    Attributes:
        native: The library's object.
        schedule: The schedule that samplers use with it; may be replaced.
        shape: The shape of one sample.
    """

    native: _quell.Denoiser
    schedule: Any
    shape: tuple[int, ...]

    def __init__(
        self, native: _quell.Denoiser, shape: Sequence[int], schedule: Any = None
    ) -> None:
        self.native = native
        self.shape = tuple(int(extent) for extent in shape)
        self.schedule = Schedule("vp") if schedule is None else schedule

    @property
    def dim(self) -> int:
        """The number of elements of a sample."""
        return self.native.dim

    @property
    def classes(self) -> int:
        """The number of classes; 0: it has none."""
        return self.native.classes

    @property
    def exact(self) -> bool:
        """Whether it keeps the promise about bits."""
        return self.native.exact

    def eval(self) -> NativeDenoiser:
        """Itself, as there is nothing to train: for scripts that were written for modules."""
        return self

    def __call__(self, x_t: Array, t: Array, label: Array | int | None = None) -> Posterior:
        """q(X | x_t).

        Arguments:
            x_t: Noisy samples, with shape (B, *).
            t: Their time in [0, 1], with shape () or (B).
            label: The class of each, with shape (B) or (); None for none.

        Raises:
            ValueError: The shapes do not fit.
        """
        from quell._adapt import native_schedule

        x = as_floats(x_t).reshape(to_numpy(x_t).shape)
        if not x.ndim or length(x.shape) != self.dim:
            raise ValueError(f"x_t: shape {x.shape}, must be (B, ...) of {self.dim} elements each")
        times = np.broadcast_to(to_numpy(t).astype(np.float64), x.shape[:1])
        labels = classes_of(label, len(x), self.classes)
        one = _quell.Options(steps=1)
        sampler = _quell.Sampler("ddim", self.native, native_schedule(self.schedule), one)
        mean = np.empty_like(x)
        for time in np.unique(times):
            rows = times == time
            part = np.empty_like(x[rows])
            of_part = None if labels is None else labels[rows]
            sampler.denoise(np.ascontiguousarray(x[rows]), part, float(time), classes=of_part)
            mean[rows] = part
        return Posterior(like(mean, x_t))

    def __repr__(self) -> str:
        return f"<{self.native.kind} denoiser of shape {self.shape}, {self.schedule!r}>"


class GaussianDenoiser(NativeDenoiser):
    """The exact denoiser of X ~ N(mean, cov).

    Arguments:
        mean: The mean, with shape (*).
        cov: The covariance: a variance, with shape (), or one for each element, with shape (*),
            all >= 0; or a matrix, with shape (N, N) for N elements, symmetric and positive
            semi-definite. A matrix goes through LAPACK, whose last bits depend on the machine.
        schedule: The schedule; "vp" if left out.

    Raises:
        ValueError: The shapes do not fit, or the covariance is none.
    """

    def __init__(self, mean: Array, cov: Array | float = 1.0, schedule: Any = None) -> None:
        centre, spread = to_numpy(mean), to_numpy(cov)
        made = self._make(as_doubles(centre), spread, centre.shape)
        super().__init__(made, centre.shape or (1,), schedule)

    @staticmethod
    def _make(mean: Any, cov: Any, shape: tuple[int, ...]) -> _quell.Denoiser:
        size = mean.size
        if cov.ndim == 0:
            return _quell.Denoiser.isotropic(size, float(cov), mean)
        if cov.shape == shape:
            return _quell.Denoiser.diagonal(as_doubles(cov), mean)
        if cov.size == size * size and cov.shape in ((size, size), shape + shape):
            return _quell.Denoiser.full(size, as_doubles(cov), mean)
        raise ValueError(
            f"cov: shape {cov.shape}, must be (), {shape} or {(size, size)} for a mean of {shape}"
        )


class MixtureDenoiser(NativeDenoiser):
    """The exact denoiser of a mixture, X ~ sum_k weights[k] N(means[k], variances[k]).

    Arguments:
        weights: The weights, > 0, with shape (K); they are normalised.
        means: The means, with shape (K, *).
        variances: The variances, >= 0, one for each component, with shape (K), or for each element,
            with shape (K, *).
        schedule: The schedule; "vp" if left out.

    Raises:
        ValueError: The shapes do not fit, or a value is out of its range.
    """

    def __init__(
        self, weights: Array, means: Array, variances: Array, schedule: Any = None
    ) -> None:
        w, m, v = as_doubles(weights), as_doubles(means), as_doubles(variances)
        if w.ndim != 1 or m.shape[:1] != w.shape or v.shape not in (w.shape, m.shape):
            raise ValueError(
                f"mixture: weights {w.shape}, means {m.shape}, variances {v.shape}; "
                "must be (K), (K, ...), and (K) or (K, ...)"
            )
        shape = m.shape[1:] or (1,)
        super().__init__(_quell.Denoiser.mixture(math.prod(shape), w, m, v), shape, schedule)


class EmpiricalDenoiser(NativeDenoiser):
    """The exact denoiser of a data set, X uniform over its points.

    Arguments:
        points: The points, finite, with shape (N, *). Copied.
        schedule: The schedule; "vp" if left out.

    Raises:
        ValueError: There is no point, or one is not finite.
    """

    def __init__(self, points: Array, schedule: Any = None) -> None:
        x = as_floats(points)
        shape = x.shape[1:] or (1,)
        super().__init__(_quell.Denoiser.empirical(math.prod(shape), x), shape, schedule)


class FunctionDenoiser:
    """A Python function, or a PyTorch module, that returns something else than the mean.

    Arguments:
        function: function(input, time, **kwargs) -> output, of all samples of a call at once, with
            shape (B, *); `time` with shape ().
        schedule: The schedule; "vp" if left out.
        output: What it returns: "x0", the mean; "eps", E[Z | x_t] with x_t = alpha X + sigma Z;
            "v", alpha E[Z | x_t] - sigma E[X | x_t]; "score", -E[Z | x_t] / sigma; or "flow",
            E[Z | x_t] - E[X | x_t].
        precondition: What is done around it: "none", input x_t and time t; "simple", input
            x_t / sqrt(alpha^2 + sigma^2) and time log(sigma / alpha); "karras", as simple, with
            the skip connection of azula's KarrasDenoiser, and output "x0".

    Raises:
        BadArgument: By the first call of a sampler: there is no such output or precondition.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        schedule: Any = None,
        output: str = "x0",
        precondition: str = "none",
    ) -> None:
        self.function = function
        self.schedule = Schedule("vp") if schedule is None else schedule
        self.output = output
        self.precondition = precondition


def guided(
    denoiser: NativeDenoiser,
    guide: NativeDenoiser | None = None,
    weight: float = 2.0,
    low: float = 0.0,
    high: float = 1.0,
    times: Sequence[float] = (),
    weights: Sequence[float] = (),
) -> NativeDenoiser:
    """w mu + (1 - w) mu_guide: guidance without a classifier (Ho & Salimans, 2207.12598; their w is
    w - 1), or by a weaker model (Karras et al., 2406.02507).

    Arguments:
        denoiser: What is guided.
        guide: Another denoiser of the same shape; None for the denoiser itself without a class,
            which it must have learned.
        weight: w; 1 is none.
        low, high: The times within which it is guided (Kynkaanniemi et al., 2404.07724).
        times, weights: w in straight lines between weights[i] at times[i], in place of `weight`.

    Raises:
        BadArgument: A weight or a time is out of its range, or the denoisers do not fit.
    """
    made = _quell.Denoiser.guided(
        denoiser.native,
        None if guide is None else guide.native,
        weight,
        low,
        high,
        [float(t) for t in times],
        [float(w) for w in weights],
    )
    return NativeDenoiser(made, denoiser.shape, denoiser.schedule)
