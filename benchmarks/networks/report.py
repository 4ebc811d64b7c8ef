# SPDX-License-Identifier: MIT
"""The tables, one for each precision: a row for a network and a number of samples, a column for
each peer."""

import importlib.metadata
import json
import os
import pathlib
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


def kept(folder: pathlib.Path) -> list[dict[str, Any]]:
    """The newest figures of each peer in each row that is in the folder, small networks first."""
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for line in (folder / "rows.jsonl").read_text().splitlines():
        row = json.loads(line)
        at = rows.setdefault((row["network"], row["samples"]), row)
        at["peers"] = at["peers"] | row["peers"]
    return sorted(rows.values(), key=lambda row: (row["multiply_adds"], row["samples"]))


def one(row: dict[str, Any]) -> str:
    """A row by itself, with the spread and the errors."""
    size = f"{row['multiply_adds'] / 1e9:.3g} G multiply-adds, {row['weights'] / 1e6:.3g} M weights"
    lines = [
        f"{row['network']}, samples: {row['samples']}; {size} a sample\n",
        "| by | ms | least to greatest | off float64 |",
        "| --- | --- | --- | --- |",
    ]
    for name, of in row["peers"].items():
        if "ms" in of:
            spread = f"{of['least']:.4g} to {of['greatest']:.4g}"
            lines.append(f"| {name} | {of['ms']:.4g} | {spread} | {of['off']:.1e} |")
    return "\n".join(lines) + "\n"


RATES = {"float32": "fused_gflops", "bfloat16": "half_giga", "int8": "byte_giga"}
BYTES = {"float32": 4, "bfloat16": 2, "int8": 1}


def limits(build: pathlib.Path, threads: int) -> dict[str, Any]:
    """What benchmarks/limits measures on all threads: billions of multiply-adds, and of bytes that
    are read from memory."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
    command = [build / "benchmarks/limits"]
    said = json.loads(subprocess.run(command, env=environment, capture_output=True).stdout)
    found = {p: said[name][1] / (2 if p == "float32" else 1) for p, name in RATES.items()
             if name in said}  # fmt: skip
    return found | {place["place"]: place["read"][1] for place in said["gigabytes"]}


def limit(row: dict[str, Any], precision: str, machine: dict[str, Any]) -> str:
    """Milliseconds that all multiply-adds take at least if they are computed one by one, and to read
    the weights once from the last-level cache."""
    if precision not in machine:
        return "-"
    work = row["samples"] * row["multiply_adds"] / machine[precision]
    read = row["weights"] * BYTES[precision] / machine.get("L3", machine["memory"])
    return f"{1e-6 * work:.3g}, {1e-6 * read:.2g}"


MOST_OFF = 0.1  # of the largest value


def _is_right(of: dict[str, Any]) -> bool:
    return "ms" in of and of["off"] <= MOST_OFF


def _figure(of: dict[str, Any] | None) -> str:
    """In parentheses if it is the time of a wrong result."""
    if not of or "ms" not in of:
        return "-"
    return f"{of['ms']:.3g}" if _is_right(of) else f"({of['ms']:.3g})"


def table(rows: Iterable[dict[str, Any]], precision: str, machine: dict[str, Any]) -> str:
    """Medians in milliseconds, how many times as long as quell the best of the others takes, and the
    limits."""
    rows = list(rows)
    names = [p.name for p in PEERS if p.precision == precision]
    names = [n for n in names if any("ms" in row["peers"].get(n, {}) for row in rows)]
    head = ["network, samples", *names, "best other / quell", "multiply-adds, weights"]
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for row in rows:
        took = {n: row["peers"][n]["ms"] for n in names if _is_right(row["peers"].get(n, {}))}
        own = [took[n] for n in took if n.startswith("quell")][:1]
        others = [took[n] for n in took if not n.startswith("quell")]
        ratio = f"{min(others) / own[0]:.2f}" if own and others else "-"
        figures = [_figure(row["peers"].get(n)) for n in names]
        first = f"{row['network']}, {row['samples']}"
        last = limit(row, precision, machine)
        lines.append(f"| {' | '.join([first, *figures, ratio, last])} |")
    return "\n".join(lines) + "\n"


def tables(rows: list[dict[str, Any]], machine: dict[str, Any]) -> str:
    precisions = dict.fromkeys(peer.precision for peer in PEERS)
    return "\n".join(f"**{p}**\n\n{table(rows, p, machine)}" for p in precisions)
