# SPDX-License-Identifier: MIT
"""The rows of the table: a network and a number of samples, evaluated by each peer in turns."""

import importlib.metadata
import pathlib
import statistics
import time
import warnings

import numpy as np
import torch
from nets import NETWORKS, Network
from peers import PEERS, TIME, Call, Problem
from quell.programs.twin import in_double
from torch.utils.flop_counter import FlopCounterMode

LIBRARIES = ("quell", "torch", "openvino", "ncnn", "onnxruntime")


def versions() -> str:
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name}: not installed")
    return ", ".join(found)


def problem_of(network: Network, samples: int, threads: int, folder: pathlib.Path) -> Problem:
    torch.manual_seed(1)
    x = torch.randn(samples, *network.sample)
    return Problem(network, network.module(), x, torch.full((samples,), TIME), threads, folder)


def set_up(problem: Problem, names: list[str]) -> dict[str, tuple]:
    """A call for each peer that can be had, and how far its result is from float64's, relative to
    the largest."""
    with torch.inference_mode():
        right = in_double(problem.module, (problem.x, problem.t), {}).numpy()
    calls = {}
    for name in names:
        try:
            call = PEERS[name](problem)
            made = call.array((call.once or call.run)()).reshape(right.shape)
        except Exception as error:
            print(
                f"({name}: {type(error).__name__}: {str(error).splitlines()[0][:100]})", flush=True
            )
            continue
        calls[name] = call, float(np.abs(made - right).max() / np.abs(right).max())
    return calls


def turn(call: Call, seconds: float) -> float:
    """The time of one evaluation, on average over some."""
    time.sleep(0.05)  # threads of the one before stop spinning
    begin, count = time.perf_counter(), 0
    while True:
        call.run()
        count += call.each
        took = time.perf_counter() - begin
        if took >= seconds:
            return took / count


def multiply_adds(problem: Problem) -> float:
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        problem.module(problem.x, problem.t)
    return counter.get_total_flops() / 2


def row(problem: Problem, names: list[str], turns: int, seconds: float) -> None:
    calls = set_up(problem, names)
    times = {name: [] for name in calls}
    for _ in range(turns):
        for name, (call, _) in calls.items():
            times[name].append(1e3 * turn(call, seconds))
    weights = sum(p.numel() for p in problem.module.parameters())
    print(f"\n{problem.network.name}, samples: {len(problem.x)}; "
          f"{multiply_adds(problem) / 1e9:.3g} G multiply-adds, {weights / 1e6:.3g} M weights\n")  # fmt: skip
    print("| by | ms | times quell's | off float64 |")
    print("| --- | --- | --- | --- |")
    quell = statistics.median(times.get("quell", [float("nan")]))
    for name, (_, off) in calls.items():
        middle = statistics.median(times[name])
        spread = f"({min(times[name]):.4g} to {max(times[name]):.4g})"
        print(f"| {name} | {middle:.4g} {spread} | {middle / quell:.2f} | {off:.1e} |", flush=True)


def run(given, folder: pathlib.Path) -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(given.threads)
    wanted = given.networks.split(",") if given.networks else [""]
    peers = given.peers.split(",") if given.peers else list(PEERS)
    names = [name for name in PEERS if name.startswith("quell") or name in peers]
    for network in NETWORKS:
        if not any(part in network.name for part in wanted):
            continue
        for samples in map(int, given.samples.split(",")):
            row(
                problem_of(network, samples, given.threads, folder),
                names,
                given.turns,
                given.seconds,
            )
