# SPDX-License-Identifier: MIT
"""Compares the events that quell draws from the network with those of the law, at three energies.

    python training/showers/check.py [MODEL] [--record tests/programs/showers.inc]

prints, for each energy, how far the network's means are off in standard deviations, its standard
deviations in parts of the law's, its correlations, and the share of its events below the law's quantiles
(KS: the greatest difference at any reading). --record writes the law's numbers for the test in C."""

import argparse
import math

import quell
import torch
from law import LAYERS, draw
from torch import Tensor

ENERGIES = (15.0, 40.0, 90.0)
SHARES = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95], dtype=torch.float64)
RIGHT, DRAWN = 1_000_000, 100_000


def drawn_by_quell(model: str, energy: float) -> Tensor:
    loaded = quell.load(model)
    sampler = quell.Sampler(loaded, "dpmpp_2m", steps=24, silent=True)
    x0 = sampler(sampler.init((DRAWN, LAYERS), seed=1), energy=energy)
    return torch.from_numpy(loaded.decode(x0, energy=energy)).double()


def compare(right: Tensor, made: Tensor) -> dict[str, float]:
    """Returns the largest differences over the layers, and over the sum of their readings."""
    right, made = (torch.cat([rows, rows.sum(1, keepdim=True)], 1) for rows in (right, made))
    places = torch.quantile(right[:200_000], SHARES, dim=0)
    below = torch.stack([(made < place).double().mean(0) for place in places])
    return {
        "mean": float(((made.mean(0) - right.mean(0)) / right.std(0)).abs().max()),
        "deviation": float((made.std(0) / right.std(0) - 1).abs().max()),
        "correlation": float((torch.corrcoef(made.T) - torch.corrcoef(right.T)).abs().max()),
        "shares": float((below - SHARES[:, None]).abs().max()),
        "KS": max(_farthest(right[:, k], made[:, k]) for k in range(LAYERS + 1)),
    }


def _farthest(right: Tensor, made: Tensor) -> float:
    """Returns the greatest difference between two empirical distributions."""
    right, made = right.sort().values, made.sort().values
    below = torch.searchsorted(right, made).double() / len(right)
    own = (torch.arange(len(made), dtype=torch.float64) + 0.5) / len(made)
    return float((below - own).abs().max())


def row(numbers: Tensor) -> str:
    return "{" + ", ".join(f"{float(value):.6g}" for value in numbers) + "}"


def recorded(energy: float, right: Tensor) -> str:
    """Returns the law's numbers as an initialiser in C: see tests/programs/test_showers.c."""
    places = torch.quantile(right[:200_000], SHARES, dim=0)
    rows = ", ".join(row(line) for line in torch.corrcoef(right.T))
    shares = ", ".join(row(line) for line in places)
    return (
        f"    {{{energy:g},\n     {row(right.mean(0))},\n     {row(right.std(0))},\n"
        f"     {{{rows}}},\n     {{{shares}}}}},\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="builtin:showers")
    parser.add_argument("--record", help="the file that gets the law's numbers")
    options = parser.parse_args()
    torch.manual_seed(5)
    lines = []
    for energy in ENERGIES:
        right = draw(torch.full((RIGHT,), energy))
        lines.append(recorded(energy, right))
        floor = math.sqrt(1 / DRAWN + 1 / RIGHT)
        said = compare(right, drawn_by_quell(options.model, energy))
        print(f"{energy:g} GeV:", ", ".join(f"{k} {v:.4f}" for k, v in said.items()),
              f"(one standard error: {floor:.4f})", flush=True)  # fmt: skip
    if options.record:
        with open(options.record, "w", encoding="utf-8") as file:
            file.write("/* Written by training/showers/check.py. clang-format off */\n")
            file.write("static const struct law laws[] = {\n" + "".join(lines) + "};\n")


if __name__ == "__main__":
    main()
