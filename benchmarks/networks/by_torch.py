# SPDX-License-Identifier: MIT
"""PyTorch, as it is and compiled, and AMD's zentorch, which compiles for it."""

import copy
from collections.abc import Callable

import torch
from problem import Call, Problem
from torch import Tensor
from torch._inductor import config as inductor


def _call(problem: Problem, network: Callable, half: bool = False) -> Call:
    def call() -> Tensor:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            return network(*problem.given())

    return Call(call, lambda made: made.float().numpy())


def f32(problem: Problem) -> Call:
    return _call(problem, problem.module)


def compiled(problem: Problem) -> Call:
    return _call(problem, torch.compile(problem.module))


def compiled_bf16(problem: Problem) -> Call:
    return _call(problem, torch.compile(problem.module), half=True)


def _by_zentorch(problem: Problem, half: bool) -> Call:
    """Of a copy, because zentorch packs the weights of the module itself, which is then wrong
    elsewhere. It also leaves its own pass over graphs to all that is compiled later."""
    import zentorch  # noqa: F401, which names its compiler

    module = copy.deepcopy(problem.module)
    call = _call(problem, torch.compile(module, backend="zentorch"), half=half)
    before = inductor.joint_custom_post_pass
    try:
        call.run()
    finally:
        inductor.joint_custom_post_pass = before
    return call


def zentorch(problem: Problem) -> Call:
    return _by_zentorch(problem, half=False)


def zentorch_bf16(problem: Problem) -> Call:
    return _by_zentorch(problem, half=True)
