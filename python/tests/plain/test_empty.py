# SPDX-License-Identifier: MIT
"""No samples are samples: whatever is asked of them has their shape."""

import numpy as np
import pytest

import quell

NONE = np.zeros((0, 2), np.float32)


def halved(x_t, t):
    assert len(x_t), "a denoiser is not asked about nothing"
    return x_t / 2


@pytest.mark.parametrize("spec", ["ddpm", "heun", "dpm_adaptive", "pc:corrector=langevin"])
@pytest.mark.parametrize("own", [False, True])
def test_samplers(spec, own):
    mixture = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
    steps = None if spec == "dpm_adaptive" else 4
    denoiser = halved if own else mixture
    sampler = quell.Sampler(denoiser, spec, schedule="vp", steps=steps, silent=True)
    assert sampler.init((0, 2), seed=1).shape == (0, 2)
    assert sampler(NONE, seed=1).shape == (0, 2)
    assert sampler(NONE, seed=1, out=NONE) is NONE
    if spec != "dpm_adaptive":
        assert sampler.step(NONE, 1.0, 0.5, seed=1).shape == (0, 2)


def test_denoisers_and_noise():
    mixture = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2], schedule="vp")
    assert mixture(NONE, 0.5).mean.shape == (0, 2)
    assert quell.normal(1, 0, (2,), stream=0).shape == (0, 2)


def test_classes():
    rings = quell.load("builtin:rings")
    sampler = quell.Sampler(rings, "ddim", schedule="vp", steps=3, silent=True)
    for label in (2, np.zeros(0, np.int64)):
        assert sampler(NONE, seed=1, label=label).shape == (0, 2)
