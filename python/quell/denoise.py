# SPDX-License-Identifier: MIT
r"""Denoisers: x_t -> E[X | X_t = x_t] under p(X_t | X) = N(alpha_t X, sigma_t^2 I).

quell's own run without Python: `GaussianDenoiser`, `MixtureDenoiser`, `EmpiricalDenoiser`, and the
networks of `load`, each in quell's threads and with the same bits everywhere. `FunctionDenoiser`
takes a Python function. `SimpleDenoiser` and `KarrasDenoiser` have the names and arguments of
azula.denoise, train in torch, and exist where torch is installed; a sampler takes azula's own
denoisers as they are, too.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from quell import _quell
from quell.arrays import Array, floats, is_module, is_tensor, to_numpy
from quell.errors import BadArgument
from quell.noise import Schedule, as_schedule

if TYPE_CHECKING:
    from quell.torch import KarrasDenoiser, SimpleDenoiser

__all__ = [
    "Denoiser",
    "DiracPosterior",
    "EmpiricalDenoiser",
    "FunctionDenoiser",
    "GaussianDenoiser",
    "GuidedDenoiser",
    "MixtureDenoiser",
    "Posterior",
    "load",
]

_TORCH = ("KarrasDenoiser", "SimpleDenoiser")


def __getattr__(name: str) -> Any:
    if name in _TORCH:
        from quell import torch

        return getattr(torch, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Posterior:
    """What a denoiser returns.

    Attributes:
        mean: E[X | x_t], with the shape of x_t.
    """

    def __init__(self, mean: Any) -> None:
        self.mean = mean


DiracPosterior = Posterior


class Denoiser:
    """A denoiser as samplers take it.

    Attributes:
        schedule: The noise schedule, or None: the sampler is then given one.
        shape: The shape of one sample, or None if any shape of as many elements will do.
    """

    schedule: Schedule | None
    shape: tuple[int, ...] | None
    native: _quell.Denoiser

    def __init__(
        self, native: _quell.Denoiser, schedule: Any = None, shape: Sequence[int] | None = None
    ) -> None:
        self.native = native
        self.schedule = None if schedule is None else as_schedule(schedule)
        self.shape = None if shape is None else tuple(shape)

    def bind(self, shape: tuple[int, ...]) -> _quell.Denoiser:
        """The denoiser for samples of this shape."""
        if self.shape is not None and shape not in (self.shape, (self.native.dim,)):
            raise BadArgument(f"samples of shape {shape}, the denoiser's have {self.shape}")
        return self.native

    def passing(self, kwargs: Mapping[str, Any]) -> contextlib.AbstractContextManager[None]:
        """A context in which the denoiser is told the keyword arguments of a run."""
        if kwargs:
            names = ", ".join(sorted(kwargs))
            raise TypeError(f"the denoiser takes no {names}: it is quell's own")
        return contextlib.nullcontext()

    @property
    def classes(self) -> int:
        """The classes that `label` may ask for; 0: there are none."""
        return self.native.classes

    @property
    def exact(self) -> bool:
        """Whether samples have the same bits for any batch, threads and machine."""
        return self.native.exact

    def __call__(self, x_t: Array, t: float, **kwargs: Any) -> Posterior:
        """
        Arguments:
            x_t: A noisy array x_t, with shape (B, *).
            t: The time, 0 to 1.
            kwargs: `label` for a denoiser with classes; for a function, its own.

        Returns:
            The posterior, whose mean has the kind, dtype and shape of x_t.
        """
        from quell.sample import Sampler

        return Posterior(Sampler(self, silent=True).denoise(x_t, t, **kwargs))


class GaussianDenoiser(Denoiser):
    """The exact denoiser of X ~ N(mean, cov).

    Arguments:
        mean: With shape (*), that of one sample.
        cov: A number, for cov I; variances of shape (*); a matrix of shape (*, *); or azula's
            IsotropicCovariance, DiagonalCovariance or FullCovariance.
        schedule: A noise schedule, quell's, azula's, or a spec.
    """

    def __init__(self, mean: Array, cov: Any, schedule: Any = None) -> None:
        centre = np.asarray(to_numpy(mean), np.float64)
        super().__init__(_gaussian(centre, cov), schedule, centre.shape)
        self.mean, self.cov = mean, cov


def _gaussian(mean: np.ndarray[Any, Any], cov: Any) -> _quell.Denoiser:
    flat, dim = mean.ravel(), mean.size
    kind = type(cov).__name__
    if kind == "FullCovariance":
        vectors = np.asarray(to_numpy(cov.Q), np.float64).reshape(dim, dim)
        return _quell.Denoiser.eigen(to_numpy(cov.L).ravel(), vectors.T, flat)
    if kind == "IsotropicCovariance":
        cov = cov.lmbda
    elif kind == "DiagonalCovariance":
        cov = cov.D
    values = np.asarray(to_numpy(cov), np.float64)
    if values.ndim == 0:
        return _quell.Denoiser.isotropic(dim, float(values), flat)
    if values.shape == mean.shape:
        return _quell.Denoiser.diagonal(values.ravel(), flat)
    if values.shape == mean.shape * 2:
        return _quell.Denoiser.full(values.reshape(dim, dim), flat)
    raise BadArgument(f"cov has shape {values.shape}, the mean {mean.shape}")


class MixtureDenoiser(Denoiser):
    """The exact denoiser of a mixture of Gaussians.

    Arguments:
        weights: With shape (K), each > 0; they are normalised.
        means: With shape (K, *).
        variances: With shape (K), or (K, *) for diagonal covariances; each >= 0.
        schedule: A noise schedule, quell's, azula's, or a spec.
    """

    def __init__(self, weights: Array, means: Array, variances: Array, schedule: Any = None) -> None:
        centres, spreads = (np.asarray(to_numpy(v), np.float64) for v in (means, variances))
        if centres.ndim < 1 or spreads.shape not in (centres.shape[:1], centres.shape):
            raise BadArgument(f"means have shape {centres.shape}, variances {spreads.shape}")
        count, rows = len(centres), (len(centres), -1)
        native = _quell.Denoiser.mixture(
            to_numpy(weights),
            centres.reshape(rows),
            spreads.reshape(rows) if spreads.ndim > 1 or count == 0 else spreads,
        )
        super().__init__(native, schedule, centres.shape[1:] or (1,))


class EmpiricalDenoiser(Denoiser):
    """The exact denoiser of a data set: the posterior mean over its points.

    Arguments:
        points: With shape (N, *). Copied.
        schedule: A noise schedule with sigma_0 > 0, quell's, azula's, or a spec.
    """

    def __init__(self, points: Array, schedule: Any = None) -> None:
        values = floats(points)
        if values.ndim < 1:
            raise BadArgument("points: the shape must be (N, *)")
        native = _quell.Denoiser.empirical(values.reshape(len(values), -1))
        super().__init__(native, schedule, values.shape[1:] or (1,))


class FunctionDenoiser(Denoiser):
    """A Python function as denoiser: function(x_t, t, **kwargs) returns E[X | x_t].

    It is called once an evaluation, with all samples, in the thread that called the sampler; what
    it raises, the sampler raises. x_t is float32 of shape (B, *) and must not be written; t is a
    float. It returns an array of this shape, or an object whose attribute `mean` is one. The
    keyword arguments are those given to the sampler.

    Arguments:
        function: The function.
        schedule: A noise schedule, quell's, azula's, or a spec.
        output: What it returns: "x0", "eps", "v", "score" or "flow" (quell/denoiser.h).
        precondition: "none"; "simple" or "karras": it is given x_t / sqrt(alpha_t^2 + sigma_t^2)
            and log(sigma_t / alpha_t), as the backbones of azula are.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        schedule: Any = None,
        *,
        output: str = "x0",
        precondition: str = "none",
    ) -> None:
        self.function = function
        self.schedule = None if schedule is None else as_schedule(schedule)
        self.shape = None
        self.output, self.precondition = output, precondition
        self._given = threading.local()

    def bind(self, shape: tuple[int, ...]) -> _quell.Denoiser:
        def evaluate(call: _quell.Call, x: Any, mean: Any) -> None:
            rows = (call.rows, *shape)
            kwargs = getattr(self._given, "kwargs", {})
            self.evaluate(x.reshape(rows), call.time, mean.reshape(rows), kwargs)

        dim = int(np.prod(shape, dtype=np.int64))
        return _quell.Denoiser.callback(dim, evaluate, self.output, self.precondition)

    def evaluate(self, x: Any, t: float, mean: Any, kwargs: Mapping[str, Any]) -> None:
        """Calls the function and writes what it returns to `mean`."""
        x.flags.writeable = False
        result = self.function(x, t, **kwargs)
        values = to_numpy(result if _is_array(result) else getattr(result, "mean", result))
        if values.shape != mean.shape:
            raise BadArgument(f"the denoiser returned shape {values.shape}, not {mean.shape}")
        np.copyto(mean, values, casting="unsafe")

    @contextlib.contextmanager
    def passing(self, kwargs: Mapping[str, Any]) -> Iterator[None]:
        before = getattr(self._given, "kwargs", {})
        self._given.kwargs = kwargs
        try:
            yield
        finally:
            self._given.kwargs = before

    @property
    def classes(self) -> int:
        return 0

    @property
    def exact(self) -> bool:
        return False


