# SPDX-License-Identifier: MIT
"""The rows of the tables: a network and a number of samples, evaluated by each peer in turns."""

import contextlib
import fcntl
import json
import os
import pathlib
import statistics
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from nets import NETWORKS, Network
from peers import PEERS, Peer
from problem import TIME, Call, Problem
from quell.programs.twin import in_double
from torch.utils.flop_counter import FlopCounterMode

CHECKED = 2  # samples that are compared with float64's
PRIORITY = 50


def problem_of(given: Any, network: Network, samples: int, folder: pathlib.Path) -> Problem:
    module = network.module()
    torch.manual_seed(1)
    x, t = torch.randn(samples, *network.sample), torch.full((samples,), TIME)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module(x[:1], t[:1])
    work = samples * counter.get_total_flops() / 2
    return Problem(network, module, x, t, given.threads, given.seconds, work, folder)


def set_up(problem: Problem, peers: list[Peer]) -> tuple[dict[str, Call], dict[str, Any]]:
    """A call for each peer that can be had, and how far its result is from float64's, relative to
    the largest; or why it cannot."""
    few = problem.x[:CHECKED], problem.t[:CHECKED]
    with torch.inference_mode():
        right = in_double(problem.module, few, {}).numpy()
    calls, said = {}, {}
    # Once zentorch has compiled something, what PyTorch itself compiles for bfloat16 is wrong.
    for peer in sorted(peers, key=lambda one: "zentorch" in one.name):
        try:
            call = peer.call(problem)
            made = call.array((call.once or call.run)()).reshape(problem.x.shape)[:CHECKED]
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            said[peer.name] = {"why": f"{type(error).__name__}: {lines[0][:100]}"}
            print(f"({peer.name}: {said[peer.name]['why']})", flush=True)
            continue
        off = float(np.abs(made - right).max() / np.abs(right).max())
        calls[peer.name], said[peer.name] = call, {"off": off}
    return calls, said


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


def _schedule(policy: int, priority: int) -> None:
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setscheduler(int(thread), policy, os.sched_param(priority))


@contextlib.contextmanager
def alone(given: Any) -> Iterator[None]:
    """While no other that asks for the same lock runs, and before all that is not urgent."""
    with contextlib.ExitStack() as stack:
        if given.lock:
            lock = stack.enter_context(open(given.lock, "a"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        if given.real_time:
            _schedule(os.SCHED_FIFO, PRIORITY)
            stack.callback(_schedule, os.SCHED_OTHER, 0)
        yield


def measure(given: Any, calls: dict[str, Call]) -> dict[str, list[float]]:
    """Milliseconds, in the order of turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(given.turns):
        with alone(given):
            for name, call in calls.items():
                times[name].append(1e3 * turn(call, given.seconds))
    return times


def row(given: Any, network: Network, samples: int, folder: pathlib.Path) -> dict[str, Any]:
    problem = problem_of(given, network, samples, folder)
    calls, said = set_up(problem, given.chosen)
    times = {} if given.prepare else measure(given, calls)
    for name, each in times.items():
        said[name] |= {"ms": statistics.median(each), "least": min(each), "greatest": max(each)}
    return {
        "network": network.name,
        "samples": samples,
        "multiply_adds": problem.work / samples,
        "weights": sum(p.numel() for p in problem.module.parameters()),
        "peers": said,
    }


def run(given: Any, folder: pathlib.Path) -> Iterator[dict[str, Any]]:
    """The rows; each is also kept in the folder, beside those of earlier runs."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(given.threads)
    wanted = given.networks.split(";") if given.networks else [""]
    names = given.peers.split(",") if given.peers else [peer.name for peer in PEERS]
    given.chosen = [peer for peer in PEERS if peer.name in names]
    for network in NETWORKS:
        if not any(part in network.name for part in wanted):
            continue
        for samples in map(int, given.samples.split(",")):
            made = row(given, network, samples, folder)
            if not given.prepare:
                with open(folder / "rows.jsonl", "a") as kept:
                    kept.write(json.dumps(made) + "\n")
            yield made
