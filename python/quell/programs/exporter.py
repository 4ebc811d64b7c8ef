# SPDX-License-Identifier: MIT
"""Exports a module to a file in one call."""

from __future__ import annotations

import copy
import functools
import json
import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from quell import _quell
from quell._inputs import extents_of
from quell._numbers import path_of, real, whole
from quell._said import said
from quell._whole import write
from quell.errors import Error
from quell.programs.canonical import canonical
from quell.programs.check import Evaluate, Expected, compare, expected, fails, outputs
from quell.programs.copies import in_evaluation, in_single, is_finite, narrow_type
from quell.programs.copies import weights_of, with_clipped_tables
from quell.programs.denoisers import mean_of, taken_apart
from quell.programs.fast import choose, forget
from quell.programs.images import image_of
from quell.programs.infinite import with_infinities
from quell.programs.inputs import Inputs, check_used, decoder_of, decoding_inputs, inputs_of
from quell.programs.law import check_law
from quell.programs.lead import without_lead
from quell.programs.lower import Lowered, lowered_of
from quell.programs.nested import flat, is_nested
from quell.programs.rewrite import ending, inputs_used
from quell.programs.told import add_nones, around_fields, check_fields, check_name
from quell.programs.told import class_fields, nones_of, variance_fields
from quell.programs.trace import Refused
from quell.programs.wide import without_wide
from quell.programs.write import Writer

Stored = tuple[dict[str, Tensor], dict[str, str]]  # the tensors of a file, and its metadata

TYPES = {None: None, torch.float32: None, torch.float16: 1e-2, torch.bfloat16: 1e-1}


def program_of(
    module: nn.Module,
    inputs: Inputs,
    shape: Sequence[int] | None = None,
) -> Lowered:
    """Returns a module as a program. `shape` is the shape that its result must have."""
    lowered = lowered_of(module, inputs)
    if shape is not None and lowered.output.shape != tuple(shape):
        alike = tuple(shape) == tuple(inputs.tensors()["x"].shape[1:])
        wide = 'that of x with twice the channels, as variance="learned_range" says'
        raise Refused(
            f"quell.export: the network returns {list(lowered.output.shape)} for a sample, must be "
            f"{list(shape)}, {'the shape of x' if alike else wide}: wrap it in a module that "
            "returns that part"
        )
    lowered = without_wide(with_infinities(canonical(without_lead(lowered))))
    lowered = ending(lowered)
    used = inputs_used(lowered)
    lowered.inputs = [value for value in lowered.inputs if value.name == "x" or value in used]
    return lowered


def _check_kinds(module: nn.Module) -> None:
    """Refuses parts whose code or weights torch.export does not see."""
    for name, part in module.named_modules():
        where = f"{name} ({type(part).__name__})" if name else "the network"
        if isinstance(part, torch.jit.ScriptModule):
            raise Refused(
                f"quell.export: {where} is of TorchScript, whose code cannot be traced: export the "
                "module that it was made from"
            )
        if ".quantized" in type(part).__module__ and type(part).__module__.startswith("torch."):
            raise Refused(
                f"quell.export: {where} is quantized by PyTorch: export the network as it was "
                "before, and quantize the file with `quell quantize`"
            )


def check_module(module: Any, what: str = "module") -> nn.Module:
    if not isinstance(module, nn.Module):
        raise TypeError(f"quell.export: {what}: {said(module)}, must be a network of PyTorch's")
    _check_kinds(module)
    for name, weight in weights_of(module):
        if nn.parameter.is_lazy(weight):
            raise ValueError(f"quell.export: {name} has no values: call the network once before")
        if weight.device.type != "cpu":
            raise ValueError(f"quell.export: {name} is on {weight.device}: call .cpu() before")
        if weight.is_floating_point() and not is_finite(weight):
            raise ValueError(f"quell.export: {name} is not finite in float32")
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:
            raise Refused(
                f"quell.export: {name} ({type(part).__name__}) has no running statistics, so that "
                "the network's samples depend on each other: train it with track_running_stats=True"
            )
    return module


Function = TypeVar("Function", bound=Callable[..., Any])


