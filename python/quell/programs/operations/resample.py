# SPDX-License-Identifier: MIT
"""Borders, other resolutions, and pooling."""

import itertools
import math
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.by_matrix import along
from quell.programs.operations.convolve import each
from quell.programs.operations.gather import by_list
from quell.programs.table import Call, lowers
from quell.programs.values import Value, constant

LEAST = -torch.finfo(torch.float32).max


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


# Other resolutions. Where the factors are whole numbers there is an instruction; else each
# dimension is done by itself, by what PyTorch makes of places or of the columns of a unit matrix.


def _factors(call: Call, rank: int) -> list[float | None]:
    """The factors that were given, which say where the samples lie; else only the sizes do."""
    given = call.arguments.get("scale_factors")
    if given is None:
        names = ("scales_d", "scales_h", "scales_w")[3 - rank :] if rank > 1 else ("scales",)
        given = [call.arguments.get(name) for name in names]
    return list(given)


def _is_plain(call: Call) -> bool:
    """Whether the factors that were given are those of the sizes."""
    old, new = call.first().shape[2:], call.shape[2:]
    factors = _factors(call, len(new))
    return all(
        f is None or abs(o * f - n) < 1e-9 * n for o, f, n in zip(old, factors, new, strict=True)
    )


@lowers(
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d",
    "_upsample_nearest_exact2d", "_upsample_nearest_exact3d",
)  # fmt: skip
def nearest(b: Builder, call: Call) -> Value:
    x: Value = call.first()
    factors, given = [1] * x.rank, _factors(call, x.rank - 2)
    kind = "_upsample_nearest_exact1d" if "exact" in call.name else "upsample_nearest1d"
    for dim in range(2, x.rank):
        old, new, factor = x.shape[dim], call.shape[dim], given[dim - 2]
        if new % old == 0 and factor in (None, new / old):
            factors[dim] = new // old
            continue
        row = torch.arange(old, dtype=torch.float64)[None, None]
        places = getattr(torch.ops.aten, kind)(row, [new], factor)
        x = by_list(b, x, dim, [int(k) for k in places[0, 0]])
    if all(factor == 1 for factor in factors):
        return x
    return b.emit("nearest", [x], call.dtype, factors=factors)


@lowers("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d")
def linear(b: Builder, call: Call) -> Value:
    size, corners = list(call.shape[2:]), bool(call["align_corners"])
    if list(call.first().shape[2:]) == size and (corners or _is_plain(call)):
        return call.first()  # type: ignore[no-any-return]
    if not corners and not _is_plain(call):
        return _by_columns(b, call)
    return b.emit("interpolate", [call.first()], call.dtype, sizes=size, corners=corners)


@lowers("_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa")
def smoothed(b: Builder, call: Call) -> Value:
    return _by_columns(b, call)


def _by_columns(b: Builder, call: Call) -> Value:
    """Each dimension by a matrix: its columns are what PyTorch makes of a one among zeros."""
    x: Value = call.first()
    name = call.name if call.name.startswith("_") else "upsample_bilinear2d"
    operation = getattr(torch.ops.aten, name).default
    for dim, factor in zip(range(2, x.rank), _factors(call, x.rank - 2), strict=True):
        old, new = x.shape[dim], call.shape[dim]
        ones = torch.eye(old, dtype=torch.float64)[None, None]
        made = operation(ones, [new, old], bool(call["align_corners"]), factor, None)
        x = along(b, x, dim, made[0, 0], call.dtype)
    return x


# Pooling.


@lowers("avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d")
def pool(b: Builder, call: Call) -> Value:
    given, x = call.arguments, call.first()
    rank = int(call.name.partition("pool")[2][0])
    window, before = each(call["kernel_size"], rank), each(call["padding"], rank)
    stride, gaps = each(call["stride"] or window, rank), each(given.get("dilation", 1), rank)
    spans = [gap * (size - 1) + 1 for gap, size in zip(gaps, window, strict=True)]
    ends = zip(call.shape[-rank:], stride, spans, x.shape[-rank:], before, strict=True)
    after = [max(0, (n - 1) * step + span - size - edge) for n, step, span, size, edge in ends]
    if call.name.startswith("max") and any(gap != 1 for gap in gaps):
        return _most_of_taps(b, call, window, stride, gaps, before, after)
    function = "max" if call.name.startswith("max") else "mean"
    made = _pooled(b, call, function, window, stride, before, after)
    return made if function == "max" else _counted(b, call, made, window, stride, before, after)


