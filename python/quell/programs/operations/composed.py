# SPDX-License-Identifier: MIT
"""Functions composed of those that a program has: of angles, hyperbolic ones, distances."""

import math

import torch

from quell.programs.build import Builder
from quell.programs.operations.complex import parts
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Constant, Operand, Value, constant

# arctan(x) = x + x z P(z), z = x^2, for |x| <= tan(pi / 8): Cephes' atanf, highest power first.
_ARCTAN = (8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1)


def _with_sign(b: Builder, size: Value, x: Value, dtype: torch.dtype) -> Value:
    """Returns `size`, or -`size` where x < 0."""
    below = b.map("lt", [x, 0.0], dtype)
    return b.map("where", [below, b.map("neg", [size], dtype), size], dtype)


def _arctan_to_one(b: Builder, q: Value, call: Call) -> Value:
    """Returns arctan(q), 0 <= q <= 1: above tan(pi / 8), pi / 4 + arctan((q - 1) / (q + 1))."""
    dtype = call.dtype
    high = b.map("gt", [q, math.tan(math.pi / 8)], dtype)
    turned = b.map("div", [b.sub(q, 1.0), b.add(q, 1.0)], dtype)
    x = b.map("where", [high, turned, q], dtype)
    z = b.mul(x, x)
    sum_: Operand = _ARCTAN[0]
    for factor in _ARCTAN[1:]:
        sum_ = b.map("fma", [z, sum_, factor], dtype)
    made = b.map("fma", [b.mul(x, z), sum_, x], dtype)
    return b.map("where", [high, b.add(made, math.pi / 4), made], dtype)


def _angle(b: Builder, y: Value, x: Value, call: Call) -> Value:
    """Returns the angle of the point (x, y): that within its octant, and turned from there."""
    dtype = call.dtype
    wide, high = b.map("abs", [x], dtype), b.map("abs", [y], dtype)
    most, least = b.map("max", [wide, high], dtype), b.map("min", [wide, high], dtype)
    one = b.map("where", [b.map("eq", [most, 0.0], dtype), 1.0, most], dtype)
    made = _arctan_to_one(b, b.map("div", [least, one], dtype), call)
    steep = b.map("gt", [high, wide], dtype)
    made = b.map("where", [steep, b.map("sub", [math.pi / 2, made], dtype), made], dtype)
    left = b.map("lt", [x, 0.0], dtype)
    made = b.map("where", [left, b.map("sub", [math.pi, made], dtype), made], dtype)
    return _with_sign(b, made, y, dtype)


@lowers("atan2")
def atan2(b: Builder, call: Call) -> Value:
    y, x = b.expand(call.first(), call.shape), b.expand(call["other"], call.shape)
    return _angle(b, y, x, call)


@lowers("atan")
def atan(b: Builder, call: Call) -> Value:
    """By the same steps as above, but with a 1 that needs no array."""
    x, dtype = call.first(), call.dtype
    high = b.map("abs", [x], dtype)
    steep = b.map("gt", [high, 1.0], dtype)
    turned = b.map("reciprocal", [high], dtype)
    made = _arctan_to_one(b, b.map("where", [steep, turned, high], dtype), call)
    made = b.map("where", [steep, b.map("sub", [math.pi / 2, made], dtype), made], dtype)
    return _with_sign(b, made, x, dtype)


@lowers("angle")
def angle(b: Builder, call: Call) -> Value:
    x, y = parts(b, call.first())
    return _angle(b, b.expand(y, call.shape), b.expand(x, call.shape), call)


def _beside(b: Builder, x: Value, call: Call) -> Value:
    """Returns sqrt(1 - x^2), without cancellation."""
    product = b.mul(b.map("sub", [1.0, x], call.dtype), b.add(x, 1.0))
    return b.map("sqrt", [product], call.dtype)


@lowers("asin")
def asin(b: Builder, call: Call) -> Value:
    return _angle(b, call.first(), _beside(b, call.first(), call), call)


@lowers("acos")
def acos(b: Builder, call: Call) -> Value:
    return _angle(b, _beside(b, call.first(), call), call.first(), call)


@lowers("sinh")
def sinh(b: Builder, call: Call) -> Value:
    x, dtype = call.first(), call.dtype
    down = b.map("expm1", [b.map("neg", [x], dtype)], dtype)
    return b.mul(b.sub(b.map("expm1", [x], dtype), down), 0.5)


@lowers("cosh")
def cosh(b: Builder, call: Call) -> Value:
    x, dtype = call.first(), call.dtype
    down = b.map("exp", [b.map("neg", [x], dtype)], dtype)
    return b.mul(b.add(b.map("exp", [x], dtype), down), 0.5)


