# SPDX-License-Identifier: MIT
"""What is beyond half precision is refused, as what is beyond float32 is; it was infinite."""

import numpy as np
import pytest

import quell

WIDE = quell.GaussianDenoiser(np.full(2, 1e6))
X = quell.normal(0, 5, (2,))


def sampler(denoiser=WIDE, **options):
    return quell.Sampler(denoiser, "ddim", steps=4, silent=True, **options)


def test_samples():
    assert np.abs(sampler()(X)).max() > 65504
    with pytest.raises(quell.BadArgument, match="x: the result .* is beyond float16"):
        sampler()(X.astype(np.float16))
    with pytest.raises(quell.BadArgument, match="beyond float16"):
        sampler().step(X.astype(np.float16), 1.0, 0.0, seed=1)
    with pytest.raises(quell.BadArgument, match="beyond float16"):
        WIDE(np.full((1, 2), 60000, np.float16), 0.9)
    with pytest.raises(quell.BadArgument, match="dtype: a sample .* is beyond float16"):
        sampler(schedule="ve:sigma_max=1e6").init((5, 2), seed=1, dtype=np.float16)


def test_what_fits_stays():
    narrow = quell.GaussianDenoiser(np.zeros(2))
    x = sampler(narrow)(X.astype(np.float16))
    right = sampler(narrow)(X.astype(np.float16).astype(np.float32))
    assert x.dtype == np.float16 and np.array_equal(x, right.astype(np.float16))


def test_schedules():
    schedule = quell.VESchedule(sigma_max=1e6)
    with pytest.raises(quell.BadArgument, match="sigma: .* is beyond float16"):
        schedule(np.array([0.0, 1.0], np.float16))
    alpha, sigma = schedule(np.array([0.0, 0.5], np.float16))
    assert alpha.dtype == sigma.dtype == np.float16
    assert np.isclose(schedule(np.float16(0.5))[1], sigma[1])


def test_input_that_goes_to_out():
    """It became infinite in `out`."""
    huge, out = np.full((5, 2), 1e300), np.zeros((5, 2), np.float32)
    with pytest.raises(quell.BadArgument, match="x: 1e[+]300 is beyond float32"):
        sampler()(huge, out=out)
    assert (out == 0).all()
