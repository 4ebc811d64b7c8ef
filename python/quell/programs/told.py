# SPDX-License-Identifier: MIT
"""What a description says beside the programs (docs/programs.md): what is around a network, the
time that it expects, what stands for no class and for none of a condition; from the arguments of
quell.export."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from quell import _quell
from quell._keywords import meant, names_of
from quell._numbers import path_of, real, text
from quell._said import said
from quell.noise import Schedule
from quell.programs.inputs import Inputs, one_hot

OUTPUTS = ("x0", "eps", "v", "score", "flow")
PRECONDITIONS = ("none", "simple", "karras", "unscaled", "straight")
OTHER_FORMATS = (".pt", ".pth", ".ckpt", ".bin", ".onnx", ".npy", ".npz", ".json", ".pkl")
WORDS = ("t", "sigma", "log_sigma", "log_snr", "fraction", "angle")


def _points(schedule: str) -> int:
    """Returns the number of points of a schedule's table."""
    name, _, options = schedule.partition(":")
    tables = [made for made in _quell.schedules() if made.name.startswith("beta_")]
    if not any(name == made.name or name in made.aliases for made in tables):
        raise ValueError(
            f'quell.export: time: "index", but the schedule {schedule!r} has no table (those of '
            'betas have one): say {"of": "t", "scale": N - 1}'
        )
    given = dict(option.partition("=")[::2] for option in options.split(",") if option)
    return int(float(given.get("train", 1000)))


def time_field(time: Any, schedule: str, precondition: str, whole: bool) -> Any:
    """Returns the field `time` for the argument of that name; None to leave it out.

    Arguments:
        precondition: The precondition, which says the time if the argument is None.
        whole: Whether the network takes whole numbers alone.
    """
    if isinstance(time, Mapping):
        made: Any = _of_finite_numbers(time)
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
        made = {"of": "t", "scale": _factor(time)}
    return _rounded(made) if whole else made


def _greatest(field: Any) -> float | None:
    """Returns the end of the times that the network is told, which begin at 0; None where these
    depend on the schedule."""
    of, scale = field, 1.0
    if isinstance(field, dict) and set(field) <= {"of", "scale", "rounding"}:
        of, scale = field.get("of"), field.get("scale", 1.0)
    known = of in ("t", "fraction", "angle") and isinstance(scale, (int, float))
    return float(scale) if known else None


def _check_example(times: Tensor, time: Any, schedule: str, field: Any) -> None:
    """Refuses an example with a time that the network would never be told: it is of another
    schedule, or in another form."""
    most = _greatest(field)
    if most is None:
        return
    low, high = min(0.0, most), max(0.0, most)
    slack = 1e-6 * (high - low)
    beyond = [t for t in times.flatten().tolist() if not low - slack <= t <= high + slack]
    if not beyond:
        return
    ends = f"the network would be told {low:g} to {high:g}"
    if time == "index":
        ends = f"the table of {schedule!r} ends at {most:g}"
    raise ValueError(f"quell.export: time: the example has {beyond[0]:g}, but {ends}")


