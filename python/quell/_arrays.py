# SPDX-License-Identifier: MIT
"""Converts arrays of any kind to NumPy's, without a copy if possible, and back.

A kind is a NumPy array, a PyTorch tensor, or anything that has __dlpack__ or that NumPy takes.
PyTorch is never imported here: a program that has a tensor has imported it. A conversion that would
lose something is refused: complex numbers, masks, text, objects, and numbers beyond float32."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quell._said import one_line
from quell.errors import refused

Array = Any
"""A NumPy array, a PyTorch tensor, or another array on the CPU."""

Floats = NDArray[np.float32]

_CPU = (1, 3, 11)  # the device types of DLPack that the CPU can read: its own and pinned memory


def torch_if_imported() -> Any:
    """Returns the module torch if the program has imported it, else None."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "Tensor") else None


def is_tensor(x: object) -> bool:
    """Whether x is a PyTorch tensor."""
    torch = torch_if_imported()
    return torch is not None and isinstance(x, torch.Tensor)


def is_torch_type(dtype: object) -> bool:
    """Whether a type belongs to PyTorch."""
    torch = torch_if_imported()
    return torch is not None and isinstance(dtype, torch.dtype)


def _leaves(values: Any) -> Any:
    """Yields what is in lists that are in a list."""
    for one in values:
        yield from _leaves(one) if isinstance(one, (list, tuple)) else (one,)


def _mixes_truth(values: Any) -> bool:
    """Whether a list contains True or False among others, which NumPy would make numbers of."""
    truths = {isinstance(one, (bool, np.bool_)) for one in _leaves(values)}
    return truths == {True, False}


def _from_tensor(x: Any) -> NDArray[Any]:
    if x.device.type != "cpu":
        raise refused(f"quell computes on the CPU: the tensor is on {x.device}; use .cpu()")
    torch = torch_if_imported()
    if x.is_nested:
        raise TypeError("a nested tensor: its .to_padded_tensor() is an array")
    x = x.detach().resolve_conj().resolve_neg()
    result: NDArray[Any] = (x.float() if x.dtype == torch.bfloat16 else x).numpy()
    return result


