# SPDX-License-Identifier: MIT
"""Complex numbers, as rotary positions are written: a program has their two parts."""

import torch

from quell.programs.build import Builder
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Complex, Value, constant


def parts(b: Builder, value: object) -> tuple[Value, Value]:
    """The real and the imaginary part of an operand."""
    if isinstance(value, Complex):
        return value.real, value.imaginary
    if isinstance(value, Value):
        return value, constant(torch.zeros(()))
    if isinstance(value, (int, float)):
        return constant(torch.tensor(float(value))), constant(torch.zeros(()))
    raise NotKnown("complex numbers in the code itself")


@lowers("view_as_complex")
def view_as_complex(b: Builder, call: Call) -> Complex:
    x = call.first()
    return Complex(b.select(x, -1, 0), b.select(x, -1, 1))


@lowers("view_as_real")
def view_as_real(b: Builder, call: Call) -> Value:
    pair = [b.reshape(part, (*part.shape, 1)) for part in parts(b, call.first())]
    return b.concat(pair, -1)


@lowers("complex")
def from_parts(b: Builder, call: Call) -> Complex:
    return Complex(call["real"], call["imag"])


@lowers("polar")
def polar(b: Builder, call: Call) -> Complex:
    length, angle = call["abs"], call["angle"]
    dtype = angle.dtype
    return Complex(
        b.mul(length, b.map("cos", [angle], dtype)), b.mul(length, b.map("sin", [angle], dtype))
    )


@lowers("real")
def real(b: Builder, call: Call) -> Value:
    return parts(b, call.first())[0]


@lowers("imag")
def imag(b: Builder, call: Call) -> Value:
    return parts(b, call.first())[1]


@lowers("conj", "_conj", "conj_physical", "_conj_physical")
def conj(b: Builder, call: Call) -> Complex:
    a, c = parts(b, call.first())
    return Complex(a, b.map("neg", [c], c.dtype))


@lowers("complex_add")
def complex_add(b: Builder, call: Call) -> Complex:
    (a, c), (d, e) = parts(b, call.first()), parts(b, call["other"])
    return Complex(b.add(a, d), b.add(c, e))


@lowers("complex_sub")
def complex_sub(b: Builder, call: Call) -> Complex:
    (a, c), (d, e) = parts(b, call.first()), parts(b, call["other"])
    return Complex(b.sub(a, d), b.sub(c, e))


@lowers("complex_mul")
def complex_mul(b: Builder, call: Call) -> Complex:
    (a, c), (d, e) = parts(b, call.first()), parts(b, call["other"])
    return Complex(b.sub(b.mul(a, d), b.mul(c, e)), b.add(b.mul(a, e), b.mul(c, d)))
