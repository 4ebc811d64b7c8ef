# SPDX-License-Identifier: MIT
"""Single numbers as the library takes them. Nothing wraps, is rounded or is taken for a number that
is none: an integer is not a float or a bool, and a real number not text or complex."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from quell._arrays import is_tensor, torch_if_imported
from quell.errors import refused

_MOST = 2**64 - 1


def _scalar(value: Any) -> Any:
    """A number out of an array or a tensor with shape ()."""
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
        said = repr(value) if isinstance(value, (int, float, str)) else f"a {type(value).__name__}"
        raise TypeError(f"{what}: {said}, must be an integer") from None
    if not low <= made <= high:
        most = "2^64 - 1" if high == _MOST else high
        raise refused(f"{what}: {made}, must be from {low} to {most}")
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
        plain = isinstance(value, (bool, complex, str))
        said = repr(value) if plain else f"a {type(value).__name__}"
        raise TypeError(f"{what}: {said}, must be a real number")
    try:
        made = float(number)
    except OverflowError:
        raise refused(f"{what}: {number} is beyond float64") from None
    if made != made:
        raise refused(f"{what}: it is not a number (NaN)")
    return made


def flag(value: Any, what: str) -> bool:
    """True or False.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what}: {value!r}, must be True or False")
    return bool(value)


def text(value: Any, what: str) -> str:
    """A name or a list of options.

    Raises:
        TypeError: It is no str.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what}: a {type(value).__name__}, must be a str")
    return value


def on_cpu(device: Any) -> None:
    """Refuses another device.

    Raises:
        ValueError: It is not the CPU.
    """
    torch = torch_if_imported()
    named = device.type if torch is not None and isinstance(device, torch.device) else str(device)
    if device is not None and named.split(":")[0] != "cpu":
        raise refused(f"device: quell computes on the CPU, not on {device}; then use .to()")
