# SPDX-License-Identifier: MIT
"""Turns, A B A B, with medians and spread, so that whatever else the machine does slows all alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Times:
    """Seconds of one call, one figure a turn."""

    turns: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.turns)

    def as_dict(self) -> dict[str, float | int]:
        return {
            "seconds": self.median,
            "least": min(self.turns),
            "greatest": max(self.turns),
            "turns": len(self.turns),
        }


@dataclass(frozen=True)
class Run:
    """What is measured: call(), each time after prepare(), which is not."""

    call: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Effort:
    """How much: `turns` of at least `seconds` each, but `few` of a run that takes `long`. A first
    call is not counted."""

    turns: int = 7
    seconds: float = 0.15
    long: float = 1.0
    few: int = 3


def once(run: Run) -> float:
    run.prepare()
    start = time.perf_counter()
    run.call()
    return time.perf_counter() - start


def turn(run: Run, calls: int) -> float:
    return sum(once(run) for _ in range(calls)) / calls


def take_turns(runs: Mapping[str, Run], effort: Effort) -> dict[str, Times]:
    times = {name: Times() for name in runs}
    calls, turns = {}, {}
    for name, run in runs.items():
        usual = once(run)
        if usual < effort.long:
            usual = once(run)
        turns[name] = effort.turns if usual < effort.long else effort.few
        calls[name] = max(1, int(effort.seconds / usual))
    for _ in range(effort.turns):
        for name, run in runs.items():
            if len(times[name].turns) < turns[name]:
                times[name].turns.append(turn(run, calls[name]))
    return times
