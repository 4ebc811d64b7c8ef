# SPDX-License-Identifier: MIT
"""Recognises what networks write by hand in many instructions and a program has as one: attention,
norms, and what is multiplied and added to them. This changes roundings, but no values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch

from quell.programs.build import Builder
from quell.programs.infer import broadcast
from quell.programs.lower import Lowered
from quell.programs.rewrite import New, Rule, as_it_is, rewritten, uses
from quell.programs.values import Constant, Operand, Result, Value, constant, number

Counts: TypeAlias = dict[Value, int]
Recognise: TypeAlias = Callable[[Builder, Result, New, Counts], Value | None]


def _is(value: Operand, kind: str, function: str = "") -> bool:
    """Returns whether an operand is the result of an instruction of this kind."""
    if not isinstance(value, Result) or value.kind != kind:
        return False
    return not function or value.attributes.get("function") == function


def _made(value: Operand, kind: str, *functions: str) -> Result | None:
    """Returns an operand if it is the result of an instruction of this kind, else None."""
    for function in functions or ("",):
        if _is(value, kind, function):
            assert isinstance(value, Result)
            return value
    return None


def _apart(operands: Sequence[Operand], kind: str, *functions: str) -> tuple[Any, Any]:
    """Returns, of two operands, the result of an instruction of this kind, and the other one."""
    for k, operand in enumerate(operands):
        if _made(operand, kind, *functions) is not None:
            return operand, operands[1 - k]
    return None, None


# Norms: x / sqrt(mean x^2 + epsilon) and (x - mean) / sqrt(var + epsilon).


def _root(value: Operand) -> tuple[Result | None, float]:
    """Returns v and epsilon if this is sqrt(v + epsilon)."""
    total = _made(value, "map", "add")
    if total is None:
        return None, 0.0
    spread, epsilon = _apart(total.operands, "reduce")
    eps = number(epsilon)
    return (spread, float(eps)) if eps is not None and 0 < eps < 1 else (None, 0.0)


def _divided(result: Result) -> tuple[Value | None, Result | None, float]:
    """Returns x, v and epsilon if this is x / sqrt(v + epsilon), in any of its forms."""
    if _is(result, "map", "mul"):
        root, x = _apart(result.operands, "map", "rsqrt")
    elif _is(result, "map", "div"):
        x, root = result.operands
        root = _made(root, "map", "sqrt")
    else:
        return None, None, 0.0
    if root is None or not isinstance(x, Value):
        return None, None, 0.0
    spread, epsilon = _root(root.operands[0])
    return x, spread, epsilon


def _square_of(value: Operand) -> Operand:
    """Returns x if this is x^2."""
    square = _made(value, "map", "square", "mul")
    if square is None:
        return None
    if square.attributes["function"] == "mul" and square.operands[0] is not square.operands[1]:
        return None
    return square.operands[0]


def norm_by_hand(b: Builder, result: Result, new: New, counts: Counts) -> Value | None:
    x, spread, epsilon = _divided(result)
    if x is None or spread is None or result.shape != x.shape:
        return None
    said: dict[str, Any] = {"dims": spread.attributes["dims"], "epsilon": epsilon}
    inner = spread.operands[0]
    if len(said["dims"]) == x.rank or not _fits(spread, x):
        return None
    if _is(spread, "reduce", "mean") and _square_of(inner) is x:
        return b.emit("norm", [new(x)], result.dtype, centred=False, **said)
    centred = _made(x, "map", "sub")
    if centred is None or not _is(spread, "reduce", "var") or centred.operands[0] is not inner:
        return None
    mean = _made(centred.operands[1], "reduce", "mean")
    if mean is None or mean.operands[0] is not inner or not _fits(mean, x):
        return None
    if mean.attributes["dims"] != said["dims"]:
        return None
    correction = spread.attributes.get("correction", 0)
    more = {"correction": correction} if correction else {}
    return b.emit("norm", [new(inner)], result.dtype, **said, **more)


def _fits(reduced: Result, x: Value) -> bool:
    """Returns whether a reduction of x broadcasts to x: its dimensions are kept, or are leading."""
    dims = reduced.attributes["dims"]
    return bool(reduced.attributes["keep"]) or dims == list(range(len(dims)))


# A norm's scale and shift.


def scaled(b: Builder, result: Result, new: New, counts: Counts) -> Value | None:
    """Makes one instruction of norm(x) s."""
    norm, scale = _apart(result.operands, "norm") if _is(result, "map", "mul") else (None, None)
    if norm is None or len(norm.operands) != 1 or counts[norm] != 1:
        return None
    return _with(b, norm, new, result, [scale])


def shifted(b: Builder, result: Result, new: New, counts: Counts) -> Value | None:
    """Makes one instruction of norm(x) s + b."""
    norm, shift = _apart(result.operands, "norm") if _is(result, "map", "add") else (None, None)
    if norm is None or len(norm.operands) != 2 or counts[norm] != 1:
        return None
    return _with(b, norm, new, result, [norm.operands[1], shift])


def _with(
    b: Builder, norm: Result, new: New, result: Result, given: Sequence[Operand]
) -> Value | None:
    if not all(isinstance(v, Value) and not _is(v, "norm") for v in given):
        return None
    shapes = [v.shape for v in given if isinstance(v, Value)]
    if broadcast([norm.shape, *shapes]) != norm.shape:
        return None
    operands = [new(norm.operands[0]), *[new(v) for v in given]]
    return b.emit("norm", operands, result.dtype, **norm.attributes)


# Attention: softmax(scale q k^T + mask) v.


def attention_by_hand(b: Builder, result: Result, new: New, counts: Counts) -> Value | None:
    if result.kind != "matmul":
        return None
    weights, values = result.operands
    softmax = _made(weights, "softmax")
    if softmax is None or softmax.attributes["dim"] != softmax.rank - 1 or softmax.rank < 2:
        return None
    if not isinstance(values, Value) or counts[softmax] != 1:
        return None
    scores, mask = _masked(softmax.operands[0])
    product, scale = _scaled(scores)
    if product is None:
        return None
    q, k = product.operands
    assert isinstance(q, Value) and isinstance(k, Value)
    if not q.shape[:-2] == k.shape[:-2] == values.shape[:-2]:
        return None
    operands = [new(q), b.transpose(new(k)), new(values)]
    said: dict[str, Any] = {"scale": scale, "causal": False}
    if mask is not None:
        operands, said = [*operands, new(mask)], said | {"mask": "keep" if mask.truth else "add"}
    return b.emit("attention", operands, result.dtype, **said)


def _masked(scores: Operand) -> tuple[Operand, Value | None]:
    """Returns the scores, and what is added to them or which of them are kept."""
    total, choice = _made(scores, "map", "add"), _made(scores, "map", "where")
    if total is not None:
        for k, operand in enumerate(total.operands):
            other = total.operands[1 - k]
            plain = isinstance(other, Constant) and bool(torch.isfinite(other.tensor).all())
            if isinstance(operand, Result) and _scaled(operand)[0] is not None and plain:
                assert isinstance(other, Value)
                return (operand, other) if _broadcasts(other, total) else (scores, None)
    if choice is not None and isinstance(choice.operands[0], Constant):
        kept, low = ~choice.operands[0].tensor, number(choice.operands[1])
        hidden = low is not None and low < -1e30
        if hidden and bool(kept.any(-1).all()) and kept.ndim <= choice.rank:
            return choice.operands[2], constant(kept)
    return scores, None


def _broadcasts(mask: Value, scores: Value) -> bool:
    return broadcast([mask.shape, scores.shape]) == scores.shape


def _scaled(scores: Operand) -> tuple[Result | None, float]:
    """Returns the product of queries and keys in the scores, and its factor."""
    product = _made(scores, "matmul")
    if product is not None:
        return product, 1.0
    scaled = _made(scores, "map", "mul", "div")
    if scaled is None:
        return None, 1.0
    product, factor = _apart(scaled.operands, "matmul")
    size = number(factor)
    if product is None or size is None or (scaled.operands[0] is not product and size == 0):
        return None, 1.0
    if scaled.attributes["function"] == "div":
        return (product, 1 / size) if scaled.operands[0] is product else (None, 1.0)
    return product, float(size)


# What is multiplied and added to each channel of a convolution or a linear layer: batch norm.


def into_weights(b: Builder, result: Result, new: New, counts: Counts) -> Value | None:
    function = result.attributes.get("function") if result.kind == "map" else None
    if function not in ("add", "mul"):
        return None
    for kind in ("conv", "linear"):
        layer, line = _apart(result.operands, kind)
        if layer is None or counts[layer] != 1 or not isinstance(line, Constant):
            continue
        along = (layer.shape[0], *[1] * (layer.rank - 1)) if kind == "conv" else layer.shape[-1:]
        if line.shape != along or not line.tensor.numel() > 1:
            continue
        return _folded(b, layer, line.tensor.reshape(-1).double(), str(function), new, result)
    return None


def _folded(
    b: Builder, layer: Result, line: torch.Tensor, function: str, new: New, like: Result
) -> Value:
    x, weight, bias = (*layer.operands, None)[:3]
    assert isinstance(weight, Constant) and isinstance(bias, (Constant, type(None)))
    w = weight.tensor.double()
    c = torch.zeros(len(line), dtype=torch.float64) if bias is None else bias.tensor.double()
    if function == "mul":
        w, c = w * line.reshape(-1, *[1] * (w.ndim - 1)), c * line
    else:
        c = c + line
    parts = [constant(w.to(weight.dtype)), constant(c.to(weight.dtype))]
    if function == "add":
        parts[0] = weight
    elif bias is None:
        parts.pop()
    return b.emit(layer.kind, [new(x), *parts], like.dtype, **layer.attributes)


# Elementwise functions: what broadcasting does by itself.


def bare_operands(b: Builder, result: Result, new: New, counts: Counts) -> Value | None:
    """Takes operands without what only expands them, and without leading dimensions of 1."""
    if result.kind != "map":
        return None
    operands = [_unexpanded(operand) for operand in result.operands]
    shapes = [o.shape for o in operands if isinstance(o, Value)]
    if broadcast(shapes) != result.shape:
        operands = list(result.operands)
    made = [new(operand) for operand in operands]
    full = max((o.rank for o in made if isinstance(o, Value) and o.shape[:1] != (1,)), default=99)
    short = [_shortened(b, o, full) if isinstance(o, Value) else o for o in made]
    if broadcast([o.shape for o in short if isinstance(o, Value)]) != result.shape:
        short = made
    return b.map(result.attributes["function"], short, result.dtype)


def _unexpanded(value: Operand) -> Operand:
    return value.operands[0] if isinstance(value, Result) and value.kind == "expand" else value


def _shortened(b: Builder, value: Value, full: int) -> Value:
    """Removes leading dimensions of 1 where another operand has them, and this one was only given
    them or is a constant."""
    shape = value.shape
    if not isinstance(value, Constant) and not _is(value, "reshape"):
        return value
    while len(shape) > 1 and full >= value.rank and full != 99 and shape[0] == 1:
        shape = shape[1:]
    return b.reshape(value, shape)


def canonical(program: Lowered) -> Lowered:
    """Returns the program in which all of these are recognised."""
    order: list[Recognise] = [norm_by_hand, bare_operands, norm_by_hand, attention_by_hand]
    for recognise in (*order, into_weights, into_weights, scaled, shifted):
        program = rewritten(program, _or_as_it_is(recognise, uses(program)))
    return program


def _or_as_it_is(recognise: Recognise, counts: Counts) -> Rule:
    def rule(b: Builder, result: Result, new: New) -> Value:
        return recognise(b, result, new, counts) or as_it_is(b, result, new)

    return rule
