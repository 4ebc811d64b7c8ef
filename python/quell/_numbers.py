# SPDX-License-Identifier: MIT
"""Checks of single numbers for the library. Nothing wraps or is rounded, and only numbers are taken
for numbers: an integer is not a float or a bool, and a real number is not text or complex."""

from __future__ import annotations

import operator
import os
from typing import Any

import numpy as np

from quell._arrays import as_doubles, is_tensor, torch_if_imported
from quell._said import said
from quell.errors import refused

_MOST = 2**64 - 1


def _scalar(value: Any) -> Any:
    """Returns the number in an array or a tensor with shape ()."""
    if is_tensor(value) and value.ndim == 0:
        return value.detach().item()
    masked = isinstance(value, np.ma.MaskedArray)
    if isinstance(value, np.ndarray) and value.ndim == 0 and not masked:
        return value.item()
    return value


def whole(value: Any, what: str, low: int = 0, high: int = _MOST) -> int:
    """An integer from low to high.

    Raises:
        TypeError: It is no integer.
        ValueError: It is out of that range.
    """
    number = _scalar(value)
    try:
        if isinstance(number, (bool, np.bool_)):
            raise TypeError
        made = operator.index(number)
    except TypeError:
        raise TypeError(f"{what}: {said(value)}, must be an integer") from None
    if not low <= made <= high:
        most = "2^64 - 1" if high == _MOST else high
        raise refused(f"{what}: {said(made)}, must be from {low} to {most}")
    return made


def real(value: Any, what: str) -> float:
    """A real number, which may be infinite.

    Raises:
        TypeError: It is no real number.
        ValueError: It is not a number (NaN).
    """
    number = _scalar(value)
    kinds = (int, float, np.integer, np.floating)
    if isinstance(number, bool) or not isinstance(number, kinds):
        raise TypeError(f"{what}: {said(value)}, must be a real number")
    try:
        made = float(number)
    except OverflowError:
        raise refused(f"{what}: {said(number)} is beyond float64") from None
    if made != made:
        raise refused(f"{what}: it is not a number (NaN)")
    return made


def flag(value: Any, what: str) -> bool:
    """True or False.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what}: {said(value)}, must be True or False")
    return bool(value)


def yes_no(value: Any, what: str) -> str:
    """True or False, as a spec says it.

    Raises:
        TypeError: It is neither.
    """
    return "yes" if flag(value, what) else "no"


def text(value: Any, what: str) -> str:
    """A name or a list of options.

    Raises:
        TypeError: It is no str.
        ValueError: It has a lone surrogate, as os.fsdecode makes of bytes that are not UTF-8.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what}: {said(value)}, must be a str")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refused(f"{what}: {said(value)} is no text: it has half of a character") from None
    return value


def path_of(value: Any, what: str) -> bytes:
    """The name of a file.

    Raises:
        TypeError: It is none.
        ValueError: The file system cannot have it.
    """
    try:
        name = os.fsencode(value)
    except UnicodeEncodeError:
        raise refused(f"{what}: {said(value)} is no text: it has half of a character") from None
    except TypeError:
        raise TypeError(f"{what}: {said(value)}, must be a path: str, bytes or PathLike") from None
    if b"\0" in name:
        raise refused(f"{what}: {said(value)} has a NUL in it, which no path has")
    return name


def function_of(value: Any, what: str) -> Any:
    """Returns something that can be called.

    Raises:
        TypeError: It cannot.
    """
    if not callable(value):
        raise TypeError(f"{what}: {said(value)}, must be callable")
    return value


def refuse_class(value: Any, what: str, kind: str, given: str = "...") -> None:
    """Refuses a class in place of an object of it, which can be called as the class can: its
    parentheses were forgotten.

    Arguments:
        kind: What it must be.
        given: What stands in its parentheses.

    Raises:
        TypeError: It is a class whose objects can be called.
    """
    if isinstance(value, type) and any("__call__" in vars(base) for base in value.__mro__):
        name = value.__name__
        raise TypeError(f"{what}: {name} is a class, must be {kind}, as {name}({given})")


def reals(values: Any, what: str) -> list[float]:
    """A row of real numbers.

    Raises:
        TypeError: It is none.
        ValueError: It has another shape, or something in it is not a number (NaN).
    """
    array = as_doubles(values, what)
    if array.ndim != 1:
        raise refused(f"{what}: shape {array.shape}, must be a row of numbers")
    if np.isnan(array).any():
        raise refused(f"{what}: not a number (NaN) is in it")
    row: list[float] = array.tolist()
    return row


def float_type(value: Any, what: str) -> Any:
    """A type of real numbers, NumPy's or PyTorch's, as it is; or None.

    Raises:
        TypeError: It is none, so that numbers would be cut to integers or worse.
    """
    torch = torch_if_imported()
    if torch is not None and isinstance(value, torch.dtype):
        real_ones = value.is_floating_point
    elif isinstance(value, (type, str, np.dtype)):
        try:
            real_ones = np.dtype(value).kind == "f"
        except (TypeError, UnicodeError):
            real_ones = False
    else:
        real_ones = value is None
    if not real_ones:
        given = value if type(value).__name__ == "dtype" else said(value)
        raise TypeError(f"{what}: {given}, must be a type of floats, as numpy.float64")
    return value


def on_cpu(device: Any) -> None:
    """Refuses any device except the CPU.

    Raises:
        ValueError: It is not the CPU.
    """
    torch = torch_if_imported()
    if torch is not None and isinstance(device, torch.device):
        device = str(device)
    if device is not None and not (isinstance(device, str) and device.split(":")[0] == "cpu"):
        raise refused(
            f"device: quell computes on the CPU, not on {said(device)}: leave it out, and move the "
            "samples by their .to()"
        )
