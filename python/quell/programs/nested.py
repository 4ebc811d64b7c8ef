# SPDX-License-Identifier: MIT
"""Lists and dictionaries of tensors among a network's arguments: each tensor in them becomes a
condition, by its key, or by the argument's name and its place."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_flatten_with_path, tree_unflatten


class Flat(nn.Module):
    """A network that is called with a row of tensors, which it puts into its arguments."""

    def __init__(
        self, net: nn.Module, leaves: Sequence[Any], form: Any, names: Sequence[str]
    ) -> None:
        super().__init__()
        self.net, self.form, self.names = net, form, list(names)
        self.fixed = [None if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        self.places = [k for k, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]

    def forward(self, *tensors: Tensor) -> Any:
        leaves = list(self.fixed)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor
        arguments, keywords = tree_unflatten(leaves, self.form)
        return self.net(*arguments, **keywords)


def is_nested(example: Any) -> bool:
    """Returns whether an argument of a call is a list or a dictionary."""
    values = example.values() if isinstance(example, Mapping) else example
    within = isinstance(example, (Mapping, tuple, list))
    return within and any(isinstance(value, (tuple, list, Mapping)) for value in values)


def flat(module: nn.Module, example: Any) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """Returns a module that takes tensors alone, and those of the example."""
    given = ((), dict(example)) if isinstance(example, Mapping) else (tuple(example), {})
    found, form = tree_flatten_with_path(given)
    own = list(inspect.signature(module.forward).parameters)
    names = [_name(path, own) for path, leaf in found if isinstance(leaf, Tensor)]
    leaves = [leaf for _, leaf in found]
    tensors = tuple(leaf for leaf in leaves if isinstance(leaf, Tensor))
    return Flat(module, leaves, form, names), tensors


def _step(key: Any) -> Any:
    return key.key if hasattr(key, "key") else key.idx


def _name(path: Any, own: Sequence[str]) -> str:
    """The last key of a dictionary on the way, with the places in lists that follow it."""
    first, *steps = [_step(key) for key in path]
    name = str(steps[0]) if first else own[steps[0]]
    for step in steps[1:]:
        name = step if isinstance(step, str) else f"{name}_{step}"
    return name
