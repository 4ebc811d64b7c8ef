# SPDX-License-Identifier: MIT
"""What would wrap, be cut, be rounded or be ignored is refused, by name."""

import fractions
import os

import numpy as np
import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
RINGS = quell.load("builtin:rings")
X = quell.normal(0, 5, (2,))


def sampler(denoiser=MIXTURE, **options):
    return quell.Sampler(denoiser, silent=True, **{"steps": 4, **options})


WRONG_TIMES = [np.nan, -0.1, 1.5, [0.5, np.nan, 0.1, 0, 1], [0.1, 0.2], True, 1j, "half", None]


@pytest.mark.parametrize("t", WRONG_TIMES)
def test_times_of_a_denoiser(t):
    with pytest.raises((TypeError, ValueError), match="t:"):
        MIXTURE(X, t)


def test_times_of_each():
    times = np.array([0.1, 0.9, 0.1, 0.5, 0.5])
    means = MIXTURE(X, times).mean
    for row, time in enumerate(times):
        assert np.array_equal(means[row], MIXTURE(X[row : row + 1], time).mean[0])


WRONG_LABELS = [
    2**32 + 1,
    2**63,
    2**70,
    -2,
    9,
    1.7,
    1.0,
    True,
    np.float64(1),
    "1",
    1j,
    [0, 1, 0, 1, 9],
    [0, 1, 0, 1, -7],
    [0, 1, 0, 1, 2**32],
    [0.0, 1.0, 0.0, 1.0, 0.0],
    [True, False, True, False, True],
    [0, 1],
    np.zeros((5, 1), int),
    np.array([0, 1, 0, 1, 2**64 - 1], np.uint64),
]


@pytest.mark.parametrize("label", WRONG_LABELS, ids=repr)
def test_labels(label):
    with pytest.raises((TypeError, ValueError), match="label"):
        sampler(RINGS)(X, label=label)
    with pytest.raises((TypeError, ValueError), match="label"):
        RINGS(X, 0.5, label=label)


def test_labels_that_are_classes():
    one = sampler(RINGS)(X, seed=1, label=1)
    for label in (np.int8(1), np.uint64(1), np.array(1), [1] * 5, np.ones(5, np.uint8)):
        assert np.array_equal(sampler(RINGS)(X, seed=1, label=label), one)
    none = sampler(RINGS)(X, seed=1)
    for label in (-1, RINGS.classes, [-1, RINGS.classes] * 2 + [-1]):
        assert np.array_equal(sampler(RINGS)(X, seed=1, label=label), none)


WRONG_OPTIONS = [
    ("steps", 64.5),
    ("steps", 64.0),
    ("steps", True),
    ("steps", -1),
    ("steps", 0),
    ("steps", 2**64 + 4),
    ("steps", "4"),
    ("steps", np.array([4, 5])),
    ("start", np.nan),
    ("start", True),
    ("start", "1"),
    ("start", 1 + 0j),
    ("stop", np.nan),
    ("stop", None.__class__),
    ("threads", -1),
    ("threads", 1.0),
    ("threads", 2**64 + 1),
    ("tile", -1),
    ("tile", True),
    ("threshold", np.nan),
    ("threshold_max", np.nan),
    ("clamp", (0.0, np.nan)),
    ("clamp", (1.0, -1.0)),
    ("clamp", (False, True)),
    ("brownian", "no"),
    ("brownian", 1),
    ("isa", 2),
    ("isa", "avx9"),
    ("isa", b"avx2"),
    ("grid", "karras\0junk"),
    ("grid", 3),
    ("schedule", "vp\0junk"),
    ("spec", "ddim\0:eta=1"),
    ("spec", "ddim:eta=nan"),
    ("times", [1.0, np.nan, 0.0]),
    ("times", [[1.0, 0.0]]),
    ("times", [1.0, 0.5j]),
    ("sigmas", [True, False]),
    ("device", "cuda"),
    ("device", "cpu-like"),
]


@pytest.mark.parametrize(("name", "value"), WRONG_OPTIONS, ids=str)
def test_options(name, value):
    with pytest.raises((TypeError, ValueError, LookupError, NotImplementedError)):
        quell.Sampler(MIXTURE, silent=True, **{name: value})(X)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (quell.DDIMSampler, {"eta": np.nan}),
        (quell.DDIMSampler, {"eta": True}),
        (quell.DDIMSampler, {"eta": "0.5"}),
        (quell.DDIMSampler, {"eta": np.inf}),
        (quell.ItoSampler, {"temperature": np.nan}),
        (quell.xEABSampler, {"order": 2.7}),
        (quell.xEABSampler, {"order": True}),
        (quell.PCSampler, {"corrections": 1.5}),
        (quell.PCSampler, {"delta": np.nan}),
        (quell.VPSchedule, {"alpha_min": np.nan}),
        (quell.VPSchedule, {"alpha_min": True}),
        (quell.VPSchedule, {"alpha_min": "0.001"}),
    ],
    ids=str,
)
def test_options_by_name(kind, options):
    with pytest.raises((TypeError, ValueError)):
        if kind is quell.VPSchedule:
            kind(**options)
        else:
            kind(MIXTURE, silent=True, **options)(X)


WRONG_RUNS = [
    {"seed": -1},
    {"seed": 2**64},
    {"seed": True},
    {"seed": 1.5},
    {"seed": "1"},
    {"first": -1},
    {"first": 2**64 - 3},
    {"first": 0.5},
    {"first": True},
]


