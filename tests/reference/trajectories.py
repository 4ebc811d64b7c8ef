# SPDX-License-Identifier: MIT
"""Writes tests/peers/network_trajectories.inc: whole trajectories of azula's samplers through networks
whose weights are a formula, with and without guidance.

    python tests/reference/trajectories.py > tests/peers/network_trajectories.inc

Needs the Python package with torch and azula (docs/training.md). Values are made in double from weights and x_1
that are exact in float32; what float32 makes of them is printed beside, to see how they amplify.
"""

import importlib.metadata
import math
import sys

import numpy as np
import torch

from azula import sample
from azula.denoise import DiracPosterior, KarrasDenoiser
from azula.noise import VPSchedule
from networks import hashed, made, numbers

NETWORKS = ["mlp", "dit", "vit", "unet"]
CLASSES = 4
LABELS = [1, -1, 3]  # -1: no class
STEPS = 6
# With VP's own sigma_min of 1e-3 Heun's last derivative loses two digits in float32, there and here
# (2e-5 to 5e-5 of the largest value); with 0.05 it does not.
SAMPLERS = [  # azula's, quell's, sigma_min
    ("DDIMSampler", {"eta": 0.0}, "ddim", 0.001),
    ("HeunSampler", {}, "heun:steady=no", 0.05),
    ("xEABSampler", {"order": 2}, "xeab:order=2,steady=no", 0.001),
]


class Guided(KarrasDenoiser):
    """mu = w mu(class) + (1 - w) mu(no class)"""

    weight = 1.0

    def forward(self, x_t: torch.Tensor, t: torch.Tensor, label: torch.Tensor) -> DiracPosterior:
        mean = super().forward(x_t, t, label=label).mean
        if self.weight != 1:
            other = super().forward(x_t, t, label=None).mean
            mean = self.weight * mean + (1 - self.weight) * other
        return DiracPosterior(mean=mean)


@torch.no_grad()
def trajectory(
    network: torch.nn.Module, case: tuple, weight: float, x: torch.Tensor
) -> torch.Tensor:
    sampler, options, _, sigma_min = case
    denoiser = Guided(network, VPSchedule(sigma_min=sigma_min))
    denoiser.weight = weight
    label = torch.tensor([k if k >= 0 else CLASSES for k in LABELS])
    run = getattr(sample, sampler)(denoiser, steps=STEPS, silent=True, dtype=x.dtype, **options)
    return run(x, label=label)


@torch.no_grad()
def main() -> None:
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("torch", "azula"))
    print(f"/* Made by tests/reference/trajectories.py with {versions}. */")
    print("/* clang-format off */")
    for name in NETWORKS:
        network, shape = made(name)
        size = len(LABELS) * math.prod(shape)
        x = torch.from_numpy((math.sqrt(3) * hashed("x_1", size)).astype(np.float32))
        x = x.reshape(len(LABELS), *shape)
        for case in SAMPLERS:
            for weight in 1.0, 3.0:
                single = trajectory(network.float(), case, weight, x)
                exact = trajectory(network.double(), case, weight, x.double())
                off = ((single - exact).abs().max() / exact.abs().max()).item()
                what = f"{name}, {case[2]}, weight {weight:g}: at most {exact.abs().max():.3g}"
                print(f"{what}; float32 is {off:.1e} off", file=sys.stderr)
                head = f'"{name}", "{case[2]}", "vp:sigma_min={case[3]:g}", {weight:g}'
                print(f"{{{head}, (const double[]){{{numbers(exact)}}}}},")


if __name__ == "__main__":
    main()
