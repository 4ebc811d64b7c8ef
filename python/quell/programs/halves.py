# SPDX-License-Identifier: MIT
"""Networks in half precision whose code casts: a norm in float32 and back, h.type(self.dtype),
x.half(). In float32, as they are exported, casts to half precision are casts to float32."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

HALVES = (torch.float16, torch.bfloat16)
_TYPE: Any = torch.Tensor.dtype
_CASTS: dict[Any, Any] = {Tensor.half: Tensor.float, Tensor.bfloat16: Tensor.float}


def _single(value: Any) -> Any:
    if isinstance(value, torch.dtype):
        return torch.float32 if value in HALVES else value
    if isinstance(value, Tensor) and _TYPE.__get__(value) in HALVES:
        return value.float()
    return value


class _InSingle(TorchFunctionMode):
    """Gives functions of torch float32 in place of half precision, as types and as tensors, such as
    tables that are no buffers. Code that asks for the type of such a table gets float32."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__self__", None) is _TYPE:
            return _single(func(*args))
        func = _CASTS.get(func, func)
        return func(*tree_map(_single, args), **tree_map(_single, kwargs or {}))


def _called(forward: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Any:
    with _InSingle():
        return forward(*arguments, **keywords)


def casting_to_single(module: nn.Module) -> nn.Module:
    """Lets a module cast to float32 where its code says half precision; returns it. A partial of a
    method, other than a function within this one, is copied along with the module."""
    changed: Any = module
    changed.forward = functools.partial(_called, module.forward)
    return module
