# SPDX-License-Identifier: MIT
"""Comparing a model's file with the model that it came from."""

import copy
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import quell.noise
from quell._inputs import extents_of
from quell._numbers import path_of, real, whole
from quell._said import one_line, said
from quell.networks import load

TIMES = (0.02, 0.3, 0.7, 1.0)


def as_stored(denoiser: nn.Module, path: str | os.PathLike[str], alone: bool = False) -> Any:
    """Returns a copy of the denoiser in float64, with the weights of the file, which may be
    rounded."""
    twin: Any = copy.deepcopy(denoiser).eval().double()
    network = twin if alone else twin.backbone
    try:
        network.load_state_dict({k: w.double() for k, w in load_file(path).items()})
    except RuntimeError as error:
        raise ValueError(f"quell.architectures: {os.fspath(path)}: {one_line(error)}") from None
    return twin


def mean_alone(
    network: Any, description: Mapping[str, Any], x: Tensor, t: float, **labels: Any
) -> tuple[Tensor, float]:
    """Returns E[X | x_t] from a network and the preconditioning in its description; and the size of
    the terms whose difference it is."""
    alpha, sigma = quell.noise.Schedule(description.get("schedule", "vp"))(t)
    r2 = alpha**2 + sigma**2
    precondition, output = description.get("precondition", "none"), description.get("output", "x0")
    plain = precondition == "none"
    scaled = x if plain else x / r2**0.5
    time = torch.tensor(t if plain else math.log(sigma / alpha), dtype=torch.float64)
    result = network(scaled, time, **labels)
    skip, out = {
        "x0": (0.0, 1.0),
        "eps": (1 / alpha, -sigma / alpha),
        "v": (alpha / r2, -sigma / r2),
        "score": (1 / alpha, sigma**2 / alpha),
        "flow": (1 / (alpha + sigma), -sigma / (alpha + sigma)),
    }[output]
    if precondition == "karras":
        skip, out = alpha / r2, sigma / r2**0.5
    mean: Tensor = skip * x + out * result
    return mean, max(abs(skip) * x.abs().max().item(), mean.abs().max().item())


@torch.no_grad()
def compare(
    model: nn.Module,
    path: str | os.PathLike[str],
    description: Mapping[str, Any],
    count: int = 4,
    most: float = 1e-4,
    seed: int = 20,
) -> float:
    """Compares a file with the model that it was made from, as check() does; of the network alone,
    where the model is that.

    Returns:
        The largest difference, relative to the largest number at its time.

    Raises:
        ValueError: It is larger than `most`.
    """
    alone = not hasattr(model, "backbone")
    twin, own = as_stored(model, path, alone), load(path)
    random = torch.Generator().manual_seed(seed)
    classes, worst = description.get("classes", 0), 0.0
    for t in TIMES:
        alpha, sigma = quell.noise.Schedule(description.get("schedule", "vp"))(t)
        x = torch.randn((count, *description["shape"]), generator=random)
        x *= (alpha**2 + sigma**2) ** 0.5
        for label in (None, torch.arange(count) % classes) if classes else (None,):
            labels = {} if label is None else {"label": label}
            if alone:
                right, size = mean_alone(twin, description, x.double(), t, **labels)
            else:
                right = twin(x.double(), torch.tensor(t, dtype=torch.float64), **labels).mean
                size = right.abs().max().item()
            difference = (own(x, t, **labels).mean - right).abs().max().item()
            worst = max(worst, difference / size if size else difference)
    if not worst <= most:
        raise ValueError(
            f"quell.architectures: quell and PyTorch differ by {worst:.1e} of the largest output, "
            f"more than {most:.1e}; nothing is written"
        )
    return worst


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
    if not isinstance(denoiser, nn.Module) or not hasattr(denoiser, "backbone"):
        raise TypeError(f"denoiser: {said(denoiser)}, must be what was exported, with a backbone")
    path_of(path, "path")
    count, seed = whole(count, "count", 1, 10**6), whole(seed, "seed", 0, 2**63 - 1)
    shape = extents_of(shape, "the sizes of one sample")
    if not real(most, "most") > 0:
        raise ValueError(f"most: {most}, must be above 0")
    twin, own = as_stored(denoiser, path), load(path)
    if own.shape != shape:
        raise ValueError(f"shape: {list(shape)}, the file's is {list(own.shape)}")
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
        raise ValueError(f"quell.architectures: they differ by {worst:.1e}, more than {most:.1e}")
    return worst
