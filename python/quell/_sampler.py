# SPDX-License-Identifier: MIT
"""The base of all samplers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from quell import _quell
from quell._adapt import Call, is_torch, native_denoiser, native_schedule
from quell._arrays import (
    Array,
    as_doubles,
    copy_of,
    is_tensor,
    length,
    like,
    torch_if_imported,
)
from quell._inputs import fitting, into, moments
from quell._progress import bar, ticking
from quell._seeds import seed_of
from quell.denoise import NativeDenoiser, classes_of


class Sampler:
    """x_1 -> x_0 in `steps` transitions, by any sampler of the library.

    A sampler may be used by several threads at once while no attribute of it is set. A subclass
    that has a `step` of its own is called for each pair of times, as azula's are.

    Arguments:
        denoiser: A denoiser of quell.denoise or azula.denoise, a PyTorch module, or a function
            f(x_t, t, **kwargs) that returns E[X | x_t], or something with `.mean`, of all samples
            at once: x_t has shape (B, *), t shape (). It gets tensors if it is a module or the
            caller has tensors, else NumPy arrays, which are its own to keep.
        spec: The sampler by name and options, such as "dpmpp_2m" or "ddim:eta=0.5";
            quell.samplers() lists them.
        start, stop: The first and the last time, 1 >= start > stop >= 0.
        steps: The number of transitions, 1 to 10^6.
        silent: Whether no progress bar is shown. It is shown by tqdm, if that is installed.
        dtype: The type of `timesteps`, and of the time that a denoiser is told as a tensor.
        device: None or the CPU: where quell computes.
        schedule: The schedule, or its spec; the denoiser's if left out.
        grid: Where the steps lie, such as "karras" or "karras:rho=5"; quell.grids() lists them.
        times: The grid itself, falling, with shape (steps + 1).
        sigmas: The grid by its sigma / alpha, falling, with shape (steps + 1).
        clamp: Bounds (low, high) put on the denoiser's output.
        threshold: The quantile of dynamic thresholding (Saharia et al., 2205.11487); 0 for none.
        threshold_max: What its threshold is at most.
        brownian: Whether noise belongs to times, not to steps: with the same seed more steps then
            come to the same path.
        threads: How many threads at most; 0 for what OpenMP, the affinity and the cgroup allow.
        tile: How many samples a thread takes at a time; 0 for what fits the cache.
        isa: An instruction set of quell.isas(); None for the best.

    Raises:
        quell.Error: By the first call: an option or the grid is refused.
    """

    denoiser: Any
    _made: dict[Any, tuple[_quell.Schedule, _quell.Sampler]]

    def __init__(
        self,
        denoiser: Any = None,
        spec: str = "ddim",
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
        tile: int = 0,
        isa: str | None = None,
    ) -> None:
        if device is not None and not str(device).startswith("cpu"):
            raise ValueError(f"device: quell computes on the CPU, not on {device}")
        if denoiser is not None:
            self.denoiser = denoiser
        self._spec = spec
        self.start, self.stop, self.steps = start, stop, steps
        self.silent, self.dtype, self.device = silent, dtype, device
        self.schedule, self.grid, self.times, self.sigmas = schedule, grid, times, sigmas
        self.clamp, self.threshold, self.threshold_max = clamp, threshold, threshold_max
        self.brownian, self.threads, self.tile, self.isa = brownian, threads, tile, isa

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name[0] != "_":
            object.__setattr__(self, "_made", {})

    @property
    def spec(self) -> str:
        """The sampler as the library spells it."""
        return self._spec

    @property
    def timesteps(self) -> Array:
        """The times from `start` to `stop`, with shape (steps + 1): a tensor if `dtype` is
        PyTorch's or the denoiser a module, else a NumPy array."""
        times = _quell.grid(self._native_schedule(), self._options())[:, 0].copy()
        if not self._tensors():
            return times if self.dtype is None else times.astype(self.dtype)
        torch = torch_if_imported()
        return torch.from_numpy(times).to(self.dtype or torch.float32)

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
    ) -> Array:
        """Draws x_t ~ N(alpha E[X], alpha^2 V[X] + sigma^2) at t = start.

        Arguments:
            shape: The shape (B, *) of the samples.
            mean: E[X], with shape () or (*).
            var: V[X], with shape () or (*).
            seed: The seed, in [0, 2^64); None for a fresh one (quell.fresh_seed).
            first: The index of the first sample in the stream of this seed.
            out: An array of this shape that is written in place, and returned: float32, in C order.
            dtype: The type of the result: PyTorch's for a tensor, or NumPy's.
            device: None or the CPU.

        Returns:
            x_t, with shape (B, *): a tensor if the denoiser is a module or dtype, mean or var
            PyTorch's.
        """
        if device is not None and not str(device).startswith("cpu"):
            raise ValueError(f"device: quell computes on the CPU, not on {device}; then use .to()")
        shape = tuple(int(extent) for extent in shape)
        x = np.empty(shape, np.float32) if out is None else fitting(out, shape)
        sampler = self._sampler(length(shape), *moments(mean, var, shape[1:]))
        sampler.init(x.reshape(len(x), -1), seed_of(seed), first, **self._run())
        if out is not None:
            return out
        torch = torch_if_imported()
        wants = torch is not None and isinstance(dtype, torch.dtype)
        if wants or (dtype is None and (is_tensor(mean) or is_tensor(var) or self._tensors())):
            return torch_if_imported().from_numpy(x).to(dtype or torch_if_imported().float32)
        return x if dtype is None else x.astype(dtype, copy=False)

    def __call__(
        self,
        x: Array,
        *,
        seed: int | None = None,
        first: int = 0,
        out: Array | None = None,
        label: Array | int | None = None,
        progress: Callable[[int, int], object] | None = None,
        **kwargs: Any,
    ) -> Array:
        """Takes samples from t = start to t = stop.

        Arguments:
            x: Noisy samples x_t, with shape (B, *). They stay as they are, unless they are `out`.
            seed: The seed of the noise on the way, in [0, 2^64); None for a fresh one.
            first: The index of the first sample in the stream of this seed.
            out: An array of x's shape that is written in place, without a copy, and returned:
                float32, in C order. It may be x. After an exception it holds a mixture.
            label: The class of each sample, with shape (B) or (); None for none. It goes on to a
                denoiser of Python's.
            progress: Called some 20 times a second with (done, total) transitions of samples, from
                any thread; what it raises ends the run.
            kwargs: Go on to the denoiser.

        Returns:
            The samples, with shape (B, *), of x's kind and type: a tensor for a tensor.

        Raises:
            quell.Error: The run failed.
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        if type(self).step is not Sampler.step:
            return self._by_steps(x, label=label, **kwargs)
        result = copy_of(x) if out is None else into(out, x)
        run = self._arguments(x, result.shape, first, label, kwargs)
        sampler = self._sampler(length(result.shape))
        with bar(self, sampler.steps, progress) as told:
            sampler.forward(
                result.reshape(len(result), -1), seed_of(seed), first, progress=told, **run
            )
        return like(result, x) if out is None else out

    def step(
        self,
        x_t: Array,
        t: Array | float,
        s: Array | float,
        *,
        seed: int | None = None,
        first: int = 0,
        out: Array | None = None,
        label: Array | int | None = None,
        **kwargs: Any,
    ) -> Array:
        """Takes samples from t to s < t. Multistep methods have no past there.

        Arguments:
            x_t: Noisy samples, with shape (B, *). They stay as they are, unless they are `out`.
            t, s: The times, with shape (), 1 >= t >= s >= 0.
            seed, first, out, label, kwargs: As those of a call. The seed and the times name the
                noise: steps over `timesteps` with one seed give what a call does, and the same
                step with the same seed has the same noise.

        Returns:
            x_s, with shape (B, *), of x_t's kind and type.
        """
        result = copy_of(x_t) if out is None else into(out, x_t)
        run = self._arguments(x_t, result.shape, first, label, kwargs)
        rows = result.reshape(len(result), -1)
        sampler = self._sampler(length(result.shape))
        sampler.step(rows, float(t), float(s), seed_of(seed), first, **run)
        return like(result, x_t) if out is None else out

    def plan(self, dim: int | None = None) -> str:
        """The sampler as text: the list of operations that it is, with its coefficients.

        Arguments:
            dim: The number of elements of a sample, where the denoiser does not say.
        """
        return self._sampler(dim or int(getattr(self.denoiser, "dim", 1))).print()

    def evaluations(self) -> int:
        """How often the denoiser is evaluated for a sample; 0 if that is not known before."""
        return self._sampler(getattr(self.denoiser, "dim", 1)).evaluations

    def progress_bar(self, it: Iterable[Any]) -> Iterator[Any]:
        """`it` with a progress bar, for a subclass with a loop of its own."""
        return iter(it) if self.silent else ticking(it)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec!r}, steps={self.steps}, grid={self.grid!r})"

    # What follows makes and keeps the library's objects.

    def _tensors(self) -> bool:
        torch = torch_if_imported()
        if torch is None:
            return False
        return isinstance(self.dtype, torch.dtype) or is_torch(self.denoiser)

    def _native_schedule(self) -> _quell.Schedule:
        own = self.schedule
        if own is None:
            own = getattr(self.denoiser, "schedule", None)
        if own is None:
            raise TypeError("schedule: the denoiser has none; say which, as schedule='vp'")
        return native_schedule(own)

    def _options(self, mean: Any = (), variance: Any = ()) -> _quell.Options:
        return _quell.Options(
            steps=self.steps,
            start=self.start,
            stop=self.stop,
            times=[] if self.times is None else as_doubles(self.times).tolist(),
            sigmas=[] if self.sigmas is None else as_doubles(self.sigmas).tolist(),
            grid=self.grid,
            clamp=(-math.inf, math.inf) if self.clamp is None else self.clamp,
            threshold=self.threshold,
            threshold_max=self.threshold_max,
            brownian=self.brownian,
            mean=list(mean),
            variance=list(variance),
        )

    def _sampler(self, dim: int, mean: Any = (), variance: Any = ()) -> _quell.Sampler:
        """The library's sampler for this denoiser and schedule; it is kept until one changes."""
        schedule = self._native_schedule()
        key = (dim, mean, variance, id(self.denoiser))
        kept = self._made.get(key)
        if kept is None or kept[0] is not schedule:
            native = native_denoiser(self.denoiser, dim)
            made = _quell.Sampler(self.spec, native, schedule, self._options(mean, variance))
            kept = self._made[key] = (schedule, made)
        return kept[1]

    def _run(self) -> dict[str, Any]:
        return {"threads": self.threads, "tile": self.tile, "isa": self.isa or ""}

    def _arguments(
        self, x: Array, shape: tuple[int, ...], first: int, label: Any, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """What a run is told of the denoiser's arguments."""
        run = self._run()
        if isinstance(self.denoiser, NativeDenoiser):
            if kwargs:
                raise TypeError(f"the denoiser takes no argument {', '.join(map(repr, kwargs))}")
            run["classes"] = classes_of(label, shape[0], self.denoiser.classes)
            return run
        if label is not None:
            kwargs = {**kwargs, "label": label}
        tensors = is_tensor(x)
        dtype = x.dtype if tensors and x.dtype.is_floating_point else None
        time_dtype = self.dtype if self._tensors() else None
        run["arguments"] = Call(shape, first, tensors, dtype, time_dtype, kwargs)
        return run

    def _by_steps(self, x: Array, **kwargs: Any) -> Array:
        """A subclass's own steps, one after the other."""
        kwargs = {k: v for k, v in kwargs.items() if v is not None}
        times = self.timesteps
        for t, s in self.progress_bar(list(zip(times[:-1], times[1:], strict=True))):
            x = self.step(x, t, s, **kwargs)
        return x
