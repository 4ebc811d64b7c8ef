# SPDX-License-Identifier: MIT
r"""Reverse diffusion samplers, x_1 -> x_0.

`Sampler` takes any of quell's samplers by name; the others have the names and arguments of
azula.sample. All run in quell's threads, with the GIL given up.

Noise belongs to samples: with the same seed, sample i has the same bits in any batch, on any number
of threads and any machine (if its denoiser is quell's own). Without a seed, one is drawn from
torch's global generator if torch is imported, so that torch.manual_seed makes a script repeatable,
and from NumPy's otherwise.
"""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from quell import _quell
from quell.arrays import Array, Floats, floats, like, to_numpy, writable
from quell.denoise import Denoiser, as_denoiser
from quell.errors import BadArgument
from quell.progress import Bar

__all__ = [
    "DDIMSampler",
    "DDPMSampler",
    "EulerSampler",
    "HeunSampler",
    "ItoSampler",
    "PCSampler",
    "REABSampler",
    "Sampler",
    "vABSampler",
    "xEABSampler",
    "zABSampler",
    "zEABSampler",
]


class Sampler:
    """A sampler by name and options, "NAME[:KEY=VALUE[,KEY=VALUE...]]".

    A sampler may be used by several threads at once.

    Arguments:
        denoiser: One of quell.denoise, a torch module with an attribute `schedule`, azula's
            denoisers among them, or a function (x_t, t, **kwargs) -> E[X | x_t].
        spec: quell.samplers() has the names, docs/samplers.md when to take which.
        start, stop: The first time t_T and the last, t_0.
        steps: The number of steps T, 1 to 10^6.
        silent: Whether to hide the progress bar (which needs tqdm).
        dtype, device: As azula has them: of `timesteps` and of what `init` returns, for a denoiser
            in torch. The device must be the CPU.
        schedule: For a denoiser that has none: quell's, azula's, or a spec.
        grid: Where the steps lie, by name and options: quell.grids() has the names.
        times, sigmas: The points of the grid, T + 1 of them that fall, in place of start, stop,
            steps and grid: as times, or as values of sigma / alpha.
        clamp: Bounds on E[X | x_t], as (-1, 1) for images.
        threshold, threshold_max: Dynamic thresholding (Saharia et al., 2022); 0 is none.
        brownian: Noise belongs to times, not to steps.
        threads: At most so many; 0: what OpenMP and the affinity mask allow.

    Raises:
        NotFound, BadArgument: At the first call, for a sampler, a grid or an option that is not.
    """

    spec = "ddim"

    def __init__(
        self,
        denoiser: Any,
        spec: str | None = None,
        *,
        start: float = 1.0,
        stop: float = 0.0,
        steps: int = 64,
        silent: bool = False,
        dtype: Any = None,
        device: Any = None,
        schedule: Any = None,
        grid: str = "linear",
        times: Array | None = None,
        sigmas: Array | None = None,
        clamp: tuple[float, float] | None = None,
        threshold: float = 0.0,
        threshold_max: float = math.inf,
        brownian: bool = False,
        threads: int = 0,
    ) -> None:
        self.denoiser = denoiser
        if spec is not None:
            self.spec = spec
        self.start, self.stop, self.steps, self.silent = start, stop, steps, silent
        self.dtype, self.device, self.schedule, self.grid = dtype, device, schedule, grid
        self.times, self.sigmas = _points(times), _points(sigmas)
        self.clamp, self.threshold, self.threshold_max = clamp, threshold, threshold_max
        self.brownian, self.threads = brownian, threads
        self._made: dict[Any, Any] = {}

    @property
    def timesteps(self) -> Any:
        """The times t_T > ... > t_0, with shape (T + 1): a tensor for a denoiser in torch."""
        points = _quell.points(self._denoiser().schedule.native, self._options())
        if not self._in_torch():
            return points[:, 0]
        torch = sys.modules["torch"]
        return torch.from_numpy(points[:, 0].copy()).to(
            dtype=self.dtype or torch.get_default_dtype(), device=self.device
        )

    def init(
        self,
        shape: Sequence[int],
        mean: float | Array = 0.0,
        var: float | Array = 1.0,
        *,
        seed: int | None = None,
        first: int = 0,
        out: Array | None = None,
        dtype: Any = None,
        device: Any = None,
    ) -> Any:
        """Draws x_1 ~ N(alpha E[X], alpha^2 V[X] + sigma^2) at the first time.

        Arguments:
            shape: (B, *).
            mean, var: E[X] and V[X], numbers or of the shape (*) of a sample.
            seed: 0 to 2^64 - 1.
            first: The number of the first sample in the stream of the seed.
            out: A float32 array of this shape, which is written and returned.
            dtype, device: For a denoiser in torch.

        Returns:
            Of shape (B, *): a tensor for a denoiser in torch, else a NumPy array, float32.
        """
        shape = tuple(shape)
        x = np.empty(shape, np.float32) if out is None else writable(out, shape)
        moments = [_moment(value, shape[1:]) for value in (mean, var)]
        native = self._native(shape[1:], *moments)
        native.init(x.reshape(shape[0], -1), self._run(seed, first))
        if out is not None or not self._in_torch():
            return x if out is None else out
        tensor = sys.modules["torch"].from_numpy(x)
        return tensor.to(dtype=dtype or self.dtype or tensor.dtype, device=device)

    def __call__(
        self,
        x: Array,
        *,
        seed: int | None = None,
        first: int = 0,
        out: Array | None = None,
        **kwargs: Any,
    ) -> Any:
        """Simulates the reverse process from t_T to t_0.

        Arguments:
            x: x_1, with shape (B, *); not changed, but where it is `out` as well.
            seed: Of the noise on the way.
            first: The number of the first sample in the stream of the seed.
            out: A float32 array of the shape of x in C order, which is written and returned; x
                itself spares a copy.
            kwargs: Passed to the denoiser. To quell's own, `label`: a number or integers of shape
                (B), from 0 on, -1 for none.

        Returns:
            x_0, of the shape, kind and dtype of x.

        Raises:
            NotFinite: A sample became infinite or not a number.
            KeyboardInterrupt: Ctrl-C; as any exception of the denoiser's, it ends the run.
        """

        def work(values: Floats, native: Any, run: Any) -> None:
            native.forward(values, run)

        return self._transform(x, work, seed, first, out, kwargs, total=True)

    def step(
        self,
        x_t: Array,
        t: float,
        s: float,
        *,
        seed: int | None = None,
        first: int = 0,
        transition: int = 0,
        **kwargs: Any,
    ) -> Any:
        """Simulates the reverse process from t to s.

        Arguments:
            x_t: With shape (B, *).
            t, s: Times, 1 >= t >= s >= 0.
            transition: The number of the step, which names its noise: steps numbered 0, 1, ... over
                the grid give what a call of the sampler gives.
            seed, first, kwargs: As for a call.

        Returns:
            x_s, of the shape, kind and dtype of x_t.
        """

        def work(values: Floats, native: Any, run: Any) -> None:
            native.step(values, float(t), float(s), run)

        return self._transform(x_t, work, seed, first, None, kwargs, transition=transition)

    def denoise(self, x_t: Array, t: float, **kwargs: Any) -> Any:
        """E[X | x_t], with the sampler's clamp and threshold; of the shape and kind of x_t."""
        mean = np.empty(tuple(x_t.shape), np.float32)

        def work(values: Floats, native: Any, run: Any) -> None:
            native.denoise(values, mean.reshape(values.shape), float(t), run)

        self._transform(x_t, work, 0, 0, None, kwargs)
        return like(mean, x_t)

    def plan(self, shape: Sequence[int]) -> str:
        """The plan for samples of this shape, as text."""
        return str(self._native(tuple(shape)).plan())

    def _transform(
        self,
        x: Array,
        work: Callable[[Floats, Any, Any], None],
        seed: int | None,
        first: int,
        out: Array | None,
        kwargs: dict[str, Any],
        transition: int = 0,
        total: bool = False,
    ) -> Any:
        shape = tuple(x.shape)
        if len(shape) < 2:
            raise BadArgument(f"x has shape {shape}, must be (B, *)")
        values = floats(x, copy=True) if out is None else writable(out, shape)
        if out is not None and out is not x:
            np.copyto(values, to_numpy(x), casting="unsafe")
        labels = None
        denoiser = self._denoiser()
        if denoiser.classes and "label" in kwargs:
            kwargs = dict(kwargs)
            labels = _labels(kwargs.pop("label"), shape[0])
        native = self._native(shape[1:])
        with denoiser.passing(kwargs), Bar(self.steps if total and not self.silent else 0) as bar:
            run = self._run(seed, first, transition, labels, bar.update)
            work(values.reshape(shape[0], -1), native, run)
        return like(values, x) if out is None else out

    def _run(
        self,
        seed: int | None,
        first: int,
        transition: int = 0,
        labels: Any = None,
        progress: Any = None,
    ) -> Any:
        return _quell.Run(
            seed=_draw_seed() if seed is None else seed,
            first=first,
            transition=transition,
            threads=self.threads,
            classes=labels,
            progress=progress,
        )

    def _options(self, mean: Any = None, var: Any = None) -> _quell.Options:
        return _quell.Options(
            steps=self.steps,
            start=self.start,
            stop=self.stop,
            times=self.times,
            sigmas=self.sigmas,
            grid=self.grid,
            clamp=self.clamp or (-math.inf, math.inf),
            threshold=self.threshold,
            threshold_max=self.threshold_max,
            brownian=self.brownian,
            mean=mean,
            variance=var,
        )

    def _in_torch(self) -> bool:
        return hasattr(self._denoiser(), "module")

    def _denoiser(self) -> Denoiser:
        """What was given, as quell takes it. Attributes may be set later, as in azula."""
        key = ("denoiser", id(self.denoiser), id(getattr(self.denoiser, "schedule", None)))
        if key not in self._made:
            self._made[key] = as_denoiser(self.denoiser, self.schedule)
        denoiser: Denoiser = self._made[key]
        if denoiser.schedule is None:
            raise BadArgument("the denoiser has no schedule: give it or the sampler one")
        return denoiser

    def _native(self, shape: tuple[int, ...], mean: Any = None, var: Any = None) -> Any:
        """The sampler for samples of this shape, made once."""
        denoiser = self._denoiser()
        assert denoiser.schedule is not None
        key = (
            id(denoiser), shape, self.spec, self.start, self.stop, self.steps, self.grid,
            self.clamp, self.threshold, self.threshold_max, self.brownian,
        )  # fmt: skip
        plain = mean is None and var is None
        if plain and key in self._made:
            return self._made[key]
        native = _quell.Sampler(
            self.spec, denoiser.bind(shape), denoiser.schedule.native, self._options(mean, var)
        )
        if plain:
            self._made[key] = native
        return native


