# SPDX-License-Identifier: MIT
"""What is wrong with a sampler is refused where it is made, and a keyword that there is not with
the one that was meant."""

import abc
import copy
import functools
import pathlib
import re

import numpy as np
import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
SHOWERS = quell.load("builtin:showers")


def function(x, t):
    return x


def schedule_fails(t):
    raise RuntimeError("no table")


@pytest.mark.parametrize("denoiser", [MIXTURE, quell.FunctionDenoiser(function, "vp"), function])
@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"steps": 0}, ValueError, "steps: 0, must be from 1"),
        ({"steps": 2.0}, TypeError, "steps: 2.0, must be an integer"),
        ({"start": "1"}, TypeError, "start: '1', must be a real number"),
        ({"start": 0.2, "stop": 0.5}, ValueError, "start is 0.2 and stop is 0.5"),
        ({"times": [1, 0.5, 0.6, 0]}, ValueError, "time 2 is 0.6, after 0.5"),
        ({"times": [1, 0.5, 0], "steps": 3}, ValueError, "steps"),
        ({"times": [1, 0.5, 0], "start": 0.9}, ValueError, "start: 0.9, but times are given"),
        ({"sigmas": [1, 2, 0]}, ValueError, "sigma 1 is 2, after 1"),
        ({"clamp": (1, -1)}, ValueError, "clamp"),
        ({"threshold": 99}, ValueError, "threshold"),
        ({"threshold_max": 0.5, "threshold": 0.9}, ValueError, "threshold_max"),
        ({"brownian": 1}, TypeError, "brownian: 1, must be True or False"),
        ({"schedule": "vpp"}, quell.NotFound, "vpp"),
        ({"schedule": "vp:alpha_min=2"}, ValueError, "alpha_min"),
        ({"schedule": schedule_fails}, RuntimeError, "no table"),
        ({"grid": "karras:rho=-1"}, ValueError, "rho"),
        ({"spec": "ddim:eta=-1"}, ValueError, "eta"),
        ({"spec": "ddim:etta=1"}, quell.Error, "etta"),
        ({"threads": -1}, ValueError, "threads: -1"),
        ({"tile": 1.5}, TypeError, "tile: 1.5"),
        ({"isa": "avx99"}, quell.NotFound, "avx99"),
    ],
)
def test_refused_where_it_is_made(denoiser, options, kind, message):
    with pytest.raises(kind, match=message):
        quell.Sampler(denoiser, **{"schedule": "vp", **options})


def test_no_schedule():
    with pytest.raises(TypeError, match="the denoiser has none; say which, as schedule='vp'"):
        quell.Sampler(function)


def test_no_denoiser():
    with pytest.raises(TypeError, match="denoiser: 3 is neither a denoiser nor callable"):
        quell.Sampler(3)


