# SPDX-License-Identifier: MIT
"""Whole processes: seconds to the first sample, memory over the output, bytes of library."""

import importlib.metadata
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

from quell_c import Library
from turns import Effort, Run, take_turns

HERE = pathlib.Path(__file__).parent
PACKAGES = ("torch", "azula", "diffusers", "onnxruntime", "mkl", "numpy")
COUNT, DIM = 16384, 3072  # of the run whose memory is looked at: 192 MiB of samples

AZULA = """
import torch
from azula.denoise import GaussianDenoiser
from azula.linalg.covariance import IsotropicCovariance
from azula.noise import VPSchedule
from azula.sample import DDIMSampler
denoiser = GaussianDenoiser(torch.zeros(2), IsotropicCovariance(torch.ones(())), VPSchedule())
sampler = DDIMSampler(denoiser, steps=16, silent=True)
print(sampler(sampler.init((1, 2))))
"""
TORCH = "import torch; print(torch.randn(1, 2))"
NUMPY = "import numpy; print(numpy.random.default_rng(0).normal(size=(1, 2)))"


def runs(command: list[str]) -> Run:
    return Run(lambda: subprocess.run(command, check=True, capture_output=True))


def first_sample(build: pathlib.Path, effort: Effort) -> dict[str, Any]:
    """From the start of a process to its end, one sample of dim 2 drawn in 16 steps."""
    with tempfile.TemporaryDirectory() as folder:
        quell = [str(build / "src/quell"), "sample", "--model", "builtin:grid25", "--sampler"]
        quell += ["ddim", "--steps", "16", "--count", "1", "--out", f"{folder}/x.npy"]
        commands = {
            "quell": quell,
            "azula": [sys.executable, "-c", AZULA],
            "importing torch alone": [sys.executable, "-c", TORCH],
            "importing NumPy alone": [sys.executable, "-c", NUMPY],
        }
        able = {
            name: runs(command)
            for name, command in commands.items()
            if subprocess.run(command, capture_output=True).returncode == 0
        }
        times = take_turns(able, effort)
    return {name: t.as_dict() for name, t in times.items()}


def memory(build: pathlib.Path) -> dict[str, int]:
    """Bytes over x_1 and x_0."""
    grown = {}
    for stack in "quell", "azula":
        command = [sys.executable, str(HERE / "footprint.py"), stack, str(COUNT), str(DIM)]
        done = subprocess.run([*command, str(build)], capture_output=True, text=True)
        if done.returncode == 0:
            grown[stack] = int(done.stdout)
    return grown


def installed(package: str, pattern: str = "*") -> int:
    files = importlib.metadata.files(package) or []
    paths = [pathlib.Path(str(f.locate())) for f in files if f.match(pattern)]
    return sum(path.stat().st_size for path in paths if path.exists())


def library_bytes(build: pathlib.Path) -> dict[str, int]:
    """Of files, without what they depend on."""
    sizes = {
        "libquell.so": (build / "src/libquell.so").resolve().stat().st_size,
        "quell, the command": (build / "src/quell").stat().st_size,
    }
    wanted = [("torch", "libtorch_cpu.so"), *((name, "*") for name in PACKAGES)]
    for package, pattern in wanted:
        try:
            sizes[package if pattern == "*" else pattern] = installed(package, pattern)
        except importlib.metadata.PackageNotFoundError:
            continue
    return sizes


def measure(library: Library, effort: Effort) -> dict[str, Any]:
    found = {
        "first_sample": first_sample(library.build, effort),
        "memory": memory(library.build),
        "bytes": library_bytes(library.build),
    }
    for what, figures in found.items():
        print(what, figures, flush=True)
    return found
