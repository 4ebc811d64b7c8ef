# SPDX-License-Identifier: MIT
"""Convolutions by weights that are computed: products of matrices with the patches of x that lie
under the window."""

import itertools
import math

from quell.programs.build import Builder
from quell.programs.table import NotKnown
from quell.programs.values import Value

Lists = dict[str, list[int]]
MOST = 1024  # taps of a window


def by_patches(b: Builder, kind: str, x: Value, weight: Value, groups: int, lists: Lists) -> Value:
    """The convolution of one sample, (channels, ...), with no bias."""
    if kind == "conv_transpose":
        x, weight, lists = _as_convolution(b, x, weight, groups, lists)
    out, taps = weight.shape[0], math.prod(weight.shape[2:])
    if taps > MOST:
        raise NotKnown(f"a window of {taps} taps whose weights depend on an input")
    parts, sizes = _under_taps(b, _bordered(b, x, lists), weight, lists)
    rows, columns = taps * x.shape[0] // groups, math.prod(sizes)
    apart = [b.reshape(p, [groups, x.shape[0] // groups, 1, columns]) for p in parts]
    patches = b.reshape(b.concat(apart, 2), [groups, rows, columns])
    matrix = b.reshape(weight, [groups, out // groups, rows])
    return b.reshape(b.emit("matmul", [matrix, patches], x.dtype), [out, *sizes])


def _under_taps(b: Builder, x: Value, weight: Value, lists: Lists) -> tuple[list[Value], list[int]]:
    """What lies under each tap of the window, and how often the window fits."""
    window, stride, gaps = weight.shape[2:], lists["stride"], lists["dilation"]
    spans = [gap * (size - 1) + 1 for gap, size in zip(gaps, window, strict=True)]
    fits = zip(x.shape[1:], spans, stride, strict=True)
    sizes = [(size - span) // step + 1 for size, span, step in fits]
    parts = []
    for tap in itertools.product(*[range(size) for size in window]):
        part = x
        for k, place in enumerate(tap):
            start, last = place * gaps[k], place * gaps[k] + (sizes[k] - 1) * stride[k]
            part = b.slice(part, k + 1, start, last + 1, stride[k])
        parts.append(part)
    return parts, sizes


def _bordered(b: Builder, x: Value, lists: Lists) -> Value:
    before, after = [0, *lists["before"]], [0, *lists["after"]]
    if not any(before) and not any(after):
        return x
    return b.emit("pad", [x], x.dtype, before=before, after=after, mode="constant", value=0)


def _as_convolution(
    b: Builder, x: Value, weight: Value, groups: int, lists: Lists
) -> tuple[Value, Value, Lists]:
    """A transposed convolution is one of x with zeros between, by weights that are turned round."""
    for k, step in enumerate(lists["stride"]):
        x = _with_zeros(b, x, k + 1, step)
    turned = b.flip(weight, list(range(2, weight.rank)))
    into, out, *window = weight.shape
    apart = b.reshape(turned, [groups, into // groups, out, *window])
    swapped = b.reshape(b.transpose(apart, 1, 2), [groups * out, into // groups, *window])
    reach = [gap * (size - 1) for gap, size in zip(lists["dilation"], window, strict=True)]
    borders = {
        name: [size - edge for size, edge in zip(reach, lists[name], strict=True)]
        for name in ("before", "after")
    }
    return x, swapped, {**lists, **borders, "stride": [1] * len(window)}


def _with_zeros(b: Builder, x: Value, dim: int, step: int) -> Value:
    """x with step - 1 zeros after each element of a dimension but the last."""
    if step == 1:
        return x
    lead, size, rest = x.shape[:dim], x.shape[dim], x.shape[dim + 1 :]
    wide = b.reshape(x, [*lead, size, 1, *rest])
    after = [0] * wide.rank
    after[dim + 1] = step - 1
    none = [0] * wide.rank
    wide = b.emit("pad", [wide], x.dtype, before=none, after=after, mode="constant", value=0)
    made = b.reshape(wide, [*lead, size * step, *rest])
    return b.slice(made, dim, 0, (size - 1) * step + 1)
