# SPDX-License-Identifier: MIT
"""A fresh process that draws once: how much memory a run takes over its input and output.

    python footprint.py quell|azula COUNT DIM BUILD

prints the bytes by which the process grew at most during the run, beyond x_1 and, where it is not
in place, x_0."""

import pathlib
import sys


def resident(what: str) -> int:
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(status.split(what + ":")[1].split()[0])


def grown(draw: object, x_0: int) -> int:
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew
    before = resident("VmRSS")
    draw()  # type: ignore[operator]
    return resident("VmHWM") - before - x_0


def by_quell(count: int, dim: int, build: str) -> int:
    import numpy as np

    from quell_c import Library, Sampler

    library = Library(pathlib.Path(build))
    sampler = Sampler(library, library.isotropic(np.zeros(dim), 1.0), "dpmpp_2m", 16)
    return grown(sampler.forward(np.ones((count, dim), np.float32), 0), 0)


def by_azula(count: int, dim: int, _: str) -> int:
    import torch
    from azula.denoise import GaussianDenoiser
    from azula.linalg.covariance import IsotropicCovariance
    from azula.noise import VPSchedule
    from azula.sample import xEABSampler

    x = torch.ones(count, dim)
    denoiser = GaussianDenoiser(torch.zeros(dim), IsotropicCovariance(torch.ones(())), VPSchedule())
    sampler = xEABSampler(denoiser, steps=16, silent=True)
    return grown(lambda: sampler(x), x.nbytes)


if __name__ == "__main__":
    by = {"quell": by_quell, "azula": by_azula}[sys.argv[1]]
    print(by(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
