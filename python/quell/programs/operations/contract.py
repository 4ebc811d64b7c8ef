# SPDX-License-Identifier: MIT
"""Sums of products: linear layers, products of matrices, einsum, attention."""

import dataclasses
import math
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.complex import parts, product
from quell.programs.operations.move import diagonal_of
from quell.programs.table import Call, NotKnown, lowers
from quell.programs.values import Complex, Constant, Value, constant


@lowers("linear")
def linear(b: Builder, call: Call) -> Any:
    x, weight, bias = call["input"], call["weight"], call["bias"]
    if call.dtype.is_complex:
        return _complex_linear(b, x, weight, bias)
    if isinstance(weight, Constant) and isinstance(bias, (Constant, type(None))):
        return b.emit("linear", [x, weight, bias], call.dtype)
    made = multiply(b, x, b.transpose(weight), call.dtype)
    return b.add(made, bias) if bias is not None else made


def _complex_linear(b: Builder, x: Any, weight: Any, bias: Any) -> Complex:
    def one(y: Value, w: Value) -> Value:
        return multiply(b, y, b.transpose(w), torch.float32)

    made = product(b, x, weight, one)
    if bias is None:
        return made
    real, imaginary = parts(b, bias)
    return Complex(b.add(made.real, real), b.add(made.imaginary, imaginary))


@lowers("matmul", "mm", "bmm", "mv", "dot")
def matmul(b: Builder, call: Call) -> Any:
    x = call.first()
    other = call.arguments.get("other", call.arguments.get("mat2", call.arguments.get("vec")))
    if other is None:
        other = call["tensor"]
    if call.dtype.is_complex:
        return product(b, x, other, lambda y, z: multiply(b, y, z, torch.float32))
    return multiply(b, x, other, call.dtype)


def multiply(b: Builder, x: Value, y: Value, dtype: torch.dtype) -> Value:
    """x y, as PyTorch's matmul; by a constant matrix it is a linear layer."""
    if x.rank == 1 or y.rank == 1:
        return _with_vectors(b, x, y, dtype)
    if isinstance(y, Constant) and y.rank == 2:
        return b.emit("linear", [x, b.transpose(y), None], dtype)
    return b.emit("matmul", [x, y], dtype)


def _with_vectors(b: Builder, x: Value, y: Value, dtype: torch.dtype) -> Value:
    left = b.reshape(x, (1, *x.shape)) if x.rank == 1 else x
    right = b.reshape(y, (*y.shape, 1)) if y.rank == 1 else y
    made = multiply(b, left, right, dtype)
    shape = list(made.shape)
    if y.rank == 1:
        del shape[-1]
    if x.rank == 1:
        del shape[-1 if y.rank == 1 else -2]
    return b.reshape(made, shape)


@lowers("addmm", "baddbmm")
def addmm(b: Builder, call: Call) -> Value:
    x = call.arguments.get("mat1", call.arguments.get("batch1"))
    y = call.arguments.get("mat2", call.arguments.get("batch2"))
    start, beta, alpha = call["self"], call["beta"], call["alpha"]
    assert x is not None and y is not None
    plain = isinstance(y, Constant) and y.rank == 2 and alpha == 1 and beta == 1
    if plain and isinstance(start, Constant) and start.shape == y.shape[1:]:
        return b.emit("linear", [x, b.transpose(y), start], call.dtype)
    made = multiply(b, x, y, call.dtype)
    made = b.mul(made, alpha) if alpha != 1 else made
    if beta == 0:
        return made
    return b.add(made, b.mul(start, beta) if beta != 1 else start)


@lowers("bilinear")
def bilinear(b: Builder, call: Call) -> Value:
    """Sums of x_i W_oij z_j: a linear layer of x, and a product of its result and z."""
    x, z, weight, bias = call["input1"], call["input2"], call["weight"], call["bias"]
    if not isinstance(weight, Constant):
        raise NotKnown("bilinear whose weights depend on an input", "einsum does the same")
    wide, rows, columns = weight.shape
    flat = b.reshape(b.permute(weight, [0, 2, 1]), [wide * columns, rows])
    layer = b.emit("linear", [x, flat, None], call.dtype)
    left = b.reshape(layer, [*x.shape[:-1], wide, columns])
    product = b.emit("matmul", [left, b.reshape(z, [*z.shape, 1])], call.dtype)
    made = b.reshape(product, [*x.shape[:-1], wide])
    return b.add(made, bias) if bias is not None else made


@lowers("einsum")
def einsum(b: Builder, call: Call) -> Any:
    operands = call["tensors"]
    if not call.dtype.is_complex:
        return _einsum(b, call, operands)
    if len(operands) != 2:
        raise NotKnown(f"einsum of {len(operands)} operands, complex ones among them")
    plain = dataclasses.replace(call, dtype=torch.float32)
    first, second = operands
    return product(b, first, second, lambda x, y: _einsum(b, plain, [x, y]))


def _einsum(b: Builder, call: Call, given: list[Value]) -> Value:
    operands = list(given)
    terms, output = _terms(call["equation"], operands)
    for k, (operand, term) in enumerate(zip(given, list(terms), strict=True)):
        operands[k], terms[k] = _distinct(b, operand, term)
    while len(operands) > 1:
        kept = set("".join(terms[2:])) | set(output)
        last = len(operands) == 2
        joint = output if last else _joint(terms[0], terms[1], kept)
        made = _contract(b, operands[0], operands[1], terms[0], terms[1], joint, call.dtype)
        operands, terms = [made, *operands[2:]], [joint, *terms[2:]]
    value, term = _summed(b, operands[0], terms[0], set(output), call.dtype)
    return b.permute(value, [term.index(letter) for letter in output])


