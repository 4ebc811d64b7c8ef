# SPDX-License-Identifier: MIT
"""The roofline: each deterministic run of quell under what bandwidth and multiply-adds allow.

Across: multiply-adds and additions for each byte that passes between registers and cache. Up: how
many of them a second. Both are logarithmic."""

import math
from collections.abc import Iterator
from typing import Any

WIDTH, HEIGHT = 900, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 30, 55
COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#e09f3e", "#6a4c93", "#00798c", "#8d5524", "#444444")


class Axes:
    """From figures to places, by decades."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.low = math.floor(math.log10(x[0])), math.floor(math.log10(y[0]))
        self.high = math.ceil(math.log10(x[1])), math.ceil(math.log10(y[1]))

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - self.low[0]) / (self.high[0] - self.low[0])
        up = (math.log10(y) - self.low[1]) / (self.high[1] - self.low[1])
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
        )

    def grid(self) -> Iterator[str]:
        for k in range(self.low[0], self.high[0] + 1):
            x, bottom = self.at(10.0**k, 10.0 ** self.low[1])
            yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom:.1f}" stroke="#e4e4e4"/>'
            yield text(x, bottom + 18, f"{10.0**k:g}", "middle")
        for k in range(self.low[1], self.high[1] + 1):
            left, y = self.at(10.0 ** self.low[0], 10.0**k)
            right = WIDTH - RIGHT
            yield f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#e4e4e4"/>'
            yield text(left - 8, y + 4, f"{10.0**k:g}", "end")


def text(x: float, y: float, what: str, anchor: str = "start", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{what}</text>'


def points_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    points = []
    for row in found["rows"]:
        if row["stochastic"] or row["count"] == 1:
            continue  # bound by noise; on one thread
        limit, seconds = row["limit"], row["stacks"]["quell"]["seconds"]
        points.append(
            {
                "work": row["work"],
                "title": f"{row['work']}, {row['sampler']}, {row['shape']}",
                "x": limit["flops"] / limit["bytes"],
                "y": 1e-9 * limit["flops"] / seconds,
            }
        )
    return points


def roofs(axes: Axes, limits: dict[str, Any]) -> Iterator[str]:
    top = max(limits["fused_gflops"])
    for place in limits["gigabytes"]:
        rate = max(place["update"])
        x = max(10.0 ** axes.low[0], 10.0 ** axes.low[1] / rate)
        x1, y1 = axes.at(x, x * rate)
        x2, y2 = axes.at(top / rate, top)
        yield (
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#888"'
            ' stroke-width="1.5"/>'
        )
        angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
        place_at = f' transform="rotate({angle:.1f} {x1:.1f} {y1:.1f})" fill="#666"'
        yield text(x1 + 6, y1 - 5, f"{place['place']} {rate:.0f} GB/s", extra=place_at)
    fastest = max(max(place["update"]) for place in limits["gigabytes"])
    x1, y1 = axes.at(top / fastest, top)
    right = WIDTH - RIGHT
    yield (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{right}" y2="{y1:.1f}" stroke="#222"'
        ' stroke-width="2"/>'
    )
    yield text(right - 6, y1 - 7, f"multiply-adds, {top:.0f} GFLOP/s", "end")


def svg(found: dict[str, Any]) -> str:
    points, limits = points_of(found), found["limits"]
    rates = [max(place["update"]) for place in limits["gigabytes"]]
    top = max(limits["fused_gflops"])
    across = [p["x"] for p in points] + [0.1, 2 * top / min(rates)]
    up = [p["y"] for p in points] + [top / 50, 1.5 * top]
    axes = Axes((min(across), max(across)), (min(up), max(up)))
    colours = dict(zip(dict.fromkeys(p["work"] for p in points), COLOURS, strict=False))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *axes.grid(),
        *roofs(axes, limits),
    ]
    for p in points:
        x, y = axes.at(p["x"], p["y"])
        lines.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colours[p["work"]]}"'
            f' fill-opacity="0.75"><title>{p["title"]}: {p["y"]:.3g} GFLOP/s</title></circle>'
        )
    for i, (work, colour) in enumerate(colours.items()):
        x, y = WIDTH - RIGHT + 20, TOP + 14 + 20 * i
        lines += [f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>', text(x + 12, y, work)]
    middle = (LEFT + WIDTH - RIGHT) / 2
    lines += [
        text(middle, HEIGHT - 12, "operations a byte", "middle"),
        text(LEFT, TOP - 12, f"GFLOP/s, threads: {found['threads']}, {found['isa']}"),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"
