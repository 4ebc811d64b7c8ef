# SPDX-License-Identifier: MIT
"""quell draws samples from diffusion models on CPUs.

    import quell

    denoiser = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
    sampler = quell.DDIMSampler(denoiser, eta=0.25)
    x1 = sampler.init((100000, 2), seed=7)
    x0 = sampler(x1, seed=7)

The modules quell.noise (schedules), quell.denoise and quell.sample have azula's names. quell.export
writes any network that was trained in PyTorch to a file; it needs torch, quell alone does not. With
the same seed, sample i has the same bits in any batch, on any number of threads, on any
machine, and in C, C++, Fortran and the command."""

import typing as _typing

from quell._lists import grids, isa_default, isas, models, samplers, schedules, version
from quell._normals import STREAM_INIT, brownian, noise_key, normal, place
from quell._quantize import Quantized, QuantizedInstruction, quantize
from quell._quell import Entry, EntryOption
from quell._seeds import seed_of as _seed_of
from quell.denoise import (
    EmpiricalDenoiser,
    FunctionDenoiser,
    GaussianDenoiser,
    MixtureDenoiser,
    NativeDenoiser,
    PerSample,
    Posterior,
    guided,
)
from quell.diffusers import from_diffusers
from quell.errors import (
    AfterFork,
    BadArgument,
    BadModel,
    Busy,
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
from quell.networks import Model, from_torch, load
from quell.noise import (
    CosineSchedule,
    DecaySchedule,
    RectifiedSchedule,
    Schedule,
    VESchedule,
    VPSchedule,
)
from quell.queues import Queue, QueueState, Ticket
from quell.sample import (
    DDIMSampler,
    DDPMSampler,
    EulerSampler,
    HeunSampler,
    ItoSampler,
    PCSampler,
    REABSampler,
    Sampler,
    vABSampler,
    xEABSampler,
    zABSampler,
    zEABSampler,
)

__version__ = version()


def fresh_seed() -> int:
    """Returns a seed as a call takes it that is given none: from PyTorch's global generator if
    torch is imported, else from NumPy's."""
    return _seed_of(None)


if _typing.TYPE_CHECKING:
    from quell.programs import export as export
else:

    def __getattr__(name: str) -> _typing.Any:
        """quell.export, which is there once it is asked for: it imports torch."""
        if name != "export":
            raise AttributeError(f"module 'quell' has no attribute {name!r}")
        try:
            from quell.programs import export
        except ModuleNotFoundError as missing:
            if missing.name not in ("torch", "safetensors"):
                raise
            from quell._said import needs

            raise needs("quell.export and quell.from_torch", missing) from missing

        return export


def __dir__() -> list[str]:
    return sorted([*globals(), "export"])


# A list that type checkers can read; python/tests/plain/test_typed.py looks for what is missing.
# export is not in it, because it needs torch: it is there by name.
__all__ = [
    "AfterFork",
    "BadArgument",
    "BadModel",
    "Busy",
    "CosineSchedule",
    "DDIMSampler",
    "DDPMSampler",
    "DecaySchedule",
    "DenoiserFailed",
    "EmpiricalDenoiser",
    "Entry",
    "EntryOption",
    "Error",
    "EulerSampler",
    "FunctionDenoiser",
    "GaussianDenoiser",
    "HeunSampler",
    "IOFailed",
    "ItoSampler",
    "MixtureDenoiser",
    "Model",
    "NativeDenoiser",
    "NoMemory",
    "NoProgress",
    "NotFinite",
    "NotFound",
    "PCSampler",
    "PerSample",
    "Posterior",
    "Quantized",
    "QuantizedInstruction",
    "Queue",
    "QueueState",
    "REABSampler",
    "RectifiedSchedule",
    "STREAM_INIT",
    "Sampler",
    "Schedule",
    "Stopped",
    "Ticket",
    "Unsupported",
    "VESchedule",
    "VPSchedule",
    "brownian",
    "denoise",
    "diffusers",
    "errors",
    "fresh_seed",
    "from_diffusers",
    "from_torch",
    "grids",
    "guided",
    "isa_default",
    "isas",
    "load",
    "models",
    "networks",
    "noise",
    "noise_key",
    "normal",
    "place",
    "quantize",
    "queues",
    "sample",
    "samplers",
    "schedules",
    "vABSampler",
    "version",
    "xEABSampler",
    "zABSampler",
    "zEABSampler",
]
