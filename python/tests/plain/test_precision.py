# SPDX-License-Identifier: MIT
"""Weights that are rounded when a model is loaded."""

import pickle

import numpy as np
import pytest

import quell


def test_bf16_is_another_model():
    stored, rounded = quell.load("builtin:rings"), quell.load("builtin:rings", precision="bf16")
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2)
    label = [0, 0, 0, 0]
    first, second = (np.asarray(m(x, 0.5, label=label).mean) for m in (stored, rounded))
    assert not np.array_equal(first, second)
    np.testing.assert_allclose(first, second, atol=0.05)
    again = pickle.loads(pickle.dumps(rounded))
    np.testing.assert_array_equal(np.asarray(again(x, 0.5, label=label).mean), second)


def test_refused():
    with pytest.raises(quell.NotFound, match="must be stored, bf16 or bf16_products"):
        quell.load("builtin:rings", precision="fp8")
    with pytest.raises(quell.Unsupported, match="is no network"):
        quell.load("builtin:grid25", precision="bf16")
    with pytest.raises(TypeError, match="precision"):
        quell.load("builtin:rings", precision=16)
