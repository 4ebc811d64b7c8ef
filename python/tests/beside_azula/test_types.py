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


@pytest.mark.parametrize(
    ("schedule", "denoiser", "dtype", "kind"),
    [
        (lambda t: (np.cos(t), np.sin(t)), lambda x, t: 0 * x, None, np.float64),
        (lambda t: (1 - t, t), lambda x, t: 0 * x, None, np.float64),
        (lambda t: (1 - t, t), quell.GaussianDenoiser([0.0, 0.0]), None, np.float64),
        (lambda t: (1 - t, t), Network(), None, torch.Tensor),
        (lambda t: (1 - t, t), lambda x, t: 0 * x, torch.float32, torch.Tensor),
        (lambda t: (torch.cos(t), torch.sin(t)), lambda x, t: 0 * x, None, torch.Tensor),
        (lambda t: ((1 - t).sqrt(), t.sqrt()), lambda x, t: 0 * x, None, torch.Tensor),
        (lambda t: (torch.tensor(1.0) * (1 - t), t), lambda x, t: 0 * x, None, torch.Tensor),
    ],
)
def test_what_a_schedule_is_given(schedule, denoiser, dtype, kind, recwarn):
    """NumPy's scalars, unless the denoiser, the sampler or the schedule itself has tensors; the
    same ones in all calls, so that the times are the same to the last bit."""
    seen = []

    def told(t):
        made = schedule(t)
        seen.append(type(t))
        assert not torch.is_tensor(t) or t.dtype == torch.float64
        return made

    how = {"steps": 4, "grid": "karras", "start": 0.9, "silent": True}
    own = quell.Sampler(denoiser, schedule=told, dtype=dtype, **how)
    times = own.timesteps
    own(X.numpy() if kind is np.float64 else X, seed=1)
    assert len(seen) > 4 and seen[-1] is kind and not recwarn.list
    last = len(seen)
    own(X, seed=1)
    assert seen[-1] is kind and np.array_equal(own.timesteps, times) and len(seen) > last


def test_a_schedule_that_fails():
    """The exception is that of the first call, not what a tensor does instead."""

    def fails(t):
        raise TypeError(f"no {type(t).__name__}")

    with pytest.raises(TypeError, match="^no float64$"):
        quell.Sampler(lambda x, t: x, schedule=fails)
    with pytest.raises(TypeError, match="^no Tensor$"):
        quell.Sampler(Network(), schedule=fails)
    with pytest.raises(TypeError, match="^schedule: it returned np.float64.*must be a pair"):
        quell.Sampler(lambda x, t: x, schedule=lambda t: 1 - t)


def test_the_class_of_a_module():
    says = "is a class, must be a denoiser, as Network"
    with pytest.raises(TypeError, match=f"^denoiser: Network {says}"):
        quell.Sampler(Network, schedule="vp")
    with pytest.raises(TypeError, match="^schedule: VPSchedule is a class, must be a schedule"):
        quell.denoise.SimpleDenoiser(Network(), quell.VPSchedule)
    with pytest.raises(TypeError, match="^backbone: Network is a class, must be a network"):
        quell.denoise.SimpleDenoiser(Network, quell.VPSchedule())
