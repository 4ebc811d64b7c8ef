# SPDX-License-Identifier: MIT
"""What functions as denoisers are given and give: arguments of each sample, labels, variances; and
batches of none."""

import collections
import types

import numpy as np
import pytest

import quell


def shrink(x_t, t):
    """The mean of X ~ N(0, I) under "vp"."""
    alpha, sigma = quell.VPSchedule()(float(t))
    return alpha / (alpha**2 + sigma**2) * x_t


def test_per_sample_arguments():
    """An operator of as many rows as there are samples is not cut; what is said to be is, where it
    is nested, too."""
    operator, targets = quell.normal(5, 5, (5,)), quell.normal(6, 5, (5,))

    def function(x_t, t, operator, data):
        assert operator.shape == (5, 5) and data["list"][0].shape == x_t.shape
        assert data["list"][0] is not targets or len(x_t) == 5
        return 0 * x_t + data["list"][0] @ operator

    given = {"list": [quell.PerSample(targets)], "other": targets}
    for spec in ("ddim", "dpm_adaptive"):
        sampler = quell.Sampler(function, spec, schedule="vp", silent=True)
        x = sampler(quell.normal(0, 5, (5,)), operator=operator, data=given, first=3)
        assert np.allclose(x, targets @ operator, atol=0.05)
    assert given["list"][0].rows is targets
    for wrong in (targets[:3], 2.0, targets[0, 0]):
        with pytest.raises(ValueError, match="data: .* in a PerSample, must be 5"):
            given["list"] = [quell.PerSample(wrong)]
            sampler(quell.normal(0, 5, (5,)), operator=operator, data=given)
    plain = quell.Sampler(
        lambda x, t, y: x * 0 + y, "dpm_adaptive", schedule="vp", silent=True
    )
    with pytest.raises(ValueError, match="PerSample"):
        plain(quell.normal(0, 5, (5,)), y=targets)


class Fixed(dict):
    """Has a constructor of its own."""

    def __init__(self, *, size):
        super().__init__()
        self.size = size


class Row(list):
    def __init__(self, first, second):
        super().__init__([first, second])


class Pair(tuple):
    def __new__(cls, first, second):
        return super().__new__(cls, (first, second))


def containers(rows):
    """`rows` in what a program may hold its arguments in."""
    fixed = Fixed(size=3)
    fixed["y"] = rows
    return {
        "defaultdict": (collections.defaultdict(list, y=rows), lambda made: made["y"]),
        "OrderedDict": (collections.OrderedDict(y=rows), lambda made: made["y"]),
        "UserDict": (collections.UserDict(y=rows), lambda made: made["y"]),
        "proxy": (types.MappingProxyType({"y": rows}), lambda made: made["y"]),
        "dict": (fixed, lambda made: made["y"]),
        "list": (Row(rows, 1), lambda made: made[0]),
        "tuple": (Pair(rows, 1), lambda made: made[0]),
        "namedtuple": (collections.namedtuple("N", "y, z")(rows, 1), lambda made: made.y),
        "nested": ([collections.defaultdict(list, y=rows)], lambda made: made[0]["y"]),
    }


@pytest.mark.parametrize("kind", containers(None))
@pytest.mark.parametrize("spec", ["ddim", "dpm_adaptive"])
def test_containers_of_rows(kind, spec):
    targets = quell.normal(6, 5, (2,))
    given, got = containers(quell.PerSample(targets))[kind]
    told = []

    def function(x_t, t, data):
        told.append(data)
        return 0 * x_t + got(data)

    sampler = quell.Sampler(function, spec, schedule="vp", silent=True)
    assert np.allclose(sampler(quell.normal(0, 5, (2,)), data=given), targets, atol=0.05)
    assert isinstance(got(given), quell.PerSample)  # the caller's own stays
    assert kind == "proxy" or all(type(one) is type(given) for one in told)
    given, _ = containers(quell.PerSample(targets[:3]))[kind]
    with pytest.raises(ValueError, match="data: 3 rows in a PerSample"):
        sampler(quell.normal(0, 5, (2,)), data=given)