def _counted(
    b: Builder, call: Call, made: Value, window: list[int], stride: list[int], before: list[int],
    after: list[int],
) -> Value:  # fmt: skip
    """Divides by what PyTorch counts where that is not the whole window: by what both make of
    ones."""
    rank = len(window)
    ones = torch.ones(1, 1, *call.first().shape[-rank:], dtype=torch.float64)
    said = [
        call["ceil_mode"], call["count_include_pad"], call.arguments.get("divisor_override")
    ][: 2 if rank == 1 else 3]  # fmt: skip
    theirs = getattr(torch.ops.aten, call.name)(ones, window, stride, before, *said)
    borders = [size for k in reversed(range(rank)) for size in (before[k], after[k])]
    padded_ones = torch.nn.functional.pad(ones, borders)
    own = getattr(torch.ops.aten, call.name)(padded_ones, window, stride)
    ratio = (theirs / own)[0, 0]
    return made if bool((ratio == 1).all()) else b.mul(made, constant(ratio.float()))


def _most_of_taps(
    b: Builder, call: Call, window: list[int], stride: list[int], gaps: list[int],
    before: list[int], after: list[int],
) -> Value:  # fmt: skip
    """The greatest of what lies under each tap of a window with gaps."""
    x, rank = call.first(), len(window)
    lead = [0] * (x.rank - rank)
    x = b.emit("pad", [x], x.dtype, before=lead + before, after=lead + after, mode="constant",
               value=LEAST)  # fmt: skip
    made: Value | None = None
    for tap in itertools.product(*[range(size) for size in window]):
        part: Value = x
        for k, place in enumerate(tap):
            dim, count, start = len(lead) + k, call.shape[len(lead) + k], place * gaps[k]
            part = b.slice(part, dim, start, start + (count - 1) * stride[k] + 1, stride[k])
        made = part if made is None else b.map("max", [made, part], call.dtype)
    assert made is not None
    return made


@lowers("max_pool2d_with_indices", "max_pool3d_with_indices")
def max_pool(b: Builder, call: Call) -> Any:
    first = Call(call.name[: len("max_pool2d")], call.arguments, call.shapes[0], call.dtype, [])
    return [pool(b, first)]


def _pooled(
    b: Builder, call: Call, function: str, window: list[int], stride: list[int], before: list[int],
    after: list[int],
) -> Value:  # fmt: skip
    """Of each channel by itself, so that a batch of channels is as good as one."""
    x: Value = call.first()
    inner = x.rank - len(window)
    flat = b.reshape(x, [math.prod(x.shape[:inner]), *x.shape[inner:]])
    made = b.emit(
        "pool", [flat], call.dtype, function=function, window=window, stride=stride,
        before=before, after=after,
    )  # fmt: skip
    return b.reshape(made, call.shape)


@lowers("_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool1d")
def adaptive(b: Builder, call: Call) -> Value:
    x: Value = call.first()
    size = list(call["output_size"])
    old = x.shape[-len(size) :]
    if all(o % n == 0 for o, n in zip(old, size, strict=True)):
        window = [o // n for o, n in zip(old, size, strict=True)]
        none = [0] * len(size)
        return _pooled(b, call, "mean", window, window, none, none)
    for k, new in enumerate(size):
        ones = torch.eye(old[k], dtype=torch.float64)[None]
        matrix = torch.nn.functional.adaptive_avg_pool1d(ones, new)[0].T
        x = along(b, x, x.rank - len(size) + k, matrix, call.dtype)
    return x


@lowers("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def adaptive_most(b: Builder, call: Call) -> Any:
    """The greatest of each part, along each dimension in turn."""
    x, size = call.first(), list(call["output_size"])
    for k, new in enumerate(size):
        dim = x.rank - len(size) + k
        old = x.shape[dim]
        ends = [(j * old // new, -(-(j + 1) * old // new)) for j in range(new)]
        parts = [b.slice(x, dim, start, stop) for start, stop in ends]
        x = b.concat([b.reduce("max", part, [dim], True, call.dtype) for part in parts], dim)
    return [x]
