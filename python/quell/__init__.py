# SPDX-License-Identifier: MIT
"""quell draws samples from diffusion models on CPUs.

    import quell

    denoiser = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2], quell.Schedule("vp"))
    sampler = quell.DDIMSampler(denoiser, eta=0.5)
    x1 = sampler.init((100000, 2), seed=7)
    x0 = sampler(x1, seed=7)

The modules have the names of azula's: quell.noise, quell.denoise and quell.sample. Sample i is a
function of model, schedule, sampler, options, seed and i alone. What fails raises a quell.Error.
"""

from quell import denoise, noise, sample
from quell._quell import builtins, grids, isa_default, isas, samplers, schedules, version
from quell.denoise import *  # noqa: F403
from quell.errors import (
    AfterFork,
    BadArgument,
    BadModel,
    DenoiserFailed,
    Error,
    IOFailed,
    NoMemory,
    NoProgress,
    NotFinite,
    NotFound,
    Stopped,
    Unsupported,
)
from quell.noise import *  # noqa: F403
from quell.sample import *  # noqa: F403

__version__ = version()

__all__ = [
    "AfterFork",
    "BadArgument",
    "BadModel",
    "DenoiserFailed",
    "Error",
    "IOFailed",
    "NoMemory",
    "NoProgress",
    "NotFinite",
    "NotFound",
    "Stopped",
    "Unsupported",
    "builtins",
    "denoise",
    "grids",
    "isa_default",
    "isas",
    "noise",
    "sample",
    "samplers",
    "schedules",
    "version",
    *denoise.__all__,
    *noise.__all__,
    *sample.__all__,
]
