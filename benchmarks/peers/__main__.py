# SPDX-License-Identifier: MIT
"""quell beside its peers, on the same work in the same run.

    python benchmarks/peers [--quick] [--build build] [--threads N] [--work NAME,...]
                            [--samplers NAME,...] [--peers NAME,...] [--json FILE] [--markdown FILE]

Each row is work, shape and sampler; all stacks that have it take turns at it. What is not installed
is said to be missing."""

import argparse
import json
import os
import pathlib
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))  # quell_export

import numpy as np
import torch
from grid import Grid
from quell_c import Library
from samplers import SAMPLERS
from stacks import STACKS, Problem
from turns import Effort, take_turns
from works import WORKS


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="peers", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="fewer rows and turns")
    parser.add_argument("--work", type=names, default=list(WORKS))
    parser.add_argument("--samplers", type=names, default=list(SAMPLERS))
    parser.add_argument("--peers", type=names, default=list(STACKS))
    parser.add_argument("--json", type=pathlib.Path)
    return parser.parse_args()


def problems(options: argparse.Namespace, library: Library) -> Iterator[Problem]:
    for name in options.work:
        work = WORKS[name]
        for shape in work.shapes:
            x = torch.randn(shape.count, *shape.sample, generator=torch.Generator().manual_seed(1))
            for sampler in work.samplers:
                if sampler in options.samplers:
                    grid = Grid(shape.steps)
                    yield Problem(work, shape, SAMPLERS[sampler], grid, x, library, options.threads)


def apart(x: np.ndarray, y: np.ndarray, stochastic: bool) -> float:
    """The greatest difference, relative to the greatest value; of samples, that of their spreads."""
    if stochastic:
        return float(abs(np.std(x) / np.std(y) - 1))
    return float(np.abs(x - y).max() / np.abs(y).max())


def measure(problem: Problem, stacks: list[str], effort: Effort) -> dict:
    drawings = {}
    for name in stacks:
        made = STACKS[name].set_up(problem)
        if made:
            drawings[name] = made
    times = take_turns({name: d.run for name, d in drawings.items()}, effort)
    right = drawings["quell"].result()
    row = {
        "work": problem.work.name,
        "shape": str(problem.shape),
        "steps": problem.shape.steps,
        "sampler": problem.sampler.name,
        "stacks": {},
    }
    for name, t in times.items():
        difference = apart(drawings[name].result(), right, problem.sampler.stochastic)
        row["stacks"][name] = {**t.as_dict(), "apart": difference}
        print(
            f"{problem.work.name:10} {problem.shape!s:16} {problem.sampler.name:12} {name:16}"
            f" {t.median:.3e} s ({min(t.turns):.3e} to {max(t.turns):.3e})"
            f" {t.median / times['quell'].median:8.2f}  apart {difference:.1e}",
            flush=True,
        )
    return row


def main() -> None:
    options = parse()
    torch.set_num_threads(options.threads)
    library = Library(options.build)
    effort = Effort(turns=3, seconds=0.05) if options.quick else Effort()
    rows = [measure(p, options.peers, effort) for p in problems(options, library)]
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    sys.exit(main())