def _is_array(x: object) -> bool:
    return isinstance(x, np.ndarray) or is_tensor(x)


class GuidedDenoiser(Denoiser):
    """w E[X | x_t, label] + (1 - w) E_guide[X | x_t].

    Arguments:
        denoiser: One of quell's own.
        guide: Another one (autoguidance, Karras et al., 2024), or None: the denoiser itself without
            a label (classifier-free guidance, Ho & Salimans, 2022; their w is w - 1).
        weight: w; 1 is none.
        low, high: The times within which it is guided (Kynkaanniemi et al., 2024).
        times, weights: w as a function of time instead, in straight lines between weights[i] at
            times[i].
    """

    def __init__(
        self,
        denoiser: Denoiser,
        guide: Denoiser | None = None,
        weight: float = 2.0,
        *,
        low: float = 0.0,
        high: float = 1.0,
        times: Array | None = None,
        weights: Array | None = None,
    ) -> None:
        for part in (denoiser, guide):
            if part is not None and not hasattr(part, "native"):
                raise TypeError("guidance takes quell's own denoisers")
        native = _quell.Denoiser.guided(
            denoiser.native,
            None if guide is None else guide.native,
            weight,
            low,
            high,
            None if times is None else to_numpy(times),
            None if weights is None else to_numpy(weights),
        )
        super().__init__(native, denoiser.schedule, denoiser.shape)