def _one_at_a_time(function: Function) -> Function:
    """Keeps other threads that export waiting: tracing, and computing in float64, set what PyTorch
    has once for all threads."""
    lock = threading.RLock()

    @functools.wraps(function)
    def locked(*args: Any, **given: Any) -> Any:
        with lock:
            return function(*args, **given)

    return cast(Function, locked)


@_one_at_a_time
def export(
    module: nn.Module,
    path: str | os.PathLike[str],
    example: Any,
    *,
    output: str | None = None,
    precondition: str | None = None,
    schedule: str | None = None,
    time: str | float | bool | Mapping[str, Any] | None = None,
    classes: int = 0,
    no_class: int | str | None = None,
    variance: str = "none",
    sigma_data: float | None = None,
    names: Sequence[str] | None = None,
    none: Mapping[str, Any] | None = None,
    decode: nn.Module | Callable[..., Any] | None = None,
    dtype: torch.dtype | None = None,
    most: float = 1e-5,
    fast: bool | float = True,
    **fields: Any,
) -> float:
    """Exports a PyTorch module to a file that quell draws samples from: its graph, as a program
    (docs/programs.md), and its weights. The file is compared with the module before it is kept.
    The module is not changed.

    Arguments:
        module: The network, on the CPU. It is exported in evaluation mode, and as it is in float32:
            weights in float16 or bfloat16 are stored as they are. Or a whole denoiser, which says
            output, precondition, schedule and time itself: azula's or quell's SimpleDenoiser or
            KarrasDenoiser, or one of azula's plugins.
        path: The .safetensors file to write.
        example: The arguments of one call of the module: a tuple such as (x, t, label, ...), or a
            dictionary by names. The first tensor is x, the second the time, unless another one is
            t, time, timestep or sigma by name; the first dimension of each is the batch.
            Arguments that are not tensors become part of the program; tensors in lists and
            dictionaries are conditions like others. The comparison draws times and conditions
            from the ranges of the example.
        output: What the network returns: "x0", "eps", "v", "score" or "flow". Must be given.
        precondition: The preconditioning around the network: "none", "simple", "karras", "unscaled"
            or "straight" (docs/networks.md); "none" by default, with time="sigma" "unscaled".
        schedule: The schedule of its training, such as "vp" or "beta_linear:train=1000". Must be
            given.
        time: The form of the time that the network expects. Must be given where the precondition
            does not say it. "t": the time t of the schedule. "index": t (N - 1), an index into a
            schedule's table of N. A number: t times that number; where the example's time is of
            whole numbers, the network is told the nearest one. "sigma": sigma / alpha. Other
            words, and a dictionary for tables and rounding, are in docs/programs.md. False: the
            network has no time.
        classes: The number of classes, if the network takes a class: as a whole number, or as
            `classes` numbers of which one is 1.
        no_class: What stands for "no class": an index, "zeros" (of `classes` numbers), or "none"
            (the default): the network knows none, so that a run without a class is refused.
        variance: "learned_range": the network returns twice as many channels as x has, those of the
            output and those of the learned variance (Nichol & Dhariwal, 2102.09672, eq. 15).
        sigma_data: The standard deviation of the data in a precondition "simple" or "karras" (1).
        names: The names of the example's tensors, in order: "x", "time", "class", and a name for
            each condition. If left out, conditions have the names of forward's arguments.
        none: What stands for none of a condition, by its name, for guidance: "zeros", "same" (it is
            left as it is), or an array of its shape.
        decode: A module that turns a sample into what a reader wants to see, or a method of one,
            as autoencoder.decode. What it takes beside the sample are conditions of the network by
            their names, or the class, `label`.
        dtype: torch.float16 or torch.bfloat16: the weights are rounded to it and stored so. The
            program is compared with the rounded network as strictly as ever, and the difference
            from the network as it was is returned.
        most: The largest allowed difference from PyTorch in float64, relative to the largest
            output. Four times the difference between PyTorch in float32 and in float64 is always
            allowed.
        fast: Whether convolutions of 3 x 3 taps are computed by Winograd's algorithm where that is
            faster: its roundings are others, and errors larger. True: as many as leave the whole
            network, against float64, within 1e-6 of the largest output beyond four times what
            PyTorch's own float32 is off (and within what `most` allows). A number: within that,
            such as 1e-4, for more speed. False: none.
        fields: Further fields of the description: comment="...", and image=True: samples are
            images with values in [-1, 1], so that `quell sample --plot` draws them. Their shape is
            (height, width) or (height, width, channels) with 1, 3 or 4 channels, or (channels,
            height, width): then the file also gets a `decode` that puts the channels last, unless
            it has one.

    Returns:
        The largest difference that was found.

    Raises:
        ValueError: The network has operations that a program does not have (each is named, with the
            line of code that it comes from), or its samples depend on each other, or the difference
            is too large, or the path has the name of another format. No file is written then.
    """
    check_fields(fields, export)
    path_of(path, "path")
    check_name(path)
    classes = whole(classes, "classes", 0, 2**24 - 1)
    if not 0 < real(most, "most") < 1:
        raise ValueError(f"most: {most}, must be above 0 and below 1")
    if dtype not in TYPES:
        raise ValueError(f"quell.export: dtype: {dtype}, must be torch.float16 or torch.bfloat16")
    fast = _bound(fast)
    given = {"output": output, "precondition": precondition, "schedule": schedule, "time": time,
             "sigma_data": sigma_data}  # fmt: skip
    if isinstance(module, nn.Module):
        module = with_clipped_tables(in_evaluation(module))
    outer, call = module, example
    module, example, around = taken_apart(module, example, given)
    means = None if outer is module else mean_of(outer, call)
    if means is None and is_nested(example):
        module, example = flat(check_module(module), example)
    inputs = inputs_of(check_module(module), example, names, around.get("time") is not False,
                       classes)  # fmt: skip
    shape = extents_of(tuple(inputs.tensors()["x"].shape[1:]), "the sizes of one sample")
    description = {
        "kind": "network",
        "version": 1,
        "shape": list(shape),
        **around_fields(around, inputs),
        **class_fields(classes, around.get("no_class", no_class), inputs),
        **variance_fields(variance),
        **fields,
    }
    if fields.get("image") is True and decode is None:
        decode = image_of(shape)
    nones = nones_of(none, inputs)
    wide = _widened(shape, variance)
    made = (decode, dtype, most, fast, description, nones, means)
    return _exported(module, path, inputs, classes, wide, *made)


