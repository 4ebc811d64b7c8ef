# SPDX-License-Identifier: MIT
"""Where elements lie: shapes, orders, parts and joins."""

from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.functions import as_dtype
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Complex, Value, constant


def _each(function: Any, value: Any) -> Any:
    """A move of a value, or of both parts of a complex one."""
    if isinstance(value, Complex):
        return Complex(function(value.real), function(value.imaginary))
    return function(value)


@lowers(
    "view", "reshape", "_unsafe_view", "unsqueeze", "squeeze", "flatten", "unflatten", "view_copy"
)
def reshape(b: Builder, call: Call) -> Any:
    return _each(lambda x: b.reshape(x, call.shape), call.first())


@lowers("permute")
def permute(b: Builder, call: Call) -> Any:
    dims = [d % len(call["dims"]) for d in call["dims"]]
    return _each(lambda x: b.permute(x, dims), call.first())


@lowers("transpose")
def transpose(b: Builder, call: Call) -> Any:
    return _each(lambda x: b.transpose(x, call["dim0"], call["dim1"]), call.first())


@lowers("t")
def turn(b: Builder, call: Call) -> Any:
    return b.transpose(call.first()) if call.first().rank == 2 else call.first()


@lowers("expand")
def expand(b: Builder, call: Call) -> Any:
    return _each(lambda x: b.expand(x, call.shape), call.first())


@lowers("repeat")
def repeat(b: Builder, call: Call) -> Any:
    return _each(lambda x: b.repeat(x, call["repeats"]), call.first())


@lowers("slice")
def part(b: Builder, call: Call) -> Any:
    start = call["start"] if call["start"] is not None else 0
    end = call["end"] if call["end"] is not None else 2**62
    return _each(lambda x: b.slice(x, call["dim"], start, end, call["step"]), call.first())


@lowers("select")
def select(b: Builder, call: Call) -> Any:
    return _each(lambda x: b.select(x, call["dim"], call["index"]), call.first())


@lowers("split_with_sizes", "split", "chunk", "split_with_sizes_copy")
def split(b: Builder, call: Call) -> Any:
    parts, begin, dim = [], 0, call["dim"]
    for shape in call.shapes:
        end = begin + shape[dim]
        parts.append(
            _each(lambda x, start=begin, stop=end: b.slice(x, dim, start, stop), call.first())
        )
        begin = end
    return parts


@lowers("unbind")
def unbind(b: Builder, call: Call) -> Any:
    dim = call["dim"]
    count = len(call.shapes)
    return [_each(lambda x, k=k: b.select(x, dim, k), call.first()) for k in range(count)]


@lowers("cat")
def cat(b: Builder, call: Call) -> Any:
    parts = call["tensors"]
    kept = [p for p in parts if isinstance(p, Complex) or p.shape != (0,)]  # PyTorch ignores these
    return _joined(b, kept, call["dim"] % len(call.shape))


@lowers("stack")
def stack(b: Builder, call: Call) -> Any:
    dim = call["dim"] % len(call.shape)
    one = call.shape[:dim] + (1,) + call.shape[dim + 1 :]
    wide = [_each(lambda x: b.reshape(x, one), part) for part in call["tensors"]]
    return _joined(b, wide, dim)


def _joined(b: Builder, values: list[Any], dim: int) -> Any:
    if not any(isinstance(value, Complex) for value in values):
        return b.concat(values, dim)
    both = [_both(b, value) for value in values]
    return Complex(
        b.concat([value.real for value in both], dim),
        b.concat([value.imaginary for value in both], dim),
    )


def _both(b: Builder, value: Any) -> Complex:
    """A value with an imaginary part, if of zeros."""
    if isinstance(value, Complex):
        return value
    return Complex(value, b.expand(constant(torch.zeros(())), value.shape))


@lowers("flip")
def flip(b: Builder, call: Call) -> Any:
    return _each(lambda x: b.flip(x, call["dims"]), call.first())


@lowers("roll")
def roll(b: Builder, call: Call) -> Any:
    return _each(lambda x: _rolled(b, call, x), call.first())


def _rolled(b: Builder, call: Call, x: Value) -> Value:
    dims = call["dims"]
    flat = not dims
    made = b.reshape(x, [_count(x)]) if flat else x
    for shift, dim in zip(call["shifts"], dims or [0], strict=True):
        size = made.shape[dim]
        cut = (-shift) % size
        if cut:
            made = b.concat([b.slice(made, dim, cut, size), b.slice(made, dim, 0, cut)], dim)
    return b.reshape(made, x.shape)


def _count(x: Value) -> int:
    count = 1
    for size in x.shape:
        count *= size
    return count


