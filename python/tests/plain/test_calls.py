# SPDX-License-Identifier: MIT
"""Functions as denoisers, arrays in and out, progress, exceptions."""

import sys
import threading
import time
import types

import numpy as np
import pytest

import quell


def shrink(x_t, t):
    """The mean of X ~ N(0, I) under "vp"."""
    alpha, sigma = quell.VPSchedule()(float(t))
    return alpha / (alpha**2 + sigma**2) * x_t


NATIVE = quell.GaussianDenoiser(np.zeros(3))


@pytest.mark.parametrize("spec", ["ddim", "ddpm", "heun", "dpmpp_3m_sde", "dpm_adaptive"])
def test_a_function_is_a_denoiser(spec):
    x1 = quell.normal(0, 40, (3,))
    steps = {} if spec == "dpm_adaptive" else {"steps": 9}
    own = quell.Sampler(shrink, spec, schedule="vp", silent=True, **steps)
    theirs = quell.Sampler(NATIVE, spec, silent=True, **steps)
    assert np.allclose(own(x1, seed=1), theirs(x1, seed=1), atol=1e-4)
    images = quell.normal(0, 4, (3, 2, 5))
    assert own(images, seed=1).shape == (4, 3, 2, 5)


@pytest.mark.parametrize("output", ["eps", "v", "score", "flow"])
def test_other_outputs(output):
    def function(x, time):
        alpha, sigma = quell.VPSchedule()(float(time))
        mean = shrink(x, time)
        noise = (x - alpha * mean) / sigma
        return {
            "eps": noise,
            "v": alpha * noise - sigma * mean,
            "score": -noise / sigma,
            "flow": noise - mean,
        }[output]

    x1, denoiser = quell.normal(0, 9, (3,)), quell.FunctionDenoiser(function, output=output)
    right = quell.EulerSampler(NATIVE, steps=9, silent=True)(x1)
    assert np.allclose(quell.EulerSampler(denoiser, steps=9, silent=True)(x1), right, atol=1e-3)


def test_what_a_function_is_told():
    told = []

    def function(x_t, t, scale, each):
        told.append((x_t.shape, float(t), x_t))
        x_t *= 0  # its own, which no harm can be done by
        return quell.Posterior(x_t + scale * each[:, None])

    sampler = quell.EulerSampler(function, schedule="vp", steps=4, silent=True)
    x = sampler(quell.normal(0, 5, (2,)), scale=2.0, each=np.arange(5))
    assert [t for _, t, _ in told] == [1, 0.75, 0.5, 0.25]
    assert all(shape == (5, 2) for shape, _, _ in told)
    assert np.allclose(x, 2 * np.arange(5)[:, None], atol=0.01)
    adaptive = quell.Sampler(function, "dpm_adaptive", schedule="vp", silent=True)
    each = quell.PerSample(np.arange(5))
    x = adaptive(quell.normal(0, 5, (2,)), scale=2.0, each=each, first=7)
    assert np.allclose(x, 2 * np.arange(5)[:, None], atol=0.05)


def test_arrays(mixture):
    sampler = quell.EulerSampler(mixture, steps=5, silent=True)
    x1 = quell.normal(0, 6, (2,))
    before, right = x1.copy(), sampler(x1)
    assert np.array_equal(x1, before) and right.dtype == np.float32
    assert sampler(x1.astype(np.float64)).dtype == np.float64
    assert np.array_equal(sampler(x1[:, ::-1][:, ::-1]), right)
    assert np.array_equal(sampler(x1.tolist()), right)
    out = np.zeros_like(x1)
    assert sampler(x1, out=out) is out and np.array_equal(out, right)
    assert sampler(x1, out=x1) is x1 and np.array_equal(x1, right)
    assert sampler.init((6, 2), seed=0, out=out) is out
    assert np.array_equal(out, sampler.init((6, 2), seed=0))
    assert np.array_equal(np.from_dlpack(right), right)


class Lent:
    """An array of another library's, by DLPack alone."""

    def __init__(self, array, device=1):
        self.array, self.device = array, device

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.device, 0


def test_dlpack(mixture):
    sampler, x1 = quell.EulerSampler(mixture, steps=5, silent=True), quell.normal(0, 6, (2,))
    assert np.array_equal(sampler(Lent(x1)), sampler(x1))
    with pytest.raises(ValueError, match="another device"):
        sampler(Lent(x1, device=2))


