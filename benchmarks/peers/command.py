# SPDX-License-Identifier: MIT
"""quell beside its peers, on the same work in the same run.

Each row is work, shape and sampler; all stacks that have it take turns at it. It also measures
normal numbers, fresh processes, and the machine's limits, before and after. What is not installed is
reported as missing."""

import argparse
import datetime
import json
import os
import pathlib
import platform
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

import limits
import normals
import process
import report
import roofline
from grid import Grid
from quell_c import Library
from samplers import SAMPLERS
from stacks import STACKS, Drawing, Problem
from turns import Effort, take_turns
from works import MISSING, WORKS

QUICK = {  # work: rows
    "update": ("65536 x 2", "1 x 64"),
    "gaussian": ("65536 x 2",),
    "mixture": ("65536 x 2",),
    "empirical": ("64 x 784",),
    "mlp-64-256": ("4096 x 64",),
    "glyphs": ("64 x 28 x 28",),
}
BESIDES = ("normals", "process")


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def parse(root: pathlib.Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="peers", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=root / "build")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="fewer rows and turns")
    every = [*WORKS, *BESIDES]
    parser.add_argument("--work", type=names, default=every, help=", ".join(every))
    parser.add_argument("--samplers", type=names, default=list(SAMPLERS))
    parser.add_argument("--peers", type=names, default=list(STACKS), help=", ".join(STACKS))
    parser.add_argument("--shapes", type=names, help="as '1024 x 3072'")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go")
    parser.add_argument("--docs", type=pathlib.Path, help="a folder for peers.md and roofline.svg")
    options = parser.parse_args()
    for given, known in (
        (options.work, every),
        (options.samplers, SAMPLERS),
        (options.peers, STACKS),
    ):
        unknown = [name for name in given if name not in known]
        if unknown:
            parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    return options


def problems(options: argparse.Namespace, library: Library) -> Iterator[Problem]:
    for work in [WORKS[name] for name in options.work if name in WORKS]:
        for shape in work.shapes:
            if options.shapes and str(shape) not in options.shapes:
                continue
            if options.quick and str(shape) not in QUICK.get(work.name, ()):
                continue
            x = torch.randn(shape.count, *shape.sample, generator=torch.Generator().manual_seed(1))
            for name in work.samplers:
                if name in options.samplers:
                    yield Problem(
                        work=work,
                        shape=shape,
                        sampler=SAMPLERS[name],
                        grid=Grid(shape.steps),
                        x=x,
                        library=library,
                        threads=options.threads,
                    )


def apart(x: np.ndarray, y: np.ndarray, stochastic: bool) -> float:
    """The difference, relative to the values, both as root mean squares, since a mixture takes the
    rounding of a few samples far apart; of samples with noise of their own, of the spread."""
    if stochastic:
        return float(abs(np.std(x) / np.std(y) - 1))
    return float(np.sqrt(np.mean((x - y) ** 2.0) / np.mean(y**2.0)))


def set_up(problem: Problem, stacks: list[str], missing: dict[str, str]) -> dict[str, Drawing]:
    """Of the stacks that have the work; what fails, as a compiler may, is missing."""
    drawings = {}
    for name in stacks:
        try:
            made = STACKS[name].set_up(problem)
        except Exception as error:
            if name == "quell":
                raise
            lines = str(error).splitlines() or [type(error).__name__]
            missing[f"{name} of {problem.work.name}, {problem.shape}"] = lines[0]
            print(f"missing: {name}: {lines[0]}", flush=True)
            continue
        if made:
            drawings[name] = made
    return drawings


def measure(problem: Problem, drawings: dict[str, Drawing], effort: Effort) -> dict[str, Any]:
    times = take_turns({name: d.run for name, d in drawings.items()}, effort)
    right = drawings["quell"].result()
    row: dict[str, Any] = {
        "work": problem.work.name,
        "shape": str(problem.shape),
        "count": problem.shape.count,
        "elements": problem.shape.count * problem.shape.dim,
        "steps": problem.shape.steps,
        "sampler": problem.sampler.name,
        "stochastic": problem.sampler.stochastic,
        "stacks": {},
    }
    for name, t in times.items():
        difference = apart(drawings[name].result(), right, problem.sampler.stochastic)
        row["stacks"][name] = {**t.as_dict(), "apart": difference}
        print(
            f"{problem.work.name:10} {problem.shape!s:14} {problem.sampler.name:12} {name:20}"
            f" {t.median:.3e} s ({min(t.turns):.3e} to {max(t.turns):.3e})"
            f" {t.median / times['quell'].median:8.2f}  apart {difference:.1e}",
            flush=True,
        )
    return row


def present(names: list[str], missing: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Returns the stacks that can be imported, and their versions."""
    versions = {}
    for name in names:
        try:
            versions[name] = STACKS[name].version()
        except ImportError as error:
            missing[name] = str(error)
            print(f"missing: {name}: {error}", flush=True)
    return list(versions), versions


def main(root: pathlib.Path) -> None:
    options = parse(root)
    torch.set_num_threads(options.threads)
    library = Library(options.build)
    effort = Effort(turns=5, seconds=0.05, few=1) if options.quick else Effort()
    missing = dict(MISSING)
    stacks, versions = present(list(dict.fromkeys(["quell", *options.peers])), missing)
    before = limits.measured(options.build, library.isa, options.threads)
    found: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "machine": report.machine(),
        "isa": library.isa,
        "threads": options.threads,
        "versions": {"Python": platform.python_version(), "torch": torch.__version__, **versions},
        "missing": missing,
        "rows": [],
    }
    tasks = list(problems(options, library))
    found["rows"] = [measure(task, set_up(task, stacks, missing), effort) for task in tasks]
    if "normals" in options.work:
        found["normals"] = normals.measure(library, effort, missing)
    if "process" in options.work:
        found["process"] = process.measure(library, effort)
    after = limits.measured(options.build, library.isa, options.threads)
    if before and after:
        found["limits"] = limits.greater(before, after)
        for task, row in zip(tasks, found["rows"], strict=True):
            row["limit"] = limits.limit_of(task, found["limits"])
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    text = report.markdown(found)
    print(text)
    if options.docs:
        (options.docs / "peers.md").write_text(text)
        if "limits" in found:
            (options.docs / "roofline.svg").write_text(roofline.svg(found))
