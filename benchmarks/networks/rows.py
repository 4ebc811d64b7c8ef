# SPDX-License-Identifier: MIT
"""The rows of the tables: a network and a number of samples, evaluated by each peer in turns."""

import contextlib
import fcntl
import gc
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
from kept import Kept
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


def right_of(problem: Problem) -> np.ndarray:
    """The result of the first samples in float64, which the folder keeps."""
    few = problem.x[:CHECKED], problem.t[:CHECKED]
    path = problem.path(f"right_{len(problem.x)}", ".npy")
    if not path.exists():
        with torch.inference_mode():
            np.save(path, in_double(problem.module, few, {}).numpy())
    return np.load(path)


def set_up(problem: Problem, peers: list[Peer]) -> tuple[dict[str, Call], dict[str, Any]]:
    """A call for each peer that can be had, and how far its result is from float64's, relative to
    the largest; or why it cannot."""
    right = right_of(problem)
    calls, said = {}, {}
    for peer in peers:
        begin = time.perf_counter()
        try:
            call = peer.call(problem)
            made = call.array((call.once or call.run)()).reshape(problem.x.shape)[:CHECKED]
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            said[peer.name] = {"why": f"{type(error).__name__}: {lines[0][:100]}"}
            print(f"({peer.name}: {said[peer.name]['why']})", flush=True)
            continue
        off = float(np.abs(made - right).max() / np.abs(right).max())
        took = time.perf_counter() - begin
        calls[peer.name], said[peer.name] = call, {"off": off, "set_up": took}
    return calls, said


def prepare(problem: Problem, peers: list[Peer], kept: Kept) -> None:
    """Makes the files of each peer that can be had; what is compiled for a network is compiled when
    it is first evaluated."""
    at = problem.network.name, len(problem.x)
    right_of(problem)
    for peer in peers:
        begin = time.perf_counter()
        try:
            call = peer.call(problem)
            if peer.compiles:
                call.run()
            said = "prepared"
        except Exception as error:
            said = f"{type(error).__name__}: {str(error).strip()[:100]}"
        kept.prepare(*at, peer.name)
        print(f"{at}, {peer.name}: {said}, {time.perf_counter() - begin:.1f} s", flush=True)


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


def measure(given: Any, calls: dict[str, Call], times: dict[str, list[float]]) -> None:
    """Adds milliseconds, in the order of turns. A peer whose turns have taken as long as a cell may
    take has no further ones."""
    spent = dict.fromkeys(calls, 0.0)
    for _ in range(given.turns):
        with alone(given):
            for name, call in calls.items():
                if spent[name] >= given.cell:
                    continue
                begin = time.perf_counter()
                times.setdefault(name, []).append(1e3 * turn(call, given.seconds))
                spent[name] += time.perf_counter() - begin


def row(given: Any, network: Network, samples: int, kept: Kept) -> dict[str, Any]:
    """If it is interrupted, what was measured until then is kept all the same."""
    torch._dynamo.reset()  # which compiles a function for so many networks, and no more
    gc.collect()
    problem = problem_of(given, network, samples, kept.folder)
    made = {
        "network": network.name,
        "samples": samples,
        "multiply_adds": problem.work / samples,
        "weights": sum(p.numel() for p in problem.module.parameters()),
    }
    times: dict[str, list[float]] = {}
    peers = [peer for peer in given.chosen if peer.takes(samples)]
    if given.prepared:
        peers = [p for p in peers if kept.is_prepared(network.name, samples, p.name)]
    calls, said = set_up(problem, peers)
    try:
        measure(given, calls, times)
        made["whole"] = True
    finally:
        for name, each in times.items():
            found = {"ms": statistics.median(each), "least": min(each), "greatest": max(each)}
            said[name] |= found | {"turns": len(each)}
        made["peers"] = said
        if times:
            kept.add(made)
    return made


def _chosen(given: Any) -> list[Peer]:
    """zentorch at the end: it changes settings of PyTorch's when it is loaded."""
    names = given.peers.split(",") if given.peers else [p.name for p in PEERS if p.usual]
    found = [peer for peer in PEERS if peer.name in names]
    return sorted(found, key=lambda peer: "zentorch" in peer.name)


def wanted(given: Any) -> list[tuple[Network, int]]:
    """One sample of all networks first, and then more."""
    parts = given.networks.split(";") if given.networks else [""]
    return [
        (network, samples)
        for samples in map(int, given.samples.split(","))
        for network in NETWORKS
        if any(part in network.name for part in parts) and samples <= network.most
    ]


def _prepare_all(given: Any, kept: Kept, todo: list[tuple[Network, int]]) -> None:
    """First what is quick, and then what compiles. With `resume` only what is missing."""
    for compiles in (False, True):
        for network, samples in todo:
            peers = [p for p in given.chosen if p.compiles == compiles and p.takes(samples)]
            if given.resume:
                peers = [p for p in peers if not kept.is_prepared(network.name, samples, p.name)]
            if not peers:
                continue
            torch._dynamo.reset()
            gc.collect()
            prepare(problem_of(given, network, samples, kept.folder), peers, kept)


def run(given: Any, kept: Kept) -> Iterator[dict[str, Any]]:
    """The rows; each is also kept in the folder, beside those of earlier runs. With `resume` those
    that it has are left out, and those that were begun and have no figures come last."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(given.threads)
    given.chosen = _chosen(given)
    todo = [(network, samples) for network, samples in wanted(given)]
    if given.resume and not given.prepare:
        todo = [one for one in todo if not kept.has(one[0].name, one[1])]
        todo.sort(key=lambda one: kept.was_begun(one[0].name, one[1]))
    begin = time.monotonic()
    if given.prepare:
        _prepare_all(given, kept, todo)
        return
    for network, samples in todo:
        if time.monotonic() - begin > 60 * given.minutes:
            print(f"({network.name}, {samples}, and what follows: no time left; --resume goes on)")
            return
        kept.begin(network.name, samples)
        yield row(given, network, samples, kept)
