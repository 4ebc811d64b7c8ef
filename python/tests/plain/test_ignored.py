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


RINGS = quell.load("builtin:rings")


@pytest.mark.parametrize(
    "guided",
    [
        quell.guided(RINGS, weight=2),
        quell.guided(RINGS),
        quell.guided(RINGS, times=[0, 1], weights=[1, 3]),
        quell.guided(quell.guided(RINGS), RINGS, weight=3),
        quell.guided(RINGS, quell.guided(RINGS), weight=3),
    ],
)
def test_guidance_without_a_class(guided):
    """Both sides of it were the same, and the weight did nothing."""
    for call in sampler(guided), lambda x: guided(x, 0.5), Chatty(guided, steps=4, silent=True):
        with pytest.raises(TypeError, match="label: None, but guidance"):
            call(X)
    with pytest.raises(TypeError, match="label: None, but guidance"):
        sampler(guided).step(X, 0.5, 0.4)
    for label in 1, [0, 1, -1, 1, 0]:
        assert np.isfinite(sampler(guided)(X, seed=1, label=label)).all()


@pytest.mark.parametrize(
    ("label", "away"),
    [
        (1, 1),
        ([0, 1, 1, 0, 1], [0, 1, 1, 0, 1]),
        ([1] * 5, 1),
        (None, -1),
        (2, -1),
        (-1, None),
        ([-1] * 5, None),
    ],
)
def test_guidance_away_from_what_all_have(label, away):
    """It was drawn without guidance."""
    guided = quell.guided(RINGS, weight=2)
    own = sampler(guided)
    with quell.Queue() as queue:
        for call in (
            own,
            lambda x, **told: guided(x, 0.5, **told),
            lambda x, **told: own.step(x, 0.5, 0.4, **told),
            lambda x, **told: queue.submit(own, x, **told),
        ):
            with pytest.raises(quell.BadArgument, match="run: guidance has no effect"):
                call(X, label=label, negative_label=away)
    plain = sampler(RINGS)(X, seed=1, label=label)
    part = own(X, seed=1, label=label, negative_label=away, part=True)
    assert np.array_equal(part, plain)
    with pytest.raises(TypeError, match="part: 1, must be True or False"):
        own(X, label=label, negative_label=away, part=1)


def test_guidance_away_from_what_some_have():
    """Some of the samples of a call, and of a time, may be as they are without guidance."""
    guided, label = quell.guided(RINGS, weight=2), [0, 1, 1, 0, 1]
    plain = RINGS(X, 0.5, label=label).mean
    mean = guided(X, [0.5, 0.5, 0.5, 0.6, 0.5], label=label, negative_label=0).mean
    assert np.array_equal(mean[0], plain[0]) and not np.array_equal(mean[1], plain[1])
    assert np.isfinite(sampler(guided)(X, seed=1, label=label, negative_label=0)).all()


def test_what_guides_without_a_class():
    """By another model, and by a weight of 1, which is none."""
    for guided in quell.guided(RINGS, MIXTURE, weight=2), quell.guided(RINGS, weight=1):
        assert np.isfinite(sampler(guided)(X, seed=1)).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [("steps", 9), ("grid", "karras"), ("times", [1, 0.5, 0]), ("sigmas", [9, 1, 0.1])],
)
def test_steps_of_a_sampler_that_chooses_its_own(name, value):
    adaptive = quell.Sampler(MIXTURE, "dpm_adaptive", silent=True)
    right = adaptive(X, seed=1)
    setattr(adaptive, name, value)
    with pytest.raises(quell.BadArgument, match=f"{name} has no effect"):
        adaptive(X, seed=1)
    setattr(adaptive, name, None)
    assert np.array_equal(adaptive(X, seed=1), right)
    ends = quell.Sampler(MIXTURE, "dpm_adaptive", times=[1, 0], silent=True)
    assert np.array_equal(ends(X, seed=1), right)


@pytest.mark.parametrize("spec", ["ddim", "ddim:eta=0", "heun", "dpmpp_2m", "dpm_adaptive"])
def test_paths_without_noise(spec):
    quiet = quell.Sampler(MIXTURE, spec, silent=True)
    quiet.brownian = True
    with pytest.raises(quell.BadArgument, match="brownian has no effect"):
        quell.Sampler(MIXTURE, spec, brownian=True, silent=True)
    for call in quiet, lambda x: quiet.init((5, 2)), lambda x: quiet.step(x, 0.5, 0.4):
        with pytest.raises(quell.BadArgument, match="brownian has no effect"):
            call(X)


@pytest.mark.parametrize("spec", ["ddim:eta=1", "ddpm", "dpm_adaptive:eta=1", "restart"])
def test_paths_of_noise(spec):
    """Wherever it starts: where there is none of it in this range, too."""
    for ends in {}, {"stop": 0.9}:
        own = quell.Sampler(MIXTURE, spec, brownian=True, silent=True, **ends)
        assert np.isfinite(own(X, seed=1)).all()


def test_types_and_devices_that_are_ignored():
    with pytest.raises(quell.BadArgument, match="dtype: out is given"):
        sampler().init((5, 2), out=np.zeros((5, 2), np.float32), dtype=np.float64)
    with pytest.raises(ValueError, match="device: "):
        sampler().device = "cuda"


def test_a_sampler_says_its_own_grid():
    times, sigmas = [1, 0.5, 0.25, 0], np.geomspace(80, 0.01, 9)
    for given, says in (
        ({"steps": 4}, "Sampler('ddim', steps=4, grid='linear')"),
        ({"steps": 4, "start": 0.5}, "Sampler('ddim', steps=4, grid='linear', start=0.5)"),
        ({"times": times}, "Sampler('ddim', steps=3, times=[1, 0.5, 0.25, 0])"),
        ({"sigmas": sigmas}, "Sampler('ddim', steps=8, sigmas=[80, 26.0138, ..., 0.01])"),
    ):
        assert repr(quell.Sampler(MIXTURE, **given)) == says
    assert repr(quell.Sampler(MIXTURE, "dpm_adaptive")) == "Sampler('dpm_adaptive')"


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
