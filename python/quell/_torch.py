# SPDX-License-Identifier: MIT
"""Denoisers that are trained: PyTorch modules around a network, with the names and the arguments of
azula.denoise. The preconditioning is that of Karras et al. (2206.00364), for any alpha."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from quell._numbers import function_of, refuse_class
from quell._said import said
from quell.denoise import Posterior


def _check(backbone: Any, schedule: Any) -> None:
    refuse_class(backbone, "backbone", "a network")
    function_of(backbone, "backbone")
    refuse_class(schedule, "schedule", "a schedule", "")
    if not callable(schedule):
        raise TypeError(f"schedule: {said(schedule)}, must be a schedule, as quell.Schedule('vp')")


def _column(values: Tensor, x: Tensor) -> Tensor:
    """Reshapes values with shape () or (B) to multiply x with shape (B, *)."""
    return values.reshape(values.shape + (1,) * (x.ndim - values.ndim))


class Denoiser(nn.Module):
    """A denoiser: forward(x_t, t, **kwargs) returns a Posterior, with E[X | x_t] as its mean.

    Attributes:
        schedule: A schedule of quell's or of azula's.
    """

    schedule: Any

    def scales(self, t: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """alpha_t and sigma_t for x, with shape (B, 1, ...)."""
        alpha, sigma = self.schedule(t)
        return _column(alpha, x), _column(sigma, x)

    def loss(self, x: Tensor, t: Tensor, **kwargs: Any) -> Tensor:
        """The mean of (alpha^2 + sigma^2) / sigma^2 |E[X | x_t] - x|^2 over x_t ~ p(X_t | x).

        Arguments:
            x: Clean samples, with shape (B, *).
            t: Their times, with shape (B).
            kwargs: Further arguments of the network.

        Returns:
            The loss, with shape ().
        """
        alpha, sigma = self.scales(t, x)
        x_t = alpha * x + sigma * torch.randn_like(x)
        mean = self(x_t, t, **kwargs).mean
        loss: Tensor = (self.weight(alpha, sigma) * (mean - x).square()).mean()
        return loss

    def weight(self, alpha: Tensor, sigma: Tensor) -> Tensor:
        """How the loss weighs a level of noise."""
        return (alpha / sigma) ** 2 + 1

    def _network(self, backbone: nn.Module, x_t: Tensor, t: Tensor, **kwargs: Any) -> Tensor:
        """Evaluates the network at the scaled state, in the network's own type."""
        alpha, sigma = self.scales(t, x_t)
        time = torch.log(sigma / alpha).reshape(t.shape)
        scaled = x_t * torch.rsqrt(alpha**2 + sigma**2)
        own = next((p for p in backbone.parameters() if p.dtype.is_floating_point), None)
        dtype = x_t.dtype if own is None else own.dtype
        output: Tensor = backbone(scaled.to(dtype), time.to(dtype), **kwargs)
        return output.to(x_t)


class SimpleDenoiser(Denoiser):
    """E[X | x_t] = backbone(x_t / sqrt(alpha^2 + sigma^2), log(sigma / alpha)).

    Arguments:
        backbone: A network, backbone(x, t, **kwargs), x with shape (B, *), t with shape () or (B).
        schedule: A schedule of quell's or of azula's.
    """

    def __init__(self, backbone: nn.Module, schedule: Any) -> None:
        super().__init__()
        _check(backbone, schedule)
        self.backbone = backbone
        self.schedule = schedule

    def forward(self, x_t: Tensor, t: Tensor, **kwargs: Any) -> Posterior:
        """q(X | x_t): x_t with shape (B, *), t with shape () or (B)."""
        return Posterior(self._network(self.backbone, x_t, t, **kwargs))

    def loss(self, x: Tensor, t: Tensor, max_weight: float = 1e4, **kwargs: Any) -> Tensor:
        """The same as Denoiser.loss, but with weights of at most max_weight."""
        alpha, sigma = self.scales(t, x)
        x_t = alpha * x + sigma * torch.randn_like(x)
        mean = self(x_t, t, **kwargs).mean
        weight = self.weight(alpha, sigma).clip(max=max_weight)
        loss: Tensor = (weight * (mean - x).square()).mean()
        return loss


class KarrasDenoiser(Denoiser):
    """E[X | x_t] = c_skip x_t + c_out backbone(c_in x_t, log(sigma / alpha)), with c_in = 1 / r,
    c_out = sigma / r, c_skip = alpha / r^2 and r^2 = alpha^2 + sigma^2.

    Arguments:
        backbone: A network, backbone(x, t, **kwargs), x with shape (B, *), t with shape () or (B).
        schedule: A schedule of quell's or of azula's.
    """

    def __init__(self, backbone: nn.Module, schedule: Any) -> None:
        super().__init__()
        _check(backbone, schedule)
        self.backbone = backbone
        self.schedule = schedule

    def forward(self, x_t: Tensor, t: Tensor, **kwargs: Any) -> Posterior:
        """q(X | x_t): x_t with shape (B, *), t with shape () or (B)."""
        alpha, sigma = self.scales(t, x_t)
        r2 = alpha**2 + sigma**2
        output = self._network(self.backbone, x_t, t, **kwargs)
        return Posterior(alpha / r2 * x_t + sigma * torch.rsqrt(r2) * output)
