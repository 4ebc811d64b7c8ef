# SPDX-License-Identifier: MIT
"""Nothing is ignored: options that contradict, what functions return, what subclasses change."""

import numpy as np
import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
X = quell.normal(0, 5, (2,))


def sampler(denoiser=MIXTURE, **options):
    return quell.Sampler(denoiser, silent=True, **{"steps": 4, **options})


def test_times_that_contradict():
    times = [0.9, 0.5, 0.1]
    own = quell.Sampler(MIXTURE, times=times, silent=True)
    assert (own.steps, own.start, own.stop) == (2, 0.9, 0.1)
    assert np.allclose(own.timesteps, times)
    right = own(X, seed=1)
    same = quell.Sampler(MIXTURE, times=times, steps=2, start=0.9, stop=0.1, silent=True)
    assert np.array_equal(same(X, seed=1), right)
    for name, value in (("steps", 64), ("start", 1.0), ("stop", 0.0), ("grid", "karras")):
        with pytest.raises(ValueError, match=name):
            quell.Sampler(MIXTURE, times=times, silent=True, **{name: value})(X)
    with pytest.raises(ValueError, match="sigmas"):
        quell.Sampler(MIXTURE, times=times, sigmas=[3, 1, 0], silent=True)(X)
    with pytest.raises(ValueError, match="grid"):
        quell.Sampler(MIXTURE, sigmas=[3.0, 1.0, 0.0], grid="karras", silent=True)(X)
    with pytest.raises(ValueError, match="start"):
        quell.Sampler(MIXTURE, sigmas=[3.0, 1.0, 0.0], start=0.5, silent=True)(X)
    with pytest.raises(ValueError):
        quell.Sampler(MIXTURE, times=[], silent=True)(X)


def test_times_are_copied():
    times = np.array([0.9, 0.5, 0.1])
    own = quell.Sampler(MIXTURE, times=times, silent=True)
    right = own(X, seed=1)
    times[1] = 0.89
    assert np.array_equal(own(X, seed=1), right) and own.timesteps[1] == 0.5
    with pytest.raises(ValueError):
        own.times[1] = 0.89
    own.times = times
    assert own.steps == 2 and not np.array_equal(own(X, seed=1), right)


WRONG_RESULTS = [
    (lambda x, t: None, TypeError),
    (lambda x, t: x + 1j, TypeError),
    (lambda x, t: x > 0, TypeError),
    (lambda x, t: x[:, :1], ValueError),
    (lambda x, t: x[0], ValueError),
    (lambda x, t: x.T, ValueError),
    (lambda x, t: x[..., None], ValueError),
    (lambda x, t: "x", TypeError),
    (lambda x, t: {"sample": x}, TypeError),
    (lambda x, t: (x, x), ValueError),
    (lambda x, t: np.ma.masked_array(x, x > 0), TypeError),
    (lambda x, t: x.astype(np.float64) + 1e300, ValueError),
    (lambda x, t: x.astype(object), TypeError),
    (lambda x, t: x * np.nan, quell.NotFinite),
]


@pytest.mark.parametrize(("function", "error"), WRONG_RESULTS)
def test_results_of_a_function(function, error):
    with pytest.raises(error):
        sampler(function, schedule="vp")(X)


def test_results_that_are_converted():
    right = sampler(lambda x, t: x * np.float32(0.5), schedule="vp")(X)
    for change in (
        lambda x: x.astype(np.float64),
        np.asfortranarray,
        lambda x: x.astype(">f4"),
        lambda x: x[::-1].copy()[::-1],
        lambda x: x.tolist(),
        quell.Posterior,
    ):
        own = sampler(lambda x, t, change=change: change(x * np.float32(0.5)), schedule="vp")
        assert np.array_equal(own(X), right)


def test_what_a_function_keeps_stays():
    kept = []

    def function(x, t):
        kept.append((x, x.copy()))
        return x

    sampler(function, schedule="vp")(X)
    assert len(kept) == 4 and all(np.array_equal(a, b) for a, b in kept)


class Chatty(quell.Sampler):
    """Has a step of its own that takes everything."""

    def step(self, x_t, t, s, **kwargs):
        return super().step(x_t, t, s, **kwargs)


class Plain(quell.Sampler):
    def step(self, x_t, t, s):
        return x_t * (1 - t + s)


def test_own_steps_get_what_is_given():
    own, right = (
        kind(MIXTURE, "ddpm", steps=4, silent=True) for kind in (Chatty, quell.Sampler)
    )
    seen = []
    assert np.array_equal(own(X, seed=7), own(X, seed=7))
    assert not np.array_equal(own(X, seed=7), own(X, seed=8))
    assert np.array_equal(own(X, seed=7)[2:], own(X[2:], seed=7, first=2))
    out = np.zeros_like(X)
    assert own(X, seed=7, out=out) is out and np.array_equal(out, own(X, seed=7))
    own(X, seed=7, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(5, 20), (10, 20), (15, 20), (20, 20)]
    plain = Plain(MIXTURE, steps=4, silent=True)
    for given in ({"seed": 1}, {"first": 1}, {"label": 0}, {"scale": 2}):
        with pytest.raises(TypeError, match=next(iter(given))):
            plain(X, **given)
    assert plain(X, out=out) is out
    assert right is not None


class OwnCall(quell.MixtureDenoiser):
    def __call__(self, x_t, t, label=None):
        return quell.Posterior(np.zeros_like(x_t))


def test_what_a_subclass_changes_is_asked():
    own = OwnCall([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
    assert np.abs(sampler(own)(X)).max() < 0.1
    with pytest.raises(TypeError, match="__call__"):
        quell.guided(own)

    class OwnAlpha(quell.VPSchedule):
        def alpha(self, t):
            return 1 - t

    class OwnTimes(quell.Sampler):
        @property
        def timesteps(self):
            return np.linspace(1, 0, 5) ** 2

    class OwnFunction(quell.FunctionDenoiser):
        def __call__(self, x, t):
            return x

    with pytest.raises(TypeError, match="alpha"):
        sampler(schedule=OwnAlpha())(X)
    with pytest.raises(TypeError, match="timesteps"):
        OwnTimes(MIXTURE, silent=True)(X)
    with pytest.raises(TypeError, match="__call__"):
        sampler(OwnFunction(lambda x, t: x))(X)


def test_a_forward_of_ones_own_is_refused():
    """azula's classes are extended by it; here nothing would call it."""

    class Denoiser(quell.MixtureDenoiser):
        def forward(self, x_t, t, **kwargs):
            raise RuntimeError("asked")

    class Sampler(quell.DDIMSampler):
        def forward(self, x_t, t, s):
            raise RuntimeError("asked")

    own = Denoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
    one = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
    one.forward = own.forward
    for denoiser in own, one:
        with pytest.raises(TypeError, match="forward of its own"):
            denoiser(X, 0.5)
        with pytest.raises(TypeError, match="forward of its own"):
            sampler(denoiser)(X, seed=1)
        with pytest.raises(TypeError, match="forward of its own"):
            quell.guided(denoiser, 2.0)
    with pytest.raises(TypeError, match="forward of its own"):
        Sampler(MIXTURE, steps=4, silent=True)(X, seed=1)