def test_functions_words():
    for options, message in (
        ({"output": "epsilon"}, "epsilon"),
        ({"precondition": "edm"}, "edm"),
        ({"variance": "fixed"}, "variance is 'fixed', must be none or learned_range"),
    ):
        with pytest.raises(ValueError, match=message):
            quell.FunctionDenoiser(function, **options)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (quell.DDIMSampler, {"eta": -1}, "eta"),
        (quell.ItoSampler, {"temperature": 0}, "temperature"),
        (quell.zABSampler, {"order": 9}, "order"),
        (quell.PCSampler, {"corrections": 8}, "corrections"),
        (quell.HeunSampler, {"steady": 1}, "steady: 1, must be True or False"),
    ],
)
def test_options_of_classes(kind, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        kind(MIXTURE, **options)


def test_a_subclass_is_checked_when_it_is_whole():
    class Doubled(quell.Sampler, abc.ABC):
        def __init__(self, denoiser, weight, **kwargs):
            super().__init__(denoiser, **kwargs)
            self.weight = weight

        @property
        def spec(self):
            return f"ddim:eta={self.weight}"

    assert Doubled(MIXTURE, 0.5, steps=3).steps == 3
    with pytest.raises(ValueError, match="eta"):
        Doubled(MIXTURE, -0.5)


def test_own_steps_need_no_more_than_times():
    class Own(quell.Sampler):
        def step(self, x_t, t, s):
            return x_t

    class Timed(Own):
        timesteps = np.array([1.0, 0.0])

    x = np.zeros((2, 2), np.float32)
    assert np.array_equal(Own("no denoiser", schedule="vp", steps=2, silent=True)(x), x)
    assert np.array_equal(Timed("no denoiser", silent=True)(x), x)
    assert Own(steps=2).steps == 2  # its denoiser is set later
    with pytest.raises(ValueError, match="start is 0.2"):
        Own(function, schedule="vp", start=0.2, stop=0.5)


def test_no_denoiser():
    """None and a name are refused at once; what a caller's own class does is its own."""
    for kind in quell.Sampler, quell.DDIMSampler, quell.zABSampler:
        with pytest.raises(TypeError, match="^denoiser: None, must be a denoiser$"):
            kind(None, schedule="vp")
        with pytest.raises(TypeError, match="^denoiser: None, must be a denoiser$"):
            kind(denoiser=None)
    for options in {}, {"schedule": "vp"}:
        with pytest.raises(TypeError, match="a name; load it: quell.load.'builtin:glyphs'.$"):
            quell.Sampler("builtin:glyphs", "ddim", **options)
        with pytest.raises(TypeError, match="^denoiser: a PosixPath, a name; load it"):
            quell.Sampler(pathlib.PosixPath("model.npz"), **options)

    class Later(quell.Sampler):
        def __init__(self, denoiser):
            super().__init__(None, steps=2, silent=True)
            self.denoiser = denoiser

    class Called(str):
        __slots__ = ()

        def __call__(self, x, t):
            return x

    empty = quell.Sampler(schedule="vp", steps=2, silent=True)  # its denoiser is set later
    empty.denoiser = function
    for one in Later(MIXTURE), empty, quell.Sampler(Called("x"), schedule="vp", steps=2):
        assert one(X, seed=0).shape == X.shape


def test_shapes_of_other_samples():
    sampler = quell.Sampler(MIXTURE, steps=2, silent=True)
    with pytest.raises(ValueError, match="^shape: samples of 3 elements, the denoiser's have 2$"):
        sampler.init((4, 3))
    with pytest.raises(ValueError, match="^x: samples of 1 element, the denoiser's have 2$"):
        sampler(np.zeros((4, 1), np.float32))
    with pytest.raises(ValueError, match=r"^x: shape \(2,\), must be \(B, 2\)$"):
        sampler(X[0])
    assert sampler.init((0, 2)).shape == (0, 2) and sampler.init((1, 2, 1)).shape == (1, 2, 1)


def test_names_that_are_set():
    """What is like an option, and is none, is refused; all else is the caller's own."""
    for sampler, name, message in (
        (quell.Sampler(MIXTURE), "stepz", r"no option 'stepz' \(did you mean 'steps'\?\)"),
        (quell.Sampler(MIXTURE), "STEPS", r"no option 'STEPS' \(did you mean 'steps'\?\)"),
        (quell.Sampler(MIXTURE), "eta", "it stands in the spec of a new one, .*'ddim:eta=...'"),
        (quell.DDIMSampler(MIXTURE), "etta", r"no option 'etta' \(did you mean 'eta'\?\)"),
        (quell.HeunSampler(MIXTURE), "s_churn", "it stands in .*'heun:s_churn=...'"),
    ):
        with pytest.raises(AttributeError, match=message):
            setattr(sampler, name, 2)
        assert not hasattr(sampler, name)

    class Own(quell.DDIMSampler):
        def __init__(self, denoiser):
            self.stepz = 3
            super().__init__(denoiser, steps=self.stepz)
            self.Steps, self.title = 4, "own"

    own = Own(MIXTURE)
    own.times_seen, own.sigma = 3, 4
    assert (own.steps, own.Steps, own.sigma) == (3, 4, 4)
    plain = quell.DDIMSampler(MIXTURE, 0.5, silent=True)
    plain.remark, plain.eta, plain.steps, plain.denoiser = "mine", 0.25, 2, function
    plain.schedule = "vp"
    for one in copy.copy(plain), copy.deepcopy(plain), plain:
        assert (one.remark, one.spec) == ("mine", plain.spec) and one(X, seed=1).shape == X.shape
    plain.step = lambda x_t, t, s, **kwargs: x_t
    assert np.array_equal(plain(X), X)


def test_set_later():
    sampler = quell.Sampler(MIXTURE, steps=3, silent=True)
    for name, value in (("steps", 0), ("start", "1"), ("threads", -1), ("brownian", 2)):
        with pytest.raises((ValueError, TypeError), match=name):
            setattr(sampler, name, value)
    assert sampler.steps == 3
    own = quell.DDIMSampler(MIXTURE, 0.5, silent=True)
    ito = quell.ItoSampler(MIXTURE, silent=True)
    for one, name, value, message in (
        (own, "schedule", "vpp", "did you mean 'vp'"),
        (own, "start", 2, "start: 2, must be from 0 to 1"),
        (own, "stop", -0.5, "stop: -0.5, must be from 0 to 1"),
        (own, "eta", "a", "eta: 'a', must be a real number"),
        (own, "eta", -1, "option 'eta' must be"),
        (ito, "temperature", 0, "option 'temperature' must be"),
        (ito, "steady", 3, "steady: 3, must be True or False"),
        (quell.zABSampler(MIXTURE), "order", 9, "option 'order' must be"),
    ):
        before = one.spec, getattr(one, name)
        with pytest.raises((quell.Error, TypeError), match=message):
            setattr(one, name, value)
        assert (one.spec, getattr(one, name)) == before
    sampler.steps, sampler.times = None, [1, 0.4, 0]
    assert sampler(np.zeros((1, 2), np.float32), seed=0).shape == (1, 2)


X = np.zeros((1, 2), np.float32)


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: quell.Sampler(MIXTURE, stpes=3), "steps"),
        (lambda: quell.Sampler(MIXTURE, num_inference_steps=3), "steps"),
        (lambda: quell.Sampler(MIXTURE, silent=True)(X, classes=3), "label"),
        (lambda: quell.Sampler(MIXTURE, silent=True)(X, y=3), "label"),
        (lambda: quell.Sampler(MIXTURE, schedul="vp"), "schedule"),
        (lambda: quell.DDIMSampler(MIXTURE, etta=0.5), "eta"),
        (lambda: quell.zABSampler(MIXTURE, ordr=1), "order"),
        (lambda: quell.Sampler(MIXTURE, silent=True)(X, sed=3), "seed"),
        (lambda: quell.Sampler(MIXTURE, silent=True)(X, lable=3), "label"),
        (lambda: quell.Sampler(MIXTURE, silent=True).init((1, 2), sead=3), "seed"),
        (lambda: quell.Sampler(MIXTURE).step(X, 1.0, 0.5, idnex=[3]), "index"),
        (lambda: quell.Sampler(function, schedule="vp", silent=True)(X, sed=3), "seed"),
        (lambda: quell.Sampler(SHOWERS)(np.zeros((1, 6), np.float32), enrgy=3), "energy"),
        (lambda: quell.FunctionDenoiser(function, outptu="eps"), "output"),
        (lambda: quell.VPSchedule(alpha_mn=0.1), "alpha_min"),
        (lambda: quell.Schedule.from_betas(beta=[0.1]), "betas"),
        (lambda: quell.GaussianDenoiser([0.0], covv=1), "cov"),
        (lambda: quell.MixtureDenoiser([1], [[0]], variance=[1]), "variances"),
        (lambda: quell.EmpiricalDenoiser(point=[[1]]), "points"),
        (lambda: quell.guided(MIXTURE, wieght=2), "weight"),
        (lambda: quell.load("builtin:rings", precison="bf16"), "precision"),
        (lambda: quell.Model("builtin:rings", precison="bf16"), "precision"),
        (lambda: quell.normal(seeds=1, count=1, shape=(2,)), "seed"),
        (lambda: quell.quantize("builtin:rings", "b.safetensors", bond=1), "bound"),
        (lambda: quell.Queue(thread=1), "threads"),
        (lambda: quell.Queue().submit(quell.Sampler(MIXTURE), (1, 2), sconds=1), "seconds"),
        (lambda: quell.from_diffusers({}, step=3), "steps"),
        (lambda: quell.Sampler(MIXTURE, silent=True)(X, callback=print), "progress"),
        (lambda: quell.Sampler(function, schedule="vp")(X, callback=print), "progress"),
    ],
)
def test_the_keyword_that_was_meant(call, meant):
    with pytest.raises(TypeError, match=f"did you mean '{meant}'"):
        call()


