# SPDX-License-Identifier: MIT
"""The base of all samplers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from quell import _quell
from quell._adapt import (
    check_forward,
    is_native,
    native_denoiser,
    native_schedule,
    refuse_no_denoiser,
    ways_of,
)
from quell._arrays import (
    Array,
    copy_of,
    is_tensor,
    is_torch_type,
    length,
    like,
    of_type,
    rows_of,
    torch_if_imported,
    written,
)
from quell._call import Call, arguments_of, check_keywords, is_torch
from quell._conditions import told_of
from quell._inputs import fits, fitting, into, shape_of
from quell._keywords import hinted, names_of
from quell._numbers import float_type, function_of, on_cpu, real, text, whole
from quell._progress import bar, ticking
from quell._seeds import streams_of
from quell._settings import Settings
from quell._steps import by_steps
from quell._times import Times, in_type, types_of
from quell.denoise import NativeDenoiser
from quell.errors import refused

_MOST_KEPT = 4  # the library's samplers that are kept, by dim and by moments


class Sampler(Settings):
    """A sampler of the library, by name. It takes x_1 to x_0 in `steps` transitions.

    Several threads may use it at once as long as none of them sets an attribute. If a subclass has
    a `step` of its own, that is called for each pair of times, as in azula.

    Arguments:
        denoiser: A denoiser of quell.denoise or azula.denoise, a PyTorch module, or a function
            f(x_t, t, **kwargs) that returns E[X | x_t] or something with `.mean`. It is called for
            all samples at once: x_t has shape (B, *), t shape (). It gets tensors if it is a module
            or if the samples are tensors, else NumPy arrays; it may keep them.
        spec: The sampler by name and options, such as "dpmpp_2m" or "ddim:eta=0.5";
            quell.samplers() lists them.
        start, stop: The first and the last time, 1 >= start > stop >= 0 (default 1 and 0, or the
            ends of `times`).
        steps: The number of steps, 1 to 10^6 (default 64, or as many as `times` or `sigmas`
            have).
        silent: Whether to show no progress bar. The bar needs tqdm.
        dtype: The type of `timesteps`, which a narrow one rounds, and of times given as tensors.
        device: None or the CPU, where quell computes.
        schedule: The schedule, or its spec (default: the denoiser's).
        grid: How the steps are placed in time, such as "karras" or "karras:rho=5" (default
            "linear"); quell.grids() lists them.
        times: The times of the grid, which fall, with shape (steps + 1), in place of start, stop
            and grid. Copied.
        sigmas: The values of sigma / alpha of the grid, which fall, with shape (steps + 1), in
            place of `times`.
        clamp: The bounds (low, high) that the denoiser's output is clamped to, from below and from
            above.
        threshold: The quantile of dynamic thresholding (Saharia et al., 2205.11487); 0 for none.
        threshold_max: The upper bound on this threshold.
        brownian: Whether the noise of a step is an increment of a Brownian path: with the same
            seed, more steps then refine the same path.
        threads: The upper bound on the number of threads; 0 for as many as OMP_NUM_THREADS, the
            affinity mask and the cgroup allow.
        tile: How many samples a thread draws at a time; 0 for as many as fit its cache.
        isa: An instruction set of quell.isas(); None for the widest.

    An option that is set later is checked alone at once, and with the others in the next call.

    Raises:
        NotFound: There is no such sampler, schedule, grid or instruction set.
        quell.Error: An option or the grid is refused.
        ValueError, TypeError: An option contradicts another one, or is of the wrong type.
    """

    @property
    def timesteps(self) -> Array:
        """The times from `start` to `stop`, with shape (steps + 1), or these two of a sampler that
        chooses its steps: a tensor if `dtype` is PyTorch's or the denoiser a module, else NumPy."""
        times = _quell.grid(self._native_schedule(), self._options(of_steps=True))[:, 0].copy()
        times = times[[0, -1]] if self._chooses_steps() else times
        if self.dtype is None and not self._tensors():
            return times
        return in_type(times, self.dtype or torch_if_imported().float32)

    @hinted
    def init(
        self,
        shape: Sequence[int],
        mean: float | Array | None = None,
        var: float | Array | None = None,
        *,
        seed: int | Sequence[int] | Array | None = None,
        first: int = 0,
        index: Sequence[int] | Array | None = None,
        out: Array | None = None,
        dtype: Any = None,
        device: Any = None,
    ) -> Array:
        """Draws x_t ~ N(alpha E[X], alpha^2 V[X] + sigma^2) at t = start.

        Arguments:
            shape: The shape (B, *) of the samples.
            mean: The mean of X, with shape () or (*); None for 0.
            var: The variance of X, with shape () or (*); None for 1. One of the two must be given
                where much of X is left at the first time (alpha > sigma / 4, or 0.01 sigma at a
                start, times or sigmas of the caller's), unless from_diffusers made the sampler.
            seed: The seed, in [0, 2^64); None for a fresh one (quell.fresh_seed). Or the seed of
                each sample, with shape (B): it is what it is in a call of its own, number `first`.
            first: The index of the first sample among those of this seed.
            index: The index of each sample, with shape (B), in place of `first`. With the same seed
                and index, samples have the same noise.
            out: An array of this shape to write to, which is returned: float32, in C order.
            dtype: The type of the result: a type of PyTorch for a tensor, or of NumPy.
            device: None or the CPU.

        Returns:
            x_t, with shape (B, *): a tensor if the denoiser is a module, or if dtype, mean or var
            is PyTorch's; else a NumPy array.
        """
        on_cpu(device)
        float_type(dtype, "dtype")
        if out is not None and dtype is not None:
            raise refused("dtype: out is given, too, whose type the result has; must be left out")
        shape = shape_of(shape)
        self._fits(shape, "shape")
        x = np.empty(shape, np.float32) if out is None else fitting(out, shape)
        sampler = self._sampler(length(shape), self._moments(mean, var, shape[1:]))
        sampler.init(rows_of(x), **self._run(streams_of(seed, first, index, len(x))))
        if out is not None:
            return written(out)
        if dtype is None and (is_tensor(mean) or is_tensor(var) or self._tensors()):
            dtype = torch_if_imported().float32
        return x if dtype is None else of_type(x, dtype, "dtype: a sample")

    def __call__(
        self,
        x: Array,
        *,
        seed: int | Sequence[int] | Array | None = None,
        first: int = 0,
        index: Sequence[int] | Array | None = None,
        out: Array | None = None,
        label: Array | int | None = None,
        progress: Callable[[int, int], object] | None = None,
        **kwargs: Any,
    ) -> Array:
        """Takes samples from t = start to t = stop.

        Arguments:
            x: Noisy samples x_t, with shape (B, *). They are not changed, unless they are `out`.
            seed, first, index: The seed or the seeds of the noise on the way, as in init().
            out: An array with the shape of x to draw in, without a copy, which is returned:
                float32, in C order. It may be x. After an exception it holds finished and
                unfinished samples.
            label: The class of each sample, with shape (B), or (1) or () for all of them; -1, or
                the number of classes, as in training, for none. None: no sample has one. A denoiser
                in Python gets it as an argument.
            progress: A function that is told of the progress: it is called some 20 times a second,
                from any thread, with the number of transitions that are done and their total. If it
                raises an exception, the run ends.
            kwargs: The conditions of a denoiser of the library's, each by its name or all in a
                dictionary `conditions`: arrays with its shape for all samples, or (B, *), or None
                for none of it. A guided one also takes negative_label and negative_conditions, a
                dictionary, which it is guided away from in place of no class and none of a
                condition, and part=True where the samples are a part of a larger set. A denoiser in
                Python gets its arguments as they are; rows for each must be marked: PerSample(y).

        Returns:
            The samples, with shape (B, *), of the kind and type of x: a tensor for a tensor.

        Raises:
            quell.Error: The run failed.
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        if self._has_step():
            streams = {"seed": seed, "first": first, "index": index}
            given = dict(kwargs) if label is None else {**kwargs, "label": label}
            return by_steps(self, x, streams, out, given, progress)
        self._own_times()
        if progress is not None:
            function_of(progress, "progress")
        result = copy_of(x) if out is None else into(out, x)
        streams = streams_of(seed, first, index, len(result))
        run = self._arguments(x, result.shape, streams, label, kwargs)
        sampler = self._sampler(length(result.shape))
        with bar(self, sampler.steps, progress) as told:
            sampler.forward(rows_of(result), progress=told, **run)
        return like(result, x) if out is None else written(out)

    def step(
        self,
        x_t: Array,
        t: Array | float,
        s: Array | float,
        *,
        seed: int | Sequence[int] | Array | None = None,
        first: int = 0,
        index: Sequence[int] | Array | None = None,
        out: Array | None = None,
        label: Array | int | None = None,
        **kwargs: Any,
    ) -> Array:
        """Takes samples from t to s < t. A multistep method has no earlier steps to use here.

        Arguments:
            x_t: Noisy samples, with shape (B, *). They are not changed, unless they are `out`.
            t, s: The times, with shape (), 1 >= t >= s >= 0. A time of the grid that was rounded,
                to `dtype`, to float32, to its own type or by a sum, is taken for that of the grid.
            seed, first, index, out, label, kwargs: As in a call. The noise depends on the seed and
                the times: steps over `timesteps` with one seed give what a call gives (if x_t is
                float32 or wider), and the same step with the same seed has the same noise.

        Returns:
            x_s, with shape (B, *), of the kind and type of x_t.
        """
        begin, end = self._time(t, "t"), self._time(s, "s")
        result = copy_of(x_t, "x_t") if out is None else into(out, x_t, "x_t")
        streams = streams_of(seed, first, index, len(result))
        run = self._arguments(x_t, result.shape, streams, label, kwargs)
        sampler = self._sampler(length(result.shape))
        sampler.step(rows_of(result), begin, end, **run)
        return like(result, x_t) if out is None else written(out)

    def plan(self, dim: int | None = None) -> str:
        """Returns the sampler as text: its list of operations, with their coefficients.

        Arguments:
            dim: The number of elements of a sample, if the denoiser does not have one.
        """
        own: Any = self._own_dim() if dim is None else dim
        return self._sampler(whole(own, "dim", 1)).print()

    def operations(self, dim: int | None = None) -> list[dict[str, Any]]:
        """Returns the same as data, a dictionary for each operation: its "kind" ("eval", "combine",
        "step", "spread", "langevin" or "adapt") and the members that quell/operation.h gives to
        this kind. Register 0 is the state.

        Arguments:
            dim: The number of elements of a sample, if the denoiser does not have one.
        """
        own: Any = self._own_dim() if dim is None else dim
        return self._sampler(whole(own, "dim", 1)).operations()

    @property
    def evaluations(self) -> int:
        """How often the denoiser is evaluated for one sample; 0 if not known in advance."""
        return self._sampler(self._own_dim()).evaluations

    @property
    def digest(self) -> int:
        """A digest of all that samples depend on, except seeds and classes: the denoiser's digest,
        the plan, the grid, the schedule and the bounds. It is the same on any machine, in one
        version of quell. A denoiser in Python takes part by its output, its preconditioning and the
        digest that FunctionDenoiser is given; the function itself cannot be read."""
        return self._sampler(self._own_dim()).digest

    def progress_bar(self, it: Iterable[Any]) -> Iterator[Any]:
        """Iterates over `it` with a progress bar, for a subclass with a loop of its own."""
        return iter(it) if self.silent else ticking(it)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._written_out())})"

    # The methods below make and keep the library's objects.

    def _check_made(self) -> None:
        """Has the library refuse what it would refuse in a call, but for what depends on the shape
        of samples. A subclass with a step of its own uses the times alone."""
        if self.denoiser is None:
            return
        if self._has_step():
            if type(self).timesteps is Sampler.timesteps:
                _quell.grid(self._native_schedule(), self._options(of_steps=True))
            return
        dim = self._own_dim()
        none = np.empty((0, dim), np.float32)
        self._sampler(dim).forward(none, **self._run(streams_of(0, 0, None, 0)))

    def _own_dim(self) -> int:
        """The number of elements of a sample, if the denoiser is the library's; 1 of any other."""
        return self.denoiser.dim if isinstance(self.denoiser, NativeDenoiser) else 1

    def _has_step(self) -> bool:
        return type(self).step is not Sampler.step or "step" in vars(self)

    def _tensors(self) -> bool:
        return is_torch_type(self.dtype) or is_torch(self.denoiser)

    def _native_schedule(self) -> _quell.Schedule:
        if self.denoiser is None:
            raise TypeError("denoiser: None, must be a denoiser")
        own = self.schedule
        if own is None:
            own = getattr(self.denoiser, "schedule", None)
        if own is None:
            refuse_no_denoiser(self.denoiser)
            raise TypeError("schedule: the denoiser has none; say which, as schedule='vp'")
        return native_schedule(own, self._tensors())

    def _time(self, t: Any, what: str) -> float:
        """Returns a time in double. A rounded time of the grid becomes that of the grid."""
        time, types = real(t, what), types_of(t, self.dtype)
        if not 0 < time < 1:
            return time
        plain = self.sigmas is None and self.grid in (None, "linear")
        schedule = native_schedule("vp") if plain else self._native_schedule()
        kept = self._known
        if kept is None or kept[0] is not schedule:
            grid = _quell.grid(schedule, self._options(of_steps=True))
            kept = self._known = (schedule, Times(grid[:, 0]))
        return kept[1].exact(time, types)

    def _own_times(self) -> None:
        if type(self).timesteps is not Sampler.timesteps:
            raise TypeError(
                f"{type(self).__name__}: has timesteps of its own, which the library does not ask; "
                "set times, or write a step"
            )

    def _sampler(self, dim: int, of_x: tuple[Any, Any] = ((), ())) -> _quell.Sampler:
        """Returns the library's sampler for this denoiser and schedule. A few are kept until an
        attribute changes, but none with a moment for each element, because these may be large."""
        check_forward(self, "a step, or a __call__")
        denoiser, schedule = self.denoiser, self._native_schedule()
        known: Any = denoiser.native if is_native(denoiser) else ways_of(denoiser)
        made = self._made
        kept = made.get((dim, of_x))
        if kept is not None and kept[0] == known and kept[1] is schedule:
            return kept[2]
        native = native_denoiser(denoiser, dim)
        sampler = _quell.Sampler(self.spec, native, schedule, self._options(*of_x))
        small = all(len(moment) < 2 for moment in of_x)
        if small and self._native_schedule() is schedule:
            made[dim, of_x] = (known, schedule, sampler)
            for key in list(made)[:-_MOST_KEPT]:
                made.pop(key, None)
        return sampler

    def _fits(self, shape: tuple[int, ...], what: str = "x") -> None:
        """Refuses samples that do not have the denoiser's shape, if it has one."""
        if not is_native(self.denoiser):
            return
        dim, own, elements = self.denoiser.dim, getattr(self.denoiser, "shape", None), length(shape)
        alone = elements != dim and len(shape) < 2
        if alone or (own is not None and elements == dim and not fits(shape, own)):
            extents = ", ".join(map(str, (dim,) if own is None else own))
            raise refused(f"{what}: shape {shape}, must be (B, {extents})")
        if elements != dim:
            each = f"{elements} element" + "s" * (elements != 1)
            raise refused(f"{what}: samples of {each}, the denoiser's have {dim}")

    def _run(self, streams: dict[str, Any]) -> dict[str, Any]:
        return {
            **streams,
            "threads": whole(self.threads, "threads", 0, 65536),
            "tile": whole(self.tile, "tile"),
            "isa": "" if self.isa is None else text(self.isa, "isa"),
        }

    def _arguments(
        self,
        x: Array,
        shape: tuple[int, ...],
        streams: dict[str, Any],
        label: Any,
        kwargs: dict[str, Any],
    ) -> dict[str, Any]:
        """Returns the arguments of a run, including those for the denoiser."""
        self._fits(shape)
        run = self._run(streams)
        if is_native(self.denoiser):
            return run | told_of(self.denoiser, label, kwargs, shape[0])
        tensors = is_tensor(x)
        dtype = x.dtype if tensors and x.dtype.is_floating_point else None
        time_dtype = self.dtype if is_torch_type(self.dtype) else None
        given = arguments_of(label, kwargs, shape[0])
        check_keywords(self.denoiser, given, names_of(Sampler.__call__))
        run["arguments"] = Call(
            self.denoiser, shape, run["first"], tensors, dtype, time_dtype, given
        )
        return run
