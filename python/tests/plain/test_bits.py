# SPDX-License-Identifier: MIT
"""The same seed, the same bits: in any batch, on any threads, in C and by the command."""

import numpy as np
import pytest

import quell

SAMPLERS = [
    ("ddim", {}),
    ("ddpm", {"brownian": True, "steps": 9}),
    ("dpmpp_2m_sde", {"grid": "karras", "steps": 12}),
    ("dpm_adaptive", {}),
]


@pytest.mark.parametrize(("spec", "options"), SAMPLERS)
def test_as_the_command(spec, options, command):
    model = quell.load("builtin:grid25")
    sampler = quell.Sampler(model, spec, silent=True, **options)
    x = sampler(sampler.init((50, 2), seed=5, first=3), seed=5, first=3)
    said = [f"--{k}" if v is True else f"--{k}={v}" for k, v in options.items()]
    theirs = command(
        *("sample", "--model", "builtin:grid25", "--sampler", spec, *said),
        *("--seed", 5, "--first", 3, "--count", 50),
    )
    assert np.array_equal(x, theirs)


def test_classes_as_the_command(command):
    rings = quell.load("builtin:rings")
    sampler = quell.Sampler(rings, "dpmpp_2m", steps=8, grid="logsnr", silent=True)
    x = sampler(sampler.init((20, 2), seed=1), seed=1, label=1)
    theirs = command(
        *("sample", "--model", "builtin:rings", "--sampler", "dpmpp_2m", "--steps", 8),
        *("--grid", "logsnr"),
        *("--class", 1, "--count", 20, "--seed", 1),
    )
    assert np.array_equal(x, theirs)
    assert 1.5 < np.hypot(*x.T).mean() < 2.5


def test_any_batch(mixture):
    sampler = quell.DDPMSampler(mixture, steps=20, silent=True, threads=2, tile=7)
    whole = sampler(sampler.init((100, 2), seed=3), seed=3)
    alone = quell.DDPMSampler(mixture, steps=20, silent=True, threads=1)
    for i in (0, 41, 99):
        x1 = alone.init((1, 2), seed=3, first=i)
        assert np.array_equal(alone(x1, seed=3, first=i)[0], whole[i])


def test_steps_are_a_call(mixture):
    sampler = quell.DDPMSampler(mixture, steps=11, silent=True)
    x = x1 = sampler.init((30, 2), seed=9)
    times = sampler.timesteps
    for t, s in zip(times[:-1], times[1:], strict=True):
        x = sampler.step(x, t, s, seed=9)
    assert np.array_equal(x, sampler(x1, seed=9))


def test_a_run_goes_on():
    one = quell.GaussianDenoiser([0.0], [1.0], schedule=quell.VPSchedule())
    whole = quell.DDPMSampler(one, steps=100, silent=True)
    x = x1 = whole.init((5000, 1), seed=7)
    for i in range(10):
        times = {"start": 1 - i / 10, "stop": 1 - (i + 1) / 10 if i < 9 else 0.0}
        x = quell.DDPMSampler(one, steps=10, silent=True, **times)(x, seed=7)
    assert abs(x.std() / whole(x1, seed=7).std() - 1) < 0.05  # with one noise in all pieces: 2.3


def test_noise_is_the_samplers_own(mixture):
    sampler = quell.DDPMSampler(mixture, schedule="ve", silent=True)
    drawn = quell.normal(2, 4, (2,), first=10)
    std = np.sqrt(1 + 1e3**2)
    assert np.allclose(sampler.init((4, 2), seed=2, first=10), std * drawn, rtol=1e-6)
    assert np.array_equal(quell.normal(2, 8, (2,), first=6)[4:], drawn)
    assert not np.array_equal(quell.normal(2, 4, (2,), first=10, stream=1), drawn)
    whole = quell.brownian(2, 4, (2,), 0.1, 0.9)
    halves = quell.brownian(2, 4, (2,), 0.1, 0.5) + quell.brownian(2, 4, (2,), 0.5, 0.9)
    assert np.allclose(whole, halves / np.sqrt(2), atol=1e-5)
    assert quell.place(1, 0) == 1 and quell.place(0, 1) == 0 and quell.place(1, 1) == 0.5


def test_seeds(mixture):
    sampler = quell.DDPMSampler(mixture, steps=4, silent=True)
    np.random.seed(1)
    once = sampler(sampler.init((3, 2)))
    assert not np.array_equal(sampler(sampler.init((3, 2))), once)
    np.random.seed(1)
    assert np.array_equal(sampler(sampler.init((3, 2))), once)
    with pytest.raises(ValueError, match="seed"):
        sampler.init((3, 2), seed=-1)
