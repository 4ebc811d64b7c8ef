# SPDX-License-Identifier: MIT
"""Holding a model's file against the model that it came from."""

import copy
import os
from collections.abc import Sequence
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from quell.networks import load

TIMES = (0.02, 0.3, 0.7, 1.0)


def as_stored(denoiser: nn.Module, path: str | os.PathLike[str]) -> Any:
    """A copy of the denoiser in float64, with the weights of the file, which may be rounded."""
    twin: Any = copy.deepcopy(denoiser).eval().double()
    twin.backbone.load_state_dict({k: w.double() for k, w in load_file(path).items()})
    return twin


@torch.no_grad()
def check(
    denoiser: nn.Module,
    path: str | os.PathLike[str],
    shape: Sequence[int],
    count: int = 16,
    most: float = 1e-5,
    seed: int = 0,
) -> float:
    """Evaluates an exported denoiser by PyTorch, in float64, and by quell on random states x_t, at
    several times and, if it has classes, for the first, the last and no class. (In float32
    PyTorch's own sigma_t can be 1e-5 off at small times.)

    Arguments:
        denoiser: What was exported.
        path: The file that it was exported to; PyTorch takes the weights from there as well, so
            that their rounding does not count.
        shape: The shape of one sample.
        count: How many states are taken for each time.
        most: The largest difference allowed, relative to the largest output.
        seed: Of the states.

    Returns:
        The largest difference, relative to the largest output. It is printed as well.

    Raises:
        ValueError: It is larger than `most`.
        quell.Error: quell does not take the file.
    """
    twin, own = as_stored(denoiser, path), load(path)
    random = torch.Generator().manual_seed(seed)
    classes = getattr(twin.backbone, "classes", 0)
    worst, largest = 0.0, 0.0
    for t in TIMES:
        time = torch.tensor(t, dtype=torch.float64)
        alpha, sigma = (float(v) for v in twin.schedule(time))
        x = torch.randn((count, *shape), generator=random) * (alpha**2 + sigma**2) ** 0.5
        for label in (None, 0, classes - 1) if classes else (None,):
            labels = {} if label is None else {"label": torch.full((count,), label)}
            right = twin(x.double(), time, **labels).mean
            mean = own(x, t, **labels).mean
            worst = max(worst, (mean - right).abs().max().item())
            largest = max(largest, right.abs().max().item())
    worst /= largest
    print(f"{os.fspath(path)}: quell and PyTorch differ by {worst:.1e} of the largest output")
    if not worst <= most:
        raise ValueError(f"quell.export: they differ by {worst:.1e}, more than {most:.1e}")
    return worst