def _joint(left: str, right: str, kept: set[str]) -> str:
    return "".join(dict.fromkeys(letter for letter in left + right if letter in kept))


def _terms(equation: str, operands: list[Value]) -> tuple[list[str], str]:
    """The letters of each operand and of the result; dots are letters of their own."""
    equation = equation.replace(" ", "")
    left, arrow, output = equation.partition("->")
    terms = left.split(",")
    free = [chr(letter) for letter in range(0x3B1, 0x3C9)]  # Greek, for the dots
    dots = max(
        (o.rank - len(t.replace("...", "")) for o, t in zip(operands, terms, strict=True)
         if "..." in t), default=0,
    )  # fmt: skip
    for k, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        if "..." in term:
            count = operand.rank - len(term.replace("...", ""))
            terms[k] = term.replace("...", "".join(free[dots - count : dots]))
    if not arrow:
        single = sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1)
        output = ("..." if dots else "") + "".join(single)
    output = output.replace("...", "".join(free[:dots]))
    return terms, output


def _distinct(b: Builder, value: Value, term: str) -> tuple[Value, str]:
    """The diagonal along each letter that an operand has more than once."""
    for letter in term:
        while term.count(letter) > 1:
            one = term.index(letter)
            two = term.index(letter, one + 1)
            value = diagonal_of(b, value, one, two, 0, value.shape[one])
            term = "".join(c for k, c in enumerate(term) if k not in (one, two)) + letter
    return value, term


def _summed(
    b: Builder, value: Value, term: str, kept: set[str], dtype: torch.dtype
) -> tuple[Value, str]:
    """The sum over what appears nowhere else."""
    lone = [k for k, letter in enumerate(term) if letter not in kept]
    if not lone:
        return value, term
    made = b.reduce("sum", value, lone, False, dtype)
    return made, "".join(letter for letter in term if letter in kept)


def _contract(
    b: Builder, x: Value, y: Value, left: str, right: str, output: str, dtype: torch.dtype
) -> Value:
    """Two operands: permuted to matrices, multiplied, and shaped as the output has it."""
    x, left = _summed(b, x, left, set(right) | set(output), dtype)
    y, right = _summed(b, y, right, set(left) | set(output), dtype)
    sizes = dict(zip(left, x.shape, strict=True))
    for letter, extent in zip(right, y.shape, strict=True):
        sizes[letter] = max(extent, sizes.get(letter, 1))
    batch = [c for c in output if c in left and c in right]
    inner = [c for c in left if c in right and c not in output]
    rows = [c for c in output if c in left and c not in right]
    columns = [c for c in output if c in right and c not in left]
    if not inner:
        return _outer(b, x, y, left, right, output, dtype)
    x, y = (  # PyTorch repeats what has one element along what is summed
        b.expand(v, [sizes[c] if c in inner else n for c, n in zip(term, v.shape, strict=True)])
        for v, term in ((x, left), (y, right))
    )

    def size(letters: list[str]) -> int:
        return math.prod(sizes[c] for c in letters)

    def matrix(value: Value, term: str, first: list[str], second: list[str]) -> Value:
        order = [*batch, *first, *second]
        turned = b.permute(value, [term.index(c) for c in order])
        lead = [sizes[c] if value.shape[term.index(c)] != 1 else 1 for c in batch]
        return b.reshape(turned, [*lead, size(first), size(second)])

    product = multiply(b, matrix(x, left, rows, inner), matrix(y, right, inner, columns), dtype)
    order = [*batch, *rows, *columns]
    apart = b.reshape(product, [sizes[c] for c in order])
    return b.permute(apart, [order.index(c) for c in output])


def _outer(
    b: Builder, x: Value, y: Value, left: str, right: str, output: str, dtype: torch.dtype
) -> Value:
    """Nothing is summed: a product of elements."""

    def spread(value: Value, term: str) -> Value:
        order = [c for c in output if c in term]
        turned = b.permute(value, [term.index(c) for c in order])
        sizes = dict(zip(order, turned.shape, strict=True))
        return b.reshape(turned, [sizes.get(c, 1) for c in output])

    return b.map("mul", [spread(x, left), spread(y, right)], dtype)


@lowers("scaled_dot_product_attention")
def attention(b: Builder, call: Call) -> Value:
    q, k, v = call["query"], call["key"], call["value"]
    if call["dropout_p"]:
        raise NotKnown("attention with dropout in evaluation mode", "give dropout_p 0 there")
    scale = call["scale"]
    said: dict[str, Any] = {
        "scale": 1 / math.sqrt(q.shape[-1]) if scale is None else float(scale),
        "causal": bool(call["is_causal"]),
    }
    k, v = (_lead(b, q, part, bool(call["enable_gqa"])) for part in (k, v))
    mask = call["attn_mask"]
    if mask is None:
        return b.emit("attention", [q, k, v], call.dtype, **said)
    if isinstance(mask, Constant) and not mask.truth:
        mask = _kept(mask)
    said["mask"] = "keep" if mask.truth else "add"
    return b.emit("attention", [q, k, v, mask], call.dtype, **said)


def _lead(b: Builder, q: Value, part: Value, grouped: bool) -> Value:
    """Keys or values with the queries' leading sizes, but for heads that share them."""
    lead = list(q.shape[:-2])
    if grouped and lead:
        lead[-1] = part.shape[-3]
    return b.expand(part, [*lead, *part.shape[-2:]])


def _kept(mask: Constant) -> Constant:
    """A mask of 0 and -infinity as one of what is kept; others as they are."""
    infinite = torch.isneginf(mask.tensor)
    plain = bool(infinite.any()) and not bool(mask.tensor[~infinite].any())
    return constant(~infinite) if plain else mask
