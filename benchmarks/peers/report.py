# SPDX-License-Identifier: MIT
"""The figures as Markdown."""

import pathlib
import platform
from collections.abc import Iterator
from typing import Any

from limits import MULTIPLIES

Found = dict[str, Any]


def machine() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':', 1)[1].strip()}, {platform.system()} {platform.machine()}"
    return platform.machine()


def short(x: float) -> str:
    """Three digits."""
    return f"{x:.3g}" if abs(x) < 1000 else f"{x:.0f}"


def spread(t: Found, scale: float) -> str:
    middle, least, greatest = (short(t[k] * scale) for k in ("seconds", "least", "greatest"))
    return f"{middle} ({least} to {greatest})"


def table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def opening(found: Found) -> Iterator[str]:
    versions = ", ".join(f"{name} {v}" for name, v in found["versions"].items() if v)
    yield "# Beside its peers"
    yield ""
    yield "`python benchmarks/peers --docs docs` writes this page. The libraries of a row take turns in"
    yield "one process. They start from the same x_1 and go through the same points. Each figure is the"
    yield "median of the turns; the least and the greatest stand in brackets."
    yield ""
    yield f"{found['date']}: {found['machine']}, {found['isa']}, threads: {found['threads']}."
    yield f"{versions}."
    for name, why in found["missing"].items():
        yield f"Missing: {name} ({why})."
    yield ""


def limits(found: Found) -> Iterator[str]:
    if "limits" not in found:
        return
    measured = found["limits"]
    yield "## The machine's limits"
    yield ""
    yield "`build/benchmarks/limits` measures them before and after all runs. The table has the faster"
    yield "of both."
    yield ""
    rows = [
        ["multiply-adds, GFLOP/s", *map(short, measured["fused_gflops"])],
        ["multiplications 32 x 32 -> 64, 10^9/s", *map(short, measured["multiply_giga"])],
    ]
    for place in measured["gigabytes"]:
        rows.append([f"{place['place']}, read, GB/s", *map(short, place["read"])])
        rows.append([f"{place['place']}, x = a x + b y, GB/s", *map(short, place["update"])])
    yield from table(["", "one thread", f"threads: {found['threads']}"], rows)


def share(row: Found) -> str:
    if "limit" not in row:
        return ""
    limit = row["limit"]
    return f"{100 * limit['seconds'] / row['stacks']['quell']['seconds']:.0f}% of {limit['by']}"


def cells(row: Found, stacks: list[str]) -> list[str]:
    scale = 1e9 / (row["elements"] * row["steps"])
    quell = row["stacks"]["quell"]
    made = [row["shape"], row["sampler"], spread(quell, scale), share(row)]
    for name in stacks:
        t = row["stacks"].get(name)
        ratio = t and t["seconds"] / quell["seconds"]
        made.append(f"{spread(t, scale)}: **{short(ratio)} x**" if t else "")
    apart = [t["apart"] for name, t in row["stacks"].items() if name != "quell"]
    return [*made, f"{max(apart):.0e}" if apart and not row["stochastic"] else ""]


def runs(found: Found) -> Iterator[str]:
    if not found["rows"]:
        return
    yield "## Runs"
    yield ""
    yield "The figures are nanoseconds per element and step. In bold stands how many times as long a peer"
    yield "takes as quell. `apart` shows that all did the same work: it is the largest distance of a peer's"
    yield "samples from quell's, relative to these (root mean squares). A limit is the least time that the"
    yield "machine's limits above allow for the arrays that the plan reads and writes in the first-level"
    yield "cache (L1), for Philox's multiplications, for the multiply-adds, or for the memory."
    yield ""
    for work in dict.fromkeys(row["work"] for row in found["rows"]):
        rows = [row for row in found["rows"] if row["work"] == work]
        names = {name for row in rows for name in row["stacks"]}
        stacks = [name for name in found["versions"] if name in names and name != "quell"]
        yield f"### {work}"
        yield ""
        head = ["shape", "sampler", "quell", "limit", *stacks, "apart"]
        yield from table(head, [cells(row, stacks) for row in rows])


def normals(found: Found) -> Iterator[str]:
    if "normals" not in found:
        return
    yield "## Normal numbers"
    yield ""
    yield "The figures are 10^6 normal numbers a second, in float32, on one thread. They are written to a"
    yield "buffer that fits the cache that is named, or to memory. The limit is that of Philox's"
    yield "multiplications."
    yield ""
    places = found["normals"]
    rows = []
    for name in dict.fromkeys(name for place in places for name in place["stacks"]):
        figures = [place["stacks"][name] for place in places]
        rows.append(
            [name]
            + [f"{f['millions']:.0f} ({f['least']:.0f} to {f['greatest']:.0f})" for f in figures]
        )
    if "limits" in found:
        limit = 1e3 * found["limits"]["multiply_giga"][0] / MULTIPLIES
        rows.append(["limit", *len(places) * [f"{limit:.0f}"]])
    yield from table(["", *(f"{p['place']}, {p['count']}" for p in places)], rows)


def process(found: Found) -> Iterator[str]:
    if "process" not in found:
        return
    figures = found["process"]
    yield "## A fresh process"
    yield ""
    rows = [[name, spread(t, 1e3)] for name, t in figures["first_sample"].items()]
    yield from table(["from its start to its end, with one sample", "ms"], rows)
    rows = [[name, short(size / 2**20)] for name, size in figures["memory"].items()]
    yield "The memory is that of 16 steps of a solver of second order (dpmpp_2m; xeab) on 16384 x 3072"
    yield "elements, which are 192 MiB of samples."
    yield ""
    yield from table(["memory over x_1 and x_0", "MiB"], rows)
    rows = [[name, short(size / 2**20)] for name, size in figures["bytes"].items()]
    yield from table(["size of files, without their dependencies", "MiB"], rows)


def markdown(found: Found) -> str:
    parts = opening, limits, runs, normals, process
    text = "\n".join(line for part in parts for line in part(found))
    if "limits" in found and found["rows"]:
        text += "\n![Each run under the machine's roofs](roofline.svg)\n"
    return text
