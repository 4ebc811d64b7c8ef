# SPDX-License-Identifier: MIT
"""Trains the network of the showers, in less than half an hour on two cores, and exports it.

    python training/showers/train.py [--steps N] [--out showers.safetensors]

Needs the Python package with PyTorch and azula (docs/training.md)."""

import argparse
import copy
import math
import pathlib
import time

import torch
from azula.denoise import KarrasDenoiser
from azula.noise import VPSchedule
from law import LAYERS, draw, draw_energies
from model import Network, Readings, numbers_of

EVENTS, BATCH, RATE = 2_000_000, 1024, 2e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=32000)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("showers.safetensors"))
    options = parser.parse_args()
    torch.manual_seed(0)
    begun = time.monotonic()

    energy = draw_energies(EVENTS)
    numbers = numbers_of(draw(energy), energy)
    mean, deviation = numbers.mean(0), numbers.std(0)
    x, energy = ((numbers - mean) / deviation).float(), energy.float()

    network = Network()
    average = copy.deepcopy(network).requires_grad_(False)
    denoiser = KarrasDenoiser(network, VPSchedule())
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: min(1, k / 500) * (1 + math.cos(math.pi * k / options.steps)) / 2
    )
    total = 0.0
    for step in range(1, options.steps + 1):
        pick = torch.randint(EVENTS, (BATCH,))
        times = (torch.arange(BATCH) + torch.rand(BATCH)) / BATCH
        loss = denoiser.loss(x[pick], times, energy=energy[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
        for held, now in zip(average.parameters(), network.parameters(), strict=True):
            held.lerp_(now.detach(), 1 - min(0.9995, step / (step + 10)))
        total += loss.item()
        if step % 1000 == 0:
            print(f"step {step}: loss {total / 1000:.5f}, {time.monotonic() - begun:.0f} s", flush=True)
            total = 0.0
            torch.save({"average": average.state_dict(), "mean": mean, "deviation": deviation}, options.out.with_suffix(".pt"))

    save(average, Readings(mean.float(), deviation.float()), options.out)


def save(network: Network, decode: Readings, path: pathlib.Path) -> None:
    """Exports the network and what makes readings of its samples, in float16."""
    import quell

    quell.export(
        KarrasDenoiser(network, VPSchedule()),
        path,
        (torch.randn(8, LAYERS), torch.rand(8), draw_energies(8).float()),
        decode=decode,
        dtype=torch.float16,
        comment="readings in GeV of six layers of a calorimeter, for an electron of `energy` GeV, "
                "from 10 to 100",
    )


if __name__ == "__main__":
    main()
