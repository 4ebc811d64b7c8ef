# SPDX-License-Identifier: MIT
"""A network trained in PyTorch on a ring in the plane, sampled as it is, and as one of quell's own.
Needs torch: pip install '.[export]'."""

import math

import torch
import quell
from quell.denoise import KarrasDenoiser
from quell.noise import VPSchedule
from quell.sample import DDIMSampler
from torch import nn


class Network(nn.Module):
    """A residual MLP that is told the time by a few waves."""

    def __init__(self):
        super().__init__()
        self.into, self.time, self.out = nn.Linear(2, 96), nn.Linear(16, 96), nn.Linear(96, 2)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(96, 96), nn.SiLU(), nn.Linear(96, 96)) for _ in range(2)
        )

    def forward(self, x, t):
        angles = t.reshape(-1, 1) * torch.arange(1, 9) / 4
        e = self.time(torch.cat([angles.sin(), angles.cos()], dim=1))
        h = self.into(x)
        for layer in self.layers:
            h = h + layer(h + e)
        return self.out(h)


torch.manual_seed(0)
denoiser = KarrasDenoiser(Network(), VPSchedule())
optimizer = torch.optim.Adam(denoiser.parameters(), lr=3e-3)
for _ in range(1000):
    angle = 2 * math.pi * torch.rand(512)
    x = torch.stack((angle.cos(), angle.sin()), dim=1)
    loss = denoiser.loss(x, torch.rand(512))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

native = quell.from_torch(denoiser.eval(), (x, torch.rand(512)))
x1 = DDIMSampler(denoiser, silent=True).init((1000, 2), seed=0)
for name, one in (("by PyTorch", denoiser), ("by quell", native)):
    x0 = DDIMSampler(one, steps=32, silent=True)(x1)
    print(f"{name}: the mean radius is {x0.norm(dim=1).mean():.2f}")
