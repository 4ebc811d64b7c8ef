# SPDX-License-Identifier: MIT
"""Conditions of the library's denoisers: keywords, a dictionary, one for all or one for each, none,
and what is refused. The network is a program: the exact denoiser of N(mean, variance I), whose mean
and variance are conditions, for the schedule "rectified"."""

import json
import struct

import numpy as np
import pytest

import quell

INSTRUCTIONS = [
    {"map": [[1], "time"], "function": "sub"},
    {"map": ["time"], "function": "square"},
    {"map": [0, "variance"], "function": "mul"},
    {"map": [0, 2, 1], "function": "fma"},
    {"map": [2, 3], "function": "div"},
    {"map": [0, "mean"], "function": "mul"},
    {"map": ["x", 5], "function": "sub"},
    {"map": [4, 6, "mean"], "function": "fma"},
]


def write(path, **fields):
    inputs = {"x": [3], "time": [], "mean": [3], "variance": []}
    program = {"inputs": inputs, "instructions": INSTRUCTIONS, "output": 7}
    description = {
        "kind": "network", "version": 1, "shape": [3], "output": "x0", "schedule": "rectified",
        "programs": {"denoise": program}, **fields,
    }  # fmt: skip
    header = json.dumps({"__metadata__": {"quell": json.dumps(description)}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return quell.load(path)


@pytest.fixture
def model(tmp_path):
    return write(tmp_path / "m.safetensors")


MEAN = np.array([-2, 0.5, 3], np.float32)


def twin(x, t, mean, variance):
    alpha = 1 - t
    factor = alpha * variance / (alpha**2 * variance + t**2)
    return mean + factor * (x.astype(float) - alpha * mean)


def test_they_are_listed(model):
    assert model.conditions == {"mean": (3,), "variance": ()}
    assert quell.GaussianDenoiser(np.zeros(3)).conditions == {}


def test_a_mask_is_told_as_ones_and_zeros(model):
    sampler = quell.Sampler(model, "ddim", steps=3, silent=True)
    x = sampler.init((2, 3), seed=1)
    mask = np.array([True, False, True])
    for given in (mask, mask.tolist(), np.array([mask, mask])):
        made = sampler(x, mean=given, variance=0.25)
        assert np.array_equal(made, sampler(x, mean=np.asarray(given, np.float32), variance=0.25))


def test_samples_have_the_law(model):
    sampler = quell.Sampler(model, "ddpm", steps=100, silent=True)
    x = sampler(sampler.init((20000, 3), seed=1), seed=1, mean=MEAN, variance=0.25)
    assert np.allclose(x.mean(0), MEAN, atol=5 * np.sqrt(0.25 / len(x)))
    assert np.allclose(x.var(0), 0.25, atol=0.02)


def test_one_for_each_is_what_it_is_alone(model):
    sampler = quell.Sampler(model, "ddpm", steps=5, silent=True)
    x1 = sampler.init((4, 3), seed=1)
    means = np.arange(12, dtype=np.float32).reshape(4, 3)
    both = sampler(x1, seed=1, conditions={"mean": means, "variance": [1, 2, 3, 4]})
    for i in range(4):
        alone = sampler(x1[i : i + 1], seed=1, first=i, mean=means[i], variance=1.0 + i)
        assert np.array_equal(alone[0], both[i])
    marked = sampler(x1, seed=1, mean=quell.PerSample(means), variance=np.arange(1.0, 5))
    assert np.array_equal(marked, both)


def test_a_call_is_the_twin(model):
    x = quell.normal(0, 5, (3,))
    means, times = np.arange(15.0).reshape(5, 3), np.array([0.25, 0.5, 0.25, 0.75, 0.5])
    y = model(x, times, mean=means, variance=2).mean
    for i in range(5):
        assert np.allclose(y[i], twin(x[i], times[i], means[i], 2.0), atol=2e-5)


def test_none_and_guidance(tmp_path):
    nones = {"mean": {"none": "zeros"}, "variance": {"none": "same"}}
    model = write(tmp_path / "m.safetensors", conditions=nones)
    x = quell.normal(0, 2, (3,))
    assert np.array_equal(
        model(x, 0.5, mean=None, variance=1).mean, model(x, 0.5, mean=MEAN * 0, variance=1).mean
    )
    y = quell.guided(model, weight=3)(x, 0.25, mean=MEAN, variance=1).mean
    right = 3 * twin(x, 0.25, MEAN, 1) - 2 * twin(x, 0.25, MEAN * 0, 1)
    assert np.allclose(y, right, atol=1e-5)
    with pytest.raises(quell.BadArgument, match="a condition must be given that is not none"):
        quell.guided(model, weight=3)(x, 0.25, mean=None, variance=1)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({}, TypeError, r"'mean': must be given: an array of shape \(3,\) for all"),
        ({"mean": MEAN}, TypeError, "condition 'variance': must be given: a number for all"),
        ({"mean": MEAN, "variance": 1, "energy": 2}, TypeError, "its conditions are 'mean', 'var"),
        ({"mean": MEAN[:2], "variance": 1}, ValueError, r"must be \(3,\) or \(1, 3\) for all"),
        ({"mean": np.zeros((2, 3)), "variance": 1}, ValueError, r"samples, or \(4, 3\), a"),
        ({"mean": quell.PerSample(MEAN), "variance": 1}, ValueError, "condition 'mean': shape"),
        ({"mean": MEAN * np.nan, "variance": 1}, ValueError, "element 0 of row 0 is nan"),
        ({"mean": "0", "variance": 1}, TypeError, "condition 'mean': "),
        ({"mean": None, "variance": 1}, ValueError, "'mean' is none, but the denoiser cannot do"),
        ({"conditions": [1]}, TypeError, "conditions: a list, must be a dict of arrays by name"),
        ({"mean": MEAN, "conditions": {"mean": MEAN}}, TypeError, "'mean': given as a keyword and"),
    ],
)
def test_what_is_refused(model, given, kind, said):
    sampler = quell.Sampler(model, steps=2, silent=True)
    with pytest.raises(kind, match=said):
        sampler(np.zeros((4, 3), np.float32), **given)


