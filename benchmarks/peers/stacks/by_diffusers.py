# SPDX-License-Identifier: MIT
"""diffusers: a scheduler's step() called for each point of the grid, which it is given in place of
its own table. The model predicts the sample, so that nothing is converted."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grid import Frame, preserving, unscaled
from stacks.base import Drawing, Problem, Stack, drawing


def by_table(scheduler: Any, frame: Frame, steps: int) -> list[int]:
    """Schedulers that look alpha^2 up at whole timesteps, the last being 0."""
    scheduler.alphas_cumprod = torch.as_tensor(frame.alpha[::-1].copy() ** 2)
    scheduler.timesteps = torch.arange(steps, -1, -1)
    return list(range(steps))


def by_sigmas(scheduler: Any, frame: Frame, steps: int) -> list[int]:
    """Schedulers that have a list of sigma / alpha; Heun's has each step's two ends."""
    ends = np.arange(steps + 1)
    if scheduler.order == 2:
        ends = np.stack([ends[:-1], ends[1:]], -1).flatten()
    scheduler.sigmas = torch.as_tensor((frame.sigma / frame.alpha)[ends], dtype=torch.float32)
    evaluations = ends if scheduler.order == 2 else ends[:-1]
    scheduler.timesteps = torch.arange(len(evaluations))
    return evaluations.tolist()


class Diffusers(Stack):
    name = "diffusers"
    package = "diffusers"

    def set_up(self, problem: Problem) -> Drawing | None:
        import diffusers

        if not problem.sampler.diffusers:
            return None
        steps = problem.shape.steps
        made = getattr(diffusers, problem.sampler.diffusers)
        config = {
            "num_train_timesteps": steps + 1,
            "prediction_type": "sample",
            **problem.sampler.config,
        }
        model = problem.work.model(problem.shape)
        # Heun's scheduler takes states with alpha = 1, the others with alpha^2 + sigma^2 = 1.
        frame = preserving(problem.grid)
        if problem.sampler.name == "heun":
            frame = unscaled(problem.grid)

        def start() -> tuple[Any, Iterable[tuple[Any, Tensor, Tensor]]]:
            scheduler = made(**config)
            scheduler.set_timesteps(steps)
            place = by_sigmas if hasattr(scheduler, "sigmas") else by_table
            points = place(scheduler, frame, steps)
            if hasattr(scheduler, "set_begin_index"):
                scheduler.set_begin_index(0)
                scheduler.is_scale_input_called = True
            alpha, sigma = (
                torch.as_tensor(a[points], dtype=torch.float32) for a in (frame.alpha, frame.sigma)
            )
            return scheduler, list(zip(scheduler.timesteps, alpha, sigma, strict=False))

        def draw(x: Tensor) -> Tensor:
            scheduler, points = start()
            for t, alpha, sigma in points:
                x = scheduler.step(model(x, alpha, sigma), t, x, return_dict=False)[0]
            return x

        return drawing(draw, problem.x, frame)