def test_what_is_the_samplers():
    for name, says in (
        ("steps", "it is the sampler's: sampler.steps = ..."),
        ("threads", "it is the sampler's: sampler.threads = ..."),
        ("num_inference_steps", "it is the sampler's: sampler.steps = ..."),
        ("eta", "an option stands in the spec of a sampler that has it: 'ddim:eta=...'"),
    ):
        with pytest.raises(TypeError, match=f"takes no argument '{name}' \\({re.escape(says)}"):
            quell.Sampler(MIXTURE, silent=True)(X, **{name: 1})
        with pytest.raises(TypeError, match=f"takes no argument '{name}' \\({re.escape(says)}"):
            quell.Sampler(function, schedule="vp", silent=True)(X, **{name: 1})


@pytest.mark.parametrize("dim", [(1, 2), None, "2", 1.5, 0, -1, 2**40, lambda: 2, np.array([2])])
def test_a_denoisers_own_attributes(dim):
    """`dim` is a common name in networks, for whatever they like."""

    class Net:
        def __init__(self):
            self.dim = dim

        def __call__(self, x, t):
            return x / 2

    sampler = quell.Sampler(Net(), steps=3, schedule="vp", silent=True)
    assert sampler(X, seed=1).shape == X.shape
    assert sampler.evaluations == 3 and sampler.plan() and sampler.operations() and sampler.digest