def _widened(shape: Sequence[int], variance: str) -> tuple[int, ...]:
    """Returns the shape of the network's result: with a learned variance twice the channels."""
    return (2 * shape[0], *shape[1:]) if variance != "none" else tuple(shape)


def _exported(
    module: nn.Module,
    path: str | os.PathLike[str],
    inputs: Inputs,
    classes: int,
    shape: tuple[int, ...],
    decode: Any,
    dtype: torch.dtype | None,
    most: float,
    fast: bool | float,
    description: dict[str, Any],
    nones: Mapping[str, Tensor | str],
    whole: Callable[..., Tensor] | None,
) -> float:
    """Writes the file, unless it is not what it should be; returns the largest difference."""
    parts = [(module, "denoise", inputs, classes, description.get("no_class"))]
    if decode is not None:
        decode, called = decoder_of(decode)
        decode = with_clipped_tables(in_evaluation(check_module(decode, "decode")))
        inside = decoding_inputs(called, inputs)
        label = (classes, description.get("no_class")) if "class" in inside.names else (0, None)
        parts.append((decode, "decode", inside, *label))
    right, programs = [], {}
    for own, name, told, known, no_class in parts:
        given = {n: v for n, v in nones.items() if n in told.names}
        part, twin = in_single(own, functools.partial(fails, inputs=told))
        full = exact = expected(part, told, known, no_class, given, twin)
        if dtype is not None and TYPES[dtype] is not None:
            part = twin = rounded_to(part, dtype)
            exact = expected(part, told, known, no_class, given)
        programs[name] = program_of(part, told, shape if name == "denoise" else None)
        right.append((name, exact, full, twin))
    used = {value.name for value in programs["denoise"].inputs}
    check_used(inputs, used)
    if "time" not in used:
        description.pop("time", None)
    extra: dict[str, Tensor] = {}
    add_nones(extra, description, nones)
    made = (description, dtype or narrow_type(module), extra)
    if fast:
        wanted = {name: exact for name, exact, *_ in right}
        most = _make_fast(programs, wanted, fast, most, lambda: stored_of(programs, *made))
    stored, metadata = stored_of(programs, *made)
    worst = [0.0]

    def check(file: str) -> None:
        for name, exact, full, _ in right:
            worst.append(compare(evaluator(file, name), exact, most, programs[name]))
            if full is not exact:
                worst.append(compare(evaluator(file, name), full, max(most, TYPES[dtype] or 0)))
        _, exact, full, twin = right[0]
        check_law(file, twin, inputs, exact, description, whole if full is exact else None)

    write(stored, path, metadata, check, "quell.export")
    return max(worst)


