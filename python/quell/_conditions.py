# SPDX-License-Identifier: MIT
"""Conditions: real arrays by name that a denoiser of the library's takes beside x, t and label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from quell._arrays import Array, Floats, as_floats, is_tensor, named_array, to_numpy
from quell._function import PerSample
from quell._inputs import classes_of
from quell._keywords import meant
from quell.errors import refused

Conditions = list[tuple[str, Floats | None]]

_NEGATIVE = ("negative_label", "negative_conditions")  # keywords of a call
_MORE = ("conditions", "part")
_OF_CALL = ("label", "seed", "first", "index", "out", "progress")


def _shape_text(lead: str, shape: tuple[int, ...]) -> str:
    parts = [*([lead] if lead else []), *map(str, shape)]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _exact(given: Any, floats: Floats, name: str) -> None:
    """Refuses whole numbers that float32 rounds, such as the number of an entry beyond 2^24."""
    whole = np.asarray(given) if not is_tensor(given) else to_numpy(given)
    if whole.dtype.kind not in "iu":
        return
    large = (whole > 2**24) | (whole < -(2**24))
    for one, rounded in zip(whole[large].tolist(), floats[large].tolist(), strict=True):
        if one != int(rounded):
            raise refused(
                f"condition {name!r}: {one} is not one of float32, in which conditions are told: "
                f"it would be {int(rounded)}"
            )


def _told(given: Array, what: str) -> Floats:
    """Returns what a network is told as float32. A mask of True and False is told as 1 and 0, as in
    the example that the network was exported with."""
    array = named_array(given, what)
    return array.astype(np.float32) if array.dtype == bool else as_floats(given, what)


def _rows(value: Any, name: str, shape: tuple[int, ...], count: int) -> Floats | None:
    """A condition's values: of shape (size,) for all samples, or (count, size) for each; None: none
    of it."""
    if value is None:
        return None
    each = isinstance(value, PerSample)
    given = value.rows if each else value
    array = _told(given, f"condition {name!r}")
    _exact(given, array, name)
    size = 1
    for extent in shape:
        size *= extent
    if array.shape == shape and not each:
        return array.reshape(size)
    if array.shape[1:] == shape and array.ndim == len(shape) + 1 and len(array) in (1, count):
        if len(array) == count:
            return array.reshape(count, size)
        if not each:
            return array.reshape(size)
    must = (
        f"must be {_shape_text('', shape)} or {_shape_text('1', shape)} for all samples, or "
        f"{_shape_text(str(count), shape)}, a row for each"
    )
    raise refused(f"condition {name!r}: shape {array.shape}, {must}")


def of_call_alone(name: str, among: bool = False) -> str:
    """Says of an argument that is taken for one of the denoiser that it is a call's; "" if it is
    not. among: whether it stands in the dictionary `conditions`."""
    if among and name in (*_OF_CALL, *_NEGATIVE, *_MORE):
        return f" (it is no condition, but an argument beside conditions: {name}=...)"
    if name == "label" or name not in _OF_CALL:  # a denoiser in Python gets the others
        return ""
    return f" (a call of the sampler takes it, sampler(x, {name}=...), but this does not)"


def conditions_of(
    taken: Mapping[str, tuple[int, ...]],
    kwargs: Mapping[str, Any],
    count: int,
    of_call: Iterable[str] = _OF_CALL,
) -> Conditions:
    """The conditions of a call in the form that the library takes: from its keywords, or from the
    dictionary `conditions`. of_call: its other arguments, of which one may have been misspelt.

    Raises:
        TypeError: One is unknown, missing, given twice, or is no array of numbers.
        ValueError: One has another shape, or a number beyond float32.
    """
    from quell._settings import of_sampler

    given = dict(kwargs)
    more = given.pop("conditions", None) if "conditions" not in taken else None
    if more is not None and not isinstance(more, Mapping):
        raise TypeError(f"conditions: a {type(more).__name__}, must be a dict of arrays by name")
    for name, value in (more or {}).items():
        if name in given:
            raise TypeError(f"condition {name!r}: given as a keyword and in conditions, too")
        given[name] = value
    for name in given:
        if name not in taken:
            names = ", ".join(map(repr, taken))
            hint = of_call_alone(name, name in (more or {}))
            hint = hint or (of_sampler(name) if of_call is _OF_CALL else "")
            hint = hint or meant(name, [*taken, *of_call, *_NEGATIVE, *_MORE])
            raise TypeError(
                f"the denoiser takes no argument {name!r}{hint}"
                + (f": its conditions are {names}" if taken else "")
            )
    for name, shape in taken.items():
        if name not in given:
            one = f"an array of shape {_shape_text('', shape)}" if shape else "a number"
            each = f"an array of shape {_shape_text(str(count), shape)}, a row for each"
            raise TypeError(
                f"condition {name!r}: must be given: {one} for all samples, or {each}"
            )
    return [(name, _rows(given[name], name, shape, count)) for name, shape in taken.items()]


def negatives_of(
    taken: Mapping[str, tuple[int, ...]], given: Mapping[str, Any] | None, count: int
) -> Conditions:
    """The negative conditions of a call, of which some may be missing."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        kind = type(given).__name__
        raise TypeError(f"negative_conditions: a {kind}, must be a dict of arrays by name")
    some = {name: taken[name] for name in given if name in taken}
    return conditions_of(some, {"conditions": given}, count)


