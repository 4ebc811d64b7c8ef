# SPDX-License-Identifier: MIT
"""Values in messages, as one short line."""

from __future__ import annotations

from typing import Any

_LONGEST = 60


def said(value: Any) -> str:
    """Returns a value as messages show it: its repr if that is short, else its type."""
    if type(value) is int and abs(value) >= 2**72:
        return f"an integer of {value.bit_length()} bits"
    if not isinstance(value, (bool, int, float, complex, str, bytes, type(None), type)):
        return f"a {type(value).__name__}"
    written = value.__name__ if isinstance(value, type) else ascii(value)
    return written if len(written) <= _LONGEST else written[:_LONGEST] + "..."


def needs(what: str, missing: ModuleNotFoundError) -> ModuleNotFoundError:
    """Returns the exception that says what to install."""
    return ModuleNotFoundError(
        f"{what} need {missing.name}: pip install torch safetensors", name=missing.name
    )


def one_line(error: BaseException) -> str:
    """Returns the message of another library on one line."""
    return " ".join(str(error).split())


def row_of(numbers: Any) -> str:
    """Returns a row of numbers as text: all of them, or the first two and the last."""
    each = [f"{number:.6g}" for number in numbers]
    return f"[{', '.join(each if len(each) <= 6 else [*each[:2], '...', each[-1]])}]"
