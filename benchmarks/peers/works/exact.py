# SPDX-License-Identifier: MIT
"""Denoisers in closed form, and the one that costs nothing."""

import ctypes

import numpy as np
import torch
from torch import Tensor

from quell_c import Library
from works.base import Model, Shape, Work

ALL = ("ddim", "ddpm", "heun", "dpmpp_2m", "dpmpp_2m_sde", "unipc")
SOME = ("ddim", "ddpm", "dpmpp_2m")
EXP = 20  # the multiply-adds that an exponential counts for


class Update(Work):
    """The update alone: a denoiser that returns the same zeros at once."""

    name = "update"
    passes = 0
    samplers = ALL
    shapes = (
        Shape(65536, (2,)),
        Shape(4096, (64,)),
        Shape(1024, (3072,), 32),
        Shape(64, (196608,), 16),
        Shape(1, (64,)),
    )

    def model(self, shape: Shape) -> Model:
        zeros = torch.zeros(shape.count, *shape.sample)
        return lambda x, alpha, sigma: zeros

    def quell(self, library: Library, shape: Shape) -> ctypes.c_void_p:
        return library.nothing(shape.dim)


class Gaussian(Work):
    """X ~ N(mean, I / 4)."""

    name = "gaussian"
    samplers = SOME
    shapes = (Shape(65536, (2,)), Shape(1024, (3072,), 32), Shape(1, (64,)))
    variance = 0.25

    def mean(self, shape: Shape) -> Tensor:
        return torch.linspace(-1, 1, shape.dim)

    def model(self, shape: Shape) -> Model:
        mean, variance = self.mean(shape), self.variance

        def denoise(x: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
            gain = alpha * variance / (alpha**2 * variance + sigma**2)
            return mean + gain * (x - alpha * mean)

        return denoise

    def quell(self, library: Library, shape: Shape) -> ctypes.c_void_p:
        return library.isotropic(self.mean(shape).numpy(), self.variance)

    def flops(self, shape: Shape) -> float:
        return 2.0 * shape.count * shape.dim


class Mixture(Work):
    """25 components: of dim 2, those of builtin:grid25."""

    name = "mixture"
    samplers = SOME
    shapes = (Shape(65536, (2,), 32), Shape(4096, (64,), 32), Shape(1, (64,)))
    variance = 0.0025

    def means(self, shape: Shape) -> Tensor:
        if shape.dim == 2:
            return torch.cartesian_prod(*2 * (2.0 * torch.arange(-2, 3),))
        return torch.randn(25, shape.dim, generator=torch.Generator().manual_seed(3))

    def model(self, shape: Shape) -> Model:
        means, variance = self.means(shape), self.variance
        squares = (means**2).sum(-1)

        def denoise(x: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
            total = alpha**2 * variance + sigma**2
            gain = alpha * variance / total
            weights = torch.softmax((alpha * x @ means.T - alpha**2 * squares / 2) / total, -1)
            return (1 - alpha * gain) * (weights @ means) + gain * x

        return denoise

    def quell(self, library: Library, shape: Shape) -> ctypes.c_void_p:
        means = self.means(shape).numpy()
        return library.mixture(np.ones(25), means, np.full(25, self.variance))

    def flops(self, shape: Shape) -> float:
        return 2.0 * shape.count * 25 * (2 * shape.dim + EXP)


class Empirical(Work):
    """A data set: two matrix products around a softmax."""

    name = "empirical"
    samplers = ("ddim",)
    shapes = (Shape(4096, (64,), 8), Shape(64, (784,), 8), Shape(1, (784,), 8))

    def points(self, shape: Shape) -> Tensor:
        count = 50000 if shape.dim == 784 else 10000
        return torch.randn(count, shape.dim, generator=torch.Generator().manual_seed(4))

    def model(self, shape: Shape) -> Model:
        points = self.points(shape)
        squares = (points**2).sum(-1)

        def denoise(x: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
            logits = (alpha * x @ points.T - alpha**2 * squares / 2) / sigma**2
            return torch.softmax(logits, -1) @ points

        return denoise

    def quell(self, library: Library, shape: Shape) -> ctypes.c_void_p:
        return library.empirical(self.points(shape).numpy())

    def flops(self, shape: Shape) -> float:
        return 4.0 * shape.count * self.points(shape).numel()

    def data(self, shape: Shape) -> float:
        return float(self.points(shape).nbytes)


EXACT = (Update(), Gaussian(), Mixture(), Empirical())
