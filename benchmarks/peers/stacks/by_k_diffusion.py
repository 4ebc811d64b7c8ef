# SPDX-License-Identifier: MIT
"""k-diffusion: its functions, with alpha = 1. Noise of its SDE solver is fresh at each step, as
ours is by default; its own default, a Brownian tree, is many times as slow."""

import importlib
import importlib.util
import sys
import types
from typing import Any

import torch
from torch import Tensor

from grid import unscaled
from stacks.base import Drawing, Problem, Stack, drawing


def sampling() -> Any:
    """k_diffusion.sampling alone: its package imports training code and pictures."""
    if "k_diffusion.sampling" not in sys.modules:
        spec = importlib.util.find_spec("k_diffusion")
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError("k_diffusion is not installed")
        package: Any = types.ModuleType("k_diffusion")
        utils: Any = types.ModuleType("k_diffusion.utils")
        package.__path__ = list(spec.submodule_search_locations)
        package.utils = utils
        utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
        sys.modules.update({"k_diffusion": package, "k_diffusion.utils": utils})
    return importlib.import_module("k_diffusion.sampling")


class KDiffusion(Stack):
    name = "k-diffusion"
    package = "k-diffusion"

    def version(self) -> str:
        sampling()
        return super().version()

    def set_up(self, problem: Problem) -> Drawing | None:
        if not problem.sampler.k_diffusion:
            return None
        function = getattr(sampling(), problem.sampler.k_diffusion)
        frame = unscaled(problem.grid)
        model, one = problem.work.model(problem.shape), torch.tensor(1.0)
        sigmas = torch.as_tensor(frame.sigma, dtype=torch.float32)
        options: dict[str, Any] = {"disable": True}

        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            return model(x, one, sigma[0])

        def draw(x: Tensor) -> Tensor:
            if "_sde" in problem.sampler.k_diffusion:
                options["noise_sampler"] = lambda *_: torch.randn_like(x)
            return function(denoise, x, sigmas, **options)

        return drawing(draw, problem.x, frame)