class _Loaded(Denoiser):
    """A model of `load`.

    Attributes:
        image: Whether samples are images, with values in [-1, 1].
    """

    def __init__(self, name: str, schedule: Any) -> None:
        self._model = _quell.Model(name)
        own = schedule if schedule is not None else self._model.schedule or None
        super().__init__(self._model.denoiser, own, self._model.shape)
        self.image = self._model.image

    def save(self, path: str) -> None:
        """Writes a Gaussian or a mixture as JSON that loads to the same bits."""
        self._model.save(path)


def load(name: str, schedule: Any = None) -> _Loaded:
    """A model by name: "builtin:glyphs", or a .json, .npy or .safetensors file (docs/models.md).

    Arguments:
        name: quell.builtins() has the built-in ones.
        schedule: In place of the one that the model asks for.

    Raises:
        BadModel: The file is not valid; the text names file, field and remedy.
        IOFailed: It cannot be read.
        NotFound: There is no such built-in model.
    """
    return _Loaded(str(name), schedule)


def as_denoiser(denoiser: Any, schedule: Any = None) -> Denoiser:
    """What a sampler is given, as a Denoiser: quell's, a torch module, azula's, or a function."""
    if not isinstance(denoiser, Denoiser):
        if not callable(denoiser):
            raise TypeError(f"{denoiser!r} is not a denoiser")
        if is_module(denoiser):
            from quell.torch import ModuleDenoiser

            return ModuleDenoiser(denoiser, schedule)
        given = schedule if schedule is not None else getattr(denoiser, "schedule", None)
        return FunctionDenoiser(denoiser, given)
    if schedule is not None:
        raise BadArgument("schedule: is the denoiser's, quell's denoisers take it")
    return denoiser


