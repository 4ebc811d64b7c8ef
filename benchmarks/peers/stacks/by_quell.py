# SPDX-License-Identifier: MIT
"""quell, in place, by its C interface: on all threads, and on one, which shows how it scales."""

import dataclasses

from quell_c import Sampler
from stacks.base import Drawing, Problem, Stack
from turns import Run


class Quell(Stack):
    name = "quell"

    def set_up(self, problem: Problem) -> Drawing | None:
        denoiser = problem.work.quell(problem.library, problem.shape)
        sampler = Sampler(problem.library, denoiser, problem.sampler.quell, problem.shape.steps)
        start = problem.x.numpy()
        x = start.copy()

        def prepare() -> None:
            x[...] = start

        return Drawing(Run(sampler.forward(x, problem.threads), prepare), lambda: x)


class OneThread(Quell):
    name = "quell-one-thread"

    def set_up(self, problem: Problem) -> Drawing | None:
        if problem.threads == 1 or problem.shape.count == 1:
            return None
        return super().set_up(dataclasses.replace(problem, threads=1))
