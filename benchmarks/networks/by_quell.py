# SPDX-License-Identifier: MIT
"""quell: the mean E[X | x_t] of a network that returns it, on the schedule `vp`. What is measured is
a run of DDIM with all its steps: a single evaluation would also start threads."""

import pathlib

import quell
import torch
from problem import TIME, Call, Problem

MOST_STEPS = 16
USUAL = 1e11  # multiply-adds a second
TYPICAL = 8  # inputs that a calibration sees


def _exported(problem: Problem, fast: bool | float) -> pathlib.Path:
    path = problem.path(f"quell_{fast}", ".safetensors")
    example = (torch.randn(2, *problem.network.sample), torch.rand(2))
    said = {"output": "x0", "schedule": "vp", "time": "t"}
    if not path.exists():
        quell.export(problem.module, path, example, fast=fast, **said)
    return path


def _call(problem: Problem, path: pathlib.Path, precision: str = "stored") -> Call:
    model, x = quell.load(path, precision=precision), problem.x.numpy()
    steps = int(max(1, min(MOST_STEPS, problem.seconds * USUAL / problem.work)))
    sampler = quell.DDIMSampler(model, steps=steps, threads=problem.threads, silent=True)
    return Call(lambda: sampler(x), once=lambda: model(x, TIME).mean, each=steps)


def f32(problem: Problem) -> Call:
    return _call(problem, _exported(problem, True))


def plain(problem: Problem) -> Call:
    """Without convolutions in tiles."""
    return _call(problem, _exported(problem, False))


def loose(problem: Problem) -> Call:
    """With all tiles that keep the result within 1e-4."""
    return _call(problem, _exported(problem, 1e-4))


def bf16(problem: Problem) -> Call:
    return _call(problem, _exported(problem, True), "bf16")


def halves(problem: Problem) -> Call:
    return _call(problem, _exported(problem, True), "bf16_products")


def int8(problem: Problem) -> Call:
    """Whole weights wherever there can be some, as the peers have them: the bound is the highest."""
    path = problem.path("quell_int8", ".safetensors")
    if not path.exists():
        quell.quantize(
            _exported(problem, True), path, bound=10, count=1, sampler="ddim", steps=1
        )
    return _call(problem, path)