@lowers("asinh")
def asinh(b: Builder, call: Call) -> Value:
    """sign(x) log1p(u + u^2 / (1 + sqrt(1 + u^2))), u = |x|."""
    x, dtype = call.first(), call.dtype
    u = b.map("abs", [x], dtype)
    square = b.mul(u, u)
    root = b.add(b.map("sqrt", [b.add(square, 1.0)], dtype), 1.0)
    made = b.map("log1p", [b.add(u, b.map("div", [square, root], dtype))], dtype)
    return _with_sign(b, made, x, dtype)


@lowers("acosh")
def acosh(b: Builder, call: Call) -> Value:
    """log1p(u + sqrt(u (u + 2))), u = x - 1."""
    u, dtype = b.sub(call.first(), 1.0), call.dtype
    root = b.map("sqrt", [b.mul(u, b.add(u, 2.0))], dtype)
    return b.map("log1p", [b.add(u, root)], dtype)


@lowers("atanh")
def atanh(b: Builder, call: Call) -> Value:
    """log1p(2 x / (1 - x)) / 2."""
    x, dtype = call.first(), call.dtype
    ratio = b.map("div", [b.add(x, x), b.map("sub", [1.0, x], dtype)], dtype)
    return b.mul(b.map("log1p", [ratio], dtype), 0.5)


@lowers("searchsorted", "bucketize")
def place_among(b: Builder, call: Call) -> Value:
    """How many of a row of rising numbers are less than x, or not above it."""
    edges = call.arguments.get("sorted_sequence", call.arguments.get("boundaries"))
    x = call.arguments.get("self", call.first())
    if not isinstance(edges, Constant) or edges.rank != 1 or not isinstance(x, Value):
        raise NotKnown(f"{call.name} among numbers that are no fixed row")
    above = bool(call["right"]) or call.arguments.get("side") == "right"
    wide = b.reshape(x, [*x.shape, 1])
    below = b.map("le" if above else "lt", [constant(edges.tensor.float()), wide], torch.bool)
    return b.reduce("sum", below, [-1], False, call.dtype)


@lowers("erfc")
def erfc(b: Builder, call: Call) -> Value:
    return b.map("sub", [1.0, b.map("erf", [call.first()], call.dtype)], call.dtype)


@lowers("copysign")
def copysign(b: Builder, call: Call) -> Value:
    return _with_sign(b, b.map("abs", [call.first()], call.dtype), call["other"], call.dtype)


@lowers("signbit")
def signbit(b: Builder, call: Call) -> Value:
    """Whether the sign is that of -1: of -0, too, whose reciprocal is below 0."""
    x = call.first()
    both = [x, b.map("reciprocal", [x], x.dtype)]
    return b.map("or", [b.map("lt", [each, 0.0], torch.bool) for each in both], torch.bool)


@lowers("fmax", "fmin")
def extreme_number(b: Builder, call: Call) -> Value:
    """The larger or smaller one; of a number and what is none, the number."""
    x, y = call.first(), call["other"]
    made = b.map(call.name[1:], [x, y], call.dtype)
    for one, other in ((x, y), (y, x)):
        none = b.map("ne", [one, one], torch.bool)
        made = b.map("where", [none, other, made], call.dtype)
    return made


@lowers("hypot")
def hypot(b: Builder, call: Call) -> Value:
    x, y = call.first(), call["other"]
    return b.map("sqrt", [b.add(b.mul(x, x), b.mul(y, y))], call.dtype)


@lowers("_cdist_forward")
def distances(b: Builder, call: Call) -> Value:
    """The distance of each row of x from each row of y, by their differences."""
    x, y, order = call["x1"], call["x2"], call["p"]
    x = b.reshape(x, [*x.shape[:-1], 1, x.shape[-1]])
    off = b.sub(x, b.reshape(y, [*y.shape[:-2], 1, *y.shape[-2:]]))
    if order == 2:
        return b.reduce("norm", off, [-1], False, call.dtype)
    if order == 1:
        return b.reduce("sum", b.map("abs", [off], call.dtype), [-1], False, call.dtype)
    raise NotKnown(f"cdist of order {order}")


def _scaled_logarithm(name: str, base: float) -> None:
    def lower(b: Builder, call: Call) -> Value:
        return b.mul(b.map("log", [call.first()], call.dtype), 1 / math.log(base))

    lowers(name)(lower)


_scaled_logarithm("log2", 2)
_scaled_logarithm("log10", 10)


@lowers("exp2")
def exp2(b: Builder, call: Call) -> Value:
    return b.map("exp", [b.mul(call.first(), math.log(2))], call.dtype)


@lowers("tan")
def tan(b: Builder, call: Call) -> Value:
    x = call.first()
    return b.map("div", [b.map("sin", [x], call.dtype), b.map("cos", [x], call.dtype)], call.dtype)


@lowers("ldexp")
def ldexp(b: Builder, call: Call) -> Value:
    power = call["other"]
    if isinstance(power, Constant):
        return b.mul(call.first(), constant(torch.exp2(power.tensor.double())))
    return b.mul(call.first(), b.map("exp", [b.mul(power, math.log(2))], call.dtype))