def test_a_denoiser_without_them():
    sampler = quell.Sampler(quell.GaussianDenoiser(np.zeros(3)), steps=2, silent=True)
    with pytest.raises(TypeError, match="the denoiser takes no argument 'mean'$"):
        sampler(np.zeros((4, 3), np.float32), mean=MEAN)


def test_negative_conditions(model):
    x, against = quell.normal(0, 2, (3,)), np.array([2, 1, 0], np.float32)
    guided = quell.guided(model, weight=3)
    negative = {"mean": against, "variance": 1.0}
    y = guided(x, 0.25, mean=MEAN, variance=0.5, negative_conditions=negative).mean
    right = 3 * twin(x, 0.25, MEAN, 0.5) - 2 * twin(x, 0.25, against, 1.0)
    assert np.allclose(y, right, atol=2e-5)
    sampler = quell.Sampler(guided, steps=2, silent=True)
    assert sampler(x, mean=MEAN, variance=1, negative_conditions=negative).shape == (2, 3)
    with pytest.raises(quell.BadArgument, match="negative conditions have no effect"):
        model(x, 0.25, mean=MEAN, variance=0.5, negative_conditions=negative)
    with pytest.raises(quell.BadArgument, match="give a negative one"):
        guided(x, 0.25, mean=MEAN, variance=0.5, negative_conditions={"mean": against})
    with pytest.raises(TypeError, match="takes no argument 'energy'"):
        guided(x, 0.25, mean=MEAN, variance=0.5, negative_conditions={"energy": 1})
    with pytest.raises(TypeError, match="negative_label: this denoiser has no classes"):
        guided(x, 0.25, mean=MEAN, variance=0.5, negative_label=1)


def test_rescaled_guidance(tmp_path):
    nones = {"mean": {"none": "zeros"}, "variance": {"none": "same"}}
    model = write(tmp_path / "m.safetensors", conditions=nones)
    x = quell.normal(0, 1, (3,))
    y = quell.guided(model, weight=3, rescale=0.7)(x, 0.25, mean=MEAN, variance=1).mean
    plain = twin(x, 0.25, MEAN, 1)
    guided = 3 * plain - 2 * twin(x, 0.25, MEAN * 0, 1)
    assert np.allclose(y, guided * (0.7 * plain.std() / guided.std() + 0.3), atol=1e-5)


DECODE = {
    "inputs": {"x": [3], "mean": [3]},
    "instructions": [
        {"move": ["x"], "form": "reshape", "shape": [3, 1]},
        {"map": [0], "function": "tanh"},
        {"map": [1, "mean"], "function": "add"},
    ],
    "output": 2,
}


def test_decode(tmp_path, model):
    denoise = {
        "inputs": {"x": [3], "mean": [3]},
        "instructions": [{"map": ["x", "mean"], "function": "mul"}],
        "output": 0,
    }
    latent = write(tmp_path / "l.safetensors", programs={"denoise": denoise, "decode": DECODE})
    x = quell.normal(0, 4, (3,))
    assert latent.decodes and latent.decoded_shape == (3, 3)
    y = latent.decode(x, mean=MEAN)
    assert y.shape == (4, 3, 3)
    assert np.allclose(y, np.tanh(x)[:, :, None] + MEAN, atol=1e-6)
    assert not model.decodes and model.decoded_shape == (3,)
    with pytest.raises(quell.Unsupported, match="the model has no decoder"):
        model.decode(x)
    with pytest.raises(quell.BadArgument, match="condition 'mean' is missing"):
        latent.decode(x)
    with pytest.raises(quell.BadArgument, match=r"x: shape \(4, 2\)"):
        latent.decode(x[:, :2])


@pytest.mark.parametrize("value", [2**24 + 1, [2**24 + 1], np.array([-(2**24) - 1]), 2**60 + 1])
def test_whole_numbers_are_not_rounded(model, value):
    mean = np.broadcast_to(np.asarray(value), 3)
    with pytest.raises(ValueError, match="condition 'mean': -?1\\d+ is not one of float32"):
        model(np.ones((2, 3), np.float32), 0.5, mean=mean, variance=1)
    model(np.ones((2, 3), np.float32), 0.5, mean=np.full(3, 2**25), variance=1)


def test_guidance_without_effect(tmp_path):
    guided = quell.guided(write(tmp_path / "n.safetensors"), weight=3)
    x = np.ones((2, 3), np.float32)
    negative = {"mean": MEAN.copy(), "variance": 1}
    with pytest.raises(quell.Error, match="guidance has no effect: it leads away from the classes"):
        guided(x, 0.5, mean=MEAN, variance=1, negative_conditions=negative)
