# SPDX-License-Identifier: MIT
"""Constants of -infinity, which masks have. A file has finite numbers alone, but what is computed
from constants may be -infinity: it is log(0), and put where a mask has it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from quell.programs.build import Builder
from quell.programs.lower import Lowered
from quell.programs.rewrite import New, again, rewritten
from quell.programs.trace import Refused
from quell.programs.values import Constant, Operand, Result, Value, constant, number

TURNED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
LARGEST = torch.finfo(torch.float32).max


def _infinity(b: Builder) -> Value:
    return b.emit("map", [constant(torch.zeros(()))], torch.float32, function="log")


def _finite(b: Builder, operand: Operand) -> Operand:
    """Returns an operand in which -infinity is computed."""
    if isinstance(operand, (int, float)) and not isinstance(operand, bool):
        return _number(b, operand)
    if not isinstance(operand, Constant) or not operand.real:
        return operand
    tensor = operand.tensor.float()
    if bool((tensor > LARGEST).any()):
        raise _too_large()
    hidden = tensor < -LARGEST
    if not bool(hidden.any()):
        return operand
    rest = constant(tensor.masked_fill(hidden, 0.0))
    return b.emit("map", [constant(hidden), _infinity(b), rest], torch.float32, function="where")


def _number(b: Builder, operand: int | float) -> Operand:
    if operand > LARGEST:
        raise _too_large()
    return _infinity(b) if operand < -LARGEST else operand


def _too_large() -> Refused:
    return Refused(
        "quell.export: the network has a constant of +infinity, or beyond float32's range: use the "
        "largest float32, 3.4e38"
    )


def _turned(b: Builder, result: Result, operands: list[Operand]) -> Value | None:
    """Returns a comparison with +infinity, as isinf and nan_to_num make, as one with -infinity."""
    function = TURNED.get(result.attributes.get("function", "")) if result.kind == "map" else None
    if function is None or math.inf not in (number(operand) for operand in operands):
        return None
    made = [_negative(b, operand) for operand in operands]
    return b.map(function, made, result.dtype)


def _without_nan(result: Result) -> Sequence[Operand]:
    """Where y is not a number, y is as good as a constant that is not: xlogy has such a one."""
    operands = result.operands
    if result.kind != "map" or result.attributes.get("function") != "where":
        return operands
    asked, value, other = operands
    if not isinstance(asked, Result) or asked.attributes.get("function") != "ne":
        return operands
    first, second = asked.operands
    return (asked, first, other) if first is second and _is_nan(value) else operands


def _is_nan(value: Operand) -> bool:
    found = number(value)
    return found is not None and math.isnan(found)


def _negative(b: Builder, operand: Operand) -> Operand:
    value = number(operand)
    if value is not None:
        return _number(b, -value)
    assert isinstance(operand, Value)
    return b.map("neg", [operand], torch.float32)


def with_infinities(program: Lowered) -> Lowered:
    """Returns the program in which constants are finite."""

    def rule(b: Builder, result: Result, new: New) -> Value:
        turned = _turned(b, result, [new(operand) for operand in result.operands])
        if turned is not None:
            return turned
        operands = [_finite(b, new(operand)) for operand in _without_nan(result)]
        return again(b, result.kind, operands, result, **result.attributes)

    return rewritten(program, rule)
