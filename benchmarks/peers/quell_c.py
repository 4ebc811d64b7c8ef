# SPDX-License-Identifier: MIT
"""As much of quell's C interface as the benchmarks need, by ctypes."""

import ctypes as c
import pathlib
from collections.abc import Callable

import numpy as np


class Options(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("steps", c.c_size_t),
        ("start", c.c_double),
        ("stop", c.c_double),
        ("times", c.c_void_p),
        ("clamp_low", c.c_double),
        ("clamp_high", c.c_double),
        ("prior_dim", c.c_size_t),
        ("prior_mean", c.c_void_p),
        ("prior_variance", c.c_void_p),
        ("grid", c.c_char_p),
        ("brownian", c.c_int),
        ("sigmas", c.c_void_p),
        ("threshold", c.c_double),
        ("threshold_max", c.c_double),
    ]

    def __init__(self, steps: int) -> None:
        """quell_sampler_defaults() but for the steps."""
        inf = float("inf")
        super().__init__(c.sizeof(Options), steps, start=1, clamp_low=-inf, clamp_high=inf)
        self.prior_dim, self.threshold_max = 1, inf


class Draw(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("seed", c.c_uint64),
        ("first", c.c_uint64),
        ("count", c.c_size_t),
        ("seeds", c.c_void_p),
        ("indices", c.c_void_p),
        ("classes", c.c_void_p),
        ("conditions", c.c_void_p),
        ("condition_count", c.c_size_t),
        ("negative_classes", c.c_void_p),
        ("negative_conditions", c.c_void_p),
        ("negative_condition_count", c.c_size_t),
        ("context", c.c_void_p),
        ("part", c.c_int),
    ]


class Run(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("threads", c.c_size_t),
        ("parallel", c.c_void_p),
        ("host", c.c_void_p),
        ("isa", c.c_char_p),
        ("tile", c.c_size_t),
        ("progress", c.c_void_p),
        ("progress_user", c.c_void_p),
        ("observe", c.c_void_p),
        ("observe_user", c.c_void_p),
    ]


def pointer(x: np.ndarray) -> c.c_void_p:
    assert x.flags.c_contiguous
    return x.ctypes.data_as(c.c_void_p)


class Library:
    """libquell.so of a build, and the denoiser that costs nothing beside it. Handles live as long as it."""

    def __init__(self, build: pathlib.Path) -> None:
        self.build = build
        self.lib = c.CDLL(str(build / "src/libquell.so"))
        self.lib.quell_error_message.restype = c.c_char_p
        self.lib.quell_model_denoiser.restype = c.c_void_p
        self.lib.quell_sampler_print.restype = c.c_size_t

    def check(self, status: int) -> None:
        if status:
            raise RuntimeError(self.lib.quell_error_message().decode())

    @property
    def isa(self) -> str:
        name = c.c_char_p()
        self.check(self.lib.quell_isa_default(c.byref(name)))
        return (name.value or b"").decode()

    def _denoiser(self, constructor: str, *arguments: object) -> c.c_void_p:
        handle = c.c_void_p()
        self.check(getattr(self.lib, "quell_denoiser_" + constructor)(c.byref(handle), *arguments))
        return handle

    def nothing(self, dim: int) -> c.c_void_p:
        path = self.build / "benchmarks/libquell_nothing.so"
        function = c.cast(c.CDLL(str(path)).quell_nothing, c.c_void_p)
        return self._denoiser("from_function", c.c_size_t(dim), function, None, None)

    def isotropic(self, mean: np.ndarray, variance: float) -> c.c_void_p:
        mean = np.ascontiguousarray(mean, np.float64)
        return self._denoiser(
            "from_isotropic", c.c_size_t(mean.size), pointer(mean), c.c_double(variance)
        )

    def mixture(self, weights: np.ndarray, means: np.ndarray, variances: np.ndarray) -> c.c_void_p:
        arrays = [np.ascontiguousarray(a, np.float64) for a in (weights, means, variances)]
        sizes = map(c.c_size_t, arrays[1].shape)
        return self._denoiser("from_mixture", *sizes, *map(pointer, arrays))

    def empirical(self, points: np.ndarray) -> c.c_void_p:
        points = np.ascontiguousarray(points, np.float32)
        return self._denoiser("from_points", *map(c.c_size_t, points.shape), pointer(points))

    def load(self, path: str) -> c.c_void_p:
        model = c.c_void_p()
        self.check(self.lib.quell_model_load(c.byref(model), path.encode()))
        return c.c_void_p(self.lib.quell_model_denoiser(model))

    def noise(self, out: np.ndarray) -> Callable[[], None]:
        """A call that fills `out` with the next sample's normals."""
        function, sample = self.lib.quell_noise, c.c_uint64(0)
        seed, stream, element = c.c_uint64(7), c.c_uint32(1), c.c_uint64(0)
        arguments = seed, stream, sample, element, c.c_size_t(out.size), pointer(out)

        def fill() -> None:
            sample.value += 1
            function(*arguments)

        return fill


class Sampler:
    """A sampler for a denoiser, on the grid linear in t of a schedule."""

    def __init__(
        self, library: Library, denoiser: c.c_void_p, spec: str, steps: int, schedule: str = "vp"
    ) -> None:
        self.library, self.lib = library, library.lib
        self.denoiser, self.schedule, self.handle = denoiser, c.c_void_p(), c.c_void_p()
        library.check(self.lib.quell_schedule_create(c.byref(self.schedule), schedule.encode()))
        options = Options(steps)
        library.check(
            self.lib.quell_sampler_create(
                c.byref(self.handle), spec.encode(), denoiser, self.schedule, c.byref(options)
            )
        )

    def forward(self, x: np.ndarray, threads: int) -> Callable[[], None]:
        """A call that takes x[count, ...] from x_1 to x_0 in place."""
        draw = Draw(size=c.sizeof(Draw), count=len(x))
        run = Run(size=c.sizeof(Run), threads=threads)
        function, check = self.lib.quell_sample_from, self.library.check
        arguments = self.handle, c.byref(draw), c.byref(run), pointer(x)
        return lambda: check(function(*arguments))

    def plan(self) -> str:
        size = self.lib.quell_sampler_print(self.handle, None, c.c_size_t(0)) + 1
        text = c.create_string_buffer(size)
        self.lib.quell_sampler_print(self.handle, text, c.c_size_t(size))
        return text.value.decode()