def _points(points: Array | None) -> Any:
    return None if points is None else np.asarray(to_numpy(points), np.float64)


def _moment(value: float | Array, shape: tuple[int, ...]) -> Any:
    """A mean or variance for the extension: of one value, or of one for each element."""
    values = np.asarray(to_numpy(value), np.float64)
    if values.ndim > len(shape) and values.shape[0] == 1:
        values = values[0]
    return values.reshape(1) if values.size == 1 else np.broadcast_to(values, shape).ravel()


def _labels(label: Any, count: int) -> Any:
    values = np.asarray(to_numpy(label))
    if values.dtype.kind not in "iu":
        raise BadArgument(f"label: {values.dtype}, must be integers")
    if values.ndim > 1 or (values.ndim == 1 and values.size != count):
        raise BadArgument(f"label: shape {values.shape}, must be () or ({count},)")
    return np.broadcast_to(values, (count,)).astype(np.int32)


def _draw_seed() -> int:
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.randint(0, 2**63 - 1, ()))
    return int(np.random.randint(0, 2**63 - 1, dtype=np.int64))  # noqa: NPY002


class DDPMSampler(Sampler):
    """The ancestral steps of DDPM (Ho et al., 2020)."""

    spec = "ddpm"

    def __init__(self, denoiser: Any, **kwargs: Any) -> None:
        super().__init__(denoiser, **kwargs)


