# SPDX-License-Identifier: MIT
"""The limit beside each figure: what benchmarks/limits measures, and what of it a run could use.

The update of a tile that stays in the first-level cache is limited by the streams that its plan
passes through it; its noise by Philox's multiplications, ten rounds of two for four numbers; exact
denoisers and networks by multiply-adds."""

import json
import os
import pathlib
import subprocess
from dataclasses import dataclass
from typing import Any

from quell_c import Sampler
from stacks import Problem

LARGE = 1 << 25  # bytes that no cache is counted on to hold
MULTIPLIES = 5  # Philox4x32-10's 32 x 32 -> 64, for each of four numbers


def measured(build: pathlib.Path, isa: str, threads: int) -> dict[str, Any] | None:
    """Pairs: on one thread, on all. None: no limits are known for this instruction set."""
    done = subprocess.run(
        [build / "benchmarks/limits", isa],
        env={**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def greater(a: Any, b: Any) -> Any:
    """The greater of each rate of two measurements."""
    if isinstance(a, dict):
        return {key: greater(a[key], b[key]) for key in a}
    if isinstance(a, list):
        return [greater(x, y) for x, y in zip(a, b, strict=True)]
    return a if isinstance(a, str) else max(a, b)


@dataclass(frozen=True)
class Cost:
    """What a plan asks for, for each element of the state, over all steps."""

    evaluations: int
    inputs: int  # terms of linear combinations, each a multiply-add
    outputs: int
    normals: int

    @classmethod
    def of(cls, plan: str) -> "Cost":
        combines = [line.split("=", 1)[1] for line in plan.splitlines() if line[:7] == "COMBINE"]
        normals = sum(line.count("noise(") for line in combines)
        terms = sum(line.count(" + ") + 1 for line in combines)
        return cls(plan.count("EVAL "), terms - normals, len(combines), normals)


def cost_of(problem: Problem) -> Cost:
    denoiser = problem.work.quell(problem.library, problem.shape)
    spec, steps = problem.sampler.quell, problem.shape.steps
    return Cost.of(Sampler(problem.library, denoiser, spec, steps).plan())


def limit_of(problem: Problem, limits: dict[str, Any]) -> dict[str, Any]:
    """The least seconds of a run by each bound, and which of them is the greatest."""
    work, shape, cost = problem.work, problem.shape, cost_of(problem)
    elements = shape.count * shape.dim
    update = {place["place"]: max(place["update"]) for place in limits["gigabytes"]}
    read = {place["place"]: max(place["read"]) for place in limits["gigabytes"]}
    streams = cost.inputs + cost.outputs + work.passes * cost.evaluations
    flops = cost.evaluations * work.flops(shape) + 2 * cost.inputs * elements
    data = cost.evaluations * work.data(shape)
    giga = {
        "L1": 4 * streams * elements / update["L1"],
        "memory": (data / read["memory"] if work.data(shape) > LARGE else 0)
        + (8 * elements / update["memory"] if 4 * elements > LARGE else 0),
        "multiplications": MULTIPLIES * cost.normals * elements / max(limits["multiply_giga"]),
        "multiply-adds": flops / max(limits["fused_gflops"]),
    }
    by = max(giga, key=lambda key: giga[key])
    return {
        "by": by,
        "seconds": 1e-9 * giga[by],
        "flops": flops,
        "bytes": 4 * streams * elements + data,
        "normals": cost.normals * elements,
    }
