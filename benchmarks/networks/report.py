# SPDX-License-Identifier: MIT
"""The tables, one for each precision: a row for a network and a number of samples, a column for
each peer."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
from collections.abc import Iterable
from typing import Any

from peers import PEERS

LIBRARIES = ("quell", "torch", "openvino", "nncf", "ncnn", "onnxruntime", "zentorch")


def versions() -> str:
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name}: not installed")
    return ", ".join(found)


def one(row: dict[str, Any]) -> str:
    """A row by itself, with the spread and the errors."""
    size = f"{row['multiply_adds'] / 1e9:.3g} G multiply-adds, {row['weights'] / 1e6:.3g} M weights"
    lines = [
        f"{row['network']}, samples: {row['samples']}; {size} a sample\n",
        "| by | ms | least to greatest | off float64 | s to set up |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, of in row["peers"].items():
        ms, spread = "-", "-"
        if "ms" in of:
            ms, spread = f"{of['ms']:.4g}", f"{of['least']:.4g} to {of['greatest']:.4g}"
        if "off" in of:
            lines.append(f"| {name} | {ms} | {spread} | {of['off']:.1e} | {of['set_up']:.1f} |")
    return "\n".join(lines) + "\n"


RATES = {"float32": "fused_gflops", "bfloat16": "half_giga", "int8": "byte_giga"}
BYTES = {"float32": 4, "bfloat16": 2, "int8": 1}


def limits(build: pathlib.Path, threads: int) -> dict[str, float]:
    """What benchmarks/limits measures on all threads: billions of multiply-adds, and of bytes that
    are read from memory."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
    command = [build / "benchmarks/limits"]
    said = json.loads(subprocess.run(command, env=environment, capture_output=True).stdout)
    found = {p: said[name][1] / (2 if p == "float32" else 1) for p, name in RATES.items()
             if name in said}  # fmt: skip
    return found | {place["place"]: place["read"][1] for place in said["gigabytes"]}


def _processor() -> str:
    said = pathlib.Path("/proc/cpuinfo")
    names = [n for n in said.read_text().splitlines() if n.startswith("model name")]
    return names[0].split(":")[1].strip() if names else platform.machine()


def machine(build: pathlib.Path | None, threads: int) -> dict[str, Any]:
    """What a page says about the run."""
    return {
        "date": datetime.date.today().isoformat(), "processor": _processor(),
        "threads": threads, "versions": versions(),
        "limits": limits(build, threads) if build else {},
    }  # fmt: skip


def limit(row: dict[str, Any], precision: str, machine: dict[str, Any]) -> str:
    """Milliseconds that all multiply-adds take at least if they are computed one by one, and to read
    the weights once from the last-level cache."""
    if precision not in machine:
        return "-"
    work = row["samples"] * row["multiply_adds"] / machine[precision]
    read = row["weights"] * BYTES[precision] / machine.get("L3", machine["memory"])
    return f"{1e-6 * work:.3g}, {1e-6 * read:.2g}"


# Of the largest value; whole weights are less exact where weights are random.
MOST_OFF = {"float32": 0.01, "bfloat16": 0.1, "int8": 0.25}
PRECISION = {peer.name: peer.precision for peer in PEERS}


def _is_right(row: dict[str, Any], name: str) -> bool:
    of = row["peers"].get(name, {})
    return "ms" in of and of["off"] <= MOST_OFF[PRECISION[name]]


def _figure(row: dict[str, Any], name: str) -> str:
    """In parentheses if it is the time of a wrong result."""
    of = row["peers"].get(name, {})
    if "ms" not in of:
        return "-"
    return f"{of['ms']:.3g}" if _is_right(row, name) else f"({of['ms']:.3g})"


def is_own(name: str) -> bool:
    return name.startswith("quell")


def names_of(rows: Iterable[dict[str, Any]], precision: str) -> list[str]:
    """The peers of a precision that have figures."""
    names = [p.name for p in PEERS if p.precision == precision and p.usual]
    return [n for n in names if any("ms" in row["peers"].get(n, {}) for row in rows)]


def ratio(row: dict[str, Any], names: list[str]) -> float | None:
    """How many times as long as quell's best the best of the others takes; None: one is missing."""
    took = {n: row["peers"][n]["ms"] for n in names if _is_right(row, n)}
    own = [took[n] for n in took if is_own(n)]
    others = [took[n] for n in took if not is_own(n)]
    return min(others) / min(own) if own and others else None


def table(rows: Iterable[dict[str, Any]], precision: str, machine: dict[str, Any]) -> str:
    """Medians in milliseconds, how many times as long as quell the best of the others takes, and the
    limits."""
    rows = list(rows)
    names = names_of(rows, precision)
    head = ["network, samples", *names, "best other / quell", "multiply-adds, weights"]
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for row in rows:
        if not any("ms" in row["peers"].get(n, {}) for n in names):
            continue
        figures = [_figure(row, n) for n in names]
        times = ratio(row, names)
        cells = [f"{row['network']}, {row['samples']}", *figures]
        cells += [f"{times:.2f}" if times else "-", limit(row, precision, machine)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def tables(rows: list[dict[str, Any]], machine: dict[str, Any]) -> str:
    precisions = dict.fromkeys(peer.precision for peer in PEERS)
    return "\n".join(f"**{p}**\n\n{table(rows, p, machine)}" for p in precisions)
