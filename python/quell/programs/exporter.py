# SPDX-License-Identifier: MIT
"""Exports a module to a file in one call."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from quell import _quell
from quell._inputs import extents_of
from quell._numbers import path_of, real, text, whole
from quell._said import said
from quell._whole import write
from quell.noise import Schedule
from quell.programs.canonical import canonical
from quell.programs.check import Evaluate, Expected, compare, expected
from quell.programs.denoisers import taken_apart
from quell.programs.inputs import Inputs, inputs_of
from quell.programs.lead import without_lead
from quell.programs.lower import Lowered, Lowering
from quell.programs.rewrite import ending, inputs_used
from quell.programs.told import Times, Told, told
from quell.programs.trace import Refused, trace
from quell.programs.write import Writer

OUTPUTS = ("x0", "eps", "v", "score", "flow")
AROUND = ("output", "precondition", "schedule")
PRECONDITIONS = ("none", "simple", "karras")


def program_of(
    module: nn.Module,
    inputs: Inputs,
    shape: Sequence[int] | None = None,
    knows: Told | None = None,
) -> Lowered:
    """Returns a module as a program. `shape` is the shape that its result must have; `knows` is the
    form of the time that it expects."""
    traced = trace(module, inputs.arguments, inputs.keywords, inputs.names)
    lowered = Lowering(traced, knows).run()
    if shape is not None and lowered.output.shape != tuple(shape):
        raise Refused(
            f"quell.export: the network returns {list(lowered.output.shape)} for a sample, must be "
            f"{list(shape)}, the shape of x: wrap it in a module that returns that part"
        )
    lowered = ending(canonical(without_lead(lowered)))
    used = inputs_used(lowered)
    lowered.inputs = [value for value in lowered.inputs if value.name == "x" or value in used]
    return lowered


def check_module(module: Any) -> nn.Module:
    if not isinstance(module, nn.Module):
        raise TypeError(f"quell.export: module: {said(module)}, must be a network of PyTorch's")
    for name, weight in [*module.named_parameters(), *module.named_buffers()]:
        if weight.device.type != "cpu":
            raise ValueError(f"quell.export: {name} is on {weight.device}: call .cpu() before")
        if weight.dtype in (torch.float16, torch.bfloat16, torch.float64):
            raise ValueError(f"quell.export: {name} is {weight.dtype}: call .float() before")
        if weight.is_floating_point() and not torch.isfinite(weight).all():
            raise ValueError(f"quell.export: {name} is not finite")
    return module


def _one_of(value: Any, what: str, allowed: Sequence[str]) -> str:
    if text(value, what) not in allowed:
        raise ValueError(f"quell.export: {what}: {said(value)}, must be {', '.join(allowed)}")
    return str(value)


def export(
    module: nn.Module,
    path: str | os.PathLike[str],
    example: Any,
    *,
    output: str | None = None,
    precondition: str | None = None,
    schedule: str | None = None,
    time: str | float | bool = "t",
    classes: int = 0,
    names: Sequence[str] | None = None,
    decode: nn.Module | None = None,
    most: float = 1e-5,
    **fields: Any,
) -> float:
    """Exports a PyTorch module to a file that quell draws samples from: its graph, as a program
    (docs/programs.md), and its weights. The file is compared with the module before it is kept.
    The module is not changed.

    Arguments:
        module: The network, on the CPU and in float32. It is exported in evaluation mode. Or a
            SimpleDenoiser or KarrasDenoiser of azula or quell, which already has the output, the
            precondition and the schedule.
        path: The .safetensors file to write.
        example: The arguments of one call of the module: a tuple such as (x, t, label, ...), or a
            dictionary by names. The first tensor is x, the second the time; the first dimension of
            each is the batch. Arguments that are not tensors become part of the program. The
            comparison draws times and conditions from the ranges of the example.
        output: What the network returns: "x0" (the default), "eps", "v", "score" or "flow".
        precondition: The preconditioning around the network: "none" (the default), "simple" or
            "karras" (docs/networks.md).
        schedule: The schedule of its training, such as "vp" (the default) or
            "beta_linear:train=1000".
        time: The form of the time that the network expects. "t": the time t of the schedule (with a
            precondition, log(sigma / alpha)). "index": t (N - 1), an index into a schedule's table
            of N. A number: t times that number. "sigma": sigma / alpha, with x / alpha in place of
            x, as for a whole denoiser of EDM. False: the network has no time.
        classes: The number of classes, if the network takes a class: as a whole number, or as
            `classes` numbers of which one is 1.
        names: The names of the example's tensors, in order: "x", "time", "class", and a name for
            each condition. If left out, conditions have the names of forward's arguments.
        decode: A module that turns a sample into what a reader wants to see.
        most: The largest allowed difference from PyTorch in float64, relative to the largest
            output. Four times the difference between PyTorch in float32 and in float64 is always
            allowed.
        fields: Further fields of the description, such as image=True or comment="...".

    Returns:
        The largest difference that was found.

    Raises:
        ValueError: The network has operations that a program does not have (each is named, with the
            line of code that it comes from), or its samples depend on each other, or the difference
            is too large. No file is written then.
    """
    path_of(path, "path")
    classes = whole(classes, "classes", 0, 2**24 - 1)
    if not real(most, "most") > 0:
        raise ValueError(f"most: {most}, must be above 0")
    module, example, around = taken_apart(module, example)
    said_twice = [n for n, v in zip(AROUND, (output, precondition, schedule), strict=True) if v]
    if around and said_twice:
        raise ValueError(f"quell.export: the denoiser itself says {', '.join(said_twice)}")
    output = around.get("output", output or "x0")
    precondition = around.get("precondition", precondition or "none")
    schedule = around.get("schedule", schedule or "vp")
    inputs = inputs_of(check_module(module), example, names, time is not False, classes)
    x = inputs.tensors()["x"]
    shape = extents_of(tuple(x.shape[1:]), "the sizes of one sample")
    Schedule(schedule)
    knows, precondition = told(time, schedule, _one_of(precondition, "precondition", PRECONDITIONS))
    description = {
        "kind": "network",
        "version": 1,
        "shape": list(shape),
        "output": _one_of(output, "output", OUTPUTS),
        "precondition": precondition,
        "schedule": text(schedule, "schedule"),
        **({"classes": classes} if classes else {}),
        **fields,
    }
    right = {"denoise": expected(module, inputs, classes)}
    _check_time(inputs, knows)
    programs = {"denoise": program_of(module, inputs, shape, knows)}
    if decode is not None:
        inside = inputs_of(check_module(decode), (x,), None, False, 0)
        right["decode"] = expected(decode, inside, 0)
        programs["decode"] = program_of(decode, inside)
    stored, metadata = stored_of(programs, description)
    worst = [0.0]
    write(stored, path, metadata, lambda name: worst.append(_checked(name, right, most, knows)))
    return max(worst)


def stored_of(
    programs: dict[str, Lowered], description: dict[str, Any]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Returns the tensors of a file and its metadata."""
    writer = Writer({value.name for lowered in programs.values() for value in lowered.inputs})
    written = {name: writer.program(lowered) for name, lowered in programs.items()}
    text = json.dumps({**description, "programs": written}, allow_nan=False)
    return writer.tensors, {"quell": text}


def _checked(path: str, right: dict[str, Expected], most: float, knows: Told) -> float:
    """Compares the programs of a file with the expected results."""
    worst = compare(evaluator(path, "denoise"), right["denoise"], most, knows)
    if "decode" in right:
        worst = max(worst, compare(evaluator(path, "decode"), right["decode"], most))
    return worst


def _check_time(inputs: Inputs, knows: Told) -> None:
    time = inputs.tensors().get("time")
    if time is None and type(knows) is not Told:
        raise ValueError("quell.export: time: the example has none beside x")
    if time is not None and not time.is_floating_point() and not isinstance(knows, Times):
        raise ValueError(
            'quell.export: the time is of whole numbers: say time="index", or a number that the '
            "schedule's t is multiplied by"
        )


def evaluator(path: str, name: str) -> Evaluate:
    """Returns a function that evaluates a program by quell, in C and float32."""
    program = _quell.Program(os.fsencode(path), name)
    shapes = program.inputs

    def evaluate(inputs: dict[str, NDArray[np.float64]]) -> NDArray[np.float32]:
        return program.run(
            [np.asarray(inputs[key], np.float32, "C").reshape(shapes[key]) for key in shapes]
        )

    return evaluate
