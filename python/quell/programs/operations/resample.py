# SPDX-License-Identifier: MIT
"""Borders, other resolutions, and pooling."""

import math
from typing import Any

from quell.programs.build import Builder
from quell.programs.operations.convolve import each
from quell.programs.operations.gather import by_list
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Value


@lowers("pad", "constant_pad_nd")
def pad(b: Builder, call: Call) -> Value:
    mode = call.arguments.get("mode", "constant")
    return padded(b, call.first(), call["pad"], mode, call["value"] or 0)


@lowers("reflection_pad1d", "reflection_pad2d", "reflection_pad3d")
def reflection_pad(b: Builder, call: Call) -> Value:
    return padded(b, call.first(), call["padding"], "reflect", 0)


@lowers("replication_pad1d", "replication_pad2d", "replication_pad3d")
def replication_pad(b: Builder, call: Call) -> Value:
    return padded(b, call.first(), call["padding"], "replicate", 0)


def padded(b: Builder, x: Value, sizes: list[int], mode: str, value: float) -> Value:
    """PyTorch's list begins with the last dimension."""
    before, after = [0] * x.rank, [0] * x.rank
    for k in range(len(sizes) // 2):
        before[-1 - k], after[-1 - k] = sizes[2 * k], sizes[2 * k + 1]
    if not any(before) and not any(after):
        return x
    said: dict[str, Any] = {"value": value} if mode == "constant" else {}
    return b.emit("pad", [x], x.dtype, before=before, after=after, mode=mode, **said)


@lowers("upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d")
def nearest(b: Builder, call: Call) -> Value:
    """Where a factor is no whole number, floor(k old / new), by index."""
    x: Value = call.first()
    factors = [1] * x.rank
    for dim in range(2, x.rank):
        old, new = x.shape[dim], call.shape[dim]
        if new % old:
            x = by_list(b, x, dim, [k * old // new for k in range(new)])
        else:
            factors[dim] = new // old
    if all(factor == 1 for factor in factors):
        return x
    return b.emit("nearest", [x], call.dtype, factors=factors)


@lowers("_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d")
def nearest_exact(b: Builder, call: Call) -> Value:
    old, size = call.first().shape[2:], call.shape[2:]
    if any(n % o for n, o in zip(size, old, strict=True)):
        raise NotKnown("nearest-exact by other than whole factors", 'mode="nearest" is known')
    return nearest(b, call)


@lowers("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d")
def linear(b: Builder, call: Call) -> Value:
    x: Value = call.first()
    size = list(call.shape[2:])
    for name in ("scale_factors", "scales", "scales_h", "scales_w"):
        factors = call.arguments.get(name)
        for k, factor in enumerate(factors if isinstance(factors, list) else []):
            if x.shape[2 + k] * factor != size[k] and not call["align_corners"]:
                raise NotKnown(f"{call.name} by {factor:g}", "give the size, not the factor")
    if list(x.shape[2:]) == size:
        return x
    corners = bool(call["align_corners"])
    return b.emit("interpolate", [x], call.dtype, sizes=size, corners=corners)


@lowers("avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d")
def pool(b: Builder, call: Call) -> Value:
    given = call.arguments
    rank = int(call.name.partition("pool")[2][0])
    window, border = each(call["kernel_size"], rank), each(call["padding"], rank)
    average = call.name.startswith("avg")
    plain = not given.get("ceil_mode") and not given.get("divisor_override")
    plain &= all(d == 1 for d in each(given.get("dilation", 1), rank))
    plain &= not average or not any(border) or bool(given.get("count_include_pad"))
    if not plain:
        raise NotKnown(f"{call.name} that rounds up, is dilated or counts its own way", "pad first")
    stride = each(call["stride"] or window, rank)
    return _pooled(b, call, "mean" if average else "max", window, stride, border)


@lowers("max_pool2d_with_indices", "max_pool3d_with_indices")
def max_pool(b: Builder, call: Call) -> Any:
    first = Call(call.name[: len("max_pool2d")], call.arguments, call.shapes[0], call.dtype, [])
    return [pool(b, first)]


def _pooled(
    b: Builder, call: Call, function: str, window: list[int], stride: list[int], border: list[int]
) -> Value:
    """Of each channel by itself, so that a batch of channels is as good as one."""
    x: Value = call.first()
    inner = x.rank - len(window)
    flat = b.reshape(x, [math.prod(x.shape[:inner]), *x.shape[inner:]])
    made = b.emit(
        "pool", [flat], call.dtype, function=function, window=window, stride=stride,
        before=border, after=list(border),
    )  # fmt: skip
    return b.reshape(made, call.shape)


@lowers("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool1d")
def adaptive(b: Builder, call: Call) -> Value:
    size = list(call["output_size"])
    old = call.first().shape[-len(size) :]
    if any(o % n for o, n in zip(old, size, strict=True)):
        raise NotKnown("adaptive pooling whose windows differ", "take a size that divides")
    window = [o // n for o, n in zip(old, size, strict=True)]
    return _pooled(b, call, "mean", window, window, [0] * len(size))