def _of_finite_numbers(time: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in time.items():
        for number in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(number, float) and not math.isfinite(number):
                raise ValueError(f"quell.export: time: {name}: {number}, must be finite")
    return dict(time)


def _factor(time: Any) -> float:
    made = real(time, "time")
    if made == 0 or not math.isfinite(made):
        raise ValueError(
            f"quell.export: time: {made:g}, must be a finite number that t is multiplied by, not 0"
        )
    return made


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


def _one_of(value: Any, what: str, allowed: Sequence[str]) -> str:
    if text(value, what) not in allowed:
        raise ValueError(f"quell.export: {what}: {said(value)}, must be {', '.join(allowed)}")
    return str(value)


_FIELDS = ("image", "comment")  # of a description, which are added as they are


def check_name(path: str | os.PathLike[str]) -> None:
    """Refuses a name under which the network could not be written, before it is read, or that of
    another format, under which quell would not read it."""
    name = os.fsdecode(path_of(path, "path"))
    if name.lower().endswith(OTHER_FORMATS):
        raise ValueError(
            f"quell.export: path: {name}: would be written as .safetensors: name it so"
        )
    if not name:
        raise ValueError("quell.export: path: it is empty, must be the name of a file to write")
    wrong = errno.EISDIR if os.path.isdir(name) else 0
    folder = os.path.dirname(os.path.realpath(name))
    if not wrong and not os.path.isdir(folder):
        wrong = errno.ENOTDIR if os.path.exists(folder) else errno.ENOENT
    if not wrong and not os.access(folder, os.W_OK):
        wrong = errno.EACCES
    if wrong:
        raise OSError(wrong, os.strerror(wrong), name)  # as its subclass of that number


def check_fields(fields: Mapping[str, Any], export: Callable[..., Any]) -> None:
    """Refuses what is neither an argument of quell.export nor such a field."""
    for name in fields:
        if name not in _FIELDS:
            hint = meant(name, [*names_of(export), *_FIELDS])
            raise TypeError(
                f"quell.export: {name}: no such argument{hint}, nor a field to add: image and "
                "comment are"
            )


def around_fields(around: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    """Returns the fields of a description that say what is around the network."""
    time, schedule = around.get("time"), around.get("schedule")
    default = "unscaled" if time == "sigma" else "none"
    precondition = _one_of(around.get("precondition") or default, "precondition", PRECONDITIONS)
    for name, allowed in (("output", ", ".join(OUTPUTS)), ("schedule", '"vp", "beta_linear", ...')):
        if around.get(name) is None:
            raise TypeError(f"quell.export: {name}: must be given: {allowed}")
    if isinstance(schedule, Schedule):
        kind, own = type(schedule).__name__, schedule.spec
        has = f"its spec, {said(own)}" if own else "a str, and this one has no spec"
        raise TypeError(f"quell.export: schedule: a {kind}, must be {has}")
    Schedule(text(schedule, "schedule"))
    told = inputs.tensors().get("time")
    if told is None and time not in (None, False):
        raise ValueError("quell.export: time: the example has none beside x")
    asked = told is not None and time is not False
    numbers = told is not None and not told.is_floating_point()
    field = time_field(time, str(schedule), precondition, numbers) if asked else None
    if told is not None and asked:
        _check_example(told, time, str(schedule), field)
    scale = around.get("sigma_data")
    if scale is not None and precondition not in ("simple", "karras"):
        raise ValueError(
            "quell.export: sigma_data: is for the preconditions simple and karras; with "
            f'"{precondition}" it is inside the network'
        )
    return {
        "output": _one_of(around["output"], "output", OUTPUTS),
        "precondition": precondition,
        "schedule": text(schedule, "schedule"),
        **({"time": field} if field is not None else {}),
        **({"sigma_data": _deviation(scale)} if scale is not None else {}),
    }


def _deviation(scale: Any) -> float:
    made = real(scale, "sigma_data")
    if not 0 < made < math.inf:
        raise ValueError(f"quell.export: sigma_data: {made:g}, must be finite and above 0")
    return made


def class_fields(classes: int, no_class: Any, inputs: Inputs) -> dict[str, Any]:
    label = inputs.tensors().get("class")
    onehot = label is not None and one_hot(label)
    if label is not None and not classes:
        raise ValueError("quell.export: classes: the example has a class: say how many there are")
    field = no_class_field(no_class, classes, onehot)
    if label is not None and not onehot:
        wrong = [k for k in label.flatten().tolist() if not 0 <= k < classes and k != field]
        if wrong:
            known = f"classes are 0 to {classes - 1}" if classes > 1 else "the class is 0"
            beside = f", and no_class={field}" if isinstance(field, int) else ""
            raise ValueError(
                f"quell.export: classes: {classes}, so that {known}{beside}, but the example has "
                f"{wrong[0]:g}: if it stands for no class, say no_class={wrong[0]:g}"
            )
    return {"classes": classes, "no_class": field} if classes else {}


def variance_fields(variance: str) -> dict[str, Any]:
    _one_of(variance, "variance", ("none", "learned_range"))
    return {} if variance == "none" else {"variance": variance}


def nones_of(none: Any, inputs: Inputs) -> dict[str, Tensor | str]:
    """Returns what stands for none of each condition: a word, or a tensor of its shape."""
    shapes = {name: tuple(tensor.shape[1:]) for name, tensor in inputs.tensors().items()}
    made: dict[str, Tensor | str] = {}
    if none is not None and not isinstance(none, Mapping):
        raise TypeError(f"quell.export: none: {said(none)}, must be a dictionary by names")
    for name, value in (none or {}).items():
        if name not in shapes or name in ("x", "time", "class"):
            raise ValueError(f"quell.export: none: {said(name)} is no condition of the example")
        if isinstance(value, str):
            made[name] = _one_of(value, f"none: {name}", ("zeros", "same"))
            continue
        array = torch.as_tensor(value, dtype=torch.float32).detach().clone().contiguous()
        if tuple(array.shape) != shapes[name] or not torch.isfinite(array).all():
            raise ValueError(
                f"quell.export: none: {name}: shape {list(array.shape)}, must be "
                f"{list(shapes[name])}, and finite"
            )
        made[name] = array
    return made


def add_nones(
    stored: dict[str, Tensor], description: dict[str, Any], nones: Mapping[str, Tensor | str]
) -> None:
    """Adds the field `conditions`, and the tensors that it names."""
    for name, value in nones.items():
        field: Any = value
        if isinstance(value, Tensor):
            field = {"tensor": f"none.{name}"}
            stored[field["tensor"]] = value
        description.setdefault("conditions", {})[name] = {"none": field}
