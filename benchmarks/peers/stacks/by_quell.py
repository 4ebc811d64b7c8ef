# SPDX-License-Identifier: MIT
"""quell, in place, by its C interface."""

from quell_c import Sampler
from stacks.base import Drawing, Problem, Stack
from turns import Run


class Quell(Stack):
    name = "quell"

    def set_up(self, problem: Problem) -> Drawing:
        denoiser = problem.work.quell(problem.library, problem.shape)
        sampler = Sampler(problem.library, denoiser, problem.sampler.quell, problem.shape.steps)
        start = problem.x.numpy()
        x = start.copy()

        def prepare() -> None:
            x[...] = start

        return Drawing(Run(sampler.forward(x, problem.threads), prepare), lambda: x)
