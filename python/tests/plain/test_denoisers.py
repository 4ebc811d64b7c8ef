# SPDX-License-Identifier: MIT
"""The library's denoisers, against their formulas in double; schedules against theirs."""

import math

import numpy as np
import pytest

import quell

ALPHA, SIGMA = quell.VPSchedule()(0.4)


def gauss(x, mean, cov):
    """mean + alpha cov (alpha^2 cov + sigma^2 I)^-1 (x - alpha mean)."""
    inside = ALPHA**2 * cov + SIGMA**2 * np.eye(len(mean))
    return mean + ALPHA * (x - ALPHA * mean) @ np.linalg.solve(inside, cov)


def test_gaussians():
    random = np.random.default_rng(0)
    x = random.normal(size=(20, 3))
    mean, root = random.normal(size=3), random.normal(size=(3, 3))
    full, diagonal = root @ root.T, np.array([0.1, 2.0, 1.0])
    for given, cov in ((0.3, 0.3 * np.eye(3)), (diagonal, np.diag(diagonal)), (full, full)):
        denoiser = quell.GaussianDenoiser(mean, given)
        assert np.allclose(denoiser(x, 0.4).mean, gauss(x, mean, cov), atol=2e-5)
    assert denoiser(x, 0.4).mean.dtype == np.float64
    images = quell.GaussianDenoiser(np.ones((2, 2)), 0.5)
    assert images(np.zeros((4, 2, 2), np.float32), 0.4).mean.shape == (4, 2, 2)


def test_mixture_and_empirical():
    random = np.random.default_rng(1)
    x, points = random.normal(size=(9, 2)), random.normal(size=(30, 2))
    weights = np.exp(-((x[:, None] - ALPHA * points) ** 2).sum(2) / (2 * SIGMA**2))
    right = weights @ points / weights.sum(1, keepdims=True)
    assert np.allclose(quell.EmpiricalDenoiser(points)(x, 0.4).mean, right, atol=1e-5)
    dots = quell.MixtureDenoiser(np.ones(30), points, np.zeros(30))
    assert np.allclose(dots(x, 0.4).mean, right, atol=1e-5)


