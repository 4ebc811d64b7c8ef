# SPDX-License-Identifier: MIT
"""Normal numbers in float32 on one core: quell, NumPy, PyTorch and MKL, taking turns."""

import ctypes as c
import functools
import importlib.metadata
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from quell_c import Library
from turns import Effort, Run, take_turns

SIZES = {"L2": 1 << 16, "memory": 1 << 24}
Fill = Callable[[], object]


def by_quell(library: Library, out: np.ndarray) -> dict[str, Fill]:
    return {"quell, Philox4x32-10": library.noise(out)}


def by_numpy(_: Library, out: np.ndarray) -> dict[str, Fill]:
    kinds = np.random.Philox(7), np.random.PCG64(7), np.random.SFC64(7)
    return {
        f"NumPy, {type(kind).__name__}": functools.partial(
            np.random.Generator(kind).standard_normal, dtype=np.float32, out=out
        )
        for kind in kinds
    }


def by_torch(_: Library, out: np.ndarray) -> dict[str, Fill]:
    return {"PyTorch, MT19937": torch.from_numpy(out).normal_}


def by_mkl(_: Library, out: np.ndarray) -> dict[str, Fill]:
    """Sequential MKL of the `mkl` wheel. The constants are mkl_vsl_defines.h's."""
    generators = {"Philox4x32-10": 16 << 20, "MT19937": 8 << 20, "SFMT19937": 13 << 20}
    methods = {"Box-Muller": 1, "inverse": 2}
    files = importlib.metadata.files("mkl") or []
    path = next(str(f.locate()) for f in files if f.name.startswith("libmkl_rt.so"))
    mkl = c.CDLL(path)
    mkl.MKL_Set_Threading_Layer(c.c_int(1))  # MKL_THREADING_SEQUENTIAL

    def fill(generator: int, method: int) -> Fill:
        stream = c.c_void_p()
        if mkl.vslNewStream(c.byref(stream), c.c_int(generator), c.c_uint(7)):
            raise RuntimeError(f"MKL has no generator {generator}")
        call = mkl.vsRngGaussian
        arguments = c.c_int(method), stream, c.c_int(out.size), out.ctypes.data_as(c.c_void_p)
        return functools.partial(call, *arguments, c.c_float(0), c.c_float(1))

    return {
        f"MKL, {g}, {m}": fill(generators[g], methods[m])
        for g, m in itertools.product(generators, methods)
    }


SOURCES = {"quell": by_quell, "numpy": by_numpy, "torch": by_torch, "mkl": by_mkl}


def moments(out: np.ndarray) -> list[float]:
    x = out.astype(np.float64)
    return [float(m) for m in (x.mean(), (x**2).mean(), (x**3).mean(), (x**4).mean())]


def measure(library: Library, effort: Effort, missing: dict[str, str]) -> list[dict[str, Any]]:
    """One row a size: millions a second of each, and the moments of the last draw."""
    threads, rows = torch.get_num_threads(), []
    torch.set_num_threads(1)
    for place, size in SIZES.items():
        out, fills = np.empty(size, np.float32), {}
        for package, source in SOURCES.items():
            try:
                fills.update(source(library, out))
            except (ImportError, OSError, StopIteration) as error:
                missing[f"normals of {package}"] = str(error)
        times = take_turns({name: Run(fill) for name, fill in fills.items()}, effort)
        row: dict[str, Any] = {"place": place, "count": size, "stacks": {}}
        for name, t in times.items():
            fills[name]()
            rates = [1e-6 * size / seconds for seconds in (t.median, max(t.turns), min(t.turns))]
            row["stacks"][name] = {
                "millions": rates[0],
                "least": rates[1],
                "greatest": rates[2],
                "moments": moments(out),
            }
            print(f"normals {place:8} {name:32} {rates[0]:8.1f} million/s", flush=True)
        rows.append(row)
    torch.set_num_threads(threads)
    return rows
