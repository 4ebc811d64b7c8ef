# SPDX-License-Identifier: MIT
"""What a description says of the time that a network expects and of what stands for no class
(docs/programs.md), from the arguments of quell.export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quell._numbers import real
from quell._said import said

WORDS = ("t", "sigma", "log_sigma", "log_snr", "fraction", "angle")


def _points(schedule: str) -> int:
    """Returns the number of points of a schedule's table."""
    name, _, options = schedule.partition(":")
    if not name.startswith("beta_"):
        raise ValueError(
            f'quell.export: time: "index", but the schedule {schedule!r} has no table (those of '
            'betas have one): say {"of": "t", "scale": N - 1}'
        )
    given = dict(option.partition("=")[::2] for option in options.split(",") if option)
    return int(given.get("train", 1000))


def time_field(time: Any, schedule: str, precondition: str, whole: bool) -> Any:
    """Returns the field `time` for the argument of that name; None to leave it out.

    Arguments:
        precondition: The precondition, which says the time if the argument is None.
        whole: Whether the network takes whole numbers alone.
    """
    if isinstance(time, Mapping):
        made: Any = dict(time)
    elif time == "index":
        made = {"of": "t", "scale": _points(schedule) - 1}
    elif isinstance(time, str):
        if time not in WORDS:
            raise ValueError(
                f'quell.export: time: {said(time)}, must be "index", {", ".join(WORDS)}, a number '
                "that t is multiplied by, a dictionary (docs/programs.md), or False"
            )
        made = time
    elif time is None:
        _must_say_time(precondition)
        made = None
    else:
        made = {"of": "t", "scale": real(time, "time")}
    return _rounded(made) if whole else made


def _must_say_time(precondition: str) -> None:
    if precondition == "none":
        raise TypeError(
            'quell.export: time: must be given: "t", the schedule\'s time; "index", of its table; '
            'a number that t is multiplied by; "sigma", ...; False for a network without a time'
        )


def _rounded(made: Any) -> dict[str, Any]:
    """The nearest whole number, unless the caller says how it is rounded."""
    if isinstance(made, dict):
        return {**made, "rounding": made.get("rounding", "nearest")}
    raise ValueError(
        'quell.export: the time is of whole numbers: say time="index", or a number that the '
        "schedule's t is multiplied by"
    )


def no_class_field(no_class: Any, classes: int, onehot: bool) -> Any:
    """Returns the field `no_class`: "none", "zeros" or an index."""
    if not classes:
        if no_class is not None:
            raise ValueError(f"quell.export: no_class: {said(no_class)}, but there are no classes")
        return None
    if no_class is None or no_class == "none":
        return "none"
    if isinstance(no_class, int) and not isinstance(no_class, bool):
        most = classes if onehot else 2**24 - 1
        if 0 <= no_class < most:
            return no_class
    elif no_class == "zeros" and onehot:
        return "zeros"
    kinds = f'an index below {classes}, "zeros"' if onehot else "an index"
    raise ValueError(f'quell.export: no_class: {said(no_class)}, must be {kinds} or "none"')