def test_labels_of_a_function():
    told = []

    def function(x_t, t, label):
        told.append((len(x_t), np.shape(label), np.sum(label)))
        return x_t * 0 + np.reshape(label, (-1, 1))

    for spec in ("ddim", "dpm_adaptive"):
        sampler = quell.Sampler(function, spec, schedule="vp", silent=True)
        for label in (np.arange(4), [0, 1, 2, 3], quell.PerSample(np.arange(4))):
            x = sampler(quell.normal(0, 4, (2,)), label=label)
            assert np.allclose(x, np.arange(4)[:, None], atol=0.05)
        assert np.allclose(sampler(quell.normal(0, 4, (2,)), label=3), 3, atol=0.05)
        with pytest.raises(ValueError, match="label: 3 rows"):
            sampler(quell.normal(0, 4, (2,)), label=[0, 1, 2])
    assert (1, (1,), 3) in told and (4, (4,), 6) in told and (1, (), 3) in told


def test_learned_variance():
    """Nichol & Dhariwal's eq. 15, in double, from the same normals."""
    schedule, x1 = quell.VPSchedule(), quell.normal(2, 50, (3,))

    def function(x_t, t):
        return 0.3 * x_t, np.tanh(x_t)

    denoiser = quell.FunctionDenoiser(function, schedule, variance="learned_range")
    options = {"steps": 6, "silent": True}
    x = quell.Sampler(denoiser, "ddpm:variance=learned_range", **options)(x1, seed=5)
    sampler = quell.Sampler(denoiser, "ddpm", **options)
    assert not np.allclose(sampler(x1, seed=5), x, atol=1e-3)
    plain = quell.FunctionDenoiser(lambda x, t: 0.3 * x, schedule)
    assert np.array_equal(quell.Sampler(plain, "ddpm", **options)(x1, seed=5), sampler(x1, seed=5))
    least, most = (
        quell.Sampler(
            quell.FunctionDenoiser(
                lambda x, t, v=v: (0.3 * x, 0 * x + v), schedule, variance="learned_range"
            ),
            "ddpm:variance=learned_range",
            times=[0.5, 0.4],
            silent=True,
        )(x1, seed=5).astype(float)
        for v in (-1, 1)
    )
    (at, st), (as_, ss) = schedule(0.5), schedule(0.4)
    tau = 1 - (at / as_ * ss / st) ** 2
    mean = as_ * 0.3 * x1.astype(float) + (at / as_ * ss**2 / st**2) * (x1 - at * 0.3 * x1)
    assert np.allclose((least - mean).std() ** 2, ss**2 * tau, rtol=0.3)
    assert (np.abs(most - mean) >= np.abs(least - mean) * 0.999).all()
    with pytest.raises(quell.BadArgument, match="learned_range"):
        quell.Sampler(plain, "ddpm:variance=learned_range", **options)(x1)
    for wrong in (lambda x, t: x, lambda x, t: (x, x, x)):
        with pytest.raises(TypeError, match="pair"):
            own = quell.FunctionDenoiser(wrong, schedule, variance="learned_range")
            quell.Sampler(own, "ddpm", **options)(x1)
    with pytest.raises(ValueError, match="variance of shape"):
        own = quell.FunctionDenoiser(
            lambda x, t: (x, x[:, :1]), schedule, variance="learned_range"
        )
        quell.Sampler(own, "ddpm", **options)(x1)


@pytest.mark.parametrize("spec", ["ddim", "ddpm", "dpmpp_2m", "dpm_adaptive", "pc", "heun"])
def test_empty_batches(spec, mixture):
    rings = quell.load("builtin:rings")
    steps = {} if spec == "dpm_adaptive" else {"steps": 3}
    for denoiser in (mixture, rings, shrink):
        for dtype in (np.float32, np.float64):
            sampler = quell.Sampler(denoiser, spec, schedule="vp", silent=True, **steps)
            none = sampler.init((0, 2), seed=1).astype(dtype)
            for x in (none, sampler(none, seed=1), sampler.step(none, 0.5, 0.4)):
                assert x.shape == (0, 2) and x.dtype == dtype
            assert sampler(none, out=np.zeros((0, 2), np.float32)).shape == (0, 2)
    for t in (0.5, np.zeros(0)):
        assert mixture(np.zeros((0, 2)), t).mean.shape == (0, 2)
    assert rings(np.zeros((0, 2)), 0.5, label=[]).mean.shape == (0, 2)
    assert quell.Sampler(rings, spec, silent=True, **steps)(none, label=[]).shape == (0, 2)
    assert quell.normal(0, 0, (2, 3)).shape == (0, 2, 3)
    assert quell.brownian(0, 0, (2,), 0.1, 0.4).shape == (0, 2)
    with pytest.raises(ValueError, match="steps"):
        quell.Sampler(mixture, spec, silent=True, steps=0)(none)
