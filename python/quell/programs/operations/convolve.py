# SPDX-License-Identifier: MIT
"""Convolutions and their transposes, in one to three dimensions. PyTorch's have a batch, and a
program's have none: what a network folds into the batch (frames, say) is a dimension of its own,
along which the window has size one."""

import math
from collections.abc import Callable
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.patches import by_patches
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Constant, Value, constant

Lists = dict[str, list[int]]
PLAIN = {"stride": 1, "before": 0, "after": 0, "dilation": 1}  # of a window of one


def each(value: Any, rank: int) -> list[int]:
    """A number for each dimension, of one for all or of a list."""
    if isinstance(value, int):
        return [value] * rank
    return list(value) * rank if len(value) == 1 else list(value)


def _borders(given: Any, weight: Value, dilation: list[int]) -> tuple[list[int], list[int]]:
    """Before and after each dimension; "same" puts the odd one after, as PyTorch does."""
    rank = weight.rank - 2
    if given == "same":
        whole = [d * (weight.shape[k + 2] - 1) for k, d in enumerate(dilation)]
        return [size // 2 for size in whole], [size - size // 2 for size in whole]
    sizes = [0] * rank if given == "valid" else each(given, rank)
    return sizes, list(sizes)


@lowers("conv1d", "conv2d", "conv3d")
def conv(b: Builder, call: Call) -> Value:
    weight, bias = call["weight"], call["bias"]
    rank = weight.rank - 2
    dilation = each(call["dilation"], rank)
    before, after = _borders(call["padding"], weight, dilation)
    lists = {"stride": each(call["stride"], rank), "before": before, "after": after}
    return _convolved(b, "conv", call, weight, bias, lists | {"dilation": dilation})


@lowers("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def conv_transpose(b: Builder, call: Call) -> Value:
    weight, bias = call["weight"], call["bias"]
    rank = weight.rank - 2
    before = each(call["padding"], rank)
    more = each(call["output_padding"], rank)
    lists = {
        "stride": each(call["stride"], rank),
        "before": before,
        "after": [size - further for size, further in zip(before, more, strict=True)],
        "dilation": each(call["dilation"], rank),
    }
    return _convolved(b, "conv_transpose", call, weight, bias, lists)


@lowers("convolution")
def convolution(b: Builder, call: Call) -> Value:
    return conv_transpose(b, call) if call["transposed"] else conv(b, call)


def _convolved(
    b: Builder, kind: str, call: Call, weight: Value, bias: Value | None, lists: Lists
) -> Value:
    x, rank = call["input"], weight.rank - 2
    operands = [weight] if bias is None else [weight, bias]
    if not all(isinstance(operand, Constant) for operand in operands):
        return _by_computed(b, kind, call, weight, bias, lists)

    def one(value: Value) -> Value:
        return b.emit(kind, [value, *operands], call.dtype, **lists, groups=call["groups"])

    if x.rank == rank + 1:
        return one(x)
    if x.shape[0] == 1:
        return b.reshape(one(b.reshape(x, x.shape[1:])), call.shape)
    if rank == 3:
        return _apart(b, x, one)
    wide = b.reshape(weight, [*weight.shape[:2], 1, *weight.shape[2:]])
    lists = {name: [PLAIN[name], *values] for name, values in lists.items()}
    operands[0] = wide
    return b.transpose(one(b.transpose(x, 0, 1)), 0, 1)


def _apart(b: Builder, x: Value, one: Callable[[Value], Value]) -> Value:
    """Each of a batch by itself: there is no fourth dimension to have it in."""
    made = [one(b.select(x, 0, k)) for k in range(x.shape[0])]
    return b.concat([b.reshape(part, (1, *part.shape)) for part in made], 0)


def _by_computed(
    b: Builder, kind: str, call: Call, weight: Value, bias: Value | None, lists: Lists
) -> Value:
    """By weights that depend on an input, as those of hypernetworks."""
    x, rank, groups = call["input"], weight.rank - 2, call["groups"]
    batch = x if x.rank > rank + 1 else b.reshape(x, [1, *x.shape])
    made = _apart(b, batch, lambda lone: by_patches(b, kind, lone, weight, groups, lists))
    if bias is not None:
        made = b.add(made, b.reshape(bias, [*bias.shape, *[1] * rank]))
    return b.reshape(made, call.shape)


@lowers("col2im")
def fold(b: Builder, call: Call) -> Value:
    """Adds up patches, as nn.Fold: a transposed convolution whose weights are ones and zeros."""
    x, kernel, sizes = call.first(), each(call["kernel_size"], 2), each(call["output_size"], 2)
    stride, padding = each(call["stride"], 2), each(call["padding"], 2)
    dilation, taps = each(call["dilation"], 2), math.prod(each(call["kernel_size"], 2))
    if math.prod(x.shape[:-2]) != 1:
        raise NotKnown("col2im of more than the samples", "a transposed convolution does the same")
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    wide = zip(sizes, padding, spans, stride, strict=True)
    places = [(size + 2 * p - span) // step + 1 for size, p, span, step in wide]
    channels = x.shape[-2] // taps
    ones = torch.eye(taps).reshape(taps, 1, *kernel).repeat(channels, 1, 1, 1)
    ends = zip(sizes, padding, spans, stride, places, strict=True)
    after = [(n - 1) * step + span - p - size for size, p, span, step, n in ends]
    made = b.emit(
        "conv_transpose", [b.reshape(x, [x.shape[-2], *places]), constant(ones)], call.dtype,
        stride=stride, before=padding, after=after, dilation=dilation, groups=channels,
    )  # fmt: skip
    return b.reshape(made, call.shape)
