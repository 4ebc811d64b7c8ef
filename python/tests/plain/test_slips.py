# SPDX-License-Identifier: MIT
"""Slips of a first hour: what was meant is taken, and what is wrong is named."""

import numpy as np
import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
RINGS = quell.load("builtin:rings")
X = quell.normal(0, 4, (2,))


def sampler(denoiser=MIXTURE, spec="ddim", **options):
    return quell.Sampler(denoiser, spec, silent=True, **{"steps": 4, **options})


@pytest.mark.parametrize("threads", [-1, 10**6])
def test_threads_have_one_range(threads):
    said = f"threads: {threads}, must be from 0 to 65536"
    for make in (lambda: sampler(threads=threads), lambda: quell.Queue(threads=threads)):
        with pytest.raises(quell.BadArgument, match=f"^{said}$"):
            make()


def test_sequences_of_numbers():
    S = sampler(spec="ddpm")
    assert np.array_equal(S(X, seed=3, index=range(4)), S(X, seed=3))
    assert np.array_equal(S(X, seed=range(4)), S(X, seed=[0, 1, 2, 3]))
    with pytest.raises(TypeError, match="index: '0123', must be an integer for each sample"):
        S(X, seed=3, index="0123")


def test_an_array_of_objects():
    with pytest.raises(TypeError, match="^x: object, must be an array of real numbers$"):
        sampler()(X.astype(object))


def test_arguments_of_a_call_elsewhere():
    """They were said to be meant by their own names."""
    beside = r"\(it is no condition, but an argument beside conditions: label=...\)$"
    with pytest.raises(TypeError, match=f"no argument 'label' {beside}"):
        sampler(RINGS)(X, conditions={"label": 1})
    call = r"\(a call of the sampler takes it, sampler\(x, progress=...\), but this does not\)$"
    for denoiser in (RINGS, lambda x, t: x):
        with pytest.raises(TypeError, match=f"no argument 'progress' {call}"):
            sampler(denoiser, schedule="vp").step(X, 1, 0.5, progress=print)
    with quell.Queue() as queue, pytest.raises(TypeError, match=f"no argument 'progress' {call}"):
        queue.submit(sampler(), (4, 2), progress=print)


def test_a_marked_label():
    S, label = sampler(RINGS), [0, 1, 0, 1]
    marked = quell.PerSample(label)
    assert np.array_equal(S(X, seed=1, label=marked), S(X, seed=1, label=label))
    with pytest.raises(quell.BadArgument, match=r"label: shape \(1,\) in a PerSample"):
        S(X, label=quell.PerSample([0]))


class Output:
    """As a network of diffusers' returns it."""

    def __init__(self, sample):
        self.sample = sample


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: quell.FunctionDenoiser(f, output="eps")])
def test_an_output_of_diffusers(wrap):
    with pytest.raises(TypeError, match="it returned a Output, must be an array: return its .samp"):
        sampler(wrap(lambda x, t: Output(x)), schedule="vp")(X)


def test_methods_that_are_set():
    S = sampler()
    with pytest.raises(AttributeError, match=r"step is a method, and 4 .*mean 'steps'\?\)$"):
        S.step = 4
    with pytest.raises(AttributeError, match="plan is a method, and 4 is not callable$"):
        S.plan = 4
    assert S(X, seed=1).shape == (4, 2)
    S.step = lambda x, t, s, **more: x
    assert np.array_equal(S(X), X)


def test_schedules_of_denoisers():
    """One by its name is a Schedule, whoever gave it."""
    named = quell.GaussianDenoiser([0.0], 1.0, schedule="ve")
    function = quell.FunctionDenoiser(lambda x, t: x, "ve")
    for denoiser in (RINGS, MIXTURE, named, function):
        assert len(denoiser.schedule(0.5)) == 2
    named.schedule = "cosine"
    assert named.schedule(0.5) == quell.Schedule("cosine")(0.5)
    for wrong in ("foo", 5):
        with pytest.raises((quell.NotFound, TypeError), match=f"^schedule:? '?{wrong}'?[: ]|: 5"):
            named.schedule = wrong


def test_parts_that_are_set():
    model, queue, schedule = quell.load("builtin:rings"), quell.Queue(), quell.VPSchedule()
    for owner, name in ((model, "shape"), (model, "native"), (queue, "rows"), (queue, "threads")):
        with pytest.raises(AttributeError, match=f"{name} cannot be set"):
            setattr(owner, name, 3)
    for wrong in ("a", 5, np.nan):
        with pytest.raises((TypeError, ValueError), match="^alpha_min: "):
            schedule.alpha_min = wrong
    schedule.alpha_min = 0.01
    assert schedule(1.0) == quell.VPSchedule(alpha_min=0.01)(1.0)
    large = quell.VESchedule()
    large.sigma_min = 2e3  # beyond sigma_max, which may follow
    large.sigma_max = 4e3
    assert large(1.0)[1] == pytest.approx(4e3)


def test_rows_in_a_queue():
    S = sampler()
    with quell.Queue() as queue:
        assert np.array_equal(queue.submit(S, X.tolist(), seed=3).result(), S(X, seed=3))


def test_times_of_a_sampler_that_chooses_its_steps():
    S = quell.Sampler(MIXTURE, "dpm_adaptive", stop=0.25)
    assert S.timesteps.tolist() == [1.0, 0.25]


def test_words_of_bounds():
    with pytest.raises(quell.BadArgument, match=r"leave them out \(their defaults are -inf "):
        sampler(clamp=(0, 0))


def test_truths():
    with pytest.raises(TypeError, match="^label: bool, must be integers$"):
        sampler(RINGS)(X, label=[True, False, True, False])
    with pytest.raises(TypeError, match="^label: True or False among numbers$"):
        sampler(RINGS)(X, label=[True, 0, 1, 0])