@lowers("pixel_shuffle")
def pixel_shuffle(b: Builder, call: Call) -> Value:
    x, r = call.first(), call["upscale_factor"]
    *lead, c, h, w = x.shape
    n = len(lead)
    apart = b.reshape(x, [*lead, c // r**2, r, r, h, w])
    order = [*range(n), n, n + 3, n + 1, n + 4, n + 2]
    return b.reshape(b.permute(apart, order), call.shape)


@lowers("pixel_unshuffle")
def pixel_unshuffle(b: Builder, call: Call) -> Value:
    x, r = call.first(), call["downscale_factor"]
    *lead, c, h, w = x.shape
    n = len(lead)
    apart = b.reshape(x, [*lead, c, h // r, r, w // r, r])
    order = [*range(n), n, n + 2, n + 4, n + 1, n + 3]
    return b.reshape(b.permute(apart, order), call.shape)


@lowers("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(b: Builder, call: Call) -> Value:
    x, groups = call.first(), call["groups"]
    n, c, *rest = x.shape
    apart = b.reshape(x, [n, groups, c // groups, *rest])
    return b.reshape(b.transpose(apart, 1, 2), call.shape)


# Putting a part in the place of another. PyTorch's export has no writes, but these.


@lowers("slice_scatter")
def slice_scatter(b: Builder, call: Call) -> Any:
    end = call["end"] if call["end"] is not None else 2**62

    def one(x: Value, part: Value) -> Value:
        dim = call["dim"] % x.rank
        places = slice(call["start"] or 0, end, call["step"]).indices(x.shape[dim])
        return put(b, x, part, dim, range(*places))

    return _put_each(b, call, one)


def _put_each(b: Builder, call: Call, one: Any) -> Any:
    """Puts a part into an array, or both parts of complex ones."""
    x, part = call.first(), call["src"]
    if not isinstance(x, Complex) and not isinstance(part, Complex):
        return one(x, part)
    x, part = _both(b, x), _both(b, part)
    return Complex(one(x.real, part.real), one(x.imaginary, part.imaginary))


@lowers("select_scatter")
def select_scatter(b: Builder, call: Call) -> Any:
    def one(x: Value, part: Value) -> Value:
        dim = call["dim"] % x.rank
        index = call["index"] % x.shape[dim]
        part = b.reshape(part, x.shape[:dim] + (1,) + x.shape[dim + 1 :])
        return put(b, x, part, dim, range(index, index + 1))

    return _put_each(b, call, one)


def put(b: Builder, x: Value, part: Value, dim: int, places: range) -> Value:
    """x with a part of it, along one dimension, replaced."""
    if not len(places):
        return x
    part = b.expand(part, x.shape[:dim] + (len(places),) + x.shape[dim + 1 :])
    if len(places) == x.shape[dim]:
        return part
    return b.emit(
        "put", [x, part], x.dtype, dim=dim, start=places.start, stop=places.stop, step=places.step
    )


@lowers("copy", "copy_")
def copy(b: Builder, call: Call) -> Any:
    if isinstance(call["src"], Complex):
        return _each(lambda x: b.expand(x, call.shape), call["src"])
    return b.expand(as_dtype(b, call["src"], call.dtype), call.shape)


# Arrays of one number, whose shape comes from a value that is computed.


@lowers(
    "full_like", "zeros_like", "ones_like", "empty_like", "new_full", "new_zeros", "new_ones",
    "new_empty", "new_empty_strided", "fill", "zero",
)  # fmt: skip
def full(b: Builder, call: Call) -> Any:
    given = call.arguments.get("fill_value", call.arguments.get("value"))
    if given is None:
        given = 1 if "ones" in call.name else 0
    if isinstance(given, Value):
        return b.expand(given, call.shape)
    if call.dtype.is_complex:
        numbers = complex(given).real, complex(given).imag
        return Complex(*(constant(torch.full(call.shape, number)) for number in numbers))
    return constant(torch.full(call.shape, given, dtype=call.dtype))


@lowers("full", "scalar_tensor")
def full_of(b: Builder, call: Call) -> Value:
    given = call.arguments.get("fill_value", call.arguments.get("s"))
    if not isinstance(given, Value):
        raise NotKnown("full")
    return b.expand(given, call.shape)


@lowers("diagonal")
def diagonal(b: Builder, call: Call) -> Any:
    rank, count = len(call.shape) + 1, call.shape[-1]
    if not count:
        raise NotKnown("a diagonal beyond the array")
    one, two = call["dim1"] % rank, call["dim2"] % rank
    return _each(lambda x: diagonal_of(b, x, one, two, call["offset"], count), call.first())


def diagonal_of(b: Builder, x: Value, one: int, two: int, offset: int, count: int) -> Value:
    """The two dimensions as one, the last, of which every (columns + 1)-th element is on the
    diagonal."""
    rest = [k for k in range(x.rank) if k not in (one, two)]
    columns = x.shape[two]
    whole = [*(x.shape[k] for k in rest), x.shape[one] * columns]
    flat = b.reshape(b.permute(x, [*rest, one, two]), whole)
    places = _on_diagonal(columns, offset, count)
    return b.slice(flat, len(rest), places.start, places.stop, places.step)


def _on_diagonal(columns: int, offset: int, count: int) -> range:
    first = max(offset, 0) + max(-offset, 0) * columns
    return range(first, first + (count - 1) * (columns + 1) + 1, columns + 1)


@lowers("diagonal_scatter")
def onto_diagonal(b: Builder, call: Call) -> Any:
    def one(x: Value, part: Value) -> Value:
        dims = call["dim1"] % x.rank, call["dim2"] % x.rank
        order = [k for k in range(x.rank) if k not in dims] + list(dims)
        turned = b.permute(x, order)
        *rest, rows, columns = turned.shape
        flat = b.reshape(turned, [*rest, rows * columns])
        places = _on_diagonal(columns, call["offset"], part.shape[-1])
        made = b.reshape(put(b, flat, part, len(rest), places), turned.shape)
        return b.permute(made, [order.index(k) for k in range(x.rank)])

    return _put_each(b, call, one)


@lowers("unfold")
def windows(b: Builder, call: Call) -> Value:
    """Windows along a dimension; their elements are the last dimension, a slice for each."""
    x, size, step = call.first(), call["size"], call["step"]
    dim = call["dimension"] % x.rank
    count = (x.shape[dim] - size) // step + 1
    parts = [b.slice(x, dim, k, k + (count - 1) * step + 1, step) for k in range(size)]
    return b.concat([b.reshape(part, (*part.shape, 1)) for part in parts], x.rank)