def test_a_wrapper_has_keywords_of_its_own():
    @functools.wraps(function)
    def scaled(x, t, *, scale=1.0):
        return function(x, t) * scale

    class Any:
        def __init__(self):
            functools.update_wrapper(self, function)

        def __call__(self, x, t, **kwargs):
            return x * kwargs["scale"]

    x = np.ones((1, 2), np.float32)
    for one in scaled, Any():
        sampler = quell.Sampler(one, steps=3, schedule="vp", silent=True)
        assert not np.array_equal(sampler(x, seed=1, scale=0.5), sampler(x, seed=1, scale=1.0))
    with pytest.raises(TypeError, match=r"no argument 'scael' \(did you mean 'scale'"):
        quell.Sampler(scaled, steps=3, schedule="vp", silent=True)(x, scael=0.5)


def test_keywords_of_a_denoisers_own():
    def told(x, t, temperature, label):
        return x + temperature

    sampler = quell.Sampler(told, schedule="vp", silent=True)
    assert sampler(X, temperature=1.0, label=0).shape == X.shape
    with pytest.raises(TypeError, match=r"no argument 'temperatur' \(did you mean 'temperature'"):
        sampler(X, temperatur=1.0, label=0)
    plain = quell.Sampler(function, schedule="vp", silent=True)
    with pytest.raises(TypeError, match="the denoiser takes no argument 'label'$"):
        plain(X, label=0)


def test_conditions_that_must_be_given():
    x = np.zeros((3, 6), np.float32)
    sampler = quell.Sampler(SHOWERS, steps=2, silent=True)
    must = r"must be given: a number for all samples, or an array of shape \(3,\), a row for each$"
    with pytest.raises(TypeError, match=must):
        sampler(x)
    with pytest.raises(ValueError, match="is none, but the denoiser cannot do without it: give 1"):
        sampler(x, energy=None)
    must = r"shape \(2,\), must be \(\) or \(1,\) for all samples, or \(3,\), a row for each"
    with pytest.raises(ValueError, match=must):
        sampler(x, energy=[1.0, 2.0])
    assert np.array_equal(sampler(x, energy=50.0), sampler(x, energy=[50.0]))


def test_labels_of_all_samples():
    rings = quell.load("builtin:rings")
    x = np.ones((2, 2), np.float32)
    assert np.array_equal(rings(x, 0.5, [1]).mean, rings(x, 0.5, 1).mean)
    with pytest.raises(ValueError, match=r"must be \(\) or \(1,\) for all samples, or \(2,\)"):
        rings(x, 0.5, [0, 1, 0])


def test_not_finite():
    x = np.ones((2, 2), np.float32)
    x[1, 0] = np.nan
    given = r"run: x\[1\]\[0\] is nan before the first transition"
    with pytest.raises(quell.NotFinite, match=given):
        quell.Sampler(MIXTURE, steps=2, silent=True)(x, seed=0)
    with pytest.raises(quell.NotFinite, match=r"denoise: x\[1\]\[0\] is nan"):
        MIXTURE(x, 0.5)
    sampler = quell.Sampler(lambda x, t: x / 0, schedule="vp", steps=2, silent=True)
    with np.errstate(divide="ignore"), pytest.raises(
        quell.NotFinite, match=r"the denoiser \(function\) returned inf in element 0"
    ) as raised:
        sampler(np.ones((2, 2), np.float32))
    assert raised.value.sample == 0 and raised.value.transition == 0
