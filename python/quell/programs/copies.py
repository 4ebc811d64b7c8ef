# SPDX-License-Identifier: MIT
"""Copies of a module, so that the caller's own stays as it is. Networks keep tables: in
dictionaries of their own, and in functions with a cache. After a check in float64 these would be
float64, and after torch.export they would have no values at all."""

from __future__ import annotations

import collections
import copy
import functools
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from quell.programs.halves import HALVES, casting_to_single


def weights_of(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def is_finite(weight: Tensor) -> bool:
    """Whether a file can have what is in a weight. A buffer may have infinities, as masks do: what
    becomes of these is decided where they are used (infinite.py)."""
    single = weight.float()
    parameter = isinstance(weight, nn.Parameter)
    return not bool((~single.isfinite() if parameter else single.isnan()).any())


def with_same_weights(module: nn.Module) -> nn.Module:
    """Returns a copy that shares the weights, or the module itself if Python cannot copy it."""
    try:
        return _copied(module, _shared(module) | _computed(module))
    except Exception:
        return module


def in_evaluation(module: nn.Module) -> nn.Module:
    """Returns a module in evaluation mode: itself if it is in this mode, or a copy, because the
    caller's must not change. It shares the weights, unless a part may change them when its mode
    does, as adapters do that are merged for evaluation. If Python cannot copy the module, it is
    returned as it is."""
    if not any(part.training for part in module.modules()):
        return module
    changes = any(type(part).train is not nn.Module.train for part in module.modules())
    try:
        memo = {} if changes else _shared(module)
        return _copied(module, memo | _computed(module)).eval()
    except Exception:
        return module


def with_clipped_tables(module: nn.Module) -> nn.Module:
    """Returns a module whose tables of embeddings have no row longer than max_norm, to which each
    call clips the rows that it reads: a copy, if there is such a table. A table that something
    else uses, too, is left as it is."""
    owners = collections.Counter(
        id(weight) for part in module.modules() for weight in part._parameters.values()
    )

    def clips(part: nn.Module) -> bool:
        known = isinstance(part, (nn.Embedding, nn.EmbeddingBag)) and part.max_norm is not None
        return known and owners[id(part._parameters.get("weight"))] == 1

    if not any(clips(part) for part in module.modules()):
        return module
    try:
        made = _copied(module, _shared(module) | _computed(module))
    except Exception:
        return module
    for part in filter(clips, made.modules()):
        assert isinstance(part, (nn.Embedding, nn.EmbeddingBag)) and part.max_norm is not None
        table = part.weight.detach().clone()
        every = torch.arange(len(table))
        torch.embedding_renorm_(table, every, float(part.max_norm), float(part.norm_type))
        part.weight, part.max_norm = nn.Parameter(table, requires_grad=False), None
    return made


def _copied(module: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """Returns a deep copy. Hooks that are functions within others, which copy.deepcopy leaves as
    they are, get the copies of what they refer to: a dictionary of features, the module itself."""
    made = copy.deepcopy(module, memo)
    for part in made.modules():
        for hooks in (part._forward_hooks, part._forward_pre_hooks):
            for key, hook in hooks.items():
                hooks[key] = _referring(hook, memo)
    return made


def _referring(hook: Any, memo: dict[int, Any]) -> Any:
    cells = getattr(hook, "__closure__", None)
    if not isinstance(hook, types.FunctionType) or not cells:
        return hook
    found = tuple(types.CellType(memo.get(id(c.cell_contents), c.cell_contents)) for c in cells)
    made = types.FunctionType(
        hook.__code__, hook.__globals__, hook.__name__, hook.__defaults__, found
    )
    made.__kwdefaults__ = hook.__kwdefaults__
    return made


def _shared(module: nn.Module) -> dict[int, Any]:
    return {id(weight): weight for _, weight in weights_of(module)}


def _computed(module: nn.Module) -> dict[int, Any]:
    """Copies of tensors that were computed from weights, as old weight norms keep them: Python
    refuses to copy these by itself."""
    kept = [value for part in module.modules() for value in vars(part).values()]
    return {
        id(value): value.detach().clone()
        for value in kept
        if isinstance(value, Tensor) and value.grad_fn is not None
    }


def forget(module: nn.Module) -> None:
    """Empties the caches of functions (functools.lru_cache) in the network's code."""
    for kind in {type(part) for part in module.modules()}:
        if kind.__module__.partition(".")[0] in ("torch", "builtins"):
            continue
        code = sys.modules.get(kind.__module__)
        for value in [*vars(kind).values(), *vars(code or kind).values()]:
            if isinstance(value, functools._lru_cache_wrapper):
                value.cache_clear()


def in_single(module: nn.Module, fails: Callable[[nn.Module], bool]) -> tuple[nn.Module, nn.Module]:
    """Returns a module with its weights in float32, and one to compare with in float64: the first
    too, but for weights in float64. If float32 rounds these, a warning says so. Where weights are
    in half precision, what its code casts to it is cast to float32. A module that fails without
    the types of its weights keeps them."""
    kinds = {weight.dtype for _, weight in weights_of(module) if weight.is_floating_point()}
    if kinds <= {torch.float32}:
        return module, module
    made = _copied(module, _computed(module)).float()
    if kinds & set(HALVES):
        made = casting_to_single(made)
    if fails(made) and not fails(module):
        made = module
    rounded = [name for name, weight in weights_of(module) if _is_rounded(weight)]
    if rounded:
        warnings.warn(
            f"quell.export: weights in float64 are rounded to float32, {rounded[0]} among "
            f"{len(rounded)}: the difference that is returned includes it",
            stacklevel=4,
        )
    return made, module if torch.float64 in kinds else made


def _is_rounded(weight: Tensor) -> bool:
    return weight.dtype == torch.float64 and not torch.equal(weight.float().double(), weight)


def narrow_type(module: nn.Module) -> torch.dtype | None:
    """Returns the type of half precision that weights are in, if it is one: others keep their
    digits (a norm's in float32)."""
    kinds = {weight.dtype for _, weight in weights_of(module)} & set(HALVES)
    return kinds.pop() if len(kinds) == 1 else None
