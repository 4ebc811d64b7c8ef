# SPDX-License-Identifier: MIT
"""from_diffusers beside diffusers: the levels of noise, and what comes out of the same x_1,
denoiser and noise; diffusers in double."""

import diffusers
import numpy as np
import peer
import pytest
import quell
from cases import CASES
from peer import in_double  # noqa: F401
from quell.diffusers.fields import CLASSES

SEED = 5


def setup_of(case):
    steps = None if "sigmas" in case.told else case.steps
    return quell.from_diffusers(case.config, steps, **case.told)


def our_noise(setup, sampler):
    """The noise of each step, in double."""
    times = sampler.timesteps
    for i in range(setup.steps):
        if hasattr(quell, "noise_key"):
            key, stream = quell.noise_key(SEED, times[i], times[i + 1]), 0
        else:
            key, stream = SEED, quell.stream(i)
        made = quell.normal(key, peer.SAMPLES, (peer.DIM,), stream=stream)
        yield made.astype(np.float64)
    while True:  # a last step of no length, which is none here
        yield np.zeros((peer.SAMPLES, peer.DIM))


def denoiser_of(setup, model):
    def mean(x, t):
        alpha, sigma = (float(each) for each in setup.schedule(np.float64(t)))
        return peer.MODELS[model](x.astype(np.float64), alpha, sigma)

    if setup.variance == "none":
        return quell.FunctionDenoiser(mean, setup.schedule)

    def network(x, timestep):  # as diffusers calls it, with twice the channels
        alpha, sigma = (
            float(each) for each in setup.schedule(np.float64(timestep) / setup.time_scale)
        )
        x = x.astype(np.float64)
        eps = (x - alpha * peer.MODELS[model](x, alpha, sigma)) / sigma
        v = alpha * eps - sigma * (x - sigma * eps) / alpha
        return np.concatenate([eps if setup.output == "eps" else v, peer.learned(x)], axis=1)

    return setup.denoiser(network)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
@pytest.mark.parametrize("model", peer.MODELS)
def test_same_samples(case, model):
    setup = setup_of(case)
    sampler = setup.sampler(denoiser_of(setup, model), silent=True)
    scheduler = peer.create(case)
    alpha, sigma = peer.starts(case, scheduler)
    assert np.isclose(sigma, alpha * setup.sigmas[0]) or not alpha
    start = quell.normal(1, peer.SAMPLES, (peer.DIM,)) * np.float32(np.sqrt(alpha**2 + sigma**2))
    theirs = peer.run(case, model, start.astype(np.float64), our_noise(setup, sampler))
    ours = sampler(start, seed=SEED)
    # Ours is in float, whose rounding high orders amplify.
    near = 4e-5 if case.name in ("UniPCMultistep", "DEISMultistep") else 1e-5
    assert np.abs(ours - theirs).max() <= near * np.abs(theirs).max()


@pytest.mark.parametrize("name", CLASSES)
def test_defaults_are_theirs(name):
    theirs = {key: value for key, value in getattr(diffusers, name + "Scheduler")().config.items()
              if not key.startswith("_")}  # fmt: skip
    assert CLASSES[name] == theirs
