# SPDX-License-Identifier: MIT
"""Values in messages: one line, and not a long one."""

from __future__ import annotations

from typing import Any

_LONGEST = 60


def said(value: Any) -> str:
    """A value as messages name it: as it is written if that is short, else what kind it is."""
    if type(value) is int and abs(value) >= 2**72:
        return f"an integer of {value.bit_length()} bits"
    if not isinstance(value, (bool, int, float, complex, str, bytes, type(None), type)):
        return f"a {type(value).__name__}"
    written = value.__name__ if isinstance(value, type) else ascii(value)
    return written if len(written) <= _LONGEST else written[:_LONGEST] + "..."


def one_line(error: BaseException) -> str:
    """What another library said, on one line."""
    return " ".join(str(error).split())


def row_of(numbers: Any) -> str:
    """A row of numbers, all of them or the first two and the last."""
    each = [f"{number:.6g}" for number in numbers]
    return f"[{', '.join(each if len(each) <= 6 else [*each[:2], '...', each[-1]])}]"
