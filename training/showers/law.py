# SPDX-License-Identifier: MIT
"""The law of the events: showers of electrons in a calorimeter of lead, read out in six layers.

An electron of energy E makes a shower whose energy along the depth t, in radiation lengths, is

    E b (b t)^(a - 1) exp(-b t) / Gamma(a),   b = (a - 1) / T

where (ln T, ln a) is normal, with mean, standard deviations and correlation that depend on ln E
(Grindhammer & Peters, hep-ex/0001020, section 3; the numbers are those of Geant4's class
GFlashHomoShowerParameterisation). A layer of 4 radiation lengths gets its part of that energy, and reads
a number with this mean and a variance of 0.01 GeV times it, by a gamma distribution: the sampling of
a calorimeter with a resolution of 10% / sqrt(E / GeV)."""

import math

import torch
from torch import Tensor

LAYERS, DEPTH = 6, 4.0  # of a layer, in radiation lengths
CHARGE, CRITICAL = 82, 0.00743  # of lead: Z, and the critical energy in GeV
SAMPLING = 0.01  # GeV: the variance of a reading divided by its mean
LEAST, MOST = 10.0, 100.0  # the energies of training, in GeV


def draw(energy: Tensor) -> Tensor:
    """Draws an event for each energy, (N) in GeV: the readings of the layers, (N, 6) in GeV."""
    energy = energy.double()
    y = torch.log(energy / CRITICAL)
    first, second = torch.randn(2, len(energy), dtype=torch.float64)
    rho = 0.705 - 0.023 * y
    log_t = torch.log(y - 0.812) + first / (1.26 * y - 1.4)
    log_a = torch.log(0.81 + (0.458 + 2.26 / CHARGE) * y) + (
        rho * first + torch.sqrt(1 - rho**2) * second
    ) / (0.86 * y - 0.58)
    a = torch.exp(log_a)
    b = (a - 1) / torch.exp(log_t)
    edges = DEPTH * torch.arange(LAYERS + 1, dtype=torch.float64)
    below = torch.special.gammainc(a[:, None].expand(-1, LAYERS + 1), b[:, None] * edges)
    mean = energy[:, None] * below.diff(dim=1)
    return torch.distributions.Gamma(mean / SAMPLING, 1 / SAMPLING).sample()


def draw_energies(count: int) -> Tensor:
    """Draws energies of training, whose logarithms are uniform."""
    return LEAST * torch.exp(math.log(MOST / LEAST) * torch.rand(count, dtype=torch.float64))
