# SPDX-License-Identifier: MIT
"""Takes whole denoisers, azula's and quell's own, apart: the network inside, and what the denoiser
does around it, which quell does itself."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from quell import _torch

Around = dict[str, str]
OWN: dict[type, str] = {_torch.SimpleDenoiser: "simple", _torch.KarrasDenoiser: "karras"}


def _preconditions() -> dict[type, str]:
    azula = sys.modules.get("azula.denoise")
    if azula is None:
        return OWN
    return OWN | {azula.SimpleDenoiser: "simple", azula.KarrasDenoiser: "karras"}


def _schedule(schedule: Any) -> str:
    """Returns the schedule as quell spells it."""
    if isinstance(getattr(schedule, "spec", None), str):
        return str(schedule.spec)
    from quell.architectures.describe import schedule_text

    return schedule_text(schedule)


def taken_apart(module: Any, example: Any) -> tuple[Any, Any, Around]:
    """Returns the network of a denoiser, an example of the network's arguments, and what is around
    the network. A module that is not such a denoiser is returned unchanged, with its example.

    Arguments:
        example: The arguments of one call of the denoiser: (x_t, t, ...), or a dictionary with x_t,
            t, and the others by the names that the network gives them.
    """
    precondition = _preconditions().get(type(module))
    if precondition is None:
        return module, example, {}
    network: nn.Module = module.backbone
    given = dict(example) if isinstance(example, Mapping) else dict(enumerate(example))
    if len(given) < 2:
        raise ValueError("quell.export: example: a denoiser's has x_t and t")
    (_, x), (_, t), *rest = given.items()
    alpha, sigma = module.schedule(torch.as_tensor(t))
    told = torch.log(sigma / alpha).to(torch.float32)
    around = {
        "output": "x0",
        "precondition": precondition,
        "schedule": _schedule(module.schedule),
    }
    if not isinstance(example, Mapping):
        return network, (x, told, *(value for _, value in rest)), around
    names = list(inspect.signature(network.forward).parameters)[:2]
    return network, dict(zip(names, (x, told), strict=True)) | dict(rest), around
