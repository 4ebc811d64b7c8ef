# SPDX-License-Identifier: MIT
"""A network trained in PyTorch on a ring in the plane, sampled as it is, and as one of quell's own.
Needs torch and azula: pip install '.[export]'."""

import math

import torch
import quell
from quell.denoise import KarrasDenoiser
from quell.architectures.modules import ResidualMLP
from quell.noise import VPSchedule
from quell.sample import DDIMSampler

torch.manual_seed(0)
denoiser = KarrasDenoiser(ResidualMLP(dim=2, hidden=64, blocks=2), VPSchedule())
optimizer = torch.optim.Adam(denoiser.parameters(), lr=3e-3)
for _ in range(600):
    angle = 2 * math.pi * torch.rand(512)
    x = torch.stack((angle.cos(), angle.sin()), dim=1)
    loss = denoiser.loss(x, torch.rand(512))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

native = quell.from_torch(denoiser.eval(), shape=(2,))
x1 = DDIMSampler(denoiser, silent=True).init((1000, 2), seed=0)
for name, one in (("by PyTorch", denoiser), ("by quell", native)):
    x0 = DDIMSampler(one, steps=32, silent=True)(x1)
    print(f"{name}: the mean radius is {x0.norm(dim=1).mean():.2f}")