def to_numpy(x: Array) -> NDArray[Any]:
    """Returns x as a NumPy array, which shares the memory of x if NumPy can do so.

    Raises:
        ValueError: x is not in the CPU's memory.
        TypeError: It is an array with a mask, or a list with True or False among numbers.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("an array with a mask: give what is masked a value, by .filled(value)")
    if isinstance(x, np.ndarray):
        return x
    if is_tensor(x):
        return _from_tensor(x)
    if isinstance(x, (list, tuple)) and _mixes_truth(x):
        raise TypeError("True or False among numbers")
    if hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__"):
        if x.__dlpack_device__()[0] not in _CPU:
            raise refused("quell computes on the CPU: the array is on another device")
        return np.from_dlpack(x)
    try:
        return np.asarray(x)
    except ValueError:
        raise refused("rows of different lengths, must be an array") from None


def named_array(x: Array, what: str) -> NDArray[Any]:
    """Does the same; the message of an exception begins with `what`."""
    try:
        return to_numpy(x)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else refused
        raise kind(f"{what}: {one_line(error)}") from None


def real_numbers(x: Array, what: str) -> NDArray[Any]:
    """Returns x as a NumPy array of integers or floats.

    Raises:
        TypeError: It has something else in it; `what` says what it is.
    """
    array = named_array(x, what)
    if array.dtype.kind not in "iuf":
        own = array.dtype.kind != "O" or isinstance(x, np.ndarray)
        given = array.dtype if own else type(x).__name__
        raise TypeError(f"{what}: {given}, must be an array of real numbers")
    return array


def _narrowed(x: NDArray[Any], dtype: Any, what: str) -> NDArray[Any]:
    """Returns a copy of x in C order and in another type, in which finite numbers stay finite."""
    with np.errstate(over="ignore"):
        made = np.array(x, dtype, order="C")
    if x.dtype.itemsize > made.dtype.itemsize and x.dtype.kind == "f":
        beyond = np.isinf(made) & np.isfinite(x)
        if beyond.any():
            raise refused(f"{what}: {x[beyond].flat[0]:g} is beyond {made.dtype}")
    return made


def _as(x: Array, dtype: Any, what: str) -> NDArray[Any]:
    array = real_numbers(x, what)
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned:
        return np.asarray(array)
    return _narrowed(array, dtype, what)


def as_floats(x: Array, what: str = "x") -> Floats:
    """Returns x as float32 in C order: x itself if it is that already, else a copy.

    Raises:
        TypeError: It is no array of real numbers.
        ValueError: A number of it is beyond float32.
    """
    return _as(x, np.float32, what)


def as_doubles(x: Array, what: str = "x") -> NDArray[np.float64]:
    """Does the same for float64."""
    return _as(x, np.float64, what)


def copy_of(x: Array, what: str = "x") -> Floats:
    """Returns a new copy of samples, float32 in C order, with shape (B, *)."""
    array = real_numbers(x, what)
    if not array.ndim:
        raise refused(f"{what}: one number, must be an array of shape (B, *)")
    return _narrowed(array, np.float32, what)


def memory_of(out: Array) -> Floats:
    """Returns the memory of an array to write to.

    Raises:
        TypeError: It is not an array whose memory can be had.
        ValueError: It is not float32 in C order, aligned, on the CPU, and writable.
    """
    if not isinstance(out, np.ndarray) and not is_tensor(out) and not hasattr(out, "__dlpack__"):
        raise TypeError(f"out: a {type(out).__name__}, must be an array or a tensor")
    if getattr(out, "requires_grad", False):
        raise refused("out: the tensor requires a gradient, which quell has none of; .detach()")
    array = real_numbers(out, "out")
    flags = array.flags
    if array.dtype != np.float32 or not (flags.c_contiguous and flags.writeable and flags.aligned):
        raise refused("out: must be float32, contiguous (C order), aligned and writable")
    return np.asarray(array)


def written(out: Array) -> Array:
    """Returns `out`, and tells PyTorch that its values have changed."""
    if is_tensor(out) and not out.is_inference():
        increment = getattr(torch_if_imported().autograd.graph, "increment_version", None)
        if increment is not None:
            increment(out)
    return out


def of_type(values: NDArray[Any], dtype: Any, what: str) -> Array:
    """values as a NumPy array, or a tensor, of a type of floats, in which a finite number stays
    one; they share their memory if they have the type already.

    Raises:
        BadArgument: A number is beyond that type.
    """
    if is_torch_type(dtype):
        made = torch_if_imported().from_numpy(values).to(dtype)
    else:
        with np.errstate(over="ignore"):
            made = values.astype(dtype, copy=False)
    if made.dtype.itemsize < values.itemsize:
        shown = made.double().numpy() if is_tensor(made) else made
        lost = np.isfinite(values) & ~np.isfinite(shown)
        if lost.any():
            name = str(made.dtype).removeprefix("torch.")
            found = f"{values[lost].flat[0]:g}"
            raise refused(f"{what} {found} is beyond {name}, must be of a wider type")
    return made


def like(result: NDArray[Any], x: Array, what: str = "x: the result") -> Array:
    """`result` as an array of x's kind: a tensor for a tensor, float64 for float64. It shares the
    memory of `result` if that has the type already."""
    if isinstance(x, np.ndarray):
        return of_type(result, x.dtype, what) if x.dtype.kind == "f" else result
    if is_tensor(x):
        floats = x.dtype if x.dtype.is_floating_point else torch_if_imported().float32
        return of_type(result, floats, what)
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__().from_dlpack(result)
    return result


def length(shape: Sequence[int]) -> int:
    """Returns the number of elements of a sample in an array of shape (count, *shape)."""
    size = 1
    for extent in shape[1:]:
        size *= extent
    return size


def rows_of(x: Floats) -> Floats:
    """Returns samples as rows, which share the memory. There may be no samples."""
    return x.reshape(len(x), length(x.shape))
