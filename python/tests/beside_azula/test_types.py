# SPDX-License-Identifier: MIT
"""Types of tensors: times of any type name the noise of the grid, and what is beyond a type is
refused."""

import numpy as np
import pytest
import torch

import quell

X = torch.from_numpy(quell.normal(0, 5, (2,)))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(2, 2)

    def forward(self, x, t):
        return self.inner(x)


class Loop(quell.Sampler):
    def step(self, x_t, t, s, **kwargs):
        return super().step(x_t, t, s, **kwargs)


@pytest.mark.parametrize(
    "dtype", [None, torch.float64, torch.bfloat16, torch.float16, np.float32], ids=str
)
def test_a_loop_of_steps_is_a_call(dtype):
    network, how = Network(), {"schedule": "vp", "steps": 7, "silent": True, "dtype": dtype}
    sampler = quell.Sampler(network, "ddpm", **how)
    right, times = sampler(X, seed=7), sampler.timesteps
    assert torch.is_tensor(times) == (dtype is not np.float32)
    for given in times, torch.as_tensor(times).float(), times.tolist():
        x = X
        for t, s in zip(given[:-1], given[1:]):
            x = sampler.step(x, t, s, seed=7)
        assert torch.equal(x, right)
    assert torch.equal(Loop(network, "ddpm", **how)(X, seed=7), right)


def test_what_is_beyond_half_precision():
    wide = quell.GaussianDenoiser(np.full(2, 1e6))
    sampler = quell.Sampler(wide, steps=3, silent=True)
    assert torch.isfinite(sampler(X.bfloat16())).all()
    schedule = quell.VESchedule(sigma_max=1e6)
    half = quell.Sampler(Network().half(), schedule=schedule, steps=3, silent=True)
    for call in (
        lambda: sampler(X.half()),
        lambda: sampler.step(X.half(), 1.0, 0.0),
        lambda: wide(torch.full((1, 2), 6e4).half(), 0.9),
        lambda: half.init((3, 2), dtype=torch.float16),
        lambda: schedule(torch.tensor(1.0, dtype=torch.float16)),
        lambda: half(1e6 * X),
    ):
        with pytest.raises(quell.BadArgument, match="beyond float16"):
            call()
