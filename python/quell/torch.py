# SPDX-License-Identifier: MIT
"""Denoisers in torch: azula's two preconditionings, for training, and modules in quell's samplers.
Needs torch; nothing else of quell does."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from quell.denoise import FunctionDenoiser, Posterior
from quell.noise import Schedule, as_schedule

__all__ = ["KarrasDenoiser", "ModuleDenoiser", "SimpleDenoiser"]


def module_dtype(module: nn.Module) -> torch.dtype:
    """The dtype of a module's first floating-point parameter, else torch's default."""
    for parameter in module.parameters():
        if parameter.dtype.is_floating_point:
            return parameter.dtype
    return torch.get_default_dtype()


class _Preconditioned(nn.Module):
    """A backbone b(c_in x_t, c_time), with c_in = 1 / sqrt(alpha_t^2 + sigma_t^2) and c_time =
    log(sigma_t / alpha_t)."""

    precondition: str

    def __init__(self, backbone: nn.Module, schedule: Any) -> None:
        super().__init__()
        self.backbone = backbone
        self.schedule: Schedule = as_schedule(schedule)

    def mean(self, x_t: Tensor, output: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """E[X | x_t] by what the backbone gave."""
        raise NotImplementedError

    def scales(self, t: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """alpha_t and sigma_t in float64, in as many dimensions as x."""
        alpha, sigma = self.schedule(t.double())
        shape = t.shape + (1,) * (x.ndim - t.ndim)
        return alpha.reshape(shape), sigma.reshape(shape)

    def forward(self, x_t: Tensor, t: Tensor, **kwargs: Any) -> Posterior:
        """
        Arguments:
            x_t: A noisy tensor x_t, with shape (B, *).
            t: The time, with shape () or (B).
            kwargs: Passed to the backbone.

        Returns:
            The posterior, whose mean has shape (B, *).
        """
        alpha, sigma = self.scales(t, x_t)
        dtype = module_dtype(self.backbone)
        scaled = (torch.rsqrt(alpha**2 + sigma**2).to(x_t) * x_t).to(dtype)
        c_time = torch.log(sigma / alpha).reshape_as(t).to(dtype)
        return Posterior(self.mean(x_t, self.backbone(scaled, c_time, **kwargs).to(x_t), alpha, sigma))

    def _loss(self, x: Tensor, t: Tensor, most: float, kwargs: Mapping[str, Any]) -> Tensor:
        alpha, sigma = self.scales(t, x)
        weight = torch.clip((alpha / sigma) ** 2 + 1, max=most).to(x)
        x_t = alpha.to(x) * x + sigma.to(x) * torch.randn_like(x)
        mean: Tensor = self(x_t, t, **kwargs).mean
        return (weight * (mean - x).square()).mean()


class SimpleDenoiser(_Preconditioned):
    """mean = backbone(c_in x_t, c_time); azula.denoise.SimpleDenoiser.

    Arguments:
        backbone: A network b(x, c_time), with c_time of shape () or (B).
        schedule: A noise schedule, quell's, azula's, or a spec.
    """

    precondition = "simple"

    def mean(self, x_t: Tensor, output: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        return output

    def loss(self, x: Tensor, t: Tensor, max_weight: float = 1e4, **kwargs: Any) -> Tensor:
        """The mean of w_t |mean(x_t) - x|^2, w_t = min(max_weight, 1 + alpha_t^2 / sigma_t^2).

        Arguments:
            x: Clean samples, with shape (B, *).
            t: Their times, with shape (B).
            max_weight: The largest weight.
            kwargs: Passed to the backbone.
        """
        return self._loss(x, t, max_weight, kwargs)


class KarrasDenoiser(_Preconditioned):
    """mean = c_skip x_t + c_out backbone(c_in x_t, c_time), with c_skip = alpha_t / (alpha_t^2 +
    sigma_t^2) and c_out = sigma_t / sqrt(alpha_t^2 + sigma_t^2) (Karras et al., 2022);
    azula.denoise.KarrasDenoiser.

    Arguments:
        backbone: A network b(x, c_time), with c_time of shape () or (B).
        schedule: A noise schedule, quell's, azula's, or a spec.
    """

    precondition = "karras"

    def mean(self, x_t: Tensor, output: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        square = alpha**2 + sigma**2
        return (alpha / square).to(x_t) * x_t + (sigma * torch.rsqrt(square)).to(x_t) * output

    def loss(self, x: Tensor, t: Tensor, **kwargs: Any) -> Tensor:
        """The mean of w_t |mean(x_t) - x|^2, w_t = 1 + alpha_t^2 / sigma_t^2.

        Arguments:
            x: Clean samples, with shape (B, *).
            t: Their times, with shape (B).
            kwargs: Passed to the backbone.
        """
        return self._loss(x, t, float("inf"), kwargs)


class ModuleDenoiser(FunctionDenoiser):
    """A torch module in a sampler, without gradients, in torch's own threads.

    Arguments:
        module: SimpleDenoiser or KarrasDenoiser, of quell or azula, or any module that is called as
            module(x_t, t, **kwargs) and returns a tensor or a posterior with `mean`.
        schedule: If the module has none.
    """

    def __init__(self, module: nn.Module, schedule: Any = None) -> None:
        own = schedule if schedule is not None else getattr(module, "schedule", None)
        known = isinstance(module, _Preconditioned)
        super().__init__(
            module.backbone if known else module,
            own,
            precondition=module.precondition if known else "none",
        )
        self.module = module

    def evaluate(self, x: Any, t: float, mean: Any, kwargs: Mapping[str, Any]) -> None:
        dtype = module_dtype(self.module)
        # azula's own modules convert themselves.
        at = dtype if isinstance(self.module, _Preconditioned) else torch.float32
        with torch.no_grad():
            result = self.function(
                torch.from_numpy(x).to(at), torch.tensor(t, dtype=at), **kwargs
            )
            tensor = result if isinstance(result, Tensor) else result.mean
            if tuple(tensor.shape) != mean.shape:
                raise ValueError(f"the denoiser returned shape {tuple(tensor.shape)}, not {mean.shape}")
            torch.from_numpy(mean).copy_(tensor)
