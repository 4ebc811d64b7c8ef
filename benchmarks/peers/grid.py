# SPDX-License-Identifier: MIT
"""The points that all go through: azula's VP schedule, on the grid linear in t.

Peers scale the state in other ways: k-diffusion has alpha = 1, diffusers alpha^2 + sigma^2 = 1.
x / alpha and sigma / alpha are the same for all, so that a *frame* takes a state to another alpha
and back."""

import numpy as np

MINIMUM = 1e-3  # of alpha at t = 1 and of sigma at t = 0


class Grid:
    """alpha and sigma at the points of `steps` steps, in double."""

    def __init__(self, steps: int) -> None:
        t = np.linspace(1, 0, steps + 1)
        self.steps = steps
        self.alpha = np.exp(np.log(MINIMUM) * t**2)
        self.sigma = np.sqrt(1 - self.alpha**2 + MINIMUM**2)
        self.ratio = self.sigma / self.alpha


class Frame:
    """The grid's states, scaled so that alpha has these values."""

    def __init__(self, grid: Grid, alpha: np.ndarray) -> None:
        self.alpha, self.sigma = alpha, alpha * grid.ratio
        self.first = float(alpha[0] / grid.alpha[0])
        self.last = float(alpha[-1] / grid.alpha[-1])


def unscaled(grid: Grid) -> Frame:
    """k-diffusion's: alpha = 1."""
    return Frame(grid, np.ones_like(grid.ratio))


def preserving(grid: Grid) -> Frame:
    """diffusers': alpha^2 + sigma^2 = 1."""
    return Frame(grid, 1 / np.sqrt(1 + grid.ratio**2))