def test_init_moments(mixture):
    sampler = quell.EulerSampler(mixture, schedule="rectified:alpha_min=0.5", silent=True)
    alpha, sigma = sampler._native_schedule().at(1)
    noise = quell.normal(4, 3, (2,))
    x = sampler.init((3, 2), mean=[3.0, -1.0], var=4.0, seed=4)
    right = alpha * np.array([3, -1]) + np.sqrt(alpha**2 * 4 + sigma**2) * noise
    assert np.allclose(x, right, atol=1e-5)
    with pytest.raises(ValueError, match="a sample's"):
        sampler.init((3, 2), mean=[1.0, 2.0, 3.0])


def test_progress(mixture, capsys):
    seen = []
    sampler = quell.DDPMSampler(mixture, steps=10, silent=True)
    sampler(sampler.init((8, 2)), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (80, 80) and seen == sorted(seen)
    assert capsys.readouterr() == ("", "")

    def enough(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        sampler(sampler.init((8, 2)), progress=enough)


class Own(Exception):
    pass


def test_what_a_denoiser_raises_comes_out():
    raised = Own("mine")

    def function(x_t, t):
        if t < 0.5:
            raise raised
        return x_t

    sampler = quell.EulerSampler(function, schedule="vp", steps=8, silent=True)
    with pytest.raises(Own) as caught:
        sampler(quell.normal(0, 3, (2,)))
    assert caught.value is raised
    assert "function" in [entry.name for entry in caught.traceback]


def test_errors(mixture):
    x = quell.normal(0, 3, (2,))

    def run(*arguments, **options):
        return quell.Sampler(*arguments, silent=True, **options)(x)

    with pytest.raises(quell.NotFound, match="nosuch") as caught:
        run(mixture, "nosuch")
    assert isinstance(caught.value, LookupError) and isinstance(caught.value, quell.Error)
    assert quell.errors._make(caught.value.status, "", None, None).__class__ is quell.NotFound
    with pytest.raises(quell.NotFound, match="did you mean 'dpmpp_2m'"):
        quell.Sampler(mixture, "dpmpp2m")
    with pytest.raises(quell.NotFound, match="did you mean 'karras'"):
        quell.Sampler(mixture, grid="karas:rho=5")
    with pytest.raises(TypeError, match="^Sampler: step=3: there is no"):
        quell.Sampler(mixture, step=3)
    with pytest.raises(ValueError, match="eta"):
        run(mixture, "ddim:eta=-1")
    with pytest.raises(quell.BadArgument, match="steps"):
        run(mixture, steps=0)
    with pytest.raises(ValueError, match="alpha_min"):
        quell.VPSchedule(alpha_min=-1)
    with pytest.raises(OSError, match="no-such-file"):
        quell.load("no-such-file.npy")
    with pytest.raises(ValueError, match="samples of 3 elements, the denoiser's have 2"):
        quell.DDIMSampler(mixture, silent=True)(quell.normal(0, 3, (3,)))
    with pytest.raises(ValueError, match="out: shape"):
        quell.DDIMSampler(mixture, silent=True)(x, out=np.zeros((4, 2), np.float32))
    with pytest.raises(ValueError, match="out: must be float32"):
        quell.DDIMSampler(mixture, silent=True)(x, out=np.zeros((3, 2)))
    guided = r"\(guide the denoiser itself: quell.guided\(denoiser, weight=2\)\)"
    with pytest.raises(TypeError, match=f"takes no argument 'guidance' {guided}"):
        quell.DDIMSampler(mixture, silent=True)(x, guidance=2)
    with pytest.raises(TypeError, match=f"there is no such argument {guided}"):
        quell.Sampler(mixture, "ddim", guidance=2)
    with pytest.raises(TypeError, match="takes no argument 'scale'"):
        quell.DDIMSampler(mixture, silent=True)(x, scale=2)
    with pytest.raises(TypeError, match="has none"):
        run(shrink)
    with pytest.raises(ValueError, match="returned shape"):
        run(lambda x, t: x[:1], schedule="vp")
    with pytest.raises(ValueError, match="on the CPU"):
        quell.DDIMSampler(mixture, device="cuda")


def test_where_a_run_failed():
    def function(x_t, t):
        x_t[4] = np.nan if t < 0.5 else 0
        return x_t

    with pytest.raises(quell.NotFinite, match="sample 14") as caught:
        sampler = quell.EulerSampler(function, schedule="vp", steps=4, silent=True)
        sampler(quell.normal(0, 9, (2,)), first=10)
    assert isinstance(caught.value, ArithmeticError)
    assert (caught.value.sample, caught.value.transition) == (14, 3)


def test_threads_of_python(mixture):
    """The lock is given up: a run in another thread does not keep this one from running, and
    several on one sampler give what one gives."""
    sampler = quell.DDPMSampler(mixture, steps=50, silent=True, threads=1)
    x1 = sampler.init((2000, 2), seed=1)
    right, results = sampler(x1, seed=1), [None] * 4

    def run(i):
        results[i] = sampler(x1, seed=1)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(result, right) for result in results)
    long = threading.Thread(target=run_long, args=(mixture,))
    long.start()
    began = last = time.monotonic()
    longest = 0.0
    while long.is_alive():
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    assert longest < (last - began) / 2


def run_long(mixture):
    quell.DDPMSampler(mixture, steps=1000, silent=True)(np.zeros((100000, 2), np.float32))


def test_own_steps(mixture):
    taken = []

    class Own(quell.Sampler):
        def __init__(self, denoiser, **kwargs):
            super().__init__(**kwargs)
            self.denoiser = denoiser

        def step(self, x_t, t, s):
            taken.append(float(t))
            (alpha_t, sigma_t), (alpha_s, sigma_s) = map(self.denoiser.schedule, (t, s))
            mean = self.denoiser(x_t, t).mean
            return alpha_s * mean + sigma_s / sigma_t * (x_t - alpha_t * mean)

    x1 = quell.normal(0, 9, (2,))
    right = quell.DDIMSampler(mixture, steps=9, silent=True)(x1)
    assert np.allclose(Own(mixture, steps=9, silent=True)(x1), right, atol=1e-5)
    assert len(taken) == 9


def test_plan_and_names(mixture):
    sampler = quell.Sampler(mixture, "dpmpp_2m", steps=3, grid="karras")
    assert sampler.evaluations == 3 and sampler.plan().count("STEP") == 3
    assert len(sampler.timesteps) == 4
    kinds = [operation["kind"] for operation in sampler.operations()]
    assert kinds.count("eval") == kinds.count("step") == 3
    first = quell.DDIMSampler(mixture, steps=2, eta=1).operations()[1]
    assert first["kind"] == "combine" and first["noises"][0]["from"] == 1
    for list_of, name in (
        (quell.samplers, "ddim"),
        (quell.schedules, "vp"),
        (quell.grids, "karras"),
    ):
        assert name in [entry.name for entry in list_of()]
        with pytest.raises(TypeError, match="takes 0 positional arguments but 1 was given$"):
            list_of("x")
    heun = next(entry for entry in quell.samplers() if entry.name == "heun")
    assert (heun.order, heun.evaluations, heun.stochastic) == (2, 2, "optional")
    assert heun.source == "arXiv:2206.00364" and heun.summary
    xeab = next(entry for entry in quell.samplers() if entry.name == "xeab")
    assert xeab.aliases["dpmpp_3m"] == "xeab:order=3"
    options = {option.name: option for option in xeab.options}
    order, solver = options["order"], options["solver"]
    assert order.default == 2 and order.choices == [] and order.low == 1
    assert solver.default in solver.choices and "midpoint" in solver.choices
    assert quell.isa_default() in quell.isas() and quell.__version__ == quell.version()


class Recorder:
    """What tqdm is to a sampler."""

    made = []

    def __init__(self, total, **look):
        self.total, self.n, self.closed = total, 0, False
        Recorder.made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True

    def update(self, more):
        assert more >= 0
        self.n += more


def test_bar(monkeypatch):
    """It counts the steps to the end, is closed, also by an exception, and silent means none."""
    tqdm = types.ModuleType("tqdm")
    tqdm.tqdm = Recorder
    monkeypatch.setitem(sys.modules, "tqdm", tqdm)
    x1 = quell.normal(0, 1000, (3,))
    quell.Sampler(NATIVE, "ddim", steps=50)(x1, seed=1)
    quell.Sampler(NATIVE, "ddim", steps=50, silent=True)(x1, seed=1)
    assert [(bar.total, bar.n, bar.closed) for bar in Recorder.made] == [(50, 50, True)]

    def fails(x_t, t):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        quell.Sampler(fails, "ddim", schedule="vp", steps=50)(x1, seed=1)
    assert len(Recorder.made) == 2
    assert Recorder.made[1].closed
