# SPDX-License-Identifier: MIT
"""Arrays of whatever kind as NumPy's, without a copy where that can be, and back.

A kind is a NumPy array, a PyTorch tensor, or anything that has __dlpack__ or that NumPy takes.
PyTorch is never imported here: who has a tensor has imported it."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any
"""A NumPy array, a PyTorch tensor, or another array on the CPU."""

Floats = NDArray[np.float32]

_CPU = (1, 3, 11)  # DLPack's kinds of device that the CPU reads: its own, and pinned memory


def torch_if_imported() -> Any:
    """The module torch, if the program has imported it; else None."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "Tensor") else None


def is_tensor(x: object) -> bool:
    """Whether x is a PyTorch tensor."""
    torch = torch_if_imported()
    return torch is not None and isinstance(x, torch.Tensor)


def _from_tensor(x: Any) -> NDArray[Any]:
    if x.device.type != "cpu":
        raise ValueError(f"quell computes on the CPU: the tensor is on {x.device}; use .cpu()")
    torch = torch_if_imported()
    x = x.detach()
    result: NDArray[Any] = (x.float() if x.dtype == torch.bfloat16 else x).numpy()
    return result


def to_numpy(x: Array) -> NDArray[Any]:
    """x as a NumPy array, which shares its memory where NumPy can.

    Raises:
        ValueError: x is not in the CPU's memory.
    """
    if isinstance(x, np.ndarray):
        return x
    if is_tensor(x):
        return _from_tensor(x)
    if hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__"):
        if x.__dlpack_device__()[0] not in _CPU:
            raise ValueError("quell computes on the CPU: the array is on another device")
        return np.from_dlpack(x)
    return np.asarray(x)


def as_floats(x: Array) -> Floats:
    """x as float32 in C order: its own memory if it is that already, else a copy."""
    return np.ascontiguousarray(to_numpy(x), np.float32)


def as_doubles(x: Array) -> NDArray[np.float64]:
    """The same in float64."""
    return np.ascontiguousarray(to_numpy(x), np.float64)


def copy_of(x: Array) -> Floats:
    """A fresh copy of x, float32 in C order."""
    return np.array(to_numpy(x), np.float32, order="C", copy=True, ndmin=1)


def memory_of(out: Array) -> Floats:
    """The memory of an array that is to be written.

    Raises:
        ValueError: It is not float32 in C order, on the CPU, and writable.
    """
    array = to_numpy(out)
    if array.dtype != np.float32 or not array.flags.c_contiguous or not array.flags.writeable:
        raise ValueError("out: must be float32, contiguous (C order) and writable")
    return array


def like(result: NDArray[Any], x: Array) -> Array:
    """`result` as an array of x's kind: a tensor for a tensor, float64 for float64. It shares the
    memory of `result` if that has the type already."""
    if isinstance(x, np.ndarray):
        return result.astype(x.dtype, copy=False) if x.dtype.kind == "f" else result
    if is_tensor(x):
        made = torch_if_imported().from_numpy(result)
        return made.to(x.dtype) if x.dtype.is_floating_point else made
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__().from_dlpack(result)
    return result


def length(shape: Sequence[int]) -> int:
    """The number of elements of a sample in an array of shape (count, *shape)."""
    size = 1
    for extent in shape[1:]:
        size *= extent
    return size
