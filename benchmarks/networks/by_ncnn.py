# SPDX-License-Identifier: MIT
"""ncnn: one sample after the other, as it has no batch. Whole weights need its tools, which PyPI's
package does not have."""

import contextlib
from typing import Any

import ncnn
import numpy as np
import pnnx
from problem import Call, Problem

HALVES = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage")


def _call(problem: Problem, on: tuple[str, ...]) -> Call:
    one = (problem.x[:1], problem.t[:1])
    path = problem.path("ncnn", ".ncnn.param")
    if not path.exists():
        script = problem.path("ncnn", ".pt")
        with contextlib.redirect_stdout(None):
            pnnx.export(problem.module, str(script), inputs=one, fp16=False)
    net = ncnn.Net()
    net.opt.num_threads = problem.threads
    for name in HALVES:
        setattr(net.opt, name, name in on)
    if net.load_param(str(path)) or net.load_model(str(path.with_suffix(".bin"))):
        raise RuntimeError("ncnn does not read what pnnx made")
    given = [[ncnn.Mat(a.squeeze(0).numpy()).clone(), ncnn.Mat(b.numpy()).clone()]
             for a, b in zip(problem.x.split(1), problem.t.split(1), strict=True)]  # fmt: skip

    def call() -> list[Any]:
        made = []
        for x, t in given:
            with net.create_extractor() as extractor:
                extractor.input("in0", x)
                extractor.input("in1", t)
                made.append(extractor.extract("out0")[1])
        return made

    return Call(call, lambda made: np.stack([np.array(m) for m in made]))


def f32(problem: Problem) -> Call:
    return _call(problem, ())


def bf16(problem: Problem) -> Call:
    return _call(problem, ("use_bf16_storage",))
