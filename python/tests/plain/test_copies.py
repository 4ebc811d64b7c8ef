# SPDX-License-Identifier: MIT
"""Copies, pickles and spawned processes draw the same bits; what is kept does not grow."""

import copy
import gc
import multiprocessing
import pickle
import tracemalloc
import weakref

import numpy as np
import pytest

import quell

X = quell.normal(0, 6, (2,))


def half(x_t, t):
    return x_t * np.float32(0.5)


def line(t):
    return 1 - t, t + 1e-3


def squared(x_t, t):
    return (1 - float(t)) * x_t


class OwnSchedule(quell.Schedule):
    def __init__(self, power):
        self.power = power

    def __call__(self, t):
        return 1 - t**self.power, t**self.power + 1e-3


SCHEDULES = {
    "named": lambda: quell.Schedule("beta_linear:train=500"),
    "vp": lambda: quell.VPSchedule(alpha_min=0.01),
    "decay": lambda: quell.DecaySchedule(gamma=0.2),
    "betas": lambda: quell.Schedule.from_betas(np.linspace(1e-4, 0.02, 50)),
    "function": lambda: quell.Schedule.from_function(line),
    "own": lambda: OwnSchedule(2),
}
DENOISERS = {
    "isotropic": lambda: quell.GaussianDenoiser([1.0, 2.0], 0.5),
    "diagonal": lambda: quell.GaussianDenoiser([1.0, 2.0], [0.5, 2.0]),
    "full": lambda: quell.GaussianDenoiser([1.0, 2.0], [[2.0, 0.3], [0.3, 1.0]]),
    "mixture": lambda: quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2]),
    "empirical": lambda: quell.EmpiricalDenoiser(quell.normal(3, 9, (2,))),
    "builtin": lambda: quell.load("builtin:rings"),
    "guided": lambda: quell.guided(quell.load("builtin:rings"), weight=1.5),
    "function": lambda: quell.FunctionDenoiser(half, output="eps"),
    "plain function": lambda: half,
}
SAMPLERS = {
    "ddim": lambda d, s: quell.DDIMSampler(d, eta=0.5, steps=4, silent=True, schedule=s),
    "by name": lambda d, s: quell.Sampler(
        d, "dpmpp_2m", times=[0.9, 0.5, 0.2], silent=True, schedule=s
    ),
    "clamped": lambda d, s: quell.PCSampler(d, steps=3, clamp=(-1, 1), silent=True, schedule=s),
}
COPIES = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "protocol 2": lambda x: pickle.loads(pickle.dumps(x, protocol=2)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


def drawn(sampler):
    label = 1 if getattr(sampler.denoiser, "classes", 0) else None
    return sampler(X, seed=3, label=label)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name, way):
    schedule = SCHEDULES[name]()
    again = COPIES[way](COPIES[way](schedule))
    assert type(again) is type(schedule)
    t = np.linspace(0, 1, 7)
    assert np.array_equal(again(t), schedule(t))
    sampler = SAMPLERS["ddim"](DENOISERS["mixture"](), again)
    assert np.array_equal(
        drawn(sampler), drawn(SAMPLERS["ddim"](DENOISERS["mixture"](), schedule))
    )


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", DENOISERS)
def test_denoisers(name, way):
    denoiser = DENOISERS[name]()
    again = COPIES[way](COPIES[way](denoiser))
    assert type(again) is type(denoiser)
    right = drawn(SAMPLERS["ddim"](denoiser, "vp"))
    assert np.array_equal(drawn(SAMPLERS["ddim"](again, "vp")), right)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(name, way):
    sampler = SAMPLERS[name](DENOISERS["mixture"](), quell.VPSchedule())
    for used in (False, True):  # before the library's object is made, and after
        again = COPIES[way](sampler)
        assert np.array_equal(drawn(again), drawn(sampler)) or not used
    again.stop, again.times = None, None
    again.steps = 2
    assert not np.array_equal(drawn(again), drawn(sampler))