def check_away(denoiser: Any, told: Mapping[str, Any]) -> None:
    """Refuses guidance that leads away from the classes that all samples have, as the library does
    for samples that it gets at once."""
    classes, negative = told["classes"], told["negative_classes"]
    if denoiser.conditions or told["part"] or classes is None or not denoiser._guides():
        return
    if np.array_equal(classes, np.full_like(classes, -1) if negative is None else negative):
        raise refused(
            "run: guidance has no effect: it leads away from the classes that the samples have; "
            "leave negative_label out, or give others"
        )


def _part_of(denoiser: Any, given: dict[str, Any]) -> bool:
    """Whether the samples of a call are a part of a larger set: its keyword `part`."""
    if "part" in denoiser.conditions:
        return False
    part = given.pop("part", False)
    if not isinstance(part, bool):
        raise TypeError(f"part: {part!r}, must be True or False")
    return part


def told_of(
    denoiser: Any,
    label: Any,
    kwargs: Mapping[str, Any],
    count: int,
    of_call: Iterable[str] = _OF_CALL,
) -> dict[str, Any]:
    """The classes and conditions of a call, and the negative ones, in the form that the library
    takes.

    Raises:
        TypeError: A class is needed and missing, or is given and there are no classes.
    """
    given = dict(kwargs)
    against, negative_conditions = (given.pop(name, None) for name in _NEGATIVE)
    part = _part_of(denoiser, given)
    negative = classes_of(against, count, denoiser.classes, "negative_label")
    if label is None and negative is not None:
        label = -1
    if label is None and denoiser._guides() and not denoiser.conditions:
        raise TypeError(
            "label: None, but guidance leads away from no class: must be the classes, or -1 for "
            "none"
        )
    classes = classes_of(label, count, denoiser.classes)
    return {
        "classes": classes,
        "conditions": conditions_of(denoiser.conditions, given, count, of_call),
        "negative_classes": negative,
        "negative_conditions": negatives_of(denoiser.conditions, negative_conditions, count),
        "part": part,
    }


def of_rows(told: Mapping[str, Any], rows: Any, count: int) -> dict[str, Any]:
    """What some of `count` samples are told, which a mask chooses: a part of them."""

    def chosen(value: Any) -> Any:
        if isinstance(value, list):  # conditions
            return [
                (name, one if one is None or one.ndim == 1 else one[rows]) for name, one in value
            ]
        return value if value is None or len(value) != count else value[rows]

    some = {what: chosen(value) for what, value in told.items() if what != "part"}
    return {**some, "part": True}
