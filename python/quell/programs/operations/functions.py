# SPDX-License-Identifier: MIT
"""Functions of elements: arithmetic, comparisons, activations."""

import math
from typing import Any

import torch

from quell.programs.build import Builder
from quell.programs.operations.bits import bits_of
from quell.programs.table import TABLE, Call, NotKnown, lowers
from quell.programs.values import Complex, Operand, Value, number

SAME = {  # PyTorch's name: a program's
    "abs": "abs",
    "ceil": "ceil",
    "cos": "cos",
    "erf": "erf",
    "exp": "exp",
    "expm1": "expm1",
    "floor": "floor",
    "log": "log",
    "log1p": "log1p",
    "mish": "mish",
    "neg": "neg",
    "reciprocal": "reciprocal",
    "relu": "relu",
    "round": "round",
    "rsqrt": "rsqrt",
    "sigmoid": "sigmoid",
    "sign": "sign",
    "silu": "silu",
    "sin": "sin",
    "sqrt": "sqrt",
    "tanh": "tanh",
}
NOTHING = (
    "alias clone contiguous detach lift lift_fresh lift_fresh_copy alias_copy _unsafe_view_copy"
).split()
FLOATS_OF_8 = [kind for name, kind in vars(torch).items() if name.startswith("float8")]
COMPARE = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}


def _one(name: str) -> None:
    def lower(b: Builder, call: Call) -> Any:
        if isinstance(call.first(), Complex) and f"complex_{name}" in TABLE:
            return TABLE[f"complex_{name}"](b, call)
        return b.map(SAME[name], [real_of(call.first())], call.dtype)

    lowers(name)(lower)


def real_of(value: Any) -> Any:
    """An operand, which must not be complex."""
    if isinstance(value, Complex):
        raise NotKnown("complex numbers where only sums and products are known")
    return value


@lowers("round")
def to_whole(b: Builder, call: Call) -> Value:
    if call.arguments.get("decimals"):
        raise NotKnown("round to decimals", "multiply, round and divide")
    return b.map("round", [real_of(call.first())], call.dtype)


def _compare(name: str) -> None:
    def lower(b: Builder, call: Call) -> Value:
        return b.map(COMPARE[name], [call.first(), call["other"]], torch.bool)

    lowers(name)(lower)


for _name in SAME:
    if _name != "round":
        _one(_name)
for _name in COMPARE:
    _compare(_name)


@lowers(*NOTHING)
def nothing(b: Builder, call: Call) -> Any:
    return call.first()


