# SPDX-License-Identifier: MIT
"""Samples of several streams in one call: each is what it is in a call of its own."""

import numpy as np
import pytest

import quell

SEEDS = [7, 0, 7, 2**64 - 1, 3]
INDICES = [0, 5, 1, 9, 2**64 - 2]


def _sampler(denoiser, spec="ddpm", **options):
    return quell.Sampler(denoiser, spec, steps=4, silent=True, **options)


def _alone(sampler, seed, index, **told):
    x1 = sampler.init((1, 2), seed=seed, first=index)
    return sampler(x1, seed=seed, first=index, **told)[0]


@pytest.mark.parametrize("kind", [list, tuple, np.array])
@pytest.mark.parametrize("brownian", [False, True])
def test_each_is_alone(mixture, kind, brownian):
    sampler = _sampler(mixture, brownian=brownian, threads=2, tile=2)
    seeds, indices = kind(SEEDS), kind(INDICES)
    if kind is np.array:
        seeds = np.array(SEEDS, np.uint64)
        indices = np.array(INDICES, np.uint64)
    x = sampler(sampler.init((5, 2), seed=seeds, index=indices), seed=seeds, index=indices)
    for i in range(5):
        assert np.array_equal(x[i], _alone(sampler, SEEDS[i], INDICES[i]))


def test_one_list(mixture):
    sampler = _sampler(mixture)
    x = sampler(sampler.init((5, 2), seed=SEEDS, first=3), seed=SEEDS, first=3)
    y = sampler(sampler.init((5, 2), seed=4, index=INDICES), seed=4, index=INDICES)
    for i in range(5):
        assert np.array_equal(x[i], _alone(sampler, SEEDS[i], 3))
        assert np.array_equal(y[i], _alone(sampler, 4, INDICES[i]))


def test_classes_and_steps():
    rings = quell.load("builtin:rings")
    sampler = _sampler(rings)
    streams = {"seed": SEEDS, "index": INDICES}
    x = sampler.init((5, 2), **streams)
    times = sampler.timesteps
    for t, s in zip(times[:-1], times[1:], strict=True):
        x = sampler.step(x, t, s, label=[0, 1, -1, 1, 0], **streams)
    for i, label in enumerate([0, 1, -1, 1, 0]):
        assert np.array_equal(x[i], _alone(sampler, SEEDS[i], INDICES[i], label=label))


def test_a_function_has_its_rows():
    def half(x, t, shift):
        return x / 2 + shift

    sampler = _sampler(half, schedule="vp")
    shift = np.arange(10, dtype=np.float32).reshape(5, 2)
    x1 = sampler.init((5, 2), seed=SEEDS, index=INDICES)
    x = sampler(x1, seed=SEEDS, index=INDICES, shift=quell.PerSample(shift))
    for i in range(5):
        assert np.array_equal(x[i], _alone(sampler, SEEDS[i], INDICES[i], shift=shift[i]))


def test_a_subclass_has_them():
    class Own(quell.Sampler):
        def step(self, x_t, t, s, **kwargs):
            assert list(kwargs["seed"]) == SEEDS
            assert list(kwargs["index"]) == INDICES
            return super().step(x_t, t, s, **kwargs)

    mixture = quell.MixtureDenoiser([1, 2], [[0, 1], [2, 3]], [0.1, 0.2])
    own, plain = Own(mixture, "ddpm", steps=3, silent=True), _sampler(mixture)
    plain.steps = 3
    x1 = plain.init((5, 2), seed=SEEDS, index=INDICES)
    streams = {"seed": SEEDS, "index": INDICES}
    assert np.array_equal(own(x1, **streams), plain(x1, **streams))


@pytest.mark.parametrize(
    ("streams", "kind", "says"),
    [
        ({"seed": [1, 2]}, ValueError, r"seed: shape \(2,\), must be \(\) or \(5,\)"),
        ({"seed": [[1, 2, 3, 4, 5]]}, TypeError, "seed"),
        ({"seed": [1, 2, 3, 4, -5]}, ValueError, "seed: -5, must be from 0 to 2"),
        ({"seed": [1, 2, 3, 4, 2**64]}, ValueError, "seed: "),
        ({"seed": [1, 2, 3, 4, 5.0]}, TypeError, "seed: 5.0, must be an integer"),
        ({"seed": np.arange(5.0)}, TypeError, "seed: float64, must be integers"),
        ({"seed": -np.arange(5)}, ValueError, "seed: -1, must be from 0"),
        ({"index": [0, 1, 2, 3, 2**64 - 1]}, ValueError, "index: "),
        ({"index": np.full(5, 2**64 - 1, np.uint64)}, ValueError, "index: .*to 2.64 - 2"),
        ({"index": 3}, TypeError, "index: 3, must be an integer for each sample; see first"),
        ({"index": INDICES, "first": 2}, ValueError, "first: 2, and index is given, too"),
    ],
)
def test_refused(mixture, streams, kind, says):
    sampler = _sampler(mixture)
    with pytest.raises(kind, match=says):
        sampler.init((5, 2), **streams)
    with pytest.raises(kind, match=says):
        sampler(np.zeros((5, 2), np.float32), **streams)


def test_noise_of_streams():
    x = quell.normal(SEEDS, 5, (3,), index=INDICES)
    y = quell.brownian(SEEDS, 5, (3,), 0.25, 0.5, first=2)
    for i in range(5):
        assert np.array_equal(x[i], quell.normal(SEEDS[i], 1, (3,), first=INDICES[i])[0])
        alone = quell.brownian(SEEDS[i], 1, (3,), 0.25, 0.5, first=2)
        assert np.array_equal(y[i], alone[0])
    assert quell.normal([], 0, (3,), index=[]).shape == (0, 3)
    with pytest.raises(TypeError, match="seed: None, must be an integer"):
        quell.normal(None, 5, (3,))
