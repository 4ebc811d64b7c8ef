# SPDX-License-Identifier: MIT
"""The page docs/peer-networks.md and the rows of README, from what a folder has."""

import pathlib
import re
import statistics
from typing import Any

from kept import Kept
from nets import NETWORKS
from peers import PEERS
from report import is_own, names_of, ratio, table

PAGE = """\
# Networks beside their peers

`python benchmarks/networks --folder F --build build`, and then `--folder F --write .`, make this page on your machine. It is
one run: the peers of a row took turns in one process. Each figure is the median of at most {turns} turns, in milliseconds of an
evaluation of all samples together, with random weights; half of the medians have turns from {low} to {high} times
the median or nearer. [Performance](performance.md#networks-beside-their-peers) says what was learnt from such tables.

{date}: {processor}, threads: {threads}. {versions}.

The last column has two limits: all multiply-adds, one by one, at the peak that was measured beside them, without attention's
own; and reading the weights once from the last-level cache. Convolutions in tiles go below the first. A peer without a figure
did not take the network, or was not asked for so many samples at once: torch.compile and zentorch, which compile each number of
samples for minutes, are asked for eight where their files were prepared. A figure in parentheses is the time of a result that
is off float64's by more than 0.01 of its largest value (bfloat16: 0.1; eight bits: 0.25); it is not compared.

## float32

{float32}
{float32_said}

## bfloat16

quell's `bf16 products` multiply bfloat16 numbers, as OpenVINO does; `bf16 weights` are kept so and multiplied in float32
([Precision](networks.md#precision)). The last column but one compares the better of the two.

{bfloat16}
{bfloat16_said}

## Eight bits

Everywhere that each of them can; OpenVINO's rest is float32 or bfloat16.

{int8}
{int8_said}

## Targets

What was wanted beyond being ahead, and the rows that miss it.
[Performance](performance.md#targets-of-networks) says why, with measurements.

{targets}

## How far off

The distance of each result from float64's, as a part of its largest value: of the others, the nearest one.

{off}
"""


