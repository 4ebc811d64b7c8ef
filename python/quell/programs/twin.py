# SPDX-License-Identifier: MIT
"""Runs a module in float64, whatever the types of its weights and in its code: every operation of
PyTorch gets float64 in place of float32. This does not use the exporter's graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import HigherOrderOperator
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from quell.programs.copies import forget, with_same_weights
from quell.programs.looking import line_of_user
from quell.programs.trace import Refused

_TYPE: Any = torch.Tensor.dtype
BRANCHES = ("cond", "while_loop", "map_impl", "scan", "associative_scan")
NARROW = (torch.float32, torch.float16, torch.bfloat16)


def _wide(value: Any) -> Any:
    if isinstance(value, Tensor) and value.dtype in NARROW:
        return value.double()
    if isinstance(value, Tensor) and value.dtype == torch.complex64:
        return value.to(torch.complex128)
    if isinstance(value, torch.dtype) and value in NARROW:
        return torch.float64
    return torch.complex128 if value is torch.complex64 else value


class _Functions(TorchFunctionMode):
    """Does the same for functions of torch, some of which compare the types of their arguments.
    Code that asks for the type gets float32, as it does in the graph: it may assert that, or take
    its epsilon."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__self__", None) is _TYPE:
            return torch.float32 if func(*args) is torch.float64 else func(*args)
        return func(*tree_map(_wide, args), **tree_map(_wide, kwargs or {}))


class _Operations(TorchDispatchMode):
    """Gives every operation float64, so that its result is float64."""

    supports_higher_order_operators = True

    branches = ""  # torch.cond and the like, with the user's line

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if isinstance(func, HigherOrderOperator) and func.name() in BRANCHES:
            self.branches = f"torch.{func.name()}, {line_of_user()}"
        args, kwargs = tree_map(_wide, args), tree_map(_wide, kwargs or {})
        made = func(*args, **kwargs)
        return tree_map(_wide, made)


def in_double(module: nn.Module, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """Returns the output of the module, computed in float64 by a copy: the tables that a network
    keeps between its calls would be float64 afterwards."""
    default = torch.get_default_dtype()
    own = with_same_weights(module)
    torch.set_default_dtype(torch.float64)
    kind: Any = _Operations
    operations = kind()
    try:
        with torch.no_grad(), operations, _Functions():
            given = tree_map(_wide, tuple(arguments))
            return own(*given, **tree_map(_wide, dict(keywords)))
    except Exception as error:
        if not operations.branches:
            raise
        raise Refused(
            f"quell.export: forward chooses its way by {operations.branches}; a program has no "
            "branches: compute both, and choose with torch.where"
        ) from error
    finally:
        torch.set_default_dtype(default)
        forget(module)
