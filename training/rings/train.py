# SPDX-License-Identifier: MIT
# Trains a small network on two rings in the plane, a class each: docs/training.md explains it.
import math

import torch
from azula.denoise import KarrasDenoiser
from azula.noise import VPSchedule

from quell.architectures import check, export
from quell.architectures.modules import ResidualMLP

STEPS = 4000

torch.manual_seed(0)
network = ResidualMLP(dim=2, hidden=64, blocks=2, classes=2)
denoiser = KarrasDenoiser(network, VPSchedule())
optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)

for step in range(STEPS):
    label = torch.randint(2, (1024,))
    angle = 2 * math.pi * torch.rand(1024)
    radius = 1 + label + 0.05 * torch.randn(1024)
    x = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)
    label[torch.rand(1024) < 0.1] = 2  # the label after the last class is "no class"
    loss = denoiser.loss(x, torch.rand(1024), label=label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rate.step()
    if step % 500 == 499:
        print(f"step {step + 1}: loss {loss.item():.4f}", flush=True)

export(denoiser, "rings.safetensors", shape=(2,))
check(denoiser, "rings.safetensors", shape=(2,))
