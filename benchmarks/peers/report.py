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
    yield "Written by `python benchmarks/peers --docs docs`. All stacks of a row take turns, in one"
    yield "process, from the same x_1 through the same points; figures are medians of the turns,"
    yield "with the least and the greatest."
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
    yield "By `build/benchmarks/limits`, before and after all else; the faster counts."
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
    yield "Nanoseconds per element and step; in bold, how many times as long a peer takes as quell."
    yield "`apart` is how far the farthest peer's samples are from quell's, relative to them (root"
    yield "mean squares): it is the same work. A limit is the least time that the figures above"
    yield "allow: of the streams that the plan passes through the first-level cache (L1), of"
    yield "Philox's multiplications, of the multiply-adds, or of memory."
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
    yield "float32, one thread, 10^6 a second, into a buffer that fits the cache named, or memory."
    yield "The limit is that of Philox's multiplications."
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
    yield from table(["to its first sample, and its end", "ms"], rows)
    rows = [[name, short(size / 2**20)] for name, size in figures["memory"].items()]
    yield "16 steps of a solver of second order (dpmpp_2m; xeab), 16384 x 3072, 192 MiB of samples."
    yield ""
    yield from table(["memory over x_1 and x_0", "MiB"], rows)
    rows = [[name, short(size / 2**20)] for name, size in figures["bytes"].items()]
    yield from table(["files, without what they need", "MiB"], rows)


def markdown(found: Found) -> str:
    parts = opening, limits, runs, normals, process
    text = "\n".join(line for part in parts for line in part(found))
    if "limits" in found and found["rows"]:
        text += "\n![Each run under the machine's roofs](roofline.svg)\n"
    return text