def _spread(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Medians over all figures of the least and the greatest turn, relative to the median turn."""
    figures = [of for row in rows for of in row["peers"].values() if "ms" in of]
    return (
        statistics.median(of["least"] / of["ms"] for of in figures),
        statistics.median(of["greatest"] / of["ms"] for of in figures),
    )


def _said(rows: list[dict[str, Any]], precision: str) -> str:
    """In how many rows quell is ahead, and where it is not."""
    names = names_of(rows, precision)
    found = {f"{r['network']}, {r['samples']}": ratio(r, names) for r in rows}
    times = {name: one for name, one in found.items() if one}
    if not times:
        return ""
    behind = [f"{name} ({one:.2f})" for name, one in times.items() if one < 1]
    said = (
        f"quell is ahead in {len(times) - len(behind)} of {len(times)} rows: "
        f"{min(times.values()):.2f} to {max(times.values()):.2f} times, "
        f"{statistics.median(times.values()):.2f} in the middle."
    )
    return said + (f" Behind: {'; '.join(behind)}." if behind else "")


def _off(rows: list[dict[str, Any]]) -> str:
    precisions = list(dict.fromkeys(peer.precision for peer in PEERS))
    own = {p: [n for n in names_of(rows, p) if is_own(n)] for p in precisions}
    others = {p: [n for n in names_of(rows, p) if not is_own(n)] for p in precisions}
    head, cells = ["network"], []
    for p in precisions:
        head += [*own[p], f"others, {p}"]
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    seen = set()
    for row in rows:
        if row["network"] in seen:
            continue
        seen.add(row["network"])
        cells = [row["network"]]
        for p in precisions:
            off = {n: row["peers"].get(n, {}).get("off") for n in own[p] + others[p]}
            theirs = [off[n] for n in others[p] if off[n] is not None]
            cells += [f"{off[n]:.0e}" if off[n] is not None else "-" for n in own[p]]
            cells.append(f"{min(theirs):.0e}" if theirs else "-")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def text(kept: Kept) -> str:
    rows, noted = kept.rows(), kept.noted()
    low, high = _spread(rows)
    filled = {"off": _off(rows), "targets": _targets(rows)}
    for precision in dict.fromkeys(peer.precision for peer in PEERS):
        filled[precision] = table(rows, precision, noted["limits"])
        filled[f"{precision}_said"] = _said(rows, precision)
    turns = max(of.get("turns", 5) for row in rows for of in row["peers"].values())
    said = {name: one for name, one in noted.items() if name != "limits"}
    whole = PAGE.format(**filled, **said, turns=turns, low=f"{low:.2f}", high=f"{high:.2f}")
    return re.sub(r"\n{3,}", "\n\n", whole).rstrip() + "\n"


CONVOLUTIONS = {n.name for n in NETWORKS if not n.transforms and "MLP" not in n.name}
TRANSFORMERS = {n.name for n in NETWORKS if n.transforms}
ALL = {n.name for n in NETWORKS}
OPENVINO_INT8 = ["OpenVINO int8", "OpenVINO int8 + bf16"]
TARGETS: tuple[tuple[str, str, set[str], list[str], float], ...] = (
    ("float32, convolutions: 1.1 times ncnn", "quell", CONVOLUTIONS, ["ncnn"], 1.1),
    ("float32, convolutions: 1.6 times OpenVINO", "quell", CONVOLUTIONS, ["OpenVINO"], 1.6),
    ("float32, transformers: 1.25 times the better of both", "quell", TRANSFORMERS,
     ["ncnn", "OpenVINO"], 1.25),
    ("eight bits, all: 1.1 times OpenVINO", "quell int8", ALL, OPENVINO_INT8, 1.1),
)  # fmt: skip


def _targets(rows: list[dict[str, Any]]) -> str:
    """Each target, how many rows meet it, and those that do not."""
    lines = ["| target | met by | missed by |", "| --- | --- | --- |"]
    for said, own, networks, others, wanted in TARGETS:
        times = {
            f"{row['network']}, {row['samples']}": ratio(row, [own, *others])
            for row in rows
            if row["network"] in networks
        }
        found = {name: one for name, one in times.items() if one}
        missed = [f"{name} ({one:.2f})" for name, one in found.items() if one < wanted]
        met = f"{len(found) - len(missed)} of {len(found)} rows"
        lines.append(f"| {said} | {met} | {'; '.join(missed) or 'none'} |")
    return "\n".join(lines)


README = (
    ("U-Net, 28 x 28", "U-Net 32-64-128, 28 x 28"),
    ("U-Net, 64 x 64", "U-Net 64-128-256, 64 x 64"),
    ("vision transformer, 28 x 28", "ViT 128 x 6, 28 x 28"),
    ("transformer DiT-S/2, 32 x 32", "DiT-S/2, 4 x 32 x 32"),
    ("residual MLP, 64 elements", "MLP 64-256 x 3"),
)
COLUMNS = (("float32", 1), ("float32", 8), ("int8", 1), ("int8", 8))


def readme(old: str, kept: Kept) -> str:
    """README with its rows from this run; a row that was not measured stays."""
    rows = kept.rows()
    at = {(row["network"], row["samples"]): row for row in rows}
    for shown, network in README:
        found = [
            ratio(at[network, n], names_of(rows, p)) if (network, n) in at else None
            for p, n in COLUMNS
        ]
        if all(found):
            new = f"| {shown} | {' | '.join(f'{one:.1f}' for one in found)} |"
            old, count = re.subn(rf"^\| {re.escape(shown)} \|.*$", new, old, flags=re.MULTILINE)
            if count != 1:
                raise ValueError(f"README has {count} rows '{shown}', must have one")
    return old


def write(checkout: pathlib.Path, kept: Kept) -> None:
    (checkout / "docs/peer-networks.md").write_text(text(kept))
    path = checkout / "README.md"
    path.write_text(readme(path.read_text(), kept))
