# SPDX-License-Identifier: MIT
"""Steps over `timesteps` are a call, whatever type the times have."""

import numpy as np
import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
X = quell.normal(0, 5, (2,))
GRIDS = [
    {"steps": 7},
    {"steps": 7, "grid": "karras"},
    {"steps": 7, "start": 0.83, "stop": 0.011},
    {"times": [0.9, 0.7, 0.31, 0.1, 0.0]},
    {"sigmas": [30.0, 7.0, 1.0, 0.3, 0.01]},
    {"steps": 7, "brownian": True},
    {"steps": 7, "schedule": lambda t: (1 - 0.99 * float(t), float(t) + 1e-3)},
    {"steps": 7, "grid": "karras", "schedule": lambda t: (1 - 0.99 * float(t), float(t) + 1e-3)},
]


def by_steps(sampler, times):
    x = X
    for t, s in zip(times[:-1], times[1:]):
        x = sampler.step(x, t, s, seed=7)
    return x


@pytest.mark.parametrize("options", GRIDS)
def test_a_loop_of_steps_is_a_call(options):
    options = {"silent": True, **options}
    right = quell.Sampler(MIXTURE, "ddpm", **options)(X, seed=7)
    for dtype in None, np.float32, np.float16, "f4", np.dtype(">f4"):
        sampler = quell.Sampler(MIXTURE, "ddpm", dtype=dtype, **options)
        times = sampler.timesteps
        for given in times, times.tolist(), times.astype(np.float32), list(times):
            if dtype is np.float16 or given is not times or dtype is not None:
                assert np.array_equal(by_steps(sampler, given), right)
    exact = quell.Sampler(MIXTURE, "ddpm", **options)
    assert np.array_equal(by_steps(exact, exact.timesteps.astype(np.float16)), right)


class Loop(quell.Sampler):
    """azula's way: a step of one's own."""

    def step(self, x_t, t, s, **kwargs):
        return super().step(x_t, t, s, **kwargs)


@pytest.mark.parametrize("dtype", [None, np.float32])
def test_a_subclass_with_a_step_is_a_call(dtype):
    right = quell.Sampler(MIXTURE, "ddpm", steps=7, silent=True)(X, seed=7)
    own = Loop(MIXTURE, "ddpm", steps=7, silent=True, dtype=dtype)
    assert np.array_equal(own(X, seed=7), right)


def test_other_times_stay_what_they_are():
    """A float32 between the points of the grid, and a double beside one, have their own noise; but
    for one that is off by the rounding of a sum."""
    sampler = quell.Sampler(MIXTURE, "ddpm", steps=7, silent=True)
    t, s = sampler.timesteps[2:4]
    right = sampler.step(X, t, s, seed=7)
    for near in np.nextafter(t, 1), t - 2.0**-52:
        assert np.array_equal(sampler.step(X, near, s, seed=7), right)
    for other in np.float32(0.7), t + 2.0**-48:
        assert not np.array_equal(sampler.step(X, other, s, seed=7), right)
    sampler.steps = 10  # and the grid is the sampler's own of now
    assert not np.array_equal(sampler.step(X, np.float32(t), s, seed=7), right)


def test_times_that_a_type_cannot_tell_apart():
    sampler = quell.Sampler(MIXTURE, steps=5000, dtype=np.float16, silent=True)
    with pytest.raises(quell.BadArgument, match="dtype: times 0 and 1, .* float16"):
        sampler.timesteps
    with pytest.raises(quell.BadArgument, match="dtype: times"):
        Loop(MIXTURE, steps=5000, dtype=np.float16, silent=True)(X, seed=7)


def test_a_key_has_every_bit():
    """A rounded time would name noise that no sampler has."""
    assert quell.noise_key(3, 0.7, 0.1) == quell.noise_key(3, np.float64(0.7), 0.1)
    for t, s in (np.float32(0.7), 0.1), (0.7, np.float16(0.1)):
        with pytest.raises(quell.BadArgument, match="float(16|32), must be float64"):
            quell.noise_key(3, t, s)


@pytest.mark.parametrize(
    "times", [lambda n: 1 - np.arange(n + 1) / n, lambda n: np.linspace(1, 0, n + 1)]
)
def test_times_that_a_sum_has_rounded(times):
    """Some are a unit in the last place off, and had other noise; others are other times."""
    x = quell.normal(0, 4, (2,))
    for steps in (20, 100):
        S = quell.DDPMSampler(quell.GaussianDenoiser([0.0, 1.0], 2.0), steps=steps, silent=True)
        each = times(steps)
        assert 0 < abs(each - S.timesteps).max() < 1e-15
        made = x
        for t, s in zip(each, each[1:]):
            made = S.step(made, float(t), float(s), seed=4)
        assert np.array_equal(made, S(x, seed=4))
        other = S.step(x, each[3] + 1e-14, each[4], seed=4)  # another time
        assert not np.array_equal(other, S.step(x, each[3], each[4], seed=4))
