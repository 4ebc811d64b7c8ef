# SPDX-License-Identifier: MIT
"""Arrays that would lose something are refused, others converted; `out` is the memory itself."""

import numpy as np
import pytest

import quell

MIXTURE = quell.MixtureDenoiser([1, 3], [[-2, 0], [2, 1]], [0.1, 0.2])
X = quell.normal(0, 5, (2,))


def sampler(denoiser=MIXTURE, **options):
    return quell.Sampler(denoiser, silent=True, **{"steps": 4, **options})


WRONG_ARRAYS = [
    X + 1j,
    X > 0,
    X.astype(object),
    X.astype(str),
    np.ma.masked_array(X, X > 0),
    np.zeros(5, "datetime64[s]"),
    np.zeros(5, [("a", "f4"), ("b", "f4")]),
    np.float32(3),
    3.0,
    None,
    "text",
    {"x": 1},
    X.astype(np.float64) * 1e200,
    np.zeros((5, 3), np.float32),
]


@pytest.mark.parametrize("x", WRONG_ARRAYS, ids=lambda x: type(x).__name__)
def test_samples(x):
    with pytest.raises((TypeError, ValueError)):
        sampler()(x)
    with pytest.raises((TypeError, ValueError)):
        MIXTURE(x, 0.5)


def test_samples_of_another_shape():
    glyphs = quell.load("builtin:glyphs")
    for shape in ((2, 28, 28), (2, 784), (2, 1, 28, 28), (2, 28, 28, 1)):
        assert sampler(glyphs, steps=1).init(shape).shape == shape
    for shape in ((2, 14, 56), (2, 4, 196)):
        with pytest.raises(ValueError, match="shape"):
            sampler(glyphs, steps=1).init(shape)
        with pytest.raises(ValueError, match="shape"):
            sampler(glyphs, steps=1)(np.zeros(shape, np.float32))


def odd_inputs():
    yield "big endian", X.astype(">f4")
    yield "Fortran order", np.asfortranarray(X)
    yield "negative strides", X[::-1].copy()[::-1]
    yield "every second", np.repeat(X, 2, axis=0)[::2]
    yield "float64", X.astype(np.float64)
    yield "float16 and back", X.astype(np.longdouble)
    yield "unaligned", unaligned(X)
    yield "read-only", frozen(X)
    yield "a list", X.tolist()
    yield "np.matrix", np.asmatrix(X)


def unaligned(x):
    memory = np.zeros(x.nbytes + 1, np.uint8)[1:]
    made = memory.view(np.float32).reshape(x.shape)
    made[...] = x
    assert not made.flags.aligned
    return made


def frozen(x):
    x = x.copy()
    x.setflags(write=False)
    return x


@pytest.mark.parametrize(("name", "x"), list(odd_inputs()), ids=str)
def test_inputs_that_are_converted(name, x):
    before = np.array(x)
    assert np.array_equal(np.asarray(sampler()(x), np.float32), sampler()(X))
    assert np.array_equal(np.asarray(MIXTURE(x, 0.5).mean, np.float32), MIXTURE(X, 0.5).mean)
    assert np.array_equal(np.array(x), before)


def wrong_outs():
    yield unaligned(X)
    yield frozen(X)
    yield X.astype(">f4")
    yield X.astype(np.float64)
    yield np.asfortranarray(X)
    yield np.zeros((10, 2), np.float32)[::2]
    yield np.zeros((5, 2), np.float32)[::-1]
    yield np.broadcast_to(np.zeros(2, np.float32), (5, 2))
    yield np.zeros((5, 3), np.float32)
    yield np.zeros(10, np.float32)
    yield np.ma.zeros((5, 2), np.float32)
    yield X.tolist()
    yield np.zeros((5, 2), np.int32)


@pytest.mark.parametrize("out", list(wrong_outs()), ids=lambda out: type(out).__name__)
def test_outs(out):
    for call in (
        lambda: sampler()(X, out=out),
        lambda: sampler().init((5, 2), out=out),
        lambda: sampler().step(X, 1, 0.5, out=out),
    ):
        with pytest.raises((TypeError, ValueError), match="out"):
            call()


def test_outs_that_overlap():
    memory = np.zeros((6, 2), np.float32)
    memory[:5] = X
    right = sampler()(X)
    with pytest.raises(ValueError, match="overlaps"):
        sampler()(memory[:5], out=memory[1:])
    with pytest.raises(ValueError, match="overlaps"):
        sampler()(memory[4::-1], out=memory[:5])
    assert np.array_equal(memory[:5], X)
    view = memory[:5]
    assert np.array_equal(sampler()(memory[:5], out=view), right)
