# SPDX-License-Identifier: MIT
"""Complex numbers, as rotary positions are written: a program has their two parts."""

from collections.abc import Callable

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
    if isinstance(value, (int, float, complex)):
        number = complex(value)
        return constant(torch.tensor(number.real)), constant(torch.tensor(number.imag))
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


@lowers("complex_div")
def complex_div(b: Builder, call: Call) -> Complex:
    """By a real number or array."""
    (a, c), other = parts(b, call.first()), call["other"]
    if isinstance(other, Complex):
        raise NotKnown("division by a complex number", "multiply by its conjugate")
    return Complex(b.map("div", [a, other], a.dtype), b.map("div", [c, other], c.dtype))


@lowers("complex_abs")
def complex_abs(b: Builder, call: Call) -> Value:
    a, c = parts(b, call.first())
    return b.map("sqrt", [b.add(b.mul(a, a), b.mul(c, c))], a.dtype)


@lowers("complex_exp")
def complex_exp(b: Builder, call: Call) -> Complex:
    a, c = parts(b, call.first())
    size = b.map("exp", [a], a.dtype)
    return Complex(
        b.mul(size, b.map("cos", [c], c.dtype)), b.mul(size, b.map("sin", [c], c.dtype))
    )


@lowers("complex_neg")
def complex_neg(b: Builder, call: Call) -> Complex:
    a, c = parts(b, call.first())
    return Complex(b.map("neg", [a], a.dtype), b.map("neg", [c], c.dtype))


def product(b: Builder, x: object, y: object, of: Callable[[Value, Value], Value]) -> Complex:
    """A product of two arrays that is linear in both, of matrices for example."""
    (a, c), (d, e) = parts(b, x), parts(b, y)
    real, imaginary = of(a, d), None
    if isinstance(x, Complex) and isinstance(y, Complex):
        real = b.sub(real, of(c, e))
    if isinstance(y, Complex):
        imaginary = of(a, e)
    if isinstance(x, Complex):
        other = of(c, d)
        imaginary = other if imaginary is None else b.add(imaginary, other)
    assert imaginary is not None
    return Complex(real, imaginary)