class DDIMSampler(Sampler):
    """DDIM (Song et al., 2021); eta, of the variance, is 0 without noise and 1 for DDPM."""

    def __init__(self, denoiser: Any, eta: float = 0.0, **kwargs: Any) -> None:
        super().__init__(denoiser, **kwargs)
        self.eta = eta

    @property
    def spec(self) -> str:  # type: ignore[override]
        return f"ddim:eta={float(self.eta)!r}"


class EulerSampler(Sampler):
    """Euler's step on the probability flow, in sigma / alpha (Karras et al., 2022)."""

    spec = "euler"

    def __init__(self, denoiser: Any, **kwargs: Any) -> None:
        super().__init__(denoiser, **kwargs)


class HeunSampler(Sampler):
    """Heun's step on the probability flow, in sigma / alpha (Karras et al., 2022)."""

    spec = "heun"

    def __init__(self, denoiser: Any, **kwargs: Any) -> None:
        super().__init__(denoiser, **kwargs)


class ItoSampler(Sampler):
    """azula's sampler of the Ito SDE of strength eta, at a temperature."""

    def __init__(
        self, denoiser: Any, eta: float = 1.0, temperature: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(denoiser, **kwargs)
        self.eta, self.temperature = eta, temperature

    @property
    def spec(self) -> str:  # type: ignore[override]
        return f"ito:eta={float(self.eta)!r},temperature={float(self.temperature)!r}"


class _Multistep(Sampler):
    name: str

    def __init__(self, denoiser: Any, order: int = 2, **kwargs: Any) -> None:
        super().__init__(denoiser, **kwargs)
        self.order = order

    @property
    def spec(self) -> str:  # type: ignore[override]
        return f"{self.name}:order={self.order}"


class zABSampler(_Multistep):  # noqa: N801
    """Adams-Bashforth on E[Z | x_t], in sigma / alpha: LMS (Zhang & Chen, 2023)."""

    name = "zab"


class vABSampler(_Multistep):  # noqa: N801
    """Adams-Bashforth on E[Z | x_t] - E[X | x_t], in rectified coordinates."""

    name = "vab"


class zEABSampler(_Multistep):  # noqa: N801
    """Exponential Adams-Bashforth on E[Z | x_t]: multistep DPM-Solver (Lu et al., 2022)."""

    name = "zeab"


class xEABSampler(_Multistep):  # noqa: N801
    """Exponential Adams-Bashforth on E[X | x_t]: multistep DPM-Solver++ (Lu et al., 2022)."""

    name = "xeab"


class REABSampler(_Multistep):
    """azula's REAB (after DPM-Solver-v3, Zheng et al., 2023), with azula's numbers, which are of
    first order; Sampler(denoiser, "reab") is of second."""

    name = "reab"

    @property
    def spec(self) -> str:  # type: ignore[override]
        return f"reab:order={self.order},reference=1"


class PCSampler(Sampler):
    """Predictor-corrector (Song et al., 2021), with azula's corrections."""

    def __init__(
        self, denoiser: Any, corrections: int = 1, delta: float = 0.01, **kwargs: Any
    ) -> None:
        super().__init__(denoiser, **kwargs)
        self.corrections, self.delta = corrections, delta

    @property
    def spec(self) -> str:  # type: ignore[override]
        return f"pc:corrections={self.corrections},delta={float(self.delta)!r}"

