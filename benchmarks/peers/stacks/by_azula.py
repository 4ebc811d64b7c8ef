# SPDX-License-Identifier: MIT
"""azula on PyTorch, eager and compiled: the network, or where there is none a whole step."""

from typing import Any

import torch
from torch import Tensor

from stacks.base import Drawing, Problem, Stack, drawing


def sampler_of(problem: Problem, compiled: bool) -> Any:
    from azula import sample
    from azula.denoise import Denoiser, DiracPosterior, KarrasDenoiser
    from azula.noise import VPSchedule

    class Exact(Denoiser):
        def __init__(self) -> None:
            super().__init__()
            self.schedule = VPSchedule()
            self.model = problem.work.model(problem.shape)

        def forward(self, x_t: Tensor, t: Tensor, **_: Any) -> DiracPosterior:
            return DiracPosterior(self.model(x_t, *self.schedule(t)))

    net = problem.work.net()
    if net is not None:
        denoiser = KarrasDenoiser(torch.compile(net) if compiled else net, VPSchedule())
    else:
        denoiser = Exact()
    made = getattr(sample, problem.sampler.azula)
    sampler = made(denoiser, steps=problem.shape.steps, silent=True)
    if compiled and net is None:
        sampler.step = torch.compile(sampler.step, dynamic=False)
    return sampler


class Azula(Stack):
    name = "azula"
    package = "azula"
    compiled = False

    def set_up(self, problem: Problem) -> Drawing | None:
        if not problem.sampler.azula:
            return None
        return drawing(sampler_of(problem, self.compiled), problem.x)


class Compiled(Azula):
    name = "azula-compiled"
    compiled = True

    def set_up(self, problem: Problem) -> Drawing | None:
        from torch._inductor import config

        torch._dynamo.reset()  # else it gives up after some eight samplers
        config.fallback_random = True  # its own noise is many times as slow as eager PyTorch's
        made = super().set_up(problem)
        if made:
            made.run.call()  # compiles
        return made
