# SPDX-License-Identifier: MIT
"""For mypy alone, which checks this file as it would a user's. What is right passes. Each wrong
keyword or type is found: a comment that has nothing to ignore is an error, too."""

import numpy as np

import quell

denoiser = quell.GaussianDenoiser(np.zeros(2), 1.0)
quell.Sampler(denoiser, "dpmpp_2m", steps=20, grid="karras", clamp=(-1.0, 1.0), threads=2)
quell.Sampler(denoiser, "ddim", stepz=20)  # type: ignore[arg-type]
quell.Sampler(denoiser, "ddim", steps="20")  # type: ignore[arg-type]

sampler = quell.DDIMSampler(denoiser, eta=0.5, steps=20, silent=True, schedule="cosine")
quell.DDPMSampler(denoiser, stepz=20)  # type: ignore[call-arg]
quell.HeunSampler(denoiser, steps="20")  # type: ignore[arg-type]
quell.ItoSampler(denoiser, temperature=1.0, threshold=0.995, threshold_max=2.0)
quell.PCSampler(denoiser, corrections=2, tile="all")  # type: ignore[arg-type]
quell.zABSampler(denoiser, order=3, times=np.linspace(1.0, 0.0, 21), brownian=False)
quell.xEABSampler(denoiser, order=3, isa=2)  # type: ignore[arg-type]

setup = quell.from_diffusers("scheduler_config.json", steps=20)
setup.sampler(denoiser, silent=True, threads=2)
setup.sampler(denoiser, grid="karras")  # type: ignore[call-arg]

x = sampler(sampler.init((3, 2), seed=1), seed=1, out=None)
sampler.init((3, 2), seeds=1)  # type: ignore[call-arg]
print(x.shape)
