# SPDX-License-Identifier: MIT
"""Just as much of quell's C interface as the benchmarks need, by ctypes."""

import ctypes as c
import pathlib

import numpy as np

MAX_RANK = 8


class Model(c.Structure):
    _fields_ = [
        ("denoiser", c.c_void_p),
        ("rank", c.c_size_t),
        ("shape", c.c_size_t * MAX_RANK),
        ("image", c.c_int),
        ("schedule", c.c_char * 128),
        ("description", c.c_void_p),
    ]


class Options(c.Structure):
    """quell_sampler_options up to `steps`: the rest takes its defaults by `size`."""

    _fields_ = [("size", c.c_size_t), ("steps", c.c_size_t)]


class Run(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("seed", c.c_uint64),
        ("first", c.c_uint64),
        ("count", c.c_size_t),
        ("transition", c.c_size_t),
        ("threads", c.c_size_t),
        ("parallel", c.c_void_p),
        ("host", c.c_void_p),
        ("isa", c.c_char_p),
        ("tile", c.c_size_t),
        ("progress", c.c_void_p),
        ("progress_user", c.c_void_p),
        ("observe", c.c_void_p),
        ("observe_user", c.c_void_p),
        ("report", c.c_void_p),
        ("classes", c.c_void_p),
    ]


class Quell:
    """A model and a sampler: forward(x) takes x[count, dim] from x_1 to x_0 in place."""

    def __init__(self, library: pathlib.Path, model: str, sampler: str, steps: int) -> None:
        self.lib = c.CDLL(str(library))
        self.lib.quell_error_message.restype = c.c_char_p
        self.model, self.schedule, self.sampler = Model(), c.c_void_p(), c.c_void_p()
        self.check(self.lib.quell_model_load(c.byref(self.model), str(model).encode()))
        self.check(self.lib.quell_schedule_create(c.byref(self.schedule), self.model.schedule))
        options = Options(c.sizeof(Options), steps)
        self.check(
            self.lib.quell_sampler_create(
                c.byref(self.sampler),
                sampler.encode(),
                c.c_void_p(self.model.denoiser),
                self.schedule,
                c.byref(options),
            )
        )

    def check(self, status: int) -> None:
        if status:
            raise RuntimeError(self.lib.quell_error_message().decode())

    def forward(self, x: np.ndarray, threads: int) -> None:
        run = Run(size=c.sizeof(Run), count=len(x), threads=threads)
        pointer = x.ctypes.data_as(c.c_void_p)
        self.check(self.lib.quell_forward(self.sampler, c.byref(run), pointer))