@pytest.mark.parametrize("run", WRONG_RUNS, ids=str)
def test_runs(run):
    with pytest.raises((TypeError, ValueError), match=next(iter(run))):
        sampler()(X, **run)
    with pytest.raises((TypeError, ValueError), match=next(iter(run))):
        sampler().init((5, 2), **run)
    with pytest.raises((TypeError, ValueError), match=next(iter(run))):
        quell.normal(**{"seed": 0, "count": 5, "shape": (2,), **run})


@pytest.mark.parametrize(
    "options", [{"start": 0.2}, {"times": [0.5, 0.1], "steps": 1}, {"schedule": "edm:sigma_max=2"}]
)
def test_first_states_that_depend_on_the_law_of_x(options):
    begun = sampler(**options)
    with pytest.raises(quell.Error, match="give its mean and variance"):
        begun.init((3, 2))
    assert begun.init((3, 2), mean=0.0).shape == (3, 2)
    assert begun.init((3, 2), var=1.0).shape == (3, 2)


@pytest.mark.parametrize("shape", [(5.5, 2), (-1, 2), (True, 2), (), 5, (5, 2.0), (5, -2), "52"])
def test_shapes(shape):
    with pytest.raises((TypeError, ValueError), match="shape"):
        sampler().init(shape)


def test_integers_of_any_kind():
    right = sampler(steps=3, threads=1)(X, seed=5, first=2)
    other = sampler(steps=np.int16(3), threads=np.array(1))(X, seed=np.uint8(5), first=np.int64(2))
    assert np.array_equal(other, right)
    assert np.isfinite(sampler(start=fractions.Fraction(1).numerator)(X)).all()


def test_moments():
    for wrong in (
        {"mean": np.nan},
        {"mean": [1.0, np.inf]},
        {"mean": 1j},
        {"mean": True},
        {"var": -1.0},
        {"var": [1.0, -1.0]},
        {"var": np.nan},
        {"mean": np.ma.masked_array([1.0, 2.0], [True, False])},
    ):
        with pytest.raises((TypeError, ValueError)):
            sampler().init((5, 2), **wrong)


@pytest.mark.parametrize(
    "make",
    [
        lambda: quell.GaussianDenoiser([1j, 0]),
        lambda: quell.GaussianDenoiser([0, 0], -1.0),
        lambda: quell.GaussianDenoiser([np.nan, 0]),
        lambda: quell.GaussianDenoiser([0, 0], [[1, 2], [2, 1]]),
        lambda: quell.GaussianDenoiser([0, 0], [1, 2, 3]),
        lambda: quell.MixtureDenoiser([1, -1], [[0.0], [1.0]], [1, 1]),
        lambda: quell.MixtureDenoiser([1, np.nan], [[0.0], [1.0]], [1, 1]),
        lambda: quell.MixtureDenoiser([True, True], [[0.0], [1.0]], [1, 1]),
        lambda: quell.MixtureDenoiser([], np.zeros((0, 2)), []),
        lambda: quell.EmpiricalDenoiser(np.zeros((0, 2))),
        lambda: quell.EmpiricalDenoiser(np.zeros((2, 0))),
        lambda: quell.EmpiricalDenoiser([[1e300, 0]]),
        lambda: quell.EmpiricalDenoiser([[1j, 0]]),
        lambda: quell.EmpiricalDenoiser(3.0),
        lambda: quell.guided(RINGS, weight=np.nan),
        lambda: quell.guided(RINGS, weight=True),
        lambda: quell.guided(RINGS, MIXTURE.native),
        lambda: quell.Schedule.from_betas([0.1, np.nan]),
        lambda: quell.Schedule.from_betas([[0.1, 0.2]]),
        lambda: quell.Schedule("vp")(np.array([0.5, np.nan])),
        lambda: quell.Schedule("vp")(np.array([0.5j])),
        lambda: quell.Schedule("vp")(True),
        lambda: quell.Schedule("vp")(float("nan")),
        lambda: quell.noise_key(-1, 0.5, 0.1),
        lambda: quell.noise_key(0, np.nan, 0.1),
        lambda: quell.place(np.nan, 1),
        lambda: quell.place(-1, 1),
        lambda: quell.normal(0, 2, (-1,)),
        lambda: quell.normal(0, 2, (1,), stream=2**32),
        lambda: quell.FunctionDenoiser(3),
        lambda: quell.FunctionDenoiser(len, variance="learned"),
    ],
)
def test_parameters(make):
    with pytest.raises((TypeError, ValueError)):
        make()


def test_paths(tmp_path):
    with pytest.raises(ValueError, match="NUL|null"):
        quell.load("builtin:rings\0junk")
    with pytest.raises((TypeError, ValueError)):
        quell.load(3)
    model = tmp_path / "model.json"
    model.write_text('{"kind": "gaussian", "mean": [1, 2], "variance": 1}')
    with pytest.raises(ValueError, match="NUL|null"):
        quell.load(model).save(f"{tmp_path}/a.json\0.txt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json"]
    assert quell.load(os.fsencode(model)).dim == quell.load(str(model)).dim == 2


def test_messages_are_text(tmp_path):
    """Names with bytes that are no UTF-8, and so long that the line is cut within a character."""
    for name in (b"\xff\xfe", "é".encode() * 100, b"a" + "é".encode() * 115):
        with pytest.raises(OSError) as caught:
            quell.load(os.fsencode(tmp_path) + b"/" + name + b".json")
        str(caught.value).encode("utf-8")
    deep = f"{tmp_path}/" + "d" * 200 + "/" + "é" * 100 + "/" + "f" * 200 + ".json"
    with pytest.raises(OSError, match="No such file") as caught:
        quell.load(deep)
    assert str(caught.value).startswith(str(tmp_path)) or "/" in str(caught.value)
    with pytest.raises(quell.NotFound) as caught:
        quell.Schedule("é" * 1000)
    str(caught.value).encode("utf-8")
