# SPDX-License-Identifier: MIT
# Trains a small network on two rings in the plane, a class each: docs/training.md explains it.
import math

import quell
import torch
from azula.denoise import KarrasDenoiser
from azula.nn.layers import SineEncoding
from azula.noise import VPSchedule
from torch import nn

STEPS = 4000


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.in_proj = nn.Linear(64, 64)
        self.mod_proj = nn.Linear(64, 64, bias=False)
        self.out_proj = nn.Linear(64, 64)

    def forward(self, h, e):
        return h + self.out_proj(nn.functional.silu(self.in_proj(h) + self.mod_proj(e)))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoding = SineEncoding(64)
        self.time = nn.Sequential(nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 64))
        self.label = nn.Embedding(3, 64)  # two classes, and "no class" after them
        self.in_proj = nn.Linear(2, 64)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.out_proj = nn.Linear(64, 2)

    def forward(self, x, t, label):
        e = self.time(self.encoding(t)) + self.label(label)
        h = self.in_proj(x)
        for block in self.blocks:
            h = block(h, e)
        return self.out_proj(h)


torch.manual_seed(0)
denoiser = KarrasDenoiser(Network(), VPSchedule())
optimizer = torch.optim.Adam(denoiser.parameters(), lr=2e-3)
rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)

for step in range(STEPS):
    label = torch.randint(2, (1024,))
    angle = 2 * math.pi * torch.rand(1024)
    radius = 1 + label + 0.05 * torch.randn(1024)
    x = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)
    label[torch.rand(1024) < 0.1] = 2
    loss = denoiser.loss(x, torch.rand(1024), label=label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rate.step()
    if step % 500 == 499:
        print(f"step {step + 1}: loss {loss.item():.4f}", flush=True)

example = (x, torch.rand(1024), label)
off = quell.export(denoiser, "rings.safetensors", example, classes=2, no_class=2)
print(f"rings.safetensors: quell and PyTorch differ by {off:.1e} of the largest output")
