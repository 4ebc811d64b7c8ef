# SPDX-License-Identifier: MIT
"""Arrays of other libraries, in and out without copies where their memory allows it.

quell computes on float32 in C order, in the CPU's memory. Such an array or tensor is used where it
lies; other dtypes and orders are copied once. Results come in the kind and dtype of the input:
NumPy for NumPy, torch for torch, and for others that speak DLPack their own, by their array
namespace, else NumPy.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quell.errors import BadArgument

Floats = NDArray[np.float32]
Array = Any
"""A NumPy array, a torch tensor, or another array that speaks DLPack."""


def is_tensor(x: object) -> bool:
    """Whether x is torch's; torch is not imported for that."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def is_module(x: object) -> bool:
    """Whether x is a torch module."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.nn.Module)


def to_numpy(x: Array) -> NDArray[Any]:
    """A view of x as NumPy's, or x itself; what is not an array is made one."""
    if isinstance(x, np.ndarray):
        return x
    if is_tensor(x):
        if x.device.type != "cpu":
            raise BadArgument(f"the tensor is on {x.device}: quell is for CPUs, use x.cpu()")
        plain = x.detach()
        return plain.float().numpy() if plain.dtype.itemsize < 4 else plain.numpy()
    if hasattr(x, "__dlpack__"):
        device = x.__dlpack_device__()
        if int(device[0]) != 1:
            raise BadArgument(f"the array is on device {device}: quell is for CPUs")
        return np.from_dlpack(x)
    return np.asarray(x)


def floats(x: Array, copy: bool = False) -> Floats:
    """x as float32 in C order: a view of it, but a copy where it must be or is asked for."""
    values = to_numpy(x)
    if values.dtype.kind not in "fiu":
        raise BadArgument(f"an array of {values.dtype} where numbers are needed")
    return np.array(values, np.float32, order="C") if copy else np.asarray(values, np.float32, "C")


def writable(out: Array, shape: tuple[int, ...]) -> Floats:
    """A view of an array that is to be written."""
    values = to_numpy(out)
    good = values.dtype == np.float32 and values.flags.c_contiguous and values.shape == shape
    if not good:
        raise BadArgument(
            f"out: {values.dtype} of shape {values.shape}; must be float32 in C order, {shape}"
        )
    if not values.flags.writeable:
        raise BadArgument("out: the array cannot be written")
    return values


def like(values: NDArray[Any], x: Array) -> Array:
    """values in the kind of x, and in its dtype if that is one of floating point."""
    if is_tensor(x):
        torch = sys.modules["torch"]
        tensor = torch.from_numpy(values)
        return tensor.to(x.dtype) if x.dtype.is_floating_point else tensor
    if isinstance(x, np.ndarray):
        return values.astype(x.dtype, copy=False) if x.dtype.kind == "f" else values
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__().from_dlpack(values)
    return values
