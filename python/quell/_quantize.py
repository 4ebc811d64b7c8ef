# SPDX-License-Identifier: MIT
"""Quantising: whole numbers of eight bits for a network's weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from quell import _quell
from quell._arrays import Array
from quell._conditions import told_of
from quell._keywords import names_of
from quell._numbers import path_of, real, text, whole
from quell._said import said
from quell.denoise import NativeDenoiser, guided
from quell.networks import Path, load

__all__ = ["Quantized", "QuantizedInstruction", "quantize"]


@dataclasses.dataclass(frozen=True)
class QuantizedInstruction:
    """A linear map, a convolution or an attention of a network that was quantised.

    Attributes:
        number: The number of the instruction in the program.
        kind: "linear", "conv" or "attention".
        weights: The name of its weights; "" if it has none or they are computed.
        multiply_adds: Those of one sample.
        quantized: Whether it computes with whole numbers now.
        moves: How far the samples moved when it alone did; None if it was not tried.
        why: Why it stays as it is; None if it is quantised.
    """

    number: int
    kind: str
    weights: str
    multiply_adds: int
    quantized: bool
    moves: float | None
    why: str | None


@dataclasses.dataclass(frozen=True)
class Quantized:
    """The result of quantising a network.

    Attributes:
        quantized: How many instructions compute with whole numbers now.
        share: The part of the multiply-adds of all these instructions that they do.
        moved: How far the samples moved, in the unit of the bound.
        deviation: That of the elements of the samples, which is this unit.
        wasserstein, floor: The sliced Wasserstein distance of the set of samples to that of the
            stored weights, and that of two sets of the stored weights with different seeds.
        seconds, runs: How long it took, and how many times the samples were drawn.
        bytes_before, bytes_after: The sizes of the two files.
        instructions: Each linear map, convolution and attention of the network.
    """

    quantized: int
    share: float
    moved: float
    deviation: float
    wasserstein: float
    floor: float
    seconds: float
    runs: int
    bytes_before: int
    bytes_after: int
    instructions: tuple[QuantizedInstruction, ...]


def _led(
    denoiser: NativeDenoiser, guidance: float | Mapping[str, Any] | None
) -> tuple[NativeDenoiser, _quell.Denoiser | None, tuple[Any, ...] | None]:
    """The denoiser as it is guided, its guide, and how."""
    if guidance is None:
        return denoiser, None, None
    if isinstance(guidance, Mapping):
        made = guided(denoiser, **guidance)
    else:
        made = guided(denoiser, weight=real(guidance, "guidance"))
    _, guide, *how = tuple(made._recipe or ())
    return made, None if guide is None else guide.native, tuple(how)


def quantize(
    name: Path,
    out: Path,
    *,
    bound: float = 0.05,
    sampler: str = "dpmpp_2m",
    steps: int | None = None,
    schedule: str | None = None,
    count: int = 8,
    seed: int = 0,
    label: Array | int | None = None,
    guidance: float | Mapping[str, Any] | None = None,
    threads: int = 0,
    isa: str | None = None,
    progress: Callable[[int, int], object] | None = None,
    **kwargs: Any,
) -> Quantized:
    """Rounds the weights of a network's linear maps and convolutions to whole numbers of 8 bits.
    The file is a quarter of float32's size, and samples are drawn faster, with the same bits on any
    machine, but others than before. No data are needed: each instruction is tried alone on samples
    of the network's own, and those that move them least for the work that they save are taken
    together. Draw the samples as they will be drawn later (docs/networks.md, "Eight bits").

    Arguments:
        name: The network: a .safetensors file with its description, or one that is built in.
        out: The file to write, .safetensors.
        bound: How far the samples may move: the root mean square, in units of the deviation of
            their elements; from 1e-6 to 10.
        sampler, steps, schedule: The sampler by name and options, its number of steps (default 20,
            or a sampler's own), and the schedule's spec (default: the model's own, or else "vp").
        count, seed: How many samples, and their seed.
        label: The class of each sample, or of all.
        guidance: The weight of classifier-free guidance, or the arguments of quell.guided.
        threads, isa: As those of a sampler; no bit of the file depends on them.
        progress: A function of (done, total), told for all runs together: total counts the most
            that may be needed, so that it may end early.
        kwargs: The conditions of the samples, and what guidance leads away from, as in a call of a
            sampler.

    Raises:
        BadArgument: Even one instruction moves the samples by more than the bound.
        Unsupported: The model has nothing that can be quantised.
        quell.Error: The model cannot be loaded, or the samples cannot be drawn.
    """
    model = load(name)
    for key in kwargs:
        if key in names_of(guided) and key not in model.conditions:
            raise TypeError(f"quantize: {key}: is told in guidance: guidance={{{key!r}: ...}}")
    denoiser, guide, how = _led(model, guidance)
    many = whole(count, "count", 1)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress: {said(progress)}, must be a function of (done, total)")
    report, each = _quell.quantize(
        path_of(name, "name"),
        path_of(out, "out"),
        real(bound, "bound"),
        text(sampler, "sampler"),
        "" if schedule is None else text(schedule, "schedule"),
        None if steps is None else _quell.Options(steps=whole(steps, "steps", 1, 10**6)),
        how,
        guide,
        many,
        whole(seed, "seed", 0, 2**64 - 1),
        whole(threads, "threads", 0, 65536),
        "" if isa is None else text(isa, "isa"),
        progress,
        **told_of(denoiser, label, kwargs, many, names_of(quantize)),
    )
    instructions = []
    for one in each:
        tried = one.pop("tried")
        moves = one.pop("moves")
        why = one.pop("why")
        instructions.append(
            QuantizedInstruction(**one, moves=moves if tried else None, why=why or None)
        )
    return Quantized(**report, instructions=tuple(instructions))
