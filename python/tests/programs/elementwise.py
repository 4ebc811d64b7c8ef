# SPDX-License-Identifier: MIT
"""The functions of map, in float64 (docs/programs.md)."""

import math

import numpy as np


def _erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x)


def _sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


SELU = (1.0507009873554805, 1.0507009873554805 * 1.6732632423543772)
FUNCTIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sqrt": np.sqrt,
    "square": lambda a: a * a,
    "fma": lambda a, b, c: a * b + c,
    "reciprocal": lambda a: 1 / a,
    "rsqrt": lambda a: 1 / np.sqrt(a),
    "neg": lambda a: -a,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "max": np.maximum,
    "min": np.minimum,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "and": lambda a, b: (a != 0) & (b != 0),
    "or": lambda a, b: (a != 0) | (b != 0),
    "not": lambda a: a == 0,
    "where": lambda a, b, c: np.where(a != 0, b, c),
    "clamp": lambda a, b, c: np.minimum(np.maximum(a, b), c),
    "relu": lambda a: np.maximum(a, 0),
    "relu2": lambda a: np.maximum(a, 0) ** 2,
    "leaky_relu": lambda a, b: np.where(a < 0, b * a, a),
    "exp": np.exp,
    "sigmoid": _sigmoid,
    "silu": lambda a: a * _sigmoid(a),
    "gelu_tanh": lambda a: 0.5 * a * (1 + np.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))),
    "tanh": np.tanh,
    "expm1": np.expm1,
    "elu": lambda a, b: np.where(a > 0, a, b * np.expm1(np.minimum(a, 0))),
    "selu": lambda a: np.where(a > 0, SELU[0] * a, SELU[1] * np.expm1(np.minimum(a, 0))),
    "softplus": lambda a: np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a))),
    "mish": lambda a: a * np.tanh(np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))),
    "gelu": lambda a: 0.5 * a * (1 + _erf(a / math.sqrt(2))),
    "log": np.log,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "erf": _erf,
    "pow": np.power,
}