def test_copies_are_apart():
    schedule = quell.VPSchedule()
    mixture = quell.MixtureDenoiser([1], [[1.0, 2.0]], [1.0], schedule)
    sampler = quell.DDIMSampler(mixture, silent=True)
    deep = copy.deepcopy(sampler)
    schedule.alpha_min = 0.1
    assert deep.denoiser.schedule.alpha_min == 1e-3
    assert deep.denoiser.native is sampler.denoiser.native
    assert not np.array_equal(drawn(deep), drawn(sampler))


def test_files(tmp_path):
    path = tmp_path / "points.npy"
    np.save(path, X)
    model = quell.load(path)
    text = pickle.dumps(model)
    right = drawn(SAMPLERS["ddim"](model, "vp"))
    np.save(path, X + 1)
    with pytest.raises(ValueError, match="changed"):
        pickle.dumps(model)
    assert np.array_equal(drawn(SAMPLERS["ddim"](copy.deepcopy(model), "vp")), right)
    path.unlink()
    again = pickle.loads(pickle.dumps(pickle.loads(text)))
    assert np.array_equal(drawn(SAMPLERS["ddim"](again, "vp")), right)
    assert again.shape == model.shape and type(again) is quell.Model


def test_what_cannot_be():
    for wrong in (
        quell.Schedule.from_function(lambda t: (1 - t, t)),
        quell.FunctionDenoiser(lambda x, t: x),
        quell.Sampler(lambda x, t: x, schedule="vp"),
    ):
        copy.deepcopy(wrong)
        with pytest.raises((pickle.PicklingError, AttributeError), match="lambda|local object"):
            pickle.dumps(wrong)
    alone = quell.NativeDenoiser(quell.load("builtin:rings").native, (2,))
    with pytest.raises(TypeError, match="native object"):
        pickle.dumps(alone)
    assert copy.deepcopy(alone).native is alone.native


def test_errors():
    with pytest.raises(quell.NotFinite) as caught:
        quell.Sampler(lambda x, t: x * np.nan, schedule="vp", silent=True)(X)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is quell.NotFinite and str(again) == str(caught.value)
    assert (again.status, again.sample, again.transition) == (9, 0, 0)


def test_spawned():
    samplers = [SAMPLERS["ddim"](DENOISERS[name](), "vp") for name in ("full", "mixture")]
    samplers.append(SAMPLERS["by name"](quell.load("builtin:rings"), quell.DecaySchedule()))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for sampler, theirs in zip(samplers, pool.map(drawn, samplers), strict=True):
            assert np.array_equal(theirs, drawn(sampler))


class Holder:
    """Has a sampler whose denoiser is a method of its own."""

    def __init__(self):
        self.sampler = quell.Sampler(self.denoise, schedule="vp", steps=2, silent=True)

    def denoise(self, x_t, t):
        return x_t


def test_what_was_used_goes():
    holder = Holder()
    holder.sampler(X)
    schedule = OwnSchedule(2)
    assert schedule.native.at(0.5)
    gone = weakref.ref(holder), weakref.ref(schedule)
    del holder, schedule
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_nothing_grows():
    """Means, dims, specs and schedules of which each is used once."""
    sampler = quell.Sampler(half, schedule="vp", steps=4, silent=True)
    mean = np.zeros(4000)

    def use(i):
        mean[0] = i
        sampler.init((1, 4000), mean=mean, var=1 + mean, seed=1)
        sampler.init((1, 2), mean=float(i), seed=1)
        sampler(np.zeros((1, 1 + i), np.float32), seed=1)
        quell.Sampler(half, schedule=f"ve:sigma_max={10 + i}", steps=2, silent=True)(X)

    for i in range(70):
        use(i)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(70, 100):
        use(i)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 50_000, grown
    assert len(sampler._made) <= 4


def test_a_model_by_a_relative_path(tmp_path, monkeypatch):
    """It is pickled from wherever the process is by then."""
    (tmp_path / "m.json").write_text('{"kind": "gaussian", "dim": 2, "variance": 2}')
    monkeypatch.chdir(tmp_path)
    model = quell.load("m.json")
    monkeypatch.chdir("/")
    again = pickle.loads(pickle.dumps(model))
    assert again.digest == model.digest and copy.deepcopy(model).digest == model.digest
    assert (again(X, 0.5).mean == model(X, 0.5).mean).all()