@pytest.mark.parametrize("dim", [64, 1000, 30000])
@pytest.mark.parametrize("variances", [(1e-6, 1e-6), (1e-6, 1.1e-6)])
def test_weights_of_a_mixture_in_many_elements(dim, variances):
    """The logarithm of a weight is off by 4e-7 dim at most, as denoiser.h says: of two components
    that are two standard deviations apart, at points between them."""
    random = np.random.default_rng(dim)
    v = ALPHA**2 * np.array(variances) + SIGMA**2
    apart = random.normal(size=dim)
    apart *= 2 * np.sqrt(v[0]) / ALPHA / np.linalg.norm(apart)
    means = random.normal(size=dim) + np.array([0 * apart, apart])
    means = means.astype(np.float32).astype(float)
    x = ALPHA * means.mean(0) + np.sqrt(v[0]) * random.normal(size=(8, dim))
    x = x.astype(np.float32).astype(float)
    away = x[:, None] - ALPHA * means
    logs = -dim / 2 * np.log(v) - (away**2).sum(2) / (2 * v)
    weights = np.exp(logs - logs.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    each = means + (ALPHA * np.array(variances) / v)[:, None] * away
    wrong = quell.MixtureDenoiser([1, 1], means, variances)(x, 0.4).mean
    wrong = wrong - (weights[..., None] * each).sum(1)
    along = wrong @ (means[1] - means[0]) / np.square(means[1] - means[0]).sum()
    assert (np.abs(along) <= 4e-7 * dim * weights.prod(1) + 2e-6).all()


def test_times_of_their_own(mixture):
    x = quell.normal(0, 4, (2,))
    each = mixture(x, np.array([0.1, 0.9, 0.1, 0.5])).mean
    for i, t in enumerate([0.1, 0.9, 0.1, 0.5]):
        assert np.array_equal(each[i], mixture(x[i : i + 1], t).mean[0])


def test_guided():
    rings = quell.load("builtin:rings")
    x, label = quell.normal(0, 5, (2,)), np.array([0, 1, 2, 1, 0])
    with_class, without = rings(x, 0.5, label=label).mean, rings(x, 0.5).mean
    right = 3 * with_class - 2 * without
    assert np.allclose(quell.guided(rings, weight=3)(x, 0.5, label=label).mean, right, atol=1e-4)
    assert np.array_equal(with_class[2], without[2])  # 2, after the last, is no class
    with pytest.raises(TypeError, match="no classes"):
        quell.GaussianDenoiser(np.zeros(2))(x, 0.5, label=0)


def test_models(tmp_path):
    letters = quell.load("builtin:glyphs")
    assert letters.image and letters.shape == (28, 28) and letters.classes == 62
    assert letters.reproducible and "builtin:glyphs" in [model.name for model in quell.models()]
    assert letters.digest == quell.load("builtin:glyphs").digest
    assert letters.digest != quell.load("builtin:rings").digest
    points = np.random.default_rng(0).normal(size=(10, 2, 3))
    np.save(tmp_path / "points.npy", points)
    assert quell.load(tmp_path / "points.npy").shape == (2, 3)
    quell.load("builtin:grid25").save(tmp_path / "grid.json")
    again, x = quell.load(tmp_path / "grid.json"), quell.normal(0, 5, (2,))
    assert np.array_equal(again(x, 0.3).mean, quell.load("builtin:grid25")(x, 0.3).mean)


SCHEDULES = {
    "ve": (quell.VESchedule(1e-2, 20), lambda t: (1, 1e-2 ** (1 - t) * 20**t)),
    "cosine": (
        quell.CosineSchedule(0.01, 0.02),
        lambda t: (a := math.cos(t * math.acos(0.01)), math.sqrt(1 - a * a + 0.02**2)),
    ),
    "rectified": (
        quell.RectifiedSchedule(0.01, 0.02),
        lambda t: (1 - t + t * 0.01, t + (1 - t) * 0.02),
    ),
    "function": (
        quell.Schedule.from_function(lambda t: (1 - t, t + 0.1)),
        lambda t: (1 - t, t + 0.1),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    schedule, formula = SCHEDULES[name]
    assert np.allclose(schedule(0.3), formula(0.3), rtol=1e-12)
    times = np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3)
    alpha, sigma = schedule(times)
    assert alpha.shape == (2, 3) and alpha.dtype == np.float32
    right = [formula(float(t)) for t in times.ravel()]
    assert np.allclose(np.stack([alpha.ravel(), sigma.ravel()], 1), right, rtol=1e-6)
    assert np.allclose(schedule.alpha(times), alpha)


def test_schedule_that_is_changed(mixture):
    schedule = quell.DecaySchedule()
    sampler = quell.EulerSampler(mixture, schedule=schedule, silent=True)
    x1 = sampler.init((4, 2), seed=0)
    before = sampler(x1)
    schedule.gamma = 0.5
    fresh = quell.EulerSampler(mixture, schedule=quell.DecaySchedule(gamma=0.5), silent=True)
    assert not np.array_equal(sampler(x1), before)
    assert np.array_equal(sampler(x1), fresh(x1))


def test_schedule_of_a_subclass(mixture):
    class Straight(quell.Schedule):
        def __init__(self):
            pass

        def __call__(self, t):
            return 1 - t, t + 1e-3 * (1 - t)

    x1 = quell.normal(0, 5, (2,))
    named = quell.RectifiedSchedule(1e-3, 1e-3)
    times = np.linspace(0.9, 0, 11)
    ours = quell.EulerSampler(mixture, schedule=Straight(), times=times, silent=True)(x1)
    theirs = quell.EulerSampler(mixture, schedule=named, times=times, silent=True)(x1)
    assert np.allclose(ours, theirs, atol=0.02)
    betas = quell.Schedule.from_betas(np.linspace(1e-4, 2e-2, 1000))
    assert np.allclose(betas(0.5), quell.Schedule("beta_linear")(0.5))


@pytest.mark.parametrize("schedule", ["vp", "flow", "ve", "beta_linear:zero_snr=yes"])
def test_guided_in_an_interval(schedule):
    """Its own call evaluates at any time, and outside of the interval as the denoiser alone."""
    base = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2], schedule)
    guide = quell.MixtureDenoiser([1, 1], [[-1, 0], [1, 1]], [1.0, 1.0], schedule)
    guided = quell.guided(base, guide, weight=3, low=0.3, high=0.6)
    x = quell.normal(1, 3, (2,))
    for t, acts in ((0.0, False), (0.2, False), (0.3, True), (0.6, True), (0.7, False)):
        own, alone = guided(x, t).mean, base(x, t).mean
        right = 3 * alone - 2 * guide(x, t).mean if acts else alone
        assert np.allclose(own, right, atol=1e-5 * np.abs(right).max())
