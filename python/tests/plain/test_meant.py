# SPDX-License-Identifier: MIT
"""What was meant is said where something else is given: a class in place of an object, a denoiser
in place of a network, an attribute that nothing reads."""

import copy
import re

import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
SHOWERS = quell.load("builtin:showers")
SETUP = quell.from_diffusers({"_class_name": "DDIMScheduler", "clip_sample": False}, 10)
X = quell.normal(0, 3, (2,))


def function(x, t):
    return x


def test_a_weight_in_the_guides_place():
    for weight in (2, 1.5):
        with pytest.raises(TypeError, match=f"denoisers \\(did you mean weight={weight}\\?\\)$"):
            quell.guided(MIXTURE, weight)


class Module:
    """As those of PyTorch: its objects can be called."""

    def __init__(self, features):
        self.features = features

    def __call__(self, x, t):
        return x


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: quell.Sampler(MIXTURE, schedule=quell.VPSchedule),
            "schedule: VPSchedule is a class, must be a schedule, as VPSchedule()",
        ),
        (
            lambda: quell.MixtureDenoiser([1], [[0]], [1], quell.VESchedule),
            "schedule: VESchedule is a class, must be a schedule, as VESchedule()",
        ),
        (
            lambda: quell.FunctionDenoiser(function, schedule=quell.VPSchedule),
            "schedule: VPSchedule is a class, must be a schedule, as VPSchedule()",
        ),
        (
            lambda: quell.Schedule.from_function(quell.VPSchedule),
            "function: VPSchedule is a class, must be a function, as VPSchedule()",
        ),
        (
            lambda: quell.Sampler(quell.MixtureDenoiser),
            "denoiser: MixtureDenoiser is a class, must be a denoiser, as MixtureDenoiser(...)",
        ),
        (
            lambda: quell.Sampler(quell.FunctionDenoiser, schedule="vp"),
            "denoiser: FunctionDenoiser is a class, must be a denoiser, as FunctionDenoiser(...)",
        ),
        (
            lambda: quell.Sampler(Module, schedule="vp"),
            "denoiser: Module is a class, must be a denoiser, as Module(...)",
        ),
        (
            lambda: quell.FunctionDenoiser(Module, "vp"),
            "function: Module is a class, must be a function or a module, as Module(...)",
        ),
        (
            lambda: SETUP.denoiser(Module),
            "network: Module is a class, must be a network, as Module(...)",
        ),
    ],
)
def test_forgotten_parentheses(make, says):
    with pytest.raises(TypeError, match=f"^{re.escape(says)}$"):
        make()


def test_a_class_that_is_the_function():
    """One whose objects are what a function returns."""

    class Mean:
        def __init__(self, x, t):
            self.mean = 0 * x

    assert not quell.Sampler(Mean, schedule="vp", steps=2, silent=True)(0 * X).any()


class OwnMixture(quell.MixtureDenoiser):
    def __call__(self, x, t):
        return x


def test_a_denoiser_in_a_function():
    """What it returns is E[X | x_t], and nothing else."""
    for output in ("eps", "v", "score", "flow"):
        with pytest.raises(ValueError, match=f"^output: '{output}', but the function is a denoi"):
            quell.FunctionDenoiser(MIXTURE, "vp", output=output)
        with pytest.raises(ValueError, match="^output: .* returned a posterior, whose .mean is E"):
            other = quell.FunctionDenoiser(lambda x, t: MIXTURE(x, t), "vp", output=output)
            quell.Sampler(other, steps=2, silent=True)(X)
        quell.FunctionDenoiser(OwnMixture([1], [[0]], [1]), "vp", output=output)
    with pytest.raises(ValueError, match="^precondition: 'karras', but the function is a denoi"):
        quell.FunctionDenoiser(MIXTURE, "vp", precondition="karras")
    twice = quell.FunctionDenoiser(
        lambda x, t: (MIXTURE(x, t), 0 * x), "vp", output="eps", variance="learned_range"
    )
    with pytest.raises(ValueError, match="^output: 'eps', but the function returned a posterior"):
        quell.Sampler(twice, "ddpm:variance=learned_range", steps=2, silent=True)(X)
    right = quell.Sampler(MIXTURE, steps=4, silent=True)(X)
    for same in (MIXTURE, lambda x, t: MIXTURE(x, t)):
        own = quell.Sampler(quell.FunctionDenoiser(same, "vp"), steps=4, silent=True)
        assert (own(X) == right).all()


def test_a_spec_beside_a_name():
    for kind in (quell.DDIMSampler, quell.DDPMSampler, quell.HeunSampler, quell.zABSampler):
        for spec in ("dpmpp_2m", "ddim"):
            with pytest.raises(TypeError, match=f"^{kind.__name__}: spec='{spec}': it has its own"):
                kind(MIXTURE, spec=spec)
    assert quell.Sampler(MIXTURE, spec="heun").spec == "heun"

    class Own(quell.DDIMSampler):
        def __init__(self, denoiser, spec):
            super().__init__(denoiser)

    Own(MIXTURE, spec="heun")


def test_what_is_no_attribute():
    for name, says in (
        ("s_churn", "an option stands in the spec of a sampler that has it: 'euler:s_churn=...'"),
        ("order", "an option stands in the spec"),
        ("steady", "an option stands in the spec"),
        ("seed", "it is told in a call: sampler(x, seed=...)"),
        ("generator", "it is told in a call: sampler(x, seed=...)"),
        ("label", "it is told in a call: sampler(x, label=...)"),
        ("prior_mean", "the mean and the variance of the data go to init(shape, mean, var)"),
    ):
        with pytest.raises(AttributeError, match=f"has no option '{name}': {re.escape(says)}"):
            setattr(quell.Sampler(MIXTURE), name, 1)
    for name in ("seed", "label", "prior_mean", "progress"):
        with pytest.raises(TypeError, match=f"^Sampler: {name}=1: (it is told in a|the mean)"):
            quell.Sampler(MIXTURE, **{name: 1})
    quell.Sampler(MIXTURE).note = 3


@pytest.mark.parametrize(
    ("denoiser", "name"),
    [
        (MIXTURE, "weights"),
        (MIXTURE, "means"),
        (MIXTURE, "variances"),
        (quell.GaussianDenoiser([0.0, 1.0]), "mean"),
        (quell.GaussianDenoiser([0.0, 1.0]), "cov"),
        (quell.EmpiricalDenoiser([[0.0, 1.0]]), "points"),
        (SHOWERS, "precision"),
        (quell.guided(MIXTURE, quell.MixtureDenoiser([1], [[0, 0]], [1])), "weight"),
    ],
)
def test_the_parts_of_a_denoiser(denoiser, name):
    with pytest.raises(AttributeError, match=f": {name} cannot be set: the library has taken"):
        setattr(denoiser, name, [3, 1])
    copied = copy.copy(denoiser)
    copied.schedule, copied.note = "cosine", 3


def test_the_options_of_a_schedule():
    schedule = quell.VPSchedule()
    schedule.alpha_min = 0.1
    assert schedule(1.0)[0] == pytest.approx(0.1)
    schedule.note = 3
    for one, name in (
        (schedule, "sigma_max"),
        (schedule, "beta_max"),
        (schedule, "alpha_mn"),
        (quell.Schedule("vp"), "alpha_min"),
        (quell.Schedule.from_betas([0.1, 0.2]), "train"),
    ):
        with pytest.raises(AttributeError, match=f"has no option '{name}' to set"):
            setattr(one, name, 0.1)
