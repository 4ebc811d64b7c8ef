# SPDX-License-Identifier: MIT
"""Recognises the times of a grid after rounding. Noise depends on every bit of a time, and a loop
over `timesteps` in float32 must have the noise of the grid itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quell._arrays import of_type
from quell.errors import refused

Doubles = NDArray[np.float64]

_SLACK = 2.0**-50  # what rounding can take from, or add to, a sum of times


def _rounded(times: Doubles, dtype: Any) -> Doubles:
    """Rounds times to another type, NumPy's or PyTorch's, and returns them as doubles again."""
    made = of_type(times, dtype, "dtype:")
    wide: Doubles = np.asarray(made.double() if hasattr(made, "double") else made, np.float64)
    return wide


def in_type(times: Doubles, dtype: Any) -> Any:
    """The times of a grid in a type of floats.

    Raises:
        BadArgument: Two of them are equal in that type.
    """
    shown = _rounded(times, dtype)
    same = shown[1:] == shown[:-1]
    if same.any():
        i = int(np.argmax(same))
        raise refused(
            f"dtype: times {i} and {i + 1}, {times[i]:.9g} and {times[i + 1]:.9g}, are the same in "
            f"{np.dtype(dtype) if isinstance(dtype, type) else dtype}, must be a wider type"
        )
    return of_type(times, dtype, "dtype:")


class Times:
    """The times of a grid.

    Arguments:
        falling: The times, in double.
    """

    def __init__(self, falling: Doubles) -> None:
        self._exact = np.ascontiguousarray(falling[::-1])
        self._rounded: dict[Any, Doubles] = {np.float64: self._exact}

    def _find(self, time: float, dtype: Any) -> float | None:
        """Returns the only time that is rounded to this one; None if there is none, or several."""
        if dtype not in self._rounded:
            self._rounded[dtype] = _rounded(self._exact, dtype)
        rounded = self._rounded[dtype]
        first, last = (int(np.searchsorted(rounded, time, side)) for side in ("left", "right"))
        return float(self._exact[first]) if last == first + 1 else None

    def exact(self, time: float, types: Any) -> float:
        """Returns the time of the grid that this is, perhaps rounded to one of these types, or off
        by the rounding of a sum, as 1 - i / 20 is; else itself."""
        for dtype in (np.float64, *types):
            found = self._find(time, dtype)
            if found is not None:
                return found
        return self._near(time)

    def _near(self, time: float) -> float:
        """Returns the only time within a few units in the last place of 1; itself if there is none,
        or several."""
        slack = min(_SLACK, 1e-9 * time)
        first, last = np.searchsorted(self._exact, (time - slack, time + slack))
        return float(self._exact[first]) if last == first + 1 else time


def types_of(t: Any, dtype: Any) -> list[Any]:
    """The types that a time of a grid may have been rounded to: that of timesteps, the type of t
    itself, and float32, to which code of others rounds."""
    own = getattr(t, "dtype", None)
    floats = getattr(own, "is_floating_point", getattr(own, "kind", "") == "f")
    return [one for one in (own if floats else None, dtype, np.float32) if one is not None]