def _bound(fast: Any) -> bool | float:
    if isinstance(fast, bool):
        return fast
    bound = real(fast, "fast")
    if not 0 < bound < 1:
        raise ValueError(f"fast: {fast}, must be True, False or a number above 0 and below 1")
    return bound


def _make_fast(
    programs: dict[str, Lowered],
    right: Mapping[str, Expected],
    fast: bool | float,
    most: float,
    stored: Callable[[], Stored],
) -> float:
    """Chooses the convolutions that are computed by Winograd's algorithm. Returns the largest
    difference that is allowed then."""
    if fast is True:
        bounds = {n: min(4 * r.own + 1e-6, max(most, 4 * r.own)) for n, r in right.items()}
    else:
        bounds = {name: max(fast, 4 * r.own) for name, r in right.items()}

    with tempfile.TemporaryDirectory(prefix="quell-") as folder:
        path = os.path.join(folder, "network.safetensors")

        def found(name: str) -> NDArray[np.float64]:
            from safetensors.torch import save_file

            tensors, metadata = stored()
            save_file(tensors, path, metadata=metadata)
            return np.asarray(outputs(evaluator(path, name), right[name]), np.float64)

        try:
            choose(programs, right, bounds, found)
        except Error:  # which the check of the file says better
            forget(programs)
    return most if fast is True else max(most, fast)


def stored_of(
    programs: dict[str, Lowered],
    description: dict[str, Any],
    dtype: torch.dtype | None = None,
    extra: Mapping[str, Tensor] | None = None,
) -> Stored:
    """Returns the tensors of a file and its metadata. `dtype`: a narrower type for the tensors
    that have no digits beyond it. extra: further tensors."""
    writer = Writer({value.name for lowered in programs.values() for value in lowered.inputs})
    written = {name: writer.program(lowered) for name, lowered in programs.items()}
    text = json.dumps({**description, "programs": written}, allow_nan=False)
    tensors = {name: _narrow(t, dtype) for name, t in writer.tensors.items()}
    return tensors | dict(extra or {}), {"quell": text}


def rounded_to(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Returns a copy of a module whose weights are rounded to a type, in float32."""
    made = copy.deepcopy(module)
    with torch.no_grad():
        for weight in [*made.parameters(), *made.buffers()]:
            if weight.is_floating_point():
                weight.copy_(weight.to(dtype).float())
                if not torch.isfinite(weight).all():
                    raise ValueError(f"quell.export: dtype: a weight is too large for {dtype}")
    return made


def _narrow(tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
    short = tensor if TYPES[dtype] is None else tensor.to(dtype)
    return short if torch.equal(short.float(), tensor) else tensor


def evaluator(path: str, name: str) -> Evaluate:
    """Returns a function that evaluates a program by quell, in C and float32."""
    program = _quell.Program(os.fsencode(path), name)
    shapes = program.inputs

    def evaluate(inputs: dict[str, NDArray[np.float64]]) -> NDArray[np.float32]:
        return program.run(
            [np.asarray(inputs[key], np.float32, "C").reshape(shapes[key]) for key in shapes]
        )

    return evaluate