@lowers("dropout", "native_dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
def dropout(b: Builder, call: Call) -> Any:
    """Nothing in evaluation; with training=True, whatever the mode, it is random."""
    if call["train"] and call["p"]:
        raise NotKnown(f"random numbers inside the network ({call.name})", RANDOM)
    return [call.first(), call.first()] if call.shapes else call.first()


RANDOM = "let the network take them as an input, or leave them out in evaluation"
NARROW = (torch.float16, torch.bfloat16, *FLOATS_OF_8)


@lowers("_to_copy", "to", "type_as")
def convert(b: Builder, call: Call) -> Any:
    if call.dtype.is_complex:
        x = call.first()
        return x if isinstance(x, Complex) else Complex(x, b.mul(x, 0.0))
    if call.dtype in (torch.int8, torch.uint8, torch.int16):
        raise NotKnown(
            f"whole numbers as {str(call.dtype).removeprefix('torch.')}, which wrap",
            "let the network compute with int64 or float32",
        )
    if call.dtype in NARROW:
        raise NotKnown(
            f"rounding to {str(call.dtype).removeprefix('torch.')} inside the network",
            "let it compute in float32, with autocast(enabled=False) if it is that",
        )
    return as_dtype(b, real_of(call.first()), call.dtype)


def as_dtype(b: Builder, value: Value, dtype: torch.dtype) -> Value:
    """A value as another of PyTorch's types; a program has one, so that only what changes a value
    is an instruction."""
    if value.dtype == dtype or dtype.is_floating_point:
        return value
    if dtype == torch.bool:
        return value if value.truth else b.map("ne", [value, 0], torch.bool)
    return whole(b, value, dtype) if value.real else value


def whole(b: Builder, value: Value, dtype: torch.dtype) -> Value:
    """Towards zero, as PyTorch makes whole numbers of real ones."""
    size = b.map("floor", [b.map("abs", [value], dtype)], dtype)
    return b.map("mul", [b.map("sign", [value], dtype), size], dtype)


@lowers("trunc", "fix")
def trunc(b: Builder, call: Call) -> Value:
    return whole(b, call.first(), call.dtype)


def truth(b: Builder, value: Any) -> Any:
    return as_dtype(b, value, torch.bool) if isinstance(value, Value) else bool(value)


# Sums and products, of complex numbers as well (complex.py).


@lowers("add", "sub")
def add(b: Builder, call: Call) -> Any:
    one, other, scale = call.first(), call["other"], call.arguments.get("alpha", 1)
    if call.dtype.is_complex:
        return TABLE[f"complex_{call.name}"](b, call)
    if scale != 1:
        other = b.mul(other, scale) if isinstance(other, Value) else other * scale
    if call.dtype == torch.bool:
        return b.map("or", [truth(b, one), truth(b, other)], torch.bool)
    return b.map(call.name, [one, other], call.dtype)


@lowers("rsub")
def rsub(b: Builder, call: Call) -> Value:
    one, scale = call.first(), call.arguments.get("alpha", 1)
    return b.map("sub", [call["other"], b.mul(one, scale) if scale != 1 else one], call.dtype)


@lowers("mul")
def mul(b: Builder, call: Call) -> Any:
    if call.dtype.is_complex:
        return TABLE["complex_mul"](b, call)
    return b.map("mul", [call.first(), call["other"]], call.dtype)


@lowers("div", "floor_divide")
def div(b: Builder, call: Call) -> Any:
    rounding = call.arguments.get("rounding_mode")
    if call.dtype.is_complex:
        return TABLE["complex_div"](b, call)
    if call.name == "floor_divide":
        rounding = "floor"
    made = b.map("div", [real_of(call.first()), real_of(call["other"])], call.dtype)
    if rounding == "trunc":
        return whole(b, made, call.dtype)
    return b.map("floor", [made], call.dtype) if rounding else made


@lowers("remainder", "fmod")
def remainder(b: Builder, call: Call) -> Value:
    one, other = call.first(), call["other"]
    ratio = b.map("div", [one, other], torch.float32)
    truncated = call.name == "fmod"
    down = whole(b, ratio, call.dtype) if truncated else b.map("floor", [ratio], call.dtype)
    return b.map("sub", [one, b.mul(down, other)], call.dtype)


@lowers("addcmul")
def addcmul(b: Builder, call: Call) -> Value:
    product = b.mul(b.mul(call["tensor1"], call["tensor2"]), call["value"])
    return b.map("add", [call.first(), product], call.dtype)


@lowers("addcdiv")
def addcdiv(b: Builder, call: Call) -> Value:
    ratio = b.map("div", [call["tensor1"], call["tensor2"]], call.dtype)
    return b.map("add", [call.first(), b.mul(ratio, call["value"])], call.dtype)


@lowers("lerp")
def lerp(b: Builder, call: Call) -> Value:
    start = call.first()
    change = b.mul(call["weight"], b.sub(call["end"], start))
    return b.map("add", [start, change], call.dtype)


@lowers("square")
def square(b: Builder, call: Call) -> Value:
    return b.map("square", [call.first()], call.dtype)


@lowers("pow")
def power(b: Builder, call: Call) -> Value:
    base, exponent = call.first(), number(call["exponent"])
    if exponent is None:
        return b.map("pow", [base, call["exponent"]], call.dtype)
    plain = {0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}.get(exponent)
    if plain is not None:
        return b.map(plain, [base], call.dtype)
    if exponent == 2:
        return b.map("square", [base], call.dtype)
    if exponent == int(exponent) and 1 <= exponent <= 8:
        return _whole_power(b, base, int(exponent), call.dtype)
    return b.map("pow", [base, exponent], call.dtype)


def _whole_power(b: Builder, base: Any, exponent: int, dtype: torch.dtype) -> Value:
    made: Value = base
    for _ in range(exponent - 1):
        made = b.map("mul", [made, base], dtype)
    return made


@lowers("maximum", "minimum")
def extreme(b: Builder, call: Call) -> Value:
    return b.map(call.name[:3], [call.first(), call["other"]], call.dtype)


@lowers("clamp", "clamp_min", "clamp_max", "hardtanh")
def clamp(b: Builder, call: Call) -> Value:
    given = call.arguments
    low = given.get("min", given.get("min_val"))
    high = given.get("max", given.get("max_val"))
    return bounded(b, call.first(), low, high, call.dtype)


def bounded(b: Builder, x: Value, low: Operand, high: Operand, dtype: torch.dtype) -> Value:
    made = b.map("max", [x, low], dtype) if low not in (None, -math.inf) else x
    return b.map("min", [made, high], dtype) if high not in (None, math.inf) else made


# Truth values.


@lowers("logical_and", "bitwise_and", "__and__")
def both(b: Builder, call: Call) -> Value:
    if not call.name.startswith("logical") and call.dtype != torch.bool:
        return bits_of(b, call)
    _truth_alone(call)
    return b.map("and", [truth(b, call.first()), truth(b, call["other"])], torch.bool)


@lowers("logical_or", "bitwise_or", "__or__")
def either(b: Builder, call: Call) -> Value:
    _truth_alone(call)
    return b.map("or", [truth(b, call.first()), truth(b, call["other"])], torch.bool)


@lowers("logical_xor", "bitwise_xor")
def unlike(b: Builder, call: Call) -> Value:
    _truth_alone(call)
    return b.map("ne", [truth(b, call.first()), truth(b, call["other"])], torch.bool)


@lowers("logical_not", "bitwise_not")
def opposite(b: Builder, call: Call) -> Value:
    _truth_alone(call)
    return b.map("not", [truth(b, call.first())], torch.bool)


def _truth_alone(call: Call) -> None:
    if call.name.startswith(("bitwise", "__")) and call.dtype != torch.bool:
        raise NotKnown(f"{call.name} of whole numbers", "arithmetic or where does it")


@lowers("where")
def where(b: Builder, call: Call) -> Value:
    condition = truth(b, call["condition"])
    return b.map("where", [condition, call["self"], call["other"]], call.dtype)


@lowers("masked_fill")
def masked_fill(b: Builder, call: Call) -> Value:
    mask = truth(b, call["mask"])
    return b.map("where", [mask, call["value"], call["self"]], call.dtype)


# Activations.


@lowers("gelu")
def gelu(b: Builder, call: Call) -> Value:
    name = "gelu_tanh" if call["approximate"] == "tanh" else "gelu"
    return b.map(name, [call.first()], call.dtype)


@lowers("softplus")
def softplus(b: Builder, call: Call) -> Value:
    x, beta = call.first(), call["beta"]
    made = b.map("softplus", [b.mul(x, beta)], call.dtype)
    made = b.mul(made, 1 / beta)
    # Above the threshold PyTorch takes x, which differs by less than a rounding at 20.
    if call["threshold"] < 15:
        above = b.map("gt", [b.mul(x, beta), call["threshold"]], torch.bool)
        return b.map("where", [above, x, made], call.dtype)
    return made


@lowers("log_sigmoid")
def log_sigmoid(b: Builder, call: Call) -> Value:
    less = b.map("neg", [call.first()], call.dtype)
    return b.map("neg", [b.map("softplus", [less], call.dtype)], call.dtype)


@lowers("leaky_relu")
def leaky_relu(b: Builder, call: Call) -> Value:
    return b.map("leaky_relu", [call.first(), call["negative_slope"]], call.dtype)


@lowers("rrelu_with_noise", "rrelu_with_noise_functional")
def rrelu(b: Builder, call: Call) -> Any:
    if call["training"]:
        raise NotKnown(f"random numbers inside the network ({call.name})", RANDOM)
    made = b.map("leaky_relu", [call.first(), (call["lower"] + call["upper"]) / 2], call.dtype)
    return [made, call["noise"]] if call.shapes else made


@lowers("_prelu_kernel")
def prelu(b: Builder, call: Call) -> Value:
    x, slope = call.first(), call["weight"]
    return b.map("leaky_relu", [x, slope], call.dtype)


@lowers("elu")
def elu(b: Builder, call: Call) -> Value:
    x, alpha, inner = call.first(), call["alpha"], call["input_scale"]
    if inner == 1:
        return b.mul(b.map("elu", [x, alpha], call.dtype), call["scale"])
    below = b.map("expm1", [b.mul(b.map("min", [x, 0], call.dtype), inner)], call.dtype)
    made = b.add(b.map("max", [x, 0], call.dtype), b.mul(below, alpha))
    return b.mul(made, call["scale"])


@lowers("selu")
def selu(b: Builder, call: Call) -> Value:
    return b.map("selu", [call.first()], call.dtype)


@lowers("relu6")
def relu6(b: Builder, call: Call) -> Value:
    return bounded(b, call.first(), 0, 6, call.dtype)


@lowers("hardsigmoid")
def hardsigmoid(b: Builder, call: Call) -> Value:
    return bounded(b, b.add(b.mul(call.first(), 1 / 6), 0.5), 0, 1, call.dtype)


@lowers("hardswish")
def hardswish(b: Builder, call: Call) -> Value:
    x = call.first()
    return b.mul(x, bounded(b, b.add(b.mul(x, 1 / 6), 0.5), 0, 1, call.dtype))


@lowers("glu")
def glu(b: Builder, call: Call) -> Value:
    x = call.first()
    dim = call["dim"] % x.rank
    half = x.shape[dim] // 2
    gate = b.map("sigmoid", [b.slice(x, dim, half, 2 * half)], call.dtype)
    return b.mul(b.slice(x, dim, 0, half), gate)


@lowers("isnan")
def isnan(b: Builder, call: Call) -> Value:
    return b.map("ne", [call.first()] * 2, torch.bool)


@lowers("isinf")
def isinf(b: Builder, call: Call) -> Value:
    return b.map("eq", [b.map("abs", [call.first()], torch.float32), math.inf], torch.bool)
